"""Every verb of `zonecast`, and /metrics, on the tour's zones and configuration."""

import json
import re
import select
import subprocess
import sys
import unittest

from setting import TEST, TO_EDGE, EndToEnd, hosted, parts

sys.path.insert(0, str(TEST.parent / "tour"))

import tour  # noqa: E402

DONE, NOT_FOUND, USAGE, UNREACHABLE, CONFIGURATION = 0, 1, 2, 3, 4
DOMAINS = {"acme.example": hosted("acme", "udp,tcp"), "sales.acme.example": hosted("acme"),
           "globex.example": hosted("globex.example", role="backup"), "sip.globex.example": hosted("globex.example")}


class Tour(EndToEnd):
    def setUp(self):
        self.key_file("transfer.key", tour.KEY)
        self.notify_port, self.metrics_port = parts.free_port(), parts.free_port()
        zones = {name: (TEST.parent / "tour/zones" / f"{name}.zone").read_text() for name in tour.ZONES}
        self.store = self.redis(deployment="tour")
        self.primary = self.knot(zones, notify=self.notify_port, key=tour.KEY)
        text = tour.configuration(self.folder, self.store, self.primary, self.notify_port, self.metrics_port)
        self.secondary = self.adopt(parts.Zonecastd(self.folder / "zonecastd", text), start=True)
        self.secondary.metrics_port = self.metrics_port
        self.content = self.await_domains(self.store, DOMAINS)
        self.await_settled(self.secondary)

    def tearDown(self):
        self.assertEqual(0, self.secondary.stop() or 0, "it did not stop as it should")

    def edit(self, label):
        self.primary.edit("acme.example", ("set", f"_sip._udp.{label}", "3600", "SRV", TO_EDGE))


class Command(Tour):
    def ask(self, status, *command):
        """What it printed, its exit status being this."""
        done = self.secondary.ask(*command, check=False)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        (self.assertEqual if status in (DONE, NOT_FOUND) and done.stdout else self.assertNotEqual)("", done.stderr)
        return done.stdout or done.stderr

    def json(self, status, *command):
        return json.loads(self.ask(status, "--json", *command))

    def test_status(self):
        text = self.ask(DONE, "status")
        self.assertRegex(text, r"zones +2: 2 loaded, 2 confirmed, 0 in work, 0 in trouble")
        self.assertRegex(text, r"domains +4 in 2 virtual domains")
        status = self.json(DONE, "status")
        self.assertEqual(("idle", "4", self.content.meta["lineage"], self.content.meta["version"]),
                         (status["store"], status["domains"], status["lineage"], status["version"]))

    def test_conf_help(self):
        self.assertIn("takes debug, info, warning or error; default: info", self.ask(DONE, "conf-help", "log.level"))
        self.assertEqual((TEST.parent / "config/REFERENCE.md").read_text(), self.ask(DONE, "conf-help", "--markdown"))
        self.assertEqual("zonecast: there is no option log.lvl\n", self.ask(NOT_FOUND, "conf-help", "log.lvl"))

    def test_conf_check(self):
        self.assertIn("good: 2 customers, 2 zones, 2 primaries", self.ask(DONE, "conf-check", str(self.secondary.config)))
        bad = self.folder / "bad.yaml"
        bad.write_text("nonsense: 1\n")
        self.assertIn(f"{bad}:1:1: unknown option `nonsense`", self.ask(CONFIGURATION, "conf-check", str(bad)))

    def test_zone_status(self):
        self.assertRegex(self.ask(DONE, "zone-status"), r"(?m)^ZONE .*\nacme\.example +acme +config +1 .*\nglobex\.example +globex +config +1 ")
        zones = self.json(DONE, "zone-status")
        self.assertEqual([("acme.example", 1, "ns1", True, "")] * 1,
                         [(z["zone"], z["serial"], z["primary"], z["confirmed"], z["trouble"]) for z in zones][:1])
        self.assertEqual(["globex.example"], [z["zone"] for z in self.json(DONE, "zone-status", "GLOBEX.example.")])
        self.assertIn("no zone nowhere.example", self.ask(NOT_FOUND, "zone-status", "nowhere.example"))
        self.ask(USAGE, "zone-status", "not..a.name")

    def test_zone_refresh_and_retransfer(self):
        checks = self.metric(self.secondary, "zonecast_zone_checks_total")
        self.assertIn("acme.example is being checked", self.ask(DONE, "zone-refresh", "acme.example"))
        self.wait(lambda: self.metric(self.secondary, "zonecast_zone_checks_total") > checks, "a check")
        self.assertIn("globex.example is being transferred", self.ask(DONE, "zone-retransfer", "globex.example"))
        self.await_said(self.secondary, "zone transferred", "zone=globex.example", "from=1", "to=1", "shape=axfr")
        self.assertIn("being checked", self.json(DONE, "zone-refresh", "acme.example")["text"])
        for verb in ("zone-refresh", "zone-retransfer"):
            self.ask(NOT_FOUND, verb, "nowhere.example")
            self.ask(USAGE, verb)
        self.await_settled(self.secondary)
        self.assert_untouched(self.content, self.store)

    def test_domain_list(self):
        rows = [line.split() for line in self.ask(DONE, "domain-list").splitlines()]
        self.assertEqual(["DOMAIN", "DID", "STATE", "TRANSPORTS", "ROLE"], rows[0])
        self.assertEqual(DOMAINS, {row[0]: hosted(row[1], row[3], row[4]) for row in rows[1:]})
        self.assertEqual(sorted(DOMAINS), [entry["domain"] for entry in self.json(DONE, "domain-list")])

    def test_domain_show(self):
        text = self.ask(DONE, "domain-show", "sales.acme.example")
        for row in (r"customer +acme", r"DNS says +hosted", r"DID +acme", r"canonical +acme\.example",
                    r"greeting +Welcome to Acme", r"max_calls +100", r"digest\.qop +auth, auth-int"):
            self.assertRegex(text, rf"(?m)^{row}$")
        report = self.json(DONE, "domain-show", "ACME.example")
        self.assertEqual(("acme.example", "acme"), (report["domain"], report["virtual_domain"]["did"]))
        self.assertIn("is not hosted here", self.ask(NOT_FOUND, "domain-show", "lab.acme.example"))
        self.ask(USAGE, "domain-show", "not a domain")

    def test_explain(self):
        text = self.ask(DONE, "explain", "acme.example")
        self.assertRegex(text, r"zone acme\.example.*serial 1|acme\.example serial 1")
        self.assertIn("reaches-edge", text)
        explanation = self.json(DONE, "explain", "globex.example")
        self.assertEqual("globex.example", explanation["report"]["domain"])
        self.assertIn("reaches-edge", [step["outcome"] for step in explanation["steps"]])

        text = self.ask(NOT_FOUND, "explain", "lab.acme.example")
        self.assertRegex(text, r"(?m)^Not hosted: .*198\.51\.100\.7|^Not hosted: .*pbx\.lab")
        self.assertRegex(text, r"(?m)^  _sip\._udp\.lab\.acme\.example\. .*SRV .*sip\.provider\.example\.")
        self.assertTrue(self.json(NOT_FOUND, "explain", "lab.acme.example")["remedy"])
        self.assertIn("no configured zone or watched name speaks for example.org", self.ask(NOT_FOUND, "explain", "example.org"))
        self.ask(USAGE, "explain", "not a domain")

    def test_the_remedy_that_explain_proposes_mends_it(self):
        remedy = self.json(NOT_FOUND, "explain", "lab.acme.example")["remedy"]
        (record,) = [line for line in remedy if " SRV " in line and line.startswith("_sip._udp.")]
        owner, ttl, _, rrtype, *rdata = record.split()
        self.primary.edit("acme.example", ("unset", owner, rrtype), ("set", owner, ttl, rrtype, " ".join(rdata)))
        content = self.await_domains(self.store, {**DOMAINS, "lab.acme.example": hosted("lab.acme.example")})
        self.assertIn("max_calls=100", content.attributes()["lab.acme.example"])

    def test_watch_prints_edits_as_they_are_published(self):
        for more in ((), ("--json",)):
            with self.subTest(more), subprocess.Popen(
                    [self.secondary.bin / "zonecast", "-s", self.secondary.control, *more, "watch"],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watch:
                self.parts.callback(watch.kill)
                number, line = self.first_line(watch, "json" if more else "text")
                domain = f"{'json' if more else 'text'}{number}.acme.example"
                if more:
                    event = json.loads(line)
                    self.assertEqual([domain], [change["after"]["domain"] for change in event["domains"]])
                    self.assertGreater(event["edit_seconds"], 0)
                    self.assertEqual(self.store.version(), int(event["version"]))
                else:
                    self.assertRegex(line, r"^version \d+  zone acme\.example serial \d+  \d+\.\d ms from edit to published")
                    self.assertIn(domain, watch.stdout.readline())
                self.secondary.stop()
                watch.communicate(timeout=10)
                self.assertEqual(UNREACHABLE, watch.returncode)
                self.secondary.start()

    def first_line(self, watch, name):
        """Edits until watch, which may not be listening yet, prints one: which one, and the line."""
        for number in range(50):
            self.edit(f"{name}{number}")
            if select.select([watch.stdout], [], [], 0.5)[0]:
                return number, watch.stdout.readline()
        self.fail("watch prints nothing")

    def test_a_wrong_command_line(self):
        for command in ((), ("frobnicate",), ("status", "extra"), ("explain",), ("--timeout", "soon", "status")):
            self.ask(USAGE, *command)
        self.assertIn("EXIT STATUS", self.ask(DONE, "--help"))
        self.assertRegex(self.ask(DONE, "--version"), r"^zonecast \d+\.\d+\.\d+\n$")

    def test_when_zonecastd_is_gone_or_hangs(self):
        self.secondary.freeze()
        self.assertIn("did not answer within 200 ms", self.ask(UNREACHABLE, "--timeout", "200", "status"))
        self.secondary.thaw()
        self.secondary.kill()  # its socket is left behind
        for verb in (["status"], ["zone-status"], ["zone-refresh", "acme.example"], ["zone-retransfer", "acme.example"],
                     ["domain-list"], ["domain-show", "acme.example"], ["explain", "acme.example"], ["watch"]):
            self.assertIn("cannot reach zonecastd at", self.ask(UNREACHABLE, *verb))
        self.secondary.start()
        self.ask(DONE, "status")
        self.secondary.stop()
        self.assertFalse(self.secondary.control.exists(), "its socket is left behind")
        self.ask(UNREACHABLE, "status")


class Metrics(Tour):
    NAMES = """zonecast_zones zonecast_zone_checks_total zonecast_transfers_total zonecast_zone_failures_total
        zonecast_notifies_total zonecast_domains zonecast_virtual_domains zonecast_domains_held
        zonecast_edit_to_published_seconds zonecast_publications_total zonecast_publication_seconds
        zonecast_published_version zonecast_redis_up zonecast_redis_losses_total zonecast_loop_turn_cpu_seconds""".split()
    SAMPLE = re.compile(r'^(\w+)(?:\{\w+="[^"]*"(?:,\w+="[^"]*")*\})? (-?[\d.e+-]+|\+Inf|NaN)$')

    def test_all_that_is_promised_is_there_and_well_formed(self):
        self.edit("lab")
        self.await_domains(self.store, {**DOMAINS, "lab.acme.example": hosted("lab.acme.example")})
        self.primary.kill()
        self.secondary.ask("zone-refresh", "acme.example")
        self.wait(lambda: self.metric(self.secondary, "zonecast_zone_failures_total", step="connect"), "a failure")
        kinds, helped = {}, set()
        for line in self.scrape(self.secondary).splitlines():
            if line.startswith("# HELP "):
                helped.add(line.split()[2])
            elif line.startswith("# TYPE "):
                kinds[line.split()[2]] = line.split()[3]
            else:
                self.assertRegex(line, self.SAMPLE)
        for name in self.NAMES:
            self.assertIn(name, kinds)
            self.assertIn(name, helped)
            self.assertEqual(name.endswith("_total"), kinds[name] == "counter", name)
            self.assertEqual(name.endswith("_seconds"), kinds[name] == "histogram", name)

    def test_the_figures_are_what_happened(self):
        self.edit("lab")
        self.await_domains(self.store, {**DOMAINS, "lab.acme.example": hosted("lab.acme.example")})
        for value, name, labels in (
                (2, "zonecast_zones", {"state": "loaded"}), (2, "zonecast_zones", {"state": "confirmed"}),
                (0, "zonecast_zones", {"state": "in_trouble"}), (5, "zonecast_domains", {}),
                (3, "zonecast_virtual_domains", {}), (1, "zonecast_redis_up", {}),
                (self.store.version(), "zonecast_published_version", {}),
                (2, "zonecast_transfers_total", {"shape": "axfr"}), (1, "zonecast_transfers_total", {"shape": "ixfr"})):
            self.await_metric(self.secondary, value, name, **labels)
        self.assertGreaterEqual(self.metric(self.secondary, "zonecast_edit_to_published_seconds_count"), 1)
        self.store.kill()
        self.await_metric(self.secondary, 0, "zonecast_redis_up")
        self.assertEqual(1, self.metric(self.secondary, "zonecast_redis_losses_total"))


if __name__ == "__main__":
    unittest.main()

"""A running zonecastd takes on another configuration: all of it or nothing, with everything else under way."""

import json
import pathlib
import signal
import subprocess
import unittest

from setting import EDGE, QUICK_TIMERS, EndToEnd, hosted, parts, primaries, sip, zone

from service_manager import ServiceManager
from unbound import Unbound

APPLIED, HAS_ERRORS, TAKES_A_RESTART = 0, 4, 5
KEY = "hmac-sha256:transfer.key:c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldCE="
OTHER_EDGE = [{"hosts": [EDGE.rstrip(".")], "udp": 5070}]  # the SRV records say 5060


class Reload(EndToEnd):
    def set_up(self, zones=("one.test",), served=("one.test", "two.test"), redis=None, key=None, **options):
        """A primary with all that is served, and zonecastd, whose one customer has these zones of it."""
        self.store = redis or self.redis()
        self.port = parts.free_port()
        self.server = self.knot({name: zone(name, *sip("@")) for name in served}, notify=self.port,
                                **({"key": key} if key else {}))
        self.options = {"notify": self.port, "metrics": True, "limits": QUICK_TIMERS,
                        "retire": {"absent": "0s", "zone_gone": "1h"}, **options}
        self.key_path = self.key_file("transfer.key", key) if key else None
        return self.daemon(self.store, self.customers(zones), **self.options)

    def customers(self, zones, **more):
        return {"acme": self.customer(zones, self.server, key_file=self.key_path, **more)}

    def write(self, daemon, customers=None, **sections):
        """What daemon.config says next; sections are merged into what it said."""
        config = json.loads(daemon.config_text)
        if customers is not None:
            config["customers"] = customers
        for section, content in sections.items():
            merges = isinstance(content, dict) and isinstance(config.get(section), dict)
            config[section] = {**config[section], **content} if merges else content
        daemon.config_text = json.dumps(config, indent=1)
        daemon.config.write_text(daemon.config_text)

    def reload(self, daemon, expected=APPLIED):
        done = daemon.ask("reload", check=False)
        self.assertEqual(expected, done.returncode, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def zones(self, daemon):
        return {each["zone"]: each for each in daemon.json("zone-status")}

    def edit(self, name, owner):
        self.server.edit(name, ("set", f"_sip._udp.{owner}", "3600", "SRV", f"10 5 5060 {EDGE}"))


class Applied(Reload):
    def test_zones_come_and_go_and_what_goes_is_served_on(self):
        daemon = self.set_up()
        self.await_domains(self.store, {"one.test": hosted("one.test")})
        self.write(daemon, self.customers(["two.test"]))
        said = self.reload(daemon)
        self.assertIn("zone two.test of customer acme is new", said)
        self.assertIn("zone one.test of customer acme is not named any more: it leaves", said)
        self.wait(lambda: self.store.domains().get("two.test") == hosted("two.test"), "the new zone's domain")
        self.wait(lambda: "cause=zone_gone" in self.store.domains().get("one.test", ""), "the other one retiring")
        self.assertIn("leaves_in_seconds", self.zones(daemon)["one.test"])
        self.edit("two.test", "lab")
        self.wait(lambda: "lab.two.test" in self.store.domains(), "an edit of the new zone")
        self.write(daemon, self.customers(["one.test", "two.test"]))
        self.reload(daemon)
        self.await_domains(self.store, {name: hosted(name) for name in ("one.test", "two.test", "lab.two.test")})

    def test_a_signal_does_the_same_and_the_log_tells(self):
        daemon = self.set_up()
        self.await_domains(self.store, {"one.test": hosted("one.test")})
        self.write(daemon, self.customers(["one.test", "two.test"]), log={"level": "debug"})
        daemon.process.send_signal(signal.SIGHUP)
        self.await_said(daemon, "configuration changed", "zone two.test of customer acme is new")
        self.await_said(daemon, "configuration changed", "log.level: info -> debug")
        self.await_said(daemon, "configuration reloaded changes=2")
        self.await_domains(self.store, {name: hosted(name) for name in ("one.test", "two.test")})
        self.server.send_notify("one.test")
        self.await_said(daemon, "debug", "NOTIFY accepted", "zone=one.test")
        self.assertEqual(1, self.metric(daemon, "zonecast_config_reloads_total", result="applied"))

    def test_a_customer_that_is_gone_leaves_with_grace(self):
        daemon = self.set_up()
        self.await_domains(self.store, {"one.test": hosted("one.test")})
        self.write(daemon, {"beta": self.customer(["two.test"], self.server)})
        self.assertIn("customer acme is gone: its zones leave", self.reload(daemon))
        self.wait(lambda: self.store.domains().get("two.test") == hosted("two.test"), "the other customer's domain")
        self.wait(lambda: "state=retiring" in self.store.domains().get("one.test", ""), "its domain to be retiring")

    def test_another_edge_and_the_brake_holds_what_would_go(self):
        daemon = self.set_up(zones=("one.test", "two.test"),
                             brake={"customer_min": 0, "customer_percent": 10, "total_min": 1000000})
        self.await_domains(self.store, {name: hosted(name) for name in ("one.test", "two.test")})
        self.write(daemon, edge=OTHER_EDGE)
        self.assertIn("edge: other rules", self.reload(daemon))
        self.wait(lambda: "2 domains would go" in daemon.ask("plan").stdout, "the brake to hold both")
        self.assertEqual({"one.test", "two.test"}, set(self.store.domains()), "they are served on")
        digest = daemon.json("plan")["plans"][0]["digest"]
        daemon.ask("approve", digest)
        self.await_domains(self.store, {})
        self.write(daemon, edge=[{"hosts": [EDGE.rstrip(".")], "udp": [5060, 5070]}])
        self.reload(daemon)
        self.await_domains(self.store, {name: hosted(name) for name in ("one.test", "two.test")})

    def test_attributes_and_who_sets_them(self):
        daemon = self.set_up()
        self.await_domains(self.store, {"one.test": hosted("one.test")})
        self.await_attributes(self.store, "one.test", "max_calls=30")
        self.write(daemon, self.customers(["one.test"], attributes={"max_calls": 7}))
        self.assertIn("customer acme: other attributes", self.reload(daemon))
        self.await_attributes(self.store, "one.test", "max_calls=7")
        self.write(daemon, self.customers(["one.test"]), attributes={})
        config = json.loads(daemon.config_text)
        config["attributes"] = {"colour": {"type": "string", "default": "red"}}
        daemon.config.write_text(json.dumps(config))
        said = self.reload(daemon)
        self.assertIn("attribute colour is new", said)
        self.assertIn("attribute max_calls is gone", said)
        self.await_attributes(self.store, "one.test", "colour=red")

    def test_members_of_a_catalog_stay_or_go_as_its_grant_says(self):
        self.store, self.key_path, self.port = self.redis(), None, parts.free_port()
        content = {"cat.test": zone("cat.test", 'version IN TXT "2"', "a.zones IN PTR one.test.",
                                    "b.zones IN PTR two.test.")}
        content |= {name: zone(name, *sip("@")) for name in ("one.test", "two.test", "three.test")}
        self.server = self.knot(content, notify=self.port)
        catalog = [{"name": "cat.test", "allow": ["one.test", "two.test"]}]
        daemon = self.daemon(self.store, self.customers([], catalogs=catalog), notify=self.port, limits=QUICK_TIMERS,
                             retire={"zone_gone": "1h"})
        both = {name: hosted(name) for name in ("one.test", "two.test")}
        self.await_domains(self.store, both)
        self.write(daemon, self.customers(["three.test"], catalogs=catalog))
        self.reload(daemon)
        self.await_domains(self.store, {**both, "three.test": hosted("three.test")})
        self.write(daemon, self.customers(["three.test"], catalogs=[{"name": "cat.test", "allow": ["one.test"]}]))
        self.assertIn("catalog cat.test: other names that it may bring", self.reload(daemon))
        self.wait(lambda: "state=retiring" in self.store.domains()["two.test"], "the member to be retiring")
        self.assertEqual(hosted("one.test"), self.store.domains()["one.test"])

    def test_watched_names_come_and_go(self):
        authority = self.primary(primaries.Nsd, {name: zone(name, *sip("@")) for name in ("one.example", "two.example")}, "nsd")
        unbound = self.adopt(Unbound(self.folder / "unbound", {name: authority.port for name in authority.zones}), True)
        self.store = self.redis()
        daemon = self.daemon(self.store, {"acme": {"watched": ["one.example"]}}, retire={"zone_gone": "1h"},
                             resolver={"servers": [f"127.0.0.1:{unbound.port}"], "ttl_min": "1s", "retry_min": "1s"})
        self.await_domains(self.store, {"one.example": hosted("one.example")})
        self.write(daemon, {"acme": {"watched": ["two.example"]}})
        said = self.reload(daemon)
        self.assertIn("name two.example of customer acme is watched\n", said)
        self.assertIn("name one.example of customer acme is watched no more", said)
        self.wait(lambda: self.store.domains().get("two.example") == hosted("two.example"), "the new name's domain")
        self.wait(lambda: "cause=zone_gone" in self.store.domains()["one.example"], "the other one retiring")
        self.assertEqual(["two.example"], [each["domain"] for each in daemon.json("watched")])

    def test_redis_is_elsewhere_and_nothing_is_lost(self):
        daemon = self.set_up(zones=("one.test", "two.test"))
        before = self.await_domains(self.store, {name: hosted(name) for name in ("one.test", "two.test")})
        new = self.redis("redis-new")
        self.write(daemon, redis={"unix": str(new.socket)})
        self.assertIn(f"redis.unix: {self.store.socket} -> {new.socket}", self.reload(daemon))
        self.await_domains(new, before.domains())
        self.edit("one.test", "lab")
        self.wait(lambda: new.domains().get("lab.one.test"), "an edit, at the new place")
        self.assert_untouched(before, self.store)

    def test_the_service_manager_is_told(self):
        daemon = self.set_up()
        daemon.stop()
        manager = ServiceManager(self.folder, None)
        self.addCleanup(manager.close)
        daemon.environment = manager.environment
        daemon.start()
        daemon.wait_until(lambda: manager.count("READY=1"), "it is ready")
        self.reload(daemon)
        daemon.wait_until(lambda: manager.count("READY=1") == 2, "it is ready again")
        told = [message.split("\n")[0] for message in manager.messages() if "READY" in message or "RELOAD" in message]
        self.assertEqual(["READY=1", "RELOADING=1", "READY=1"], told)


class UnderLoad(Reload):
    ZONES = [f"z{number}.test" for number in range(300)]

    def test_twenty_in_a_row_while_zones_are_transferred(self):
        daemon = self.set_up(zones=[], served=self.ZONES)
        for step in range(20):
            zones = self.ZONES if step % 2 == 0 else self.ZONES[step::2]
            self.write(daemon, self.customers(zones), limits={"transfers_max": 10 + step})
            self.reload(daemon)
            self.edit(self.ZONES[step], "lab")
        self.write(daemon, self.customers(self.ZONES))
        self.reload(daemon)
        expected = {name: hosted(name) for name in self.ZONES}
        expected |= {f"lab.{name}": hosted(f"lab.{name}") for name in self.ZONES[:20]}
        self.await_domains(self.store, expected, timeout=60)
        self.await_settled(daemon)
        self.assertEqual(set(self.ZONES), set(self.zones(daemon)))
        self.assertFalse([each for each in self.zones(daemon).values() if "leaves_in_seconds" in each])

    def test_those_who_ask_at_once_are_all_answered(self):
        daemon = self.set_up()
        command = [str(daemon.bin / "zonecast"), "-s", str(daemon.control), "reload"]
        asking = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(8)]
        for each in asking:
            self.assertEqual("reloaded: nothing changed\n", each.communicate(timeout=30)[0])
            self.assertEqual(0, each.returncode)


class Refused(Reload):
    def refused(self, daemon, status, *words):
        """Nothing of it is applied: neither the broken part nor the zone that stands beside it."""
        before = self.store.content()
        said = self.reload(daemon, status)
        for word in words:
            self.assertIn(word, said)
            self.await_said(daemon, "error", word)
        self.await_said(daemon, "configuration not reloaded")
        self.assertEqual({"one.test"}, set(self.zones(daemon)))
        self.assert_untouched(before, self.store)
        self.await_metric(daemon, 0, "zonecast_config_last_reload_successful")
        return said

    def mended(self, daemon):
        self.reload(daemon)
        self.await_domains(self.store, {name: hosted(name) for name in ("one.test", "two.test")})
        self.await_metric(daemon, 1, "zonecast_config_last_reload_successful")

    def test_a_broken_file(self):
        daemon = self.set_up()
        self.await_domains(self.store, {"one.test": hosted("one.test")})
        self.write(daemon, self.customers(["one.test", "two.test"]))
        good = daemon.config.read_text()
        daemon.config.write_text(good.replace('"edge"', '"egde"'))
        line = 1 + good.splitlines().index(next(each for each in good.splitlines() if '"edge"' in each))
        self.refused(daemon, HAS_ERRORS, f"{daemon.config}:{line}:2: unknown option `egde`", "did you mean `edge`?")
        self.assertEqual(1, self.metric(daemon, "zonecast_config_reloads_total", result="invalid"))
        for broken in ("{", "\0", "edge: [", good[: len(good) // 2]):
            daemon.config.write_text(broken)
            self.reload(daemon, HAS_ERRORS)
        daemon.config.write_text("{" + "".join(f"wrong{number}: 1, " for number in range(1000)) + "}")
        self.assertIn("more errors: zonecast conf-check shows them", self.reload(daemon, HAS_ERRORS))
        daemon.config.unlink()
        self.reload(daemon, HAS_ERRORS)
        daemon.config.write_text(good)
        self.mended(daemon)

    def test_an_error_in_conf_d(self):
        daemon = self.set_up()
        self.await_domains(self.store, {"one.test": hosted("one.test")})
        fragment = daemon.folder / "conf.d" / "two.yaml"
        fragment.parent.mkdir()
        fragment.write_text("customers: {acme: {zones: [two.test]}}\nlimits: {transfers_max: none}\n")
        self.refused(daemon, HAS_ERRORS, f"{fragment}:2:25: expected a number")
        fragment.write_text("customers: {acme: {zones: [two.test]}}\n")
        self.mended(daemon)

    def test_what_takes_a_restart(self):
        daemon = self.set_up()
        self.await_domains(self.store, {"one.test": hosted("one.test")})
        self.write(daemon, self.customers(["one.test", "two.test"]), state_directory="elsewhere",
                   http={"listen": "off"}, redis={"deployment": "other"})
        said = self.refused(daemon, TAKES_A_RESTART, "state_directory: ", "http.listen: ",
                            "redis.deployment: test -> other")
        self.assertIn("with it waits\n  zone two.test of customer acme is new", said)
        self.assertEqual(1, self.metric(daemon, "zonecast_config_reloads_total", result="restart"))
        self.assertFalse((daemon.folder / "elsewhere").exists())
        self.write(daemon, state_directory="state", http={"listen": f"127.0.0.1:{daemon.metrics_port}"},
                   redis={"deployment": "test"})
        self.mended(daemon)

    def test_a_key_file_that_cannot_be_read(self):
        daemon = self.set_up(key=KEY)
        self.await_domains(self.store, {"one.test": hosted("one.test")})
        key = pathlib.Path(self.key_path)
        text = key.read_text()
        key.unlink()
        key.mkdir()
        self.write(daemon, self.customers(["one.test", "two.test"]))
        self.refused(daemon, HAS_ERRORS, "expected a key file that can be read")
        key.rmdir()
        key.write_text(text)
        self.mended(daemon)

    def test_json_has_the_same(self):
        daemon = self.set_up()
        self.write(daemon, pid_file="pid")
        done = daemon.ask("--json", "reload", check=False)
        self.assertEqual(TAKES_A_RESTART, done.returncode)
        report = json.loads(done.stdout)
        self.assertFalse(report["applied"])
        self.assertIn("pid_file: none -> ", report["at_restart"][0])


if __name__ == "__main__":
    unittest.main()

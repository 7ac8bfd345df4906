"""What DNS points here no more is served on for a while, marked as retiring; what comes back is as it was."""

import json
import re
import time
import unittest
import urllib.request

from setting import QUICK_TIMERS, EndToEnd, hosted, parts, sip, zone

GRACE = 4
KEPT = r"did=acme\.example;state=retiring;transports=udp;role=primary;cause=absent;until=(\d+)"


class Retirement(EndToEnd):
    def set_up(self, **retire):
        port = parts.free_port()
        self.knotd = self.knot({"acme.example": zone("acme.example", *sip("@"), *sip("b"))}, notify=port)
        self.store = self.redis(persistent=True)
        return self.daemon(self.store, {"acme": self.customer(["acme.example"], self.knotd)}, notify=port,
                           retire={"absent": f"{GRACE}s", **retire})

    def remove(self, label):
        self.knotd.edit("acme.example", ("unset", label, "SRV"))

    def value(self, domain="acme.example"):
        return self.store.domains().get(domain)

    def await_retiring(self):
        matched = self.wait(lambda: re.fullmatch(KEPT, self.value() or ""), "a retiring domain")
        return int(matched[1])

    def await_gone(self):
        self.wait(lambda: self.value() is None, "its removal")
        return time.time()

    def test_it_goes_when_its_deadline_is_over_and_dns_said_so_twice(self):
        daemon = self.set_up()
        self.wait(lambda: self.value(), "the domain")
        self.remove("_sip._udp")
        until = self.await_retiring()
        self.assertIn("its records are gone, until 20", daemon.ask("domain-show", "acme.example").stdout)
        self.assertIn("1 retiring", daemon.ask("status").stdout)
        self.knotd.stop()  # nobody confirms it
        self.wait(lambda: time.time() > until + 1, "the deadline")
        self.assertRegex(self.value(), KEPT)
        self.knotd.start()
        daemon.ask("zone-refresh", "acme.example")
        self.await_gone()

    def test_an_address_that_remains_is_no_evidence_against_it(self):
        """Without SRV records RFC 3263 goes on to the addresses. That they lead elsewhere may be a slip, too."""
        self.set_up(absent="1h")
        self.knotd.edit("acme.example", ("set", "@", 3600, "A", "198.51.100.7"))
        before = self.wait(lambda: self.value(), "the domain")
        self.remove("_sip._udp")
        self.await_retiring()
        self.knotd.edit("acme.example", ("set", "_sip._udp", 3600, "SRV", "10 5 5060 sip.provider.example."))
        self.wait(lambda: self.value() == before, "the domain as it was")

    def test_it_is_as_it_was_when_its_records_come_back(self):
        self.set_up(absent="1h")
        before = self.wait(lambda: self.value(), "the domain")
        self.remove("_sip._udp")
        self.await_retiring()
        self.knotd.edit("acme.example", ("set", "_sip._udp", 3600, "SRV", "10 5 5060 sip.provider.example."))
        self.wait(lambda: self.value() == before, "the domain as it was")

    def test_a_restart_goes_on_with_what_was_said(self):
        daemon = self.set_up()
        self.wait(lambda: self.value(), "the domain")
        self.remove("_sip._udp")
        until = self.await_retiring()
        daemon.stop()
        daemon.start()
        self.await_settled(daemon)
        daemon.ask("zone-refresh", "acme.example")
        if self.value():
            self.assertEqual(until, self.await_retiring())
        self.assertGreaterEqual(self.await_gone(), until)

    def test_a_zone_that_leaves_the_configuration_is_served_for_its_grace(self):
        daemon = self.set_up(zone_gone="3s")
        self.wait(lambda: self.value() and self.value("b.acme.example"), "the domains")
        daemon.stop()
        without = self.daemon(self.store, {"acme": {"watched": []}}, name="without", start=False,
                              state_directory=str(daemon.folder / "state"), retire={"zone_gone": "3s"})
        without.start()
        self.wait(lambda: "cause=zone_gone" in (self.value("b.acme.example") or ""), "a retiring domain")
        until = int(self.value("b.acme.example").rpartition("=")[2])
        self.wait(lambda: self.value("b.acme.example") is None, "its removal")
        self.assertGreaterEqual(time.time(), until)


class Expiry(EndToEnd):
    def set_up(self, **retire):
        self.knotd = self.knot({"acme.example": zone("acme.example", *sip("@"))})
        self.store = self.redis()
        daemon = self.daemon(self.store, {"acme": self.customer(["acme.example"], self.knotd)}, metrics=True,
                             limits={**QUICK_TIMERS, "refresh_max": "1s", "expire_min": "1s", "expire_max": "4s"},
                             retire=retire)
        self.before = self.wait(lambda: self.value(), "the domain")
        return daemon

    def value(self):
        return self.store.domains().get("acme.example")

    def test_an_expired_zone_is_served_on_and_the_metric_says_so(self):
        daemon = self.set_up(expired="1s")
        self.knotd.stop()
        self.await_metric(daemon, 1, "zonecast_zones", state="expired")
        time.sleep(3)
        self.assertEqual(self.before, self.value())

    def test_where_the_operator_wants_that_its_domains_retire_and_go(self):
        daemon = self.set_up(on_expire="retire", expired=f"{GRACE}s")
        self.knotd.stop()
        marked = self.wait(lambda: re.search(r"state=retiring;.*;cause=expired;until=(\d+)", self.value() or ""),
                           "a retiring domain")
        self.assertIn("what DNS said of it has expired", daemon.ask("domain-show", "acme.example").stdout)
        self.wait(lambda: self.value() is None, "its removal")
        self.assertGreaterEqual(time.time(), int(marked[1]))
        self.knotd.start()
        self.wait(lambda: self.value() == self.before, "the domain, since it is confirmed")

    def test_a_primary_that_is_back_in_time_saves_them(self):
        self.set_up(on_expire="retire", expired="1h")
        self.knotd.stop()
        self.wait(lambda: "cause=expired" in (self.value() or ""), "a retiring domain")
        self.knotd.start()
        self.wait(lambda: self.value() == self.before, "the domain as it was")


class Brake(EndToEnd):
    def set_up(self):
        port = parts.free_port()
        self.labels = [f"d{number}" for number in range(20)]
        self.knotd = self.knot({"acme.example": zone("acme.example", *sip(*self.labels)),
                                "globex.example": zone("globex.example", *sip("@"))}, notify=port)
        self.store = self.redis()
        customers = {name: self.customer([f"{name}.example"], self.knotd) for name in ("acme", "globex")}
        daemon = self.daemon(self.store, customers, notify=port, metrics=True,
                             brake={"customer_min": 10, "total_min": 50})
        self.wait(lambda: len(self.store.domains()) == 21, "all domains")
        self.before = self.store.domains()
        return daemon

    def empty(self):
        self.knotd.edit("acme.example", *(("unset", f"_sip._udp.{label}", "SRV") for label in self.labels),
                        ("set", "_sip._udp.new", 3600, "SRV", "10 5 5060 sip.provider.example."))

    def digest(self, daemon):
        [plan] = self.wait(lambda: daemon.json("plan")["plans"], "a plan")
        self.assertEqual(("acme", "20"), (plan["customer"], plan["domains"]))
        return plan["digest"]

    def test_an_emptied_zone_waits_for_the_operator_and_the_others_go_on(self):
        daemon = self.set_up()
        self.empty()
        digest = self.digest(daemon)
        self.await_said(daemon, "the brake holds", "customer=acme", "domains=20", f"digest={digest}")
        self.await_metric(daemon, 20, "zonecast_domains_braked")
        self.wait(lambda: "new.acme.example" in self.store.domains(), "what was added")
        self.assertEqual(22, len(self.store.domains()))
        self.assertIn("d7.acme.example  would go", daemon.ask("plan").stdout)
        with urllib.request.urlopen(f"http://127.0.0.1:{daemon.metrics_port}/v1/plan?limit=3", timeout=10) as page:
            [plan] = json.load(page)["plans"]
        self.assertEqual((digest, ["d0", "d1", "d10"]),
                         (plan["digest"], [line["domain"].split(".")[0] for line in plan["lines"]]))
        self.knotd.edit("globex.example", ("unset", "_sip._udp", "SRV"))
        self.wait(lambda: "globex.example" not in self.store.domains(), "the removal of the other customer's")

        wrong = daemon.ask("approve", "0" * 16, check=False)
        self.assertEqual((1, True), (wrong.returncode, "no plan has the digest" in wrong.stderr))
        self.assertIn("20 domains go or move", daemon.ask("approve", digest).stdout)
        self.wait(lambda: list(self.store.domains()) == ["new.acme.example"], "what was approved")
        self.assertEqual(1, daemon.ask("approve", digest, check=False).returncode)
        self.assertIn("nothing is held", daemon.ask("plan").stdout)

    def test_a_plan_that_has_changed_is_not_what_was_approved(self):
        daemon = self.set_up()
        self.empty()
        shown = self.digest(daemon)
        self.knotd.edit("acme.example", ("set", "_sip._udp.d7", 3600, "SRV", "10 5 5060 sip.provider.example."))
        self.wait(lambda: [plan["domains"] for plan in daemon.json("plan")["plans"]] == ["19"], "a plan of one less")
        late = daemon.ask("approve", shown, check=False)
        self.assertEqual((1, True), (late.returncode, "no plan has the digest" in late.stderr))
        self.assertEqual({*self.before, "new.acme.example"}, set(self.store.domains()))

    def test_what_is_rejected_stays_and_what_comes_back_is_as_it_was(self):
        daemon = self.set_up()
        self.empty()
        self.assertIn("stay as they are", daemon.ask("reject", self.digest(daemon)).stdout)
        with_new = {**self.before, "new.acme.example": hosted("new.acme.example")}
        self.wait(lambda: self.store.domains() == with_new, "everything as it was")
        self.knotd.edit("acme.example", *(("set", f"_sip._udp.{label}", 3600, "SRV", "10 5 5060 sip.provider.example.")
                                          for label in self.labels))
        self.await_settled(daemon)
        self.assertEqual(with_new, self.store.domains())


if __name__ == "__main__":
    unittest.main()

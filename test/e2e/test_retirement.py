"""What DNS points here no more is served on for a while, marked as retiring; what comes back is as it was."""

import re
import time
import unittest

from setting import EndToEnd, hosted, parts, sip, zone

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


if __name__ == "__main__":
    unittest.main()

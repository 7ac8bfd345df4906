"""What the operator says goes before what DNS says: hold and release, pin and block, across restarts."""

import json
import unittest
import urllib.request

from setting import TO_EDGE, EndToEnd, hosted, parts, sip, zone

DONE, NOT_FOUND, USAGE = 0, 1, 2


class Orders(EndToEnd):
    def setUp(self):
        port = parts.free_port()
        self.knotd = self.knot({"acme.example": zone("acme.example", *sip("@", "b"))}, notify=port)
        self.store = self.redis(persistent=True)
        self.daemon_ = self.daemon(self.store, {"acme": self.customer(["acme.example"], self.knotd)}, notify=port,
                                   metrics=True, retire={"absent": "0s"}, operator={"pins_max": 2})
        self.both = {"acme.example": hosted("acme.example"), "b.acme.example": hosted("b.acme.example")}
        self.await_domains(self.store, self.both)

    def ask(self, status, *command):
        done = self.daemon_.ask(*command, check=False)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def restart(self):
        """What is held waits for ever, so all zones being confirmed must do."""
        self.daemon_.stop()
        self.daemon_.start()

        def settled():
            status = self.daemon_.json("status")
            waits = status["domains_waiting"] != "0" and status["held_since"] == "0"
            return status["zones_confirmed"] == status["zones"] and status["store"] == "idle" and not waits
        self.wait(settled, "all zones confirmed")

    def edit(self, *changes):
        self.knotd.edit("acme.example", *changes)

    def add(self, label):
        self.edit(("set", f"_sip._udp.{label}", 3600, "SRV", TO_EDGE))

    def remove(self, *labels):
        self.edit(*(("unset", f"_sip._udp.{label}".removesuffix(".@"), "SRV") for label in labels))

    def page(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.daemon_.metrics_port}{path}", timeout=10) as page:
            return json.load(page)

    def test_nothing_is_published_while_it_is_held(self):
        self.assertIn("was not held", self.ask(DONE, "release"))
        self.assertIn("nothing is published", self.ask(DONE, "hold"))
        self.assertIn("held already", self.ask(DONE, "hold"))
        self.add("new")
        self.wait(lambda: self.daemon_.json("status")["domains_waiting"] != "0", "what waits")
        self.await_metric(self.daemon_, 1, "zonecast_held_by_operator")
        self.restart()
        self.remove("b")
        self.wait(lambda: not self.daemon_.json("domain-show", "b.acme.example").get("desired"), "the removal")
        self.assertIn("HELD", self.ask(DONE, "status"))
        self.assertTrue(self.page("/readyz")["ready"])
        self.assertEqual(self.both, self.store.domains())
        self.ask(DONE, "release")
        self.await_domains(self.store, {"acme.example": hosted("acme.example"),
                                        "new.acme.example": hosted("new.acme.example")})
        self.await_metric(self.daemon_, 0, "zonecast_held_by_operator")
        self.restart()
        self.assertNotIn("HELD", self.ask(DONE, "status"))

    def test_a_pinned_domain_stays_and_a_blocked_one_is_away(self):
        self.assertIn("stays as it is published until 20", self.ask(DONE, "pin", "acme.example", "--until", "2h"))
        self.ask(DONE, "block", "b.acme.example", "--until", "2035-12-24T18:00:00Z")
        pinned = {"acme.example": hosted("acme.example")}
        self.await_domains(self.store, pinned)
        self.assertIn("operator.pins_max is 2", self.ask(USAGE, "block", "c.acme.example", "--until", "1d"))
        self.edit(("unset", "_sip._udp.b", "SRV"), ("set", "_sip._udp.b", 600, "SRV", TO_EDGE))
        self.remove("@")
        self.wait(lambda: self.daemon_.json("domain-show", "acme.example")["standing"] == "foreign", "what DNS says")
        self.restart()
        self.assertEqual(pinned, self.store.domains())
        pins = self.daemon_.json("pins")
        self.assertEqual([("acme.example", "pin"), ("b.acme.example", "block")],
                         [(pin["domain"], pin["kind"]) for pin in pins])
        self.assertEqual(pins, self.page("/v1/pins")["pins"])
        self.assertIn("pinned it: it stays", self.ask(DONE, "domain-show", "acme.example"))
        self.assertIn("blocked it: it is not hosted, until 2035-12-24 18:00:00 UTC",
                      self.ask(NOT_FOUND, "explain", "b.acme.example"))
        self.assertIn("not blocked", self.ask(NOT_FOUND, "block", "acme.example", "--off"))
        self.ask(DONE, "pin", "acme.example", "--off")
        self.ask(DONE, "block", "b.acme.example", "--off")
        self.await_domains(self.store, {"b.acme.example": hosted("b.acme.example")})
        self.restart()
        self.assertEqual([], self.daemon_.json("pins"))

    def test_when_its_time_is_over_it_is_as_dns_says(self):
        self.ask(DONE, "block", "b.acme.example", "--until", "2s")
        self.await_domains(self.store, {"acme.example": hosted("acme.example")})
        self.await_domains(self.store, self.both)
        self.assertEqual([], self.daemon_.json("pins"))

    def test_what_makes_no_sense_is_refused(self):
        self.assertIn("not published", self.ask(NOT_FOUND, "pin", "nobody.example", "--until", "2h"))
        for until in "2", "2 w", "yesterday", "2027-02-30", "2020-01-01", "99999999999d":
            self.ask(USAGE, "pin", "acme.example", "--until", until)
        self.ask(USAGE, "pin", "acme.example")
        self.ask(USAGE, "pin", "acme.example", "--off", "--until", "2h")
        self.ask(USAGE, "block", "*.acme.example", "--until", "2h")
        self.assertEqual([], self.daemon_.json("pins"))


if __name__ == "__main__":
    unittest.main()

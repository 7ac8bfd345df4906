"""What another configuration would change, before it is used: `zonecast plan --config`, beside a running daemon."""

import copy
import json
import unittest

from setting import EndToEnd, hosted, parts, sip, zone

SAME, OTHERWISE, UNTOLD, CONFIGURATION = 0, 1, 2, 4
NEW_EDGE = [{"hosts": ["sip.other.example"], "addresses": ["192.0.2.99"], "udp": 5060}]


class Planned(EndToEnd):
    """A daemon, what it published, and what another configuration would make of it."""

    def await_settled_copies(self):
        """The copies on disk are what plan --config reads."""
        self.wait(lambda: json.loads(self.plan(self.secondary.config_text, "--json")[1])["zones_missing"] == [], "all zones on disk")
        self.config = json.loads(self.secondary.config_text)

    def plan(self, text, *options):
        file = self.secondary.folder / "new.yaml"
        file.write_text(text)
        done = self.secondary.ask(*options, "plan", "--config", str(file), check=False)
        return done.returncode, done.stdout, done.stderr

    def would(self, status, **changes):
        """What it says of this configuration, as text and as JSON; and nothing is touched."""
        text = json.dumps(copy.deepcopy(self.config) | changes)
        code, said, trouble = self.plan(text)
        self.assertEqual((status, ""), (code, trouble), said)
        code, as_json, _ = self.plan(text, "--json")
        self.assertEqual(status, code)
        self.assert_untouched(self.content, self.store)
        return said, json.loads(as_json)


class Catalogs(Planned):
    def setUp(self):
        self.store = self.redis()
        port = parts.free_port()
        self.primary = self.knot({"cat.example": zone("cat.example", 'version IN TXT "2"', "one.zones IN PTR one.test."),
                                  "one.test": zone("one.test", *sip("@", "a"))}, notify=port)
        self.customers = {"acme": self.customer([], self.primary, catalogs=[{"name": "cat.example", "allow": ["*.test"]}])}
        self.secondary = self.daemon(self.store, self.customers, notify=port, retire={"zone_gone": "1h"})
        self.domains = {"one.test": hosted("one.test"), "a.one.test": hosted("a.one.test")}
        self.content = self.await_domains(self.store, self.domains)
        self.await_settled_copies()

    def test_members_stay_with_their_catalog_and_go_with_it(self):
        self.assertIn("nothing would change\n", self.would(SAME)[0])
        acme = copy.deepcopy(self.config["customers"]["acme"])
        acme["catalogs"][0]["allow"] = ["*.other"]
        self.assertRegex(self.would(OTHERWISE, customers={"acme": acme})[0], r"(?m)^customer acme: 0 added, 2 removed, ")
        del acme["catalogs"]
        acme["zones"] = ["one.test"]
        self.assertIn("nothing would change\n", self.would(SAME, customers={"acme": acme})[0])


class Plan(Planned):
    def setUp(self):
        self.store = self.redis()
        port = parts.free_port()
        self.primary = self.knot({"acme.example": zone("acme.example", *sip("@"), "_sip._udp.new SRV 1 1 5060 sip.other.example.",
                                                       "_sip._udp.old SRV 1 1 5060 pbx", "pbx A 192.0.2.10",
                                                       '_sipvhost TXT "v=sipvhost1; max_calls=7"'),
                                  "globex.example": zone("globex.example", *sip("@", "a"),
                                                         "_sip._udp.far SRV 1 1 5060 sip.far.example.")}, notify=port)
        customers = {name: self.customer([f"{name}.example"], self.primary) for name in ("acme", "globex")}
        # What stands here would put off what is to be seen.
        self.secondary = self.daemon(self.store, customers, notify=port, retire={"absent": "1h", "zone_gone": "1h"},
                                     brake={"customer_min": 0, "total_min": 0})
        self.domains = {"acme.example": hosted("acme.example"), "globex.example": hosted("globex.example"),
                        "old.acme.example": hosted("old.acme.example"), "pbx.acme.example": hosted("old.acme.example", "udp,tls"),
                        "a.globex.example": hosted("a.globex.example")}
        self.content = self.await_domains(self.store, self.domains)
        self.await_settled_copies()

    def test_the_same_configuration_changes_nothing(self):
        said, planned = self.would(SAME)
        self.assertIn("nothing would change\n", said)
        self.assertIn("? far.globex.example  ", said)
        self.assertEqual((self.content.meta["version"], []), (planned["version"], planned["customers"]))
        self.assertEqual(["far.globex.example"], [one["domain"] for one in planned["unknown"] if one["domain"].startswith("far")])

    def test_a_changed_edge(self):
        said, planned = self.would(OTHERWISE, edge=NEW_EDGE)
        self.assertRegex(said, r"(?m)^customer acme: 1 added, 2 removed, 0 moved, 0 changed")
        self.assertRegex(said, r"(?m)^  \+ new\.acme\.example  hosted udp primary did=new\.acme\.example$")
        self.assertRegex(said, r"(?m)^  - pbx\.acme\.example  was hosted udp,tls primary did=old\.acme\.example$")
        self.assertRegex(said, r"(?m)^  \? acme\.example  sip\.provider\.example A: outside")  # nobody says where it is
        self.assertEqual("acme", planned["customers"][0]["customer"])

    def test_what_is_pinned_stays_and_what_is_blocked_does_not_come(self):
        self.secondary.ask("pin", "pbx.acme.example", "--until", "1d")
        self.secondary.ask("block", "new.acme.example", "--until", "1d")
        self.wait(lambda: "0 added, 1 removed" in self.plan(json.dumps(self.config | {"edge": NEW_EDGE}))[1], "both on disk")
        said, _ = self.would(OTHERWISE, edge=NEW_EDGE)
        self.assertNotRegex(said, r"(?m)^  [-+] (pbx|new)\.acme\.example")

    def test_a_customer_that_leaves_and_a_zone_that_comes(self):
        customers = copy.deepcopy(self.config["customers"])
        del customers["globex"]
        customers["acme"]["zones"].append("never.example")
        said, planned = self.would(OTHERWISE, customers=customers)
        self.assertRegex(said, r"(?m)^customer globex: 0 added, 2 removed, 0 moved, 0 changed")
        self.assertIn("zone never.example is not held here", said)
        self.assertEqual((["globex"], ["never.example"]), ([c["customer"] for c in planned["customers"]], planned["zones_missing"]))

    def test_attributes(self):
        attributes = {"max_calls": {"type": "integer", "min": 1, "max": 5, "default": 3, "setter": "customer"}}
        said, _ = self.would(OTHERWISE, attributes=self.config["attributes"] | attributes)
        self.assertRegex(said, r"(?m)^  ~ DID acme\.example  max_calls=7 -> max_calls=3$")
        self.assertRegex(said, r"(?m)^  ~ DID globex\.example  max_calls=30 -> max_calls=3$")

    def test_what_cannot_be_told(self):
        self.assertEqual(CONFIGURATION, self.plan("nonsense: 1\n")[0])
        elsewhere = json.dumps(self.config | {"state_directory": "nowhere"})
        code, _, said = self.plan(elsewhere)
        self.assertEqual(UNTOLD, code)
        self.assertIn("cannot read", said)
        self.store.stop()
        code, _, said = self.plan(json.dumps(self.config))
        self.assertEqual(UNTOLD, code)
        self.assertIn("Redis: ", said)


if __name__ == "__main__":
    unittest.main()

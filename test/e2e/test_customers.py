"""Customers who do not trust each other: whatever one of them puts into its zones, the others' domains stay as they were."""

import unittest

from setting import EndToEnd, hosted, parts, primaries, sip, zone

ACME = {"acme.example": hosted("iptel"), "sip.acme.example": hosted("iptel")}
# What no TXT record may do to anybody but its owner, each at a name of its own.
CLAIMS = {
    "did": "did=iptel",
    "name": "did=acme.example",
    "alias": "alias=acme.example; alias=sip.acme.example",
    "both": "did=iptel; alias=acme.example",
    "case": "DID=IPTEL",
    "separators": "did=a%3Bb%3Dc; greeting=a%3Bstate%3Dretiring",
    "homoglyph": r"did=\208\176cme.example",
    "controls": r"did=ip\000tel; greeting=\001\010\013\127; alias=acme.example\000",
    "newline": r"did=iptel\010; greeting=hello\010HSET",
    "long": "did=" + "d" * 250,
    "fresh": "did=iptel~2",
    "empty": "did=; alias=; =; greeting",
}


class Customers(EndToEnd):
    kind = primaries.Knot

    def set_up(self, mallory, below=()):
        self.port = parts.free_port()
        zones = {"acme.example": zone("acme.example", *sip("@", "sip"), *(
            f'_sipvhost{name} IN TXT "v=sipvhost1; did=iptel; greeting=Welcome"' for name in ("", ".sip"))),
            "mallory.example": zone("mallory.example", *mallory),
            **{name: zone(name, *records) for name, records in below}}
        self.server = self.primary(self.kind, zones, notify=self.port)
        self.store = self.redis()
        self.customers = {"acme": {**self.customer(["acme.example"], self.server), "dids": ["iptel"]},
                          "mallory": self.customer(["mallory.example", *(name for name, _ in below)], self.server)}
        return self.daemon(self.store, self.customers, notify=self.port, metrics=True)

    def acme(self):
        """What is published of acme: its domains, and what the DID says."""
        content = self.store.content()
        self.check(content)
        return ({name: value for name, value in content.domains().items() if name.endswith("acme.example")},
                content.attributes().get("iptel"))

    def test_nobody_takes_anothers_did_or_domain(self):
        daemon = self.set_up([*sip(*CLAIMS), *(f'_sipvhost.{name} IN TXT "v=sipvhost1; {claim}"' for name, claim in CLAIMS.items())])
        self.wait(lambda: len(self.store.domains()) == 2 + len(CLAIMS), "all domains")
        self.assertEqual((ACME, "greeting=Welcome;max_calls=30"), self.acme())
        domains = self.store.domains()
        for name in CLAIMS:
            self.assertEqual(hosted(f"{name}.mallory.example"), domains[f"{name}.mallory.example"], name)
        for name in ("did", "name", "both"):
            said = daemon.ask("explain", f"{name}.mallory.example").stdout
            self.assertRegex(said, r'did=(iptel|acme\.example) is contested', said)
        self.assertNotIn("contested", daemon.ask("explain", "acme.example").stdout)
        contested = int(daemon.json("status")["domains_contested"])
        self.assertGreaterEqual(contested, 3)
        self.await_metric(daemon, contested, "zonecast_domains_contested")
        self.await_said(daemon, "contested", "did.mallory.example")

    def test_nobody_speaks_below_another_but_where_the_operator_says_so(self):
        """mallory names acme's hosts as targets, and has a zone below acme's that the operator gave it."""
        daemon = self.set_up(["_sip._udp IN SRV 10 5 5060 sip.acme.example.", "_sip._udp IN SRV 20 5 5060 sip.provider.example."],
                             [("own.acme.example", [*sip("@", "lab"), '_sipvhost IN TXT "v=sipvhost1; did=iptel"'])])
        own = {f"{name}own.acme.example": hosted(f"{name}own.acme.example") for name in ("", "lab.")}
        self.await_domains(self.store, {**ACME, **own, "mallory.example": hosted("mallory.example", role="backup")})
        before = self.acme()
        self.assertEqual("mallory", daemon.json("did", "show", "own.acme.example")["customer"])
        # What acme says of names below a zone of another's counts for nothing.
        self.server.edit("acme.example", ("set", "_sip._udp.deep.own", 3600, "SRV", "10 5 5060 sip.provider.example."))
        self.await_serial(daemon, "acme.example", 2)
        self.assertEqual(before, self.acme())

    def test_one_that_floods_its_zone_changes_nothing_elsewhere(self):
        """Each of mallory's edits, good or bad, leaves acme's entries and attributes at what they were."""
        daemon = self.set_up(sip("@"))
        self.wait(lambda: len(self.store.domains()) == 3, "all domains")
        before = self.acme()
        for serial, claim in enumerate(CLAIMS.values(), 2):
            earlier = [("unset", "_sipvhost", "TXT")] if serial > 2 else []
            self.server.edit("mallory.example", *earlier, ("set", "_sipvhost", 3600, "TXT", f'"v=sipvhost1; {claim}"'))
            self.await_serial(daemon, "mallory.example", serial)
            self.assertEqual(before, self.acme(), claim)
            self.assertEqual(hosted("mallory.example"), self.store.domains()["mallory.example"], claim)

    def await_serial(self, daemon, name, serial):
        self.wait(lambda: any(each["zone"] == name and int(each["serial"]) == serial for each in daemon.json("zone-status")),
                  f"{name} at serial {serial}")
        self.await_settled(daemon)


class HugeCatalogs(EndToEnd):
    """knotd serves the catalog, and none of its members: a catalog says whom to ask, not that they exist."""

    MOST = 50_000

    def set_up(self, members):
        self.port = parts.free_port()
        listed = [f"m{number}.zones IN PTR z{number}.test." for number in range(members)]
        self.server = self.knot({"acme.example": zone("acme.example", *sip("@")),
                                 "cat.example": zone("cat.example", 'version IN TXT "2"', *listed)}, notify=self.port)
        self.store = self.redis()
        customers = {"acme": self.customer(["acme.example"], self.server, catalogs=[{"name": "cat.example", "allow": ["*.test"]}])}
        return self.daemon(self.store, customers, notify=self.port, metrics=True)

    def test_as_many_members_as_may_be(self):
        daemon = self.set_up(self.MOST)
        self.await_metric(daemon, self.MOST, "zonecast_catalog_members", state="current")
        self.await_domains(self.store, {"acme.example": hosted("acme.example")})
        # The zones beside it do not wait for 50,000 that nobody serves.
        self.server.edit("acme.example", ("set", "_sip._udp.lab", 3600, "SRV", "10 5 5060 sip.provider.example."))
        self.await_domains(self.store, {name: hosted(name) for name in ("acme.example", "lab.acme.example")})
        # One more is one too many: it is said, and all members stay.
        self.server.edit("cat.example", ("set", "one-more.zones", 3600, "PTR", "z-one-more.test."))
        self.await_said(daemon, "catalog is broken", "it has more than 50000 members")
        self.await_metric(daemon, self.MOST, "zonecast_catalog_members", state="broken")


if __name__ == "__main__":
    unittest.main()

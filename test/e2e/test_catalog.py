"""Catalog zones (RFC 9432): zones appear and go without a restart, whatever their catalog says and whoever serves it."""

import unittest

from setting import QUICK_TIMERS, EndToEnd, hosted, parts, primaries, sip, zone

VERSION = 'version IN TXT "2"'
LISTED = {name: hosted(name) for name in ("one.test", "two.test")}


def members(*names):
    """What a catalog lists, each zone under its first label."""
    return [f"{name.split('.')[0]}.zones IN PTR {name}." for name in names]


class CatalogCases:
    kind = None  # of the primary

    def set_up(self, catalogs, zones=("one.test", "two.test"), zone_gone="1h", **options):
        """A primary with catalogs and zones, and zonecastd, which knows of the catalogs alone."""
        self.store = self.redis()
        self.port = parts.free_port()
        content = {name: zone(name, VERSION, *listed) for name, listed in catalogs.items()}
        content |= {name: zone(name, *sip("@")) for name in zones}
        self.server = self.primary(self.kind, content, notify=self.port)
        self.customers = {"acme": self.customer(
            [], self.server, catalogs=[{"name": name, "allow": ["*.test"]} for name in catalogs])}
        self.options = {"notify": self.port, "limits": QUICK_TIMERS, "retire": {"zone_gone": zone_gone},
                        "metrics": True, **options}
        return self.daemon(self.store, self.customers, **self.options)

    def listed(self, daemon):
        return {each["zone"]: each["from"] or "config" for each in daemon.json("zone-status")}

    def test_zones_come_and_go_with_their_catalog(self):
        daemon = self.set_up({"cat.example": members("one.test")}, zone_gone="1s")
        self.await_domains(self.store, {"one.test": hosted("one.test")})
        self.server.edit("cat.example", ("set", "two.zones", "3600", "PTR", "two.test."))
        self.await_domains(self.store, LISTED)
        self.assertEqual({"cat.example": "config", "one.test": "cat.example", "two.test": "cat.example"},
                         self.listed(daemon))
        self.await_metric(daemon, 2, "zonecast_catalog_members", state="current")
        self.server.edit("cat.example", ("unset", "one.zones", "PTR"))
        self.await_said(daemon, "zone leaves", "zone=one.test")
        self.await_domains(self.store, {"two.test": hosted("two.test")})
        self.await_said(daemon, "zone removed", "zone=one.test")
        self.assertNotIn("one.test", self.listed(daemon))
        self.server.edit("two.test", ("set", "_sip._udp.lab", "3600", "SRV", "10 5 5060 sip.provider.example."))
        self.await_domains(self.store, {name: hosted(name) for name in ("two.test", "lab.two.test")})

    def test_a_zone_that_leaves_is_served_and_comes_back(self):
        daemon = self.set_up({"cat.example": members("one.test", "two.test")})
        before = self.await_domains(self.store, LISTED)
        self.server.edit("cat.example", ("unset", "one.zones", "PTR"))
        self.await_said(daemon, "zone leaves", "zone=one.test")
        self.wait(lambda: self.trouble(daemon, "one.test"), "why it leaves")
        self.assertIn("not a member of catalog cat.example any more", self.trouble(daemon, "one.test"))
        self.wait(lambda: "state=retiring" in self.store.domains()["one.test"], "its domain to be retiring")
        retiring = self.store.domains()
        daemon.stop()
        daemon.start()  # and it is still leaving
        self.wait(lambda: "not a member" in self.trouble(daemon, "one.test"), "that it leaves, after a restart")
        self.assertEqual(retiring, self.store.domains())
        self.server.edit("cat.example", ("set", "one.zones", "3600", "PTR", "one.test."))
        self.await_said(daemon, "zone back", "zone=one.test")
        self.assertEqual(before.hashes, self.await_domains(self.store, LISTED).hashes)

    def trouble(self, daemon, name):
        return next((each.get("trouble", "") for each in daemon.json("zone-status") if each["zone"] == name), "")

    def test_a_member_moves_when_its_catalog_says_so(self):
        daemon = self.set_up({"old.example": members("one.test"), "new.example": []})
        before = self.await_domains(self.store, {"one.test": hosted("one.test")})
        self.server.edit("new.example", ("set", "uno.zones", "3600", "PTR", "one.test."))
        self.await_said(daemon, "member refused", "catalog old.example has this zone already")
        self.assertEqual("old.example", self.listed(daemon)["one.test"])
        self.server.edit("old.example", ("set", "coo.one.zones", "3600", "PTR", "new.example."))
        self.await_said(daemon, "zone move", "zone=one.test")
        self.assertEqual("new.example", self.listed(daemon)["one.test"])
        self.server.edit("old.example", ("unset", "coo.one.zones", "PTR"), ("unset", "one.zones", "PTR"))
        self.await_said(daemon, "catalog read", "catalog=old.example", "members=0")
        self.await_settled(daemon)
        self.assertFalse(daemon.said("zone leaves"))
        self.assert_untouched(before, self.store)

    def test_a_catalog_that_breaks_keeps_its_members(self):
        daemon = self.set_up({"cat.example": members("one.test", "two.test")})
        before = self.await_domains(self.store, LISTED)
        self.server.edit("cat.example", ("unset", "version", "TXT"), ("unset", "one.zones", "PTR"))
        self.await_said(daemon, "catalog is broken", "version.cat.example TXT is missing")
        self.assertIn("version.cat.example TXT is missing", self.trouble(daemon, "cat.example"))
        self.await_metric(daemon, 2, "zonecast_catalog_members", state="broken")
        self.await_settled(daemon)
        self.assert_untouched(before, self.store)
        self.server.edit("cat.example", ("set", "version", "3600", "TXT", '"2"'))
        self.await_said(daemon, "zone leaves", "zone=one.test")

    def test_members_are_known_at_a_start_without_their_primary(self):
        daemon = self.set_up({"cat.example": members("one.test", "two.test")})
        before = self.await_domains(self.store, LISTED)
        self.await_settled(daemon)
        daemon.stop()
        self.server.stop()
        daemon.start()
        self.wait(lambda: len(self.listed(daemon)) == 3, "the members")
        self.assertEqual("cat.example", self.listed(daemon)["one.test"])
        self.await_metric(daemon, 2, "zonecast_catalog_members", state="unread")
        self.assert_untouched(before, self.store)


class WithKnot(CatalogCases, EndToEnd):
    kind = primaries.Knot

    def test_what_is_not_granted_is_refused(self):
        daemon = self.set_up({"cat.example": ["a.zones IN PTR one.other.", *members("one.test")]})
        self.await_domains(self.store, {"one.test": hosted("one.test")})
        self.await_said(daemon, "member refused", "allow", "zone=one.other", "catalog=cat.example")
        self.assertIn("1 of its members are refused: one.other", self.trouble(daemon, "cat.example"))
        self.await_metric(daemon, 1, "zonecast_catalog_members", state="refused")

    def test_a_catalog_that_expires_keeps_its_members(self):
        daemon = self.set_up({"cat.example": members("one.test")},
                             limits={**QUICK_TIMERS, "expire_min": "1s", "expire_max": "3s", "refresh_max": "1s"})
        before = self.await_domains(self.store, {"one.test": hosted("one.test")})
        self.await_settled(daemon)
        self.server.stop()
        self.await_said(daemon, "catalog has expired", "catalog=cat.example", "members=1")
        self.await_metric(daemon, 1, "zonecast_catalog_members", state="expired")
        self.assertIn("has expired", self.trouble(daemon, "cat.example"))
        self.assert_untouched(before, self.store)


class WithNamed(CatalogCases, EndToEnd):
    kind = primaries.Named


class GeneratedByKnot(primaries.Knot):
    """Its catalog lists the zones that it is configured with, and is shown to nobody but its secondaries."""

    def serial(self, zone):
        return 1 if zone == "cat.example" else super().serial(zone)

    def write_config(self):
        super().write_config()
        text = self.config.read_text()
        text = text.replace("  - domain: cat.example\n", "  - domain: cat.example\n    catalog-role: generate\n")
        for name in self.zones:
            if name != "cat.example":
                text = text.replace(f"  - domain: {name}\n", f"  - domain: {name}\n    catalog-role: member\n"
                                    "    catalog-zone: cat.example\n    catalog-group: small\n")
        self.config.write_text(text)


class Generated(EndToEnd):
    def test_what_knotd_generates_is_read(self):
        redis = self.redis()
        port = parts.free_port()
        zones = {"cat.example": zone("cat.example"),
                 **{name: zone(name, *sip("@")) for name in ("one.test", "two.test")}}
        knot = self.primary(GeneratedByKnot, zones, notify=port)
        customer = self.customer([], knot, catalogs=[{"name": "cat.example", "allow": ["*.test"],
                                                      "groups": {"small": {"records_max": 100}}}])
        daemon = self.daemon(redis, {"acme": customer}, notify=port, limits=QUICK_TIMERS)
        self.await_domains(redis, LISTED)
        self.assertTrue(daemon.said("catalog read", "members=2"))


if __name__ == "__main__":
    unittest.main()

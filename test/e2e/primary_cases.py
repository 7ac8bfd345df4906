"""What a zone's way into Redis must survive, whichever server is its primary.

Each test_primaries_SERVER.py runs all of this against one server. What a server cannot do by its nature stands in
its class (Primary.cannot); a case asks there what it has to expect, and none is skipped.
"""

import select
import socket

from setting import PATIENCE, QUICK_TIMERS, TO_EDGE, EndToEnd, dns, hosted, parts, sip, wire, zone

ACME = "acme.example"
# So many records that a difference is smaller than the whole: named would send the whole otherwise.
FILLER = [f"host{number} IN A 198.51.100.{number}" for number in range(40)]
KEY = parts.tsig_key("transfer")
HUGE_RECORDS = 50_000


def acme(*owners, serial=1):
    """The zone's text, with these owners hosted."""
    return zone(ACME, *FILLER, *sip(*owners), serial=serial)


def acme_domains(*owners):
    names = [ACME if owner == "@" else f"{owner}.{ACME}" for owner in owners]
    return {name: hosted(name) for name in names}


def huge(name, hosted_every=100):
    """A zone of HUGE_RECORDS and a few more, and the domains in it."""
    owners = [f"n{number}" for number in range(0, HUGE_RECORDS, hosted_every)]
    addresses = [f"n{number} IN A 198.51.100.1" for number in range(HUGE_RECORDS - len(owners))]
    return zone(name, *addresses, *sip(*owners)), {f"{owner}.{name}": hosted(f"{owner}.{name}") for owner in owners}


def points_at_the_edge(owner):
    return ("set", f"_sip._udp.{owner}", "3600", "SRV", TO_EDGE)


def points_no_more(owner):
    return ("unset", f"_sip._udp.{owner}", "SRV")


class Cases(EndToEnd):
    """Base of the suites; a subclass says which server."""

    kind = None

    def shape_of_an_edit(self):
        return "axfr" if "ixfr" in self.kind.cannot else "ixfr"

    def set_up(self, zones, limits=None, by_wire=False, **options):
        """The server, and zonecastd, which has acme.example of it and hears its NOTIFYs."""
        notify = parts.free_port()
        self.store = self.redis()
        self.server = self.primary(self.kind, zones, notify=notify, **options)
        self.wire = self.lay_wire() if by_wire else None
        self.secondary = self.daemon(self.store, {"acme": self.customer([ACME], self.wire or self.server)},
                                     notify=notify, metrics=True, limits={**QUICK_TIMERS, **(limits or {})})

    def lay_wire(self):
        laid = wire.Wire(self.server.port)
        self.addCleanup(laid.stop)
        return laid

    def failures(self):
        return self.metric(self.secondary, "zonecast_zone_failures_total")

    def zone_status(self, name=ACME):
        return self.secondary.json("zone-status", name)[0]

    # -- transfers ---------------------------------------------------------------------------------

    def test_a_first_transfer_publishes_all_of_the_zone(self):
        self.set_up({ACME: zone(ACME, *sip("@"), *sip("@", transport="tcp"), *sip("lab"),
                                '_sipvhost IN TXT "v=sipvhost1; greeting=Welcome; max_calls=50"')})
        content = self.await_domains(self.store, {ACME: hosted(ACME, "udp,tcp"), f"lab.{ACME}": hosted(f"lab.{ACME}")})
        self.assertEqual({ACME: "greeting=Welcome;max_calls=50", f"lab.{ACME}": "max_calls=30"}, content.attributes())
        self.assertTrue(self.secondary.said("zone transferred", f"zone={ACME}", "from=none", "to=1", "shape=axfr"))
        self.assertEqual(0, self.failures())

    def test_an_edit_arrives_as_its_difference(self):
        self.set_up({ACME: acme("@", "old")})
        before = self.await_domains(self.store, acme_domains("@", "old"))
        self.server.edit(ACME, points_at_the_edge("new"), points_no_more("old"))
        after = self.await_domains(self.store, acme_domains("@", "new"))
        self.assertEqual(int(before.meta["version"]) + 1, int(after.meta["version"]))
        self.assertEqual(before.meta["generation"], after.meta["generation"])
        self.assert_transferred(f"from=1 to=2 shape={self.shape_of_an_edit()}")

    def test_edits_made_while_we_were_away_arrive_together(self):
        self.set_up({ACME: acme("@", "old")})
        self.await_domains(self.store, acme_domains("@", "old"))
        self.secondary.freeze()
        self.server.edit(ACME, points_at_the_edge("fleeting"))
        self.server.edit(ACME, points_at_the_edge("new"), points_no_more("fleeting"))
        self.server.edit(ACME, points_no_more("old"))
        self.secondary.thaw()
        self.await_domains(self.store, acme_domains("@", "new"))
        self.assert_transferred(f"from=1 to=4 shape={self.shape_of_an_edit()}")

    def test_when_the_history_is_gone_the_zone_comes_in_full(self):
        self.set_up({ACME: acme("@")})
        self.await_domains(self.store, acme_domains("@"))
        self.server.replace(ACME, acme("@", "new", serial=7))
        self.server.send_notify(ACME)
        self.await_domains(self.store, acme_domains("@", "new"))
        self.assert_transferred("from=1 to=7 shape=axfr")

    def test_when_the_history_does_not_lead_to_the_present_the_zone_comes_in_full(self):
        # knotd then answers the IXFR with SERVFAIL: it has a difference from our serial, and none from there on.
        self.set_up({ACME: acme("@")})
        self.await_domains(self.store, acme_domains("@"))
        self.secondary.freeze()
        self.server.edit(ACME, points_at_the_edge("fleeting"))
        self.server.replace(ACME, acme("@", "new", serial=7))
        self.server.send_notify(ACME)
        self.secondary.thaw()
        self.await_domains(self.store, acme_domains("@", "new"))
        self.assert_transferred("from=1 to=7 shape=axfr")

    def assert_transferred(self, what):
        """And nothing went wrong for good."""
        self.assertTrue(self.secondary.said("zone transferred", f"zone={ACME}", *what.split()),
                        self.secondary.said("zone transferred"))
        self.assertEqual("", self.zone_status()["trouble"])

    def test_an_empty_zone_hosts_nothing_until_it_has_records_and_when_they_are_gone(self):
        self.set_up({ACME: f"$ORIGIN {ACME}.\n@ 3600 IN SOA ns1 hostmaster 1 3600 600 1209600 300\n"
                           "@ 3600 IN NS ns.elsewhere.example.\n"})
        self.await_settled(self.secondary)
        self.assertEqual(1, self.zone_status()["serial"])
        self.await_domains(self.store, {})
        self.server.edit(ACME, points_at_the_edge("lab"))
        self.await_domains(self.store, acme_domains("lab"))
        self.server.edit(ACME, points_no_more("lab"))
        self.await_domains(self.store, {})
        self.assertEqual(0, self.failures())

    def test_a_huge_zone_arrives_whole_and_so_does_an_edit_of_it(self):
        text, domains = huge(ACME)
        self.set_up({ACME: text})
        self.await_domains(self.store, domains, timeout=60)
        self.await_settled(self.secondary)
        records = self.metric(self.secondary, "zonecast_transferred_records_total")
        self.assertGreaterEqual(records, HUGE_RECORDS)
        self.server.edit(ACME, points_at_the_edge("new"))
        self.await_domains(self.store, {**domains, f"new.{ACME}": hosted(f"new.{ACME}")}, timeout=60)
        self.assert_transferred(f"from=1 to=2 shape={self.shape_of_an_edit()}")

    # -- signatures --------------------------------------------------------------------------------

    def test_signed_transfers_edits_and_notifies_are_taken(self):
        notify = parts.free_port()
        self.store = self.redis()
        self.server = self.primary(self.kind, {ACME: acme("@")}, key=KEY, notify=notify)
        customer = self.customer([ACME], self.server, key_file=self.key_file("our.key", KEY))
        self.secondary = self.daemon(self.store, {"acme": customer}, notify=notify,
                                     notify_policy={"tsig": "require"}, metrics=True)
        self.await_domains(self.store, acme_domains("@"))
        self.server.edit(ACME, points_at_the_edge("new"))
        self.await_domains(self.store, acme_domains("@", "new"))
        self.assert_transferred(f"from=1 to=2 shape={self.shape_of_an_edit()}")
        self.assertEqual(0, self.failures())
        self.assertEqual(self.metric(self.secondary, "zonecast_notifies_total", result="accepted"),
                         self.metric(self.secondary, "zonecast_notifies_total"))

    def test_with_a_key_that_the_server_does_not_know_nothing_comes_until_it_does(self):
        self.assert_shut_out_at_first(key=parts.tsig_key("other"))

    def test_with_a_wrong_secret_nothing_comes_until_it_is_right(self):
        self.assert_shut_out_at_first(key=parts.tsig_key("transfer", b"another secret of 32 octets....."))

    def test_with_a_wrong_clock_nothing_comes_until_it_is_right(self):
        # RFC 8945 section 5.2.3: more than the fudge apart, which is 300 s.
        self.assert_shut_out_at_first(key=KEY, clock_ahead=3600)

    def assert_shut_out_at_first(self, key, clock_ahead=0):
        """A server as given and we with KEY: nothing is published, the log has why; all is well once the server is."""
        self.store = self.redis()
        self.server = self.primary(self.kind, {ACME: acme("@")}, key=key, clock_ahead=clock_ahead)
        customer = self.customer([ACME], self.server, key_file=self.key_file("our.key", KEY))
        self.secondary = self.daemon(self.store, {"acme": customer}, metrics=True,
                                     limits={**QUICK_TIMERS, "primary_hold_down": "1s"})
        self.await_said(self.secondary, f"zone {ACME} from ns1 (127.0.0.1:", "TSIG", "reason=tsig")
        self.wait(lambda: self.metric(self.secondary, "zonecast_zone_failures_total", reason="tsig") >= 2, "another try")
        self.assertEqual({}, self.store.domains())
        self.server.stop()
        self.server.key, self.server.clock_ahead = KEY, 0
        self.server.start()
        self.await_domains(self.store, acme_domains("@"))

    # -- news --------------------------------------------------------------------------------------

    def test_edits_are_told_by_notify_one_right_after_the_other_too(self):
        self.set_up({ACME: acme("@")}, limits={"refresh_min": "1h", "retry_min": "1h", "retry_max": "1h"})
        self.await_domains(self.store, acme_domains("@"))
        for number in range(3):
            self.server.edit(ACME, points_at_the_edge(f"new{number}"))
        self.await_domains(self.store, acme_domains("@", "new0", "new1", "new2"))
        self.assertGreaterEqual(self.metric(self.secondary, "zonecast_notifies_total", result="accepted"), 1)
        self.assertEqual(0, self.failures())

    def test_when_a_notify_is_lost_the_refresh_finds_the_edit(self):
        deaf = parts.free_port()
        ears = [self.enter(socket.socket(type=socket.SOCK_DGRAM)), self.enter(socket.create_server(("127.0.0.1", deaf)))]
        ears[0].bind(("127.0.0.1", deaf))
        self.store = self.redis()
        self.server = self.primary(self.kind, {ACME: acme("@")}, notify=deaf)
        self.secondary = self.daemon(self.store, {"acme": self.customer([ACME], self.server)}, metrics=True,
                                     limits={**QUICK_TIMERS, "refresh_max": "1s"})
        self.await_domains(self.store, acme_domains("@"))
        self.server.edit(ACME, points_at_the_edge("new"))
        self.assertTrue(select.select(ears, [], [], PATIENCE)[0], "no NOTIFY was sent that could be lost")
        self.await_domains(self.store, acme_domains("@", "new"))
        self.assertEqual(0, self.metric(self.secondary, "zonecast_notifies_total"))

    def enter(self, context):
        return self.parts.enter_context(context)

    def test_a_serial_that_went_back_is_no_news_until_it_is_ahead_again_or_somebody_insists(self):
        self.set_up({ACME: acme("@", serial=10)})
        before = self.await_domains(self.store, acme_domains("@"))
        self.server.replace(ACME, acme("new", serial=5))
        self.server.send_notify(ACME)
        self.await_said(self.secondary, f"zone {ACME} from ns1", "serial 5 is not newer than 10", "reason=older")
        self.assert_untouched(before, self.store)
        self.secondary.ask("zone-retransfer", ACME)
        self.await_domains(self.store, acme_domains("new"))
        self.assertEqual(5, self.zone_status()["serial"])
        self.server.edit(ACME, points_at_the_edge("newer"))
        self.await_domains(self.store, acme_domains("new", "newer"))

    # -- trouble -----------------------------------------------------------------------------------

    def test_of_300_zones_those_of_other_primaries_come_while_one_primary_hangs(self):
        names = [f"z{number}.example" for number in range(300)]
        stuck = names[::10]
        well = [name for name in names if name not in stuck]
        zones = {name: zone(name, *sip("@")) for name in names}
        notify = parts.free_port()
        store = self.redis()
        healthy = self.primary(self.kind, {name: zones[name] for name in well}, name="healthy", notify=notify)
        hung = self.primary(self.kind, {name: zones[name] for name in stuck}, name="hung")
        hung.freeze()
        customers = {"stuck": self.customer(stuck, hung), "well": self.customer(well, healthy)}
        daemon = self.daemon(store, customers, notify=notify, limits=QUICK_TIMERS)
        expected = {name: hosted(name) for name in well}
        self.await_domains(store, expected, timeout=60)
        self.assertEqual(set(well), {each["zone"] for each in daemon.json("zone-status") if each["confirmed"]})
        for name in (well[0], well[-1]):
            healthy.edit(name, points_at_the_edge("new"))
            expected[f"new.{name}"] = hosted(f"new.{name}")
        self.await_domains(store, expected)
        hung.thaw()
        self.await_domains(store, {**expected, **{name: hosted(name) for name in stuck}}, timeout=60)

    def test_a_server_that_is_killed_in_mid_transfer_gives_the_zone_when_it_is_back(self):
        text, domains = huge(ACME)
        self.store = self.redis()
        self.server = self.primary(self.kind, {ACME: text})
        way = self.lay_wire()
        way.stall_after(300_000)
        self.secondary = self.daemon(self.store, {"acme": self.customer([ACME], way)}, metrics=True, limits=QUICK_TIMERS)
        self.wait(way.is_stalled, "the transfer to be half-way")
        self.server.kill()
        way.cut()
        self.await_said(self.secondary, f"zone {ACME} from ns1", "AXFR", "reason=closed")
        self.assertEqual({}, self.store.domains())
        self.server.start()
        self.await_domains(self.store, domains, timeout=60)

    def test_when_a_primary_dies_another_one_takes_over_and_back(self):
        notify = parts.free_port()
        self.store = self.redis()
        first = self.primary(self.kind, {ACME: acme("@")}, name="first", notify=notify)
        second = self.primary(self.kind, {ACME: acme("@")}, name="second", notify=notify)
        self.secondary = self.daemon(self.store, {"acme": self.customer([ACME], first, second)},
                                     notify=notify, metrics=True, limits={**QUICK_TIMERS, "primary_hold_down": "1s"})
        self.await_domains(self.store, acme_domains("@"))
        self.await_primary("ns1")
        first.kill()
        second.edit(ACME, points_at_the_edge("new"))
        self.await_domains(self.store, acme_domains("@", "new"))
        self.await_primary("ns2")
        second.kill()
        first.replace(ACME, acme("@", "newer", serial=3))
        first.start()
        self.secondary.ask("zone-refresh", ACME)
        self.await_domains(self.store, acme_domains("@", "newer"))
        self.await_primary("ns1")

    def await_primary(self, name):
        self.wait(lambda: self.zone_status()["primary"] == name, f"the zone to stick to {name}")
        self.assertEqual("", self.zone_status()["trouble"])

    def test_a_request_that_crosses_the_close_of_an_idle_connection_is_asked_again(self):
        self.set_up({ACME: acme("@")}, idle=1, by_wire=True, limits={"connection_idle_timeout": "10m"})
        self.wire.delay_ends()
        self.await_domains(self.store, acme_domains("@"))
        self.secondary.ask("zone-refresh", ACME)  # by this there is a connection for queries, too
        self.wait(lambda: self.wire.ends_under_way() == 2, "the server to close both connections", timeout=60)
        self.server.edit(ACME, points_at_the_edge("new"))
        self.await_domains(self.store, acme_domains("@", "new"))
        self.secondary.ask("zone-retransfer", ACME)
        self.wait(lambda: self.wire.lost_requests >= 2, "a request lost on each connection")
        self.wait(lambda: self.secondary.said("zone transferred", "from=2 to=2"), "the transfer that was asked for")
        self.assertEqual(0, self.failures())

    def test_while_others_take_all_transfers_of_the_server_an_edit_waits_and_nothing_is_removed(self):
        text, _ = huge("huge.example")
        self.set_up({ACME: acme("@"), "huge.example": text})
        before = self.await_domains(self.store, acme_domains("@"))
        others = [self.begin_transfer("huge.example") for _ in range(10)]
        self.server.edit(ACME, points_at_the_edge("new"))
        if "more than ten transfers" in self.kind.cannot:
            self.await_said(self.secondary, f"zone {ACME} from ns1", "AXFR", "SERVFAIL")
            self.assert_untouched(before, self.store)
            for other in others:
                other.close()
        self.await_domains(self.store, acme_domains("@", "new"))
        self.await_primary("ns1")

    def begin_transfer(self, name):
        """As another secondary would, which then reads no further."""
        other = socket.socket()
        self.addCleanup(other.close)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 12)
        other.settimeout(30)
        other.connect(("127.0.0.1", self.server.port))
        other.sendall(dns.framed(dns.query(name, dns.AXFR)))
        self.assertEqual(2, len(other.recv(2, socket.MSG_WAITALL)))
        return other

"""What the tests with a hostile primary stand on.

One scripted primary serves eight innocent zones honestly, and attacked zones by script. A case says in a table
what is sent, which section of which RFC decides, and what must come of it. The expectation is the RFC's: where
an RFC says what is sent and a primary sends something else, the whole of it is rejected; where it leaves the
receiver free, a comment says what zonecast chose.

Each case has an attacked zone of its own, which holds `old` and is offered `new` in its place. While the attack
goes on, all innocent zones are edited and must come through. A rejected zone has then lost nothing, says why,
and takes the next version, as a difference to what it held, once its primary is honest again.
"""

import collections
import dataclasses
import re
import socket

from setting import EDGE, PATIENCE, EndToEnd, dns, hosted, parts, scripted_primary, tsig

CLOSE = scripted_primary.CLOSE
INNOCENTS = 8
AFTERWARDS = 100  # a serial that is newer than all that attacks offer
# A failed zone is looked at again when its primary says so and not before, and nobody is given up in a hurry.
LIMITS = {"refresh_min": "1h", "retry_min": "1h", "query_timeout": "20s", "transfer_idle_timeout": "20s",
          "connection_idle_timeout": "1m"}


@dataclasses.dataclass(frozen=True)
class Raw:
    """Octets that go out as they are, without a length before them."""
    octets: bytes


@dataclasses.dataclass(frozen=True)
class Attack:
    """`scripts`: type of question -> script(query, offer), which gives a message, or a sequence of messages, Raw
    octets, seconds to wait, and CLOSE. `fails`: the steps of a zone's round at which this must be noticed."""
    scripts: dict
    fails: tuple


def on_soa(script):
    return Attack({dns.SOA: script}, ("soa",))


def on_transfers(script):
    """The answer to an IXFR and to the AXFR that follows when it fails."""
    return Attack({dns.IXFR: script, dns.AXFR: script}, ("ixfr", "axfr"))


def on_axfr(script):
    """From a primary that does not know IXFR."""
    return Attack({dns.IXFR: lambda q, z: dns.answer(q, rcode=dns.NOTIMP), dns.AXFR: script}, ("axfr",))


def on_ixfr(script):
    """The AXFR that follows waits until the test has looked, and is refused."""
    return Attack({dns.IXFR: script}, ("ixfr",))


@dataclasses.dataclass(frozen=True)
class Rejected:
    reason: str  # as the metric has it
    text: str  # a part of what is said of the zone


@dataclasses.dataclass(frozen=True)
class Accepted:
    labels: tuple = ("new",)  # the domains that the zone then has
    fails: tuple = ()  # (step, reason) that came before


@dataclasses.dataclass(frozen=True)
class Case:
    rfc: str  # the section that decides
    attack: Attack
    expected: Rejected | Accepted
    limits: dict = dataclasses.field(default_factory=dict)  # of the zone


def malformed(text):
    return Rejected("malformed", text)


def accepted(*labels, fails=()):
    return Accepted(labels or ("new",), tuple(fails))


def points_to_edge(label, zone):
    return dns.srv(f"_sip._udp.{label}.{zone}", EDGE)


def name_server(zone):
    return dns.record(zone, dns.NS, dns.name(f"ns1.{zone}"))


class Offer:
    """What an attacked zone holds, and what an honest primary would offer it next."""

    def __init__(self, zone):
        self.name = zone.name
        self.held, self.serial = zone.serial, zone.serial + 1
        self.held_soa, self.soa = zone.soa(self.held), zone.soa(self.serial)
        self.soa_rdata = self.soa[len(dns.record(zone.name, dns.SOA, b"")):]
        self.ns, self.old = zone.records
        self.new = points_to_edge("new", zone.name)
        self.whole = (self.soa, self.ns, self.new, self.soa)
        self.difference = (self.soa, self.held_soa, self.old, self.soa, self.new, self.soa)

    def soa_of(self, serial):
        return dns.soa(self.name, serial, retry=3600)

    def point(self, label):
        """An SRV record by which label.ZONE is hosted."""
        return points_to_edge(label, self.name)


def whole(query, offer, **lies):
    """All of the zone in one message, which is as it should be but for the lies."""
    return dns.answer(query, *offer.whole, **lies)


def steps(made):
    for step in [made] if isinstance(made, bytes) else made:
        if isinstance(step, Raw):
            yield step.octets
        elif isinstance(step, bytes):
            yield dns.framed(step)
        else:
            yield step


def zone_name(case):
    return re.sub("[^a-z0-9]+", "-", case.lower()) + ".example"


class HostilePrimary(EndToEnd):
    key = None  # of all zones at the primary

    def set_up(self, cases, **limits):
        """Everything runs, and all zones hold their first version."""
        self.zones = {case: self.new_zone(zone_name(case), "old") for case in cases}
        self.innocents = [self.new_zone(f"innocent{number}.example", "v1") for number in range(INNOCENTS)]
        self.version = 1
        self.scripts = {}
        self.honest = {zone.name: zone for zone in (*self.zones.values(), *self.innocents)}
        self.primary = scripted_primary.ScriptedPrimary(
            lambda query: self.scripts.get(query.zone, self.honest[query.zone])(query))
        self.addCleanup(self.primary.stop)
        self.port = parts.free_port()
        self.notifier = self.enterContext(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.store = self.redis()
        zones = [{"name": zone.name, **cases[case].limits} for case, zone in self.zones.items()]
        customer = self.customer([*zones, *(zone.name for zone in self.innocents)], self.primary,
                                 key_file=self.key_file("our.key", self.key) if self.key else None)
        self.secondary = self.daemon(self.store, {"acme": customer}, notify=self.port, metrics=True,
                                     limits={**LIMITS, **limits})
        self.expected = {}
        for label, zones in (("old", self.zones.values()), ("v1", self.innocents)):
            for zone in zones:
                self.expect(f"{label}.{zone.name}")
        self.await_domains(self.store, self.expected)

    def expect(self, domain):
        self.expected[domain] = hosted(domain)

    def new_zone(self, name, label):
        return scripted_primary.HonestZone(name, name_server(name), points_to_edge(label, name), key=self.key, retry=3600)

    # -- an attack ---------------------------------------------------------------------------------

    def attack_one_after_the_other(self, cases, **limits):
        self.set_up(cases, **limits)
        for name, case in cases.items():
            with self.subTest(name, rfc=case.rfc):
                try:
                    self.attack({name: case})
                except (AssertionError, parts.PartFailed):
                    self.expected = self.store.domains()  # it shall not fail the cases behind it
                    raise
        self.await_settled(self.secondary)

    def attack(self, cases, during=lambda: None):
        """All of these at once; `during`, once the innocent zones are current and before it is over."""
        before = self.failures()
        offers = {name: Offer(self.zones[name]) for name in cases}
        gates = {name: self.primary.gate() for name in cases}
        for name, case in cases.items():
            self.scripts[self.zones[name].name] = self.script(case.attack, offers[name], gates[name])
        self.edit_innocents([self.zones[name].name for name in cases])
        during()
        self.await_failures(before, cases)
        for name, case in cases.items():
            self.assert_outcome(self.zones[name], case)
        for gate in gates.values():
            gate.set()
        self.await_domains(self.store, self.expected)
        for name, case in cases.items():
            self.make_honest(self.zones[name], offers[name], case)
        self.tell(self.zones[name].name for name in cases)
        self.await_domains(self.store, self.expected)

    def script(self, attack, offer, gate):
        def behave(query):
            if query.qtype in attack.scripts:
                return steps(attack.scripts[query.qtype](query, offer))
            if query.qtype == dns.SOA:
                return steps(self.sign(query, dns.answer(query, offer.soa)))
            if attack.fails == ("soa",):
                return steps(self.sign(query, whole(query, offer)))
            return steps([gate, self.sign(query, dns.answer(query, rcode=dns.REFUSED))])
        return behave

    def sign(self, query, message):
        return message

    def edit_innocents(self, attacked):
        """Edits them, tells of the attacked zones amidst, and sees the edits come through."""
        for zone in self.innocents:
            self.expected.pop(f"v{self.version}.{zone.name}", None)  # not there behind a case that failed
            self.expect(f"v{self.version + 1}.{zone.name}")
            zone.edit(name_server(zone.name), points_to_edge(f"v{self.version + 1}", zone.name))
        self.version += 1
        names = [zone.name for zone in self.innocents]
        self.tell([*names[:INNOCENTS // 2], *attacked, *names[INNOCENTS // 2:]])
        self.wait(self.innocents_are_current, "the innocent zones to be current")

    def innocents_are_current(self):
        published = self.store.domains()
        return all(f"v{self.version}.{zone.name}" in published and f"v{self.version - 1}.{zone.name}" not in published
                   for zone in self.innocents)

    def tell(self, zones):
        for zone in zones:
            notify = tsig.signed(dns.notify(zone), self.key) if self.key else dns.notify(zone)
            self.notifier.sendto(notify, ("127.0.0.1", self.port))

    # -- its outcome -------------------------------------------------------------------------------

    def failures(self):
        """(step, reason) -> how many"""
        labels = re.findall(r'^zonecast_zone_failures_total{reason="(\S+)",step="(\S+)"} (\d+)',
                            self.scrape(self.secondary), re.MULTILINE)
        return collections.Counter({(step, reason): int(count) for reason, step, count in labels})

    def await_failures(self, before, cases):
        """Those of the cases, and no others: none of an innocent zone."""
        expected = sum((expected_failures(case) for case in cases.values()), collections.Counter())
        try:
            self.wait(lambda: (self.failures() - before).total() >= expected.total(), "the zones to have failed",
                      2 * PATIENCE)
        except parts.PartFailed:
            pass  # what differs tells more
        self.assertEqual(expected, self.failures() - before)

    def assert_outcome(self, zone, case):
        self.assertIsNone(self.secondary.process.poll(), "zonecastd has ended")
        if isinstance(case.expected, Accepted):
            del self.expected[f"old.{zone.name}"]
            for label in case.expected.labels:
                self.expect(f"{label}.{zone.name}")
            return
        status = self.secondary.json("zone-status", zone.name)[0]
        step = {"soa": "SOA query", "ixfr": "IXFR", "axfr": "AXFR"}[case.attack.fails[-1]]
        self.assertIn(f"zone {zone.name} from ns1 (127.0.0.1:{self.primary.port}): {step}: ", status["trouble"])
        self.assertIn(case.expected.text, status["trouble"])
        self.assertEqual(zone.serial, status["serial"])

    def make_honest(self, zone, offer, case):
        if isinstance(case.expected, Accepted):
            for label in case.expected.labels:
                del self.expected[f"{label}.{zone.name}"]
            zone.begin_anew(AFTERWARDS, offer.ns, points_to_edge("back", zone.name))
        else:
            del self.expected[f"old.{zone.name}"]
            zone.edit(offer.ns, points_to_edge("back", zone.name))
        self.expect(f"back.{zone.name}")
        del self.scripts[zone.name]


def expected_failures(case):
    """(step, reason) -> how many"""
    without_ixfr = [("ixfr", "refused")] if case.attack.fails == ("axfr",) else []
    if isinstance(case.expected, Accepted):
        return collections.Counter([*without_ixfr, *case.expected.fails])
    return collections.Counter([*without_ixfr, *((step, case.expected.reason) for step in case.attack.fails)])

"""Answers that no honest resolver gives: each ends in its documented verdict, and costs nobody else anything."""

import re
import unittest

from setting import EDGE, EndToEnd, dns, hosted

from lying_resolver import CLOSE, Elsewhere, LyingResolver

QUICK = {"ttl_min": "1s", "ttl_max": "1s", "negative_ttl_max": "1s", "retry_min": "1s", "retry_max": "1s"}
SOA = dns.soa("example", 1, minimum=1)
CARRIER = "sip.carrier.example"


def owner_of(query):
    return query.zone


def is_srv(query):
    return query.qtype == dns.SRV and query.zone.startswith("_sip._udp.")


def answer(query, *records, **lies):
    return dns.answer(query, *records, aa=False, others=0x80, authority=() if records else (SOA,), **lies)


def truncated(query):
    return dns.answer(query, aa=False, others=0x80, tc=True)


def to_edge(query, ttl=1, **lies):
    return dns.srv(owner_of(query), EDGE, ttl=ttl, **lies)


def honest(query, _tcp=False, ttl=1):
    return [answer(query, to_edge(query, ttl)) if is_srv(query) else answer(query)]


def foreign(query):
    """As honest(), of a domain that points elsewhere, at an address that is nobody's."""
    if is_srv(query):
        return answer(query, dns.srv(owner_of(query), CARRIER, ttl=1))
    return answer(query)


def lying(**lies):
    """A valid answer to the edge, but for the lies."""
    return lambda query, tcp: [dns.answer(query, to_edge(query), aa=False, others=0x80, **{
        name: lie(query) for name, lie in lies.items()})]


def with_records(make):
    return lambda query, tcp: [dns.answer(query, *make(query), aa=False, others=0x80)]


def cname(owner, target):
    return dns.record(owner, dns.CNAME, dns.name(target), ttl=1)


def chain(query, _tcp):
    """20 CNAMEs, and at their end what would make it hosted."""
    if not is_srv(query):
        return honest(query)
    names = [owner_of(query), *(f"c{number}.chain.example" for number in range(20))]
    return [answer(query, *map(cname, names, names[1:]), dns.srv(names[-1], EDGE, ttl=1))]


def short(query):
    return [dns.record(owner_of(query), dns.SRV, b"\0\1\0\1\x13", ttl=1)]


def over_tcp(records):
    """Truncated over UDP, and there whole."""
    def behave(query, tcp):
        if not is_srv(query):
            return honest(query)
        return [answer(query, *records(query))] if tcp else [truncated(query)]
    return behave


def targets(count):
    """So many that the message is as long as one can be; owners are compressed (RFC 1035 section 4.1.4)."""
    def make(_query):
        return [dns.srv(dns.pointer(12), f"{number:x}.", ttl=1) for number in range(count)]
    return make


def closing(query, tcp):
    return [*honest(query), CLOSE] if tcp else [truncated(query)]


# The domain's first label -> what is answered about it, and what explain says then.
UNKNOWN = {
    "wrong-id": (lying(number=lambda query: query.id ^ 1), r"no reply from 127\.0\.0\.1"),
    "wrong-question": (lying(questions=lambda query: [dns.question("other.example", query.qtype)]), "answer to another question"),
    "wrong-class": (lying(questions=lambda query: [dns.question(query.zone, query.qtype, dns.CH)]), "answer to another question"),
    "records-of-chaos": (with_records(lambda query: [to_edge(query, rrclass=dns.CH)]), "no data without the SOA that proves it"),
    "wrong-owner": (with_records(lambda query: [dns.srv("other.example", EDGE)]), "no data without the SOA that proves it"),
    "short": (with_records(short), "ends before a field is complete"),
    "loop": (with_records(lambda query: [cname(owner_of(query), "l.example"), cname("l.example", owner_of(query))]),
             "aliases that do not end"),
    "chain": (chain, "alias"),
    "targets": (over_tcp(targets(2500)), "targets"),
    "refused": (lambda query, tcp: [dns.answer(query, rcode=dns.REFUSED)], "REFUSED"),
    "silent": (lambda query, tcp: [], r"no reply from 127\.0\.0\.1"),
    "truncated": (lambda query, tcp: [truncated(query)], "truncated"),
    "hangs-up": (lambda query, tcp: [CLOSE] if tcp else [truncated(query)], "reply"),
}
HOSTED = {
    "ttl-0": lambda query, tcp: honest(query, ttl=0),
    "ttl-31": lambda query, tcp: honest(query, ttl=1 << 31),
    "large": over_tcp(lambda query: [*targets(29)(query), dns.srv(owner_of(query), EDGE, ttl=1)]),
    "closing": closing,
}
# Who spoofs says what would make them hosted; what is asked says otherwise, and comes last.
FOREIGN = {
    "spoofed-port": lambda query, tcp: [*map(Elsewhere, honest(query)), foreign(query)],
    "spoofed-id": lambda query, tcp: [*lying(number=lambda q: q.id ^ 1)(query, tcp), foreign(query)],
}
INNOCENT = [f"good{number}.example" for number in range(20)]


class Lies(EndToEnd):
    def behave(self, query, tcp):
        domain = next((label for label in query.zone.split(".") if label in self.lies), None)
        if domain:
            return self.lies[domain](query, tcp)
        if query.zone == CARRIER:
            return [answer(query, *([dns.record(CARRIER, dns.A, b"\xc6\x33\x64\x01", ttl=1)] if query.qtype == dns.A else []))]
        return honest(query)

    def start(self, names, lies, timers=None):
        self.lies = lies
        resolver = LyingResolver(self.behave)
        self.addCleanup(resolver.stop)
        self.store = self.redis()
        self.zonecastd = self.daemon(self.store, {"acme": {"watched": [*names, *INNOCENT]}},
                                     resolver={"servers": [f"127.0.0.1:{resolver.port}"], **(timers or QUICK)})

    def await_explained(self, label, words, timeout=25):
        def shown():
            return self.zonecastd.ask("explain", f"{label}.example", check=False).stdout
        try:
            self.wait(lambda: re.search(words, shown()), f"{label}: {words}", timeout)
        except Exception:
            self.fail(f"{label}: expected {words} in\n{shown()}")
        return shown()

    def test_what_is_no_answer_is_unknown(self):
        lies = {label: lie for label, (lie, _) in UNKNOWN.items()} | HOSTED | FOREIGN
        self.start([f"{label}.example" for label in lies], lies)
        expected = {name: hosted(name) for name in [*INNOCENT, *(f"{label}.example" for label in HOSTED)]}
        self.await_domains(self.store, expected)
        for label, (_, words) in UNKNOWN.items():
            with self.subTest(label):
                shown = self.await_explained(label, words)
                self.assertIn("unknown", shown)
                self.assertNotRegex(shown, r"(\S+ [A-Z]+: )\1")  # a question is named once
        for label in FOREIGN:
            with self.subTest(label):
                self.await_explained(label, "foreign")
        self.assertEqual(expected, self.store.domains())

    def test_what_was_hosted_stays_so(self):
        names = [f"{label}.example" for label in UNKNOWN]
        self.start(names, {})
        before = self.await_domains(self.store, {name: hosted(name) for name in [*INNOCENT, *names]})
        self.lies = {label: lie for label, (lie, _) in UNKNOWN.items()}
        for label, (_, words) in UNKNOWN.items():
            with self.subTest(label):
                self.await_explained(label, words)
        self.assert_untouched(before, self.store)

    def test_a_thousand_lame_names_keep_no_good_one(self):
        """Half of them are refused, half are never answered."""
        good = [f"customer{number}.example" for number in range(3000)]
        lame = [f"n{number}.{('refused', 'silent')[number % 2]}.example" for number in range(1000)]
        self.start([*lame, *good], {label: UNKNOWN[label][0] for label in ("refused", "silent")}, {"ttl_min": "1h"})
        self.await_domains(self.store, {name: hosted(name) for name in [*INNOCENT, *good]}, timeout=60)
        self.wait(lambda: self.zonecastd.json("status")["questions_waiting"] == "0", "all were asked about", 60)
        self.assertIn("REFUSED", self.await_explained("n0.refused", "unknown"))
        self.assertEqual(len(INNOCENT) + len(good), len(self.store.domains()))


if __name__ == "__main__":
    unittest.main()

"""Messages that are not as RFC 1035 and RFC 5936 have them, from a primary that serves others honestly."""

import unittest

from hostile import CLOSE, Case, HostilePrimary, Raw, Rejected, accepted, malformed, on_soa, on_transfers, whole
from setting import EDGE, dns, parts, tsig

A_RECORD = bytes([192, 0, 2, 7])
UNKNOWN_TYPE = 65280


def first_record(z):
    """The offset of what follows the question."""
    return dns.HEADER_OCTETS + len(dns.question(z.name, dns.AXFR))


def second_record(z):
    return first_record(z) + len(z.soa)


def with_record(record):
    """The whole zone and one record more, which record(offer) makes and which begins at second_record()."""
    return lambda q, z: dns.answer(q, z.soa, record(z), *z.whole[1:])


def at_host(rrtype, rdata, **lies):
    return with_record(lambda z: dns.record(f"host.{z.name}", rrtype, rdata, **lies))


def owned_by(owner):
    return with_record(lambda z: dns.record(owner(z), dns.A, A_RECORD))


def chain(labels, length):
    """Each owner is these labels and a pointer to the owner before."""
    def make(q, z):
        size = len(dns.record(labels + dns.pointer(0), dns.A, A_RECORD))
        targets = [dns.HEADER_OCTETS, *(second_record(z) + size * number for number in range(length - 1))]
        records = (dns.record(labels + dns.pointer(target), dns.A, A_RECORD) for target in targets)
        return dns.answer(q, z.soa, *records, *z.whole[1:])
    return make


def compressed_target(q, z):
    """The second target points to the first, behind priority, weight and port."""
    owner = f"_sip._udp.first.{z.name}"
    target = second_record(z) + len(dns.name(owner)) + 10 + 6
    return dns.answer(q, z.soa, z.point("first"), dns.srv(f"_sip._udp.second.{z.name}", dns.pointer(target)), *z.whole[1:])


def as_long_as_can_be(q, z):
    """One message of 65,535 octets, by a TXT of many strings."""
    room = 0xFFFF - len(dns.answer(q, *z.whole, dns.txt(f"long.{z.name}")))
    strings = [b"x" * 255] * (room // 256)
    rest = room - 256 * len(strings)
    message = dns.answer(q, z.soa, dns.txt(f"long.{z.name}", *strings, *([b"x" * (rest - 1)] if rest else [])), *z.whole[1:])
    assert len(message) == 0xFFFF
    return message


def one_record_each(q, z):
    hosts = (dns.record(f"h{number}.{z.name}", dns.A, A_RECORD) for number in range(996))
    return [dns.answer(q, record) for record in (z.soa, *hosts, *z.whole[1:])]


FRAMES = {
    "a connection closed without a word": Case("RFC 5936 2.3", on_transfers(
        lambda q, z: [CLOSE]), Rejected("closed", "closed by the peer")),
    "a connection closed after one octet": Case("RFC 1035 4.2.2", on_transfers(
        lambda q, z: [Raw(b"\1"), CLOSE]), Rejected("closed", "closed by the peer")),
    "a connection closed between messages": Case("RFC 5936 2.2", on_transfers(
        lambda q, z: [dns.answer(q, z.soa, z.new), CLOSE]), Rejected("closed", "closed by the peer")),
    "a length of more than comes, then closed": Case("RFC 1035 4.2.2", on_transfers(
        lambda q, z: [Raw((len(whole(q, z)) + 40).to_bytes(2, "big") + whole(q, z)), CLOSE]),
        Rejected("closed", "closed by the peer")),
    "a length of less than comes, so that messages overlap": Case("RFC 1035 4.2.2", on_transfers(
        lambda q, z: [Raw((len(whole(q, z)) - 20).to_bytes(2, "big") + whole(q, z))]),
        malformed("ends before a field is complete")),
    "a length of less than comes, of a SOA answer": Case("RFC 1035 4.2.2", on_soa(
        lambda q, z: [Raw((len(dns.answer(q, z.soa)) - 20).to_bytes(2, "big") + dns.answer(q, z.soa))]),
        malformed("ends before a field is complete")),
    "a message of no octets": Case("RFC 1035 4.1.1", on_transfers(
        lambda q, z: [b"", whole(q, z)]), malformed("a message of 0 octets")),
    "a message that ends in its header": Case("RFC 1035 4.1.1", on_transfers(
        lambda q, z: whole(q, z)[:11]), malformed("a message of 11 octets")),
    "a message that ends in its question": Case("RFC 1035 4.1.2", on_transfers(
        lambda q, z: whole(q, z)[:dns.HEADER_OCTETS + 9]), malformed("ends before a name is complete")),
    "a message that ends in a record": Case("RFC 1035 4.1.3", on_transfers(
        lambda q, z: whole(q, z)[:-3]), malformed("ends before a field is complete")),
    "a message with fewer records than it counts": Case("RFC 5936 2.2.1 f)", on_transfers(
        lambda q, z: whole(q, z, count=5)), malformed("ends before")),
    "a message with more records than it counts": Case("RFC 5936 2.2.1 f)", on_transfers(
        lambda q, z: whole(q, z, count=3)), malformed("octets left over")),
    "a message of 65535 octets": Case("RFC 1035 4.2.2", on_transfers(as_long_as_can_be), accepted()),
    "a thousand messages of one record": Case("RFC 5936 2.2", on_transfers(one_record_each), accepted()),
    "a message without records in the middle": Case("RFC 5936 2.2", on_transfers(
        lambda q, z: [dns.answer(q, z.soa, z.ns), dns.answer(q), dns.answer(q, z.new, z.soa)]), accepted()),
    # Nobody asked, so nobody waits for them: they are discarded.
    "answers to what was never asked, before and after": Case("RFC 5936 2.2.1 a)", on_transfers(
        lambda q, z: [whole(q, z, number=q.id ^ 0x5555), whole(q, z), whole(q, z, number=q.id ^ 0x2222)]), accepted()),
    "a SOA answer that comes twice": Case("RFC 5936 2.2.1 a)", on_soa(
        lambda q, z: [dns.answer(q, z.soa)] * 2), accepted()),
}

HEADERS = {
    "a transfer with QR clear": Case("RFC 5936 2.2.1", on_transfers(
        lambda q, z: whole(q, z, qr=False)), malformed("a request instead of an answer")),
    "a transfer with the opcode NOTIFY": Case("RFC 5936 2.2.1", on_transfers(
        lambda q, z: whole(q, z, opcode=dns.NOTIFY)), malformed("opcode 4")),
    "a transfer with TC set": Case("RFC 5936 2.2.1", on_transfers(
        lambda q, z: whole(q, z, tc=True)), malformed("a truncated message")),
    "a transfer with AA clear": Case("RFC 5936 2.2.1 b)", on_transfers(
        lambda q, z: whole(q, z, aa=False)), accepted()),
    "a transfer with RD, RA, Z, AD and CD set": Case("RFC 5936 2.2.1 c) d)", on_transfers(
        lambda q, z: whole(q, z, others=0x01F0)), accepted()),
    **{f"a transfer with the code {name}": Case("RFC 5936 2.2.1 e)", on_transfers(
        lambda q, z, rcode=rcode: whole(q, z, rcode=rcode)), Rejected("refused", name))
       for name, rcode in (("FORMERR", 1), ("SERVFAIL", 2), ("NXDOMAIN", 3), ("NOTIMP", 4), ("REFUSED", 5),
                           ("NOTAUTH", 9), ("RCODE15", 15))},
    "an error in the second message": Case("RFC 5936 2.2", on_transfers(
        lambda q, z: [dns.answer(q, z.soa, z.ns), dns.answer(q, rcode=dns.SERVFAIL)]), Rejected("refused", "SERVFAIL")),
    "an error without its question": Case("RFC 5936 2.2.1 e)", on_transfers(
        lambda q, z: dns.answer(q, rcode=dns.REFUSED, questions=[])), Rejected("refused", "REFUSED")),
    "no question in the first message": Case("RFC 5936 2.2.2", on_transfers(
        lambda q, z: whole(q, z, questions=[])), malformed("no question")),
    "no question in later messages": Case("RFC 5936 2.2.2", on_transfers(
        lambda q, z: [dns.answer(q, z.soa, z.ns), dns.answer(q, z.new, questions=[]), dns.answer(q, z.soa, questions=[])]),
        accepted()),
    "two questions": Case("RFC 9619 4", on_transfers(
        lambda q, z: whole(q, z, questions=[q.question] * 2)), malformed("more than one question")),
    "a question for another zone": Case("RFC 5936 2.2.2", on_transfers(
        lambda q, z: whole(q, z, questions=[dns.question("innocent0.example", q.qtype)])),
        malformed("answer to another question: innocent0.example")),
    "a question for another type": Case("RFC 5936 2.2.2", on_transfers(
        lambda q, z: whole(q, z, questions=[dns.question(z.name, dns.TXT)])), malformed("answer to another question")),
    "a question for another class": Case("RFC 5936 2.2.2", on_transfers(
        lambda q, z: whole(q, z, questions=[dns.question(z.name, q.qtype, dns.CH)])),
        malformed("answer to another question")),
    "another question in the second message": Case("RFC 5936 2.2.2", on_transfers(
        lambda q, z: [dns.answer(q, z.soa, z.ns),
                      dns.answer(q, z.new, z.soa, questions=[dns.question("elsewhere.example", q.qtype)])]),
        malformed("answer to another question: elsewhere.example")),
    "a question in upper case": Case("RFC 4343 3", on_transfers(
        lambda q, z: whole(q, z, questions=[dns.question(z.name.upper(), q.qtype)])), accepted()),
    "records in the authority section": Case("RFC 5936 2.2.4", on_transfers(
        lambda q, z: whole(q, z, authority=[z.ns])), malformed("in the authority section")),
    # We send no OPT, so none should come (RFC 6891 section 7). It says nothing about the zone: passed over.
    "an OPT in every message": Case("RFC 5936 2.2.5", on_transfers(
        lambda q, z: [dns.answer(q, *records, additional=[dns.opt()]) for records in (z.whole[:2], z.whole[2:])]),
        accepted()),
    "two OPTs": Case("RFC 6891 6.1.1", on_transfers(
        lambda q, z: whole(q, z, additional=[dns.opt()] * 2)), malformed("a second OPT")),
    "an OPT among the answers": Case("RFC 6891 6.1.1", on_transfers(
        lambda q, z: dns.answer(q, z.soa, dns.opt(), *z.whole[1:])), malformed("in the answer section")),
    # Nothing says how to take it. There is no key to verify it with, so it is worth as much as without.
    "a signed answer to an unsigned request": Case("RFC 8945 5.3", on_transfers(
        lambda q, z: tsig.signed(whole(q, z), STRANGE_KEY)), accepted()),
    "a TSIG before another record": Case("RFC 8945 5.1", on_transfers(
        lambda q, z: tsig.with_additional(tsig.signed(whole(q, z), STRANGE_KEY), dns.opt())),
        malformed("behind the TSIG record")),
    "two TSIGs": Case("RFC 8945 5.1", on_transfers(
        lambda q, z: tsig.signed(tsig.signed(whole(q, z), STRANGE_KEY), STRANGE_KEY)),
        malformed("behind the TSIG record")),
    "a TSIG among the answers": Case("RFC 8945 5.1", on_transfers(
        lambda q, z: dns.answer(q, z.soa, dns.record("key", dns.TSIG, b"", rrclass=dns.ANY), *z.whole[1:])),
        malformed("in the answer section")),
}
STRANGE_KEY = parts.tsig_key("nobody")

SOA_ANSWERS = {
    "a SOA answer with QR clear": Case("RFC 1035 4.1.1", on_soa(
        lambda q, z: dns.answer(q, z.soa, qr=False)), malformed("a request instead of an answer")),
    "a SOA answer with the opcode NOTIFY": Case("RFC 1035 4.1.1", on_soa(
        lambda q, z: dns.answer(q, z.soa, opcode=dns.NOTIFY)), malformed("opcode 4")),
    "a SOA answer with AA clear": Case("RFC 1034 4.3.5", on_soa(
        lambda q, z: dns.answer(q, z.soa, aa=False)), Rejected("refused", "not authoritative")),
    "a SOA answer with TC set": Case("RFC 2181 9", on_soa(
        lambda q, z: dns.answer(q, z.soa, tc=True)), malformed("a truncated message")),
    **{f"a SOA answer with the code {name}": Case("RFC 1035 4.1.1", on_soa(
        lambda q, z, rcode=rcode: dns.answer(q, rcode=rcode)), Rejected("refused", name))
       for name, rcode in (("SERVFAIL", 2), ("NXDOMAIN", 3), ("REFUSED", 5), ("NOTAUTH", 9))},
    "a SOA answer without a question": Case("RFC 1035 4.1.2", on_soa(
        lambda q, z: dns.answer(q, z.soa, questions=[])), malformed("not exactly one question")),
    "a SOA answer with two questions": Case("RFC 9619 4", on_soa(
        lambda q, z: dns.answer(q, z.soa, questions=[q.question] * 2)), malformed("not exactly one question")),
    "a SOA answer to another zone's question": Case("RFC 1035 7.3", on_soa(
        lambda q, z: dns.answer(q, dns.soa("innocent0.example", 77), questions=[dns.question("innocent0.example", dns.SOA)])),
        malformed("answer to another question: innocent0.example SOA")),
    "a SOA answer to a question for another type": Case("RFC 1035 7.3", on_soa(
        lambda q, z: dns.answer(q, z.soa, questions=[dns.question(z.name, dns.NS)])),
        malformed("answer to another question")),
    "a SOA answer to a question for another class": Case("RFC 1035 7.3", on_soa(
        lambda q, z: dns.answer(q, z.soa, questions=[dns.question(z.name, dns.SOA, dns.CH)])),
        malformed("answer to another question")),
    "a SOA answer of no records": Case("RFC 1034 4.3.5", on_soa(
        lambda q, z: dns.answer(q)), Rejected("refused", "no SOA in the answer")),
    "a SOA answer with the SOA in the authority section": Case("RFC 2308 2.2", on_soa(
        lambda q, z: dns.answer(q, authority=[z.soa])), Rejected("refused", "no SOA in the answer")),
    "a SOA answer with another zone's SOA": Case("RFC 1034 4.3.5", on_soa(
        lambda q, z: dns.answer(q, dns.soa("innocent0.example", 77))), Rejected("refused", "no SOA in the answer")),
    "a SOA answer of class CH": Case("RFC 1035 7.3", on_soa(
        lambda q, z: dns.answer(q, dns.record(z.name, dns.SOA, z.soa_rdata, rrclass=dns.CH))),
        Rejected("refused", "no SOA in the answer")),
    "a SOA answer with two SOAs": Case("RFC 1035 5.2", on_soa(
        lambda q, z: dns.answer(q, z.soa, z.soa_of(z.serial + 7))), malformed("more than one SOA")),
    "a SOA answer whose SOA lacks its MINIMUM": Case("RFC 1035 3.3.13", on_soa(
        lambda q, z: dns.answer(q, dns.record(z.name, dns.SOA, z.soa_rdata[:-4]))),
        malformed("ends before a field is complete")),
    "a SOA answer with NS and glue beside": Case("RFC 1034 4.3.2", on_soa(
        lambda q, z: dns.answer(q, z.soa, authority=[z.ns],
                                additional=[dns.record(f"ns1.{z.name}", dns.A, A_RECORD), dns.opt()])),
        accepted()),
    "a SOA answer with a lower serial": Case("RFC 1034 4.3.5", on_soa(
        lambda q, z: dns.answer(q, z.soa_of(z.held - 1))), Rejected("older", "is not newer than 1")),
    "a SOA answer with a serial half the circle away": Case("RFC 1982 3.2", on_soa(
        lambda q, z: dns.answer(q, z.soa_of(z.held + 2**31))), Rejected("older", "is not newer than 1")),
}

NAMES = {
    "a pointer to itself": Case("RFC 1035 4.1.4", on_transfers(
        owned_by(lambda z: dns.pointer(second_record(z)))), malformed("compression pointer does not point back")),
    "a pointer to its own label": Case("RFC 1035 4.1.4", on_transfers(
        owned_by(lambda z: b"\1a" + dns.pointer(second_record(z)))),
        malformed("compression pointer does not point back")),
    "a pointer forward": Case("RFC 1035 4.1.4", on_transfers(
        owned_by(lambda z: dns.pointer(second_record(z) + 16))), malformed("compression pointer does not point back")),
    "a pointer out of the message": Case("RFC 1035 4.1.4", on_transfers(
        owned_by(lambda z: dns.pointer(0x3FFF))), malformed("compression pointer does not point back")),
    "a pointer into the header": Case("RFC 1035 4.1.4", on_transfers(
        owned_by(lambda z: dns.pointer(5))), malformed("compression pointer into the header")),
    "pointers by which a name grows over 255 octets": Case("RFC 1035 3.1", on_transfers(
        chain(b"\x3f" + b"a" * 63, 4)), malformed("name longer than 255 octets")),
    # No RFC bounds them. A name has at most 127 labels, so zonecast follows at most 127.
    "pointers to pointers, two hundred in a row": Case("RFC 1035 4.1.4", on_transfers(
        chain(b"", 200)), malformed("compression pointers without end")),
    "a label of type 01": Case("RFC 6891 5", on_transfers(
        owned_by(lambda z: b"\x41\1a" + dns.name(z.name))), malformed("label of an unknown type")),
    "a label of type 10": Case("RFC 1035 4.1.4", on_transfers(
        owned_by(lambda z: b"\x80\1a" + dns.name(z.name))), malformed("label of an unknown type")),
    "an owner that points to the question": Case("RFC 1035 4.1.4", on_transfers(
        owned_by(lambda z: b"\4host" + dns.pointer(dns.HEADER_OCTETS))), accepted()),
    "a compressed SRV target": Case("RFC 3597 4", on_transfers(compressed_target), accepted("new", "first", "second")),
    "what looks like a pointer in an unknown type": Case("RFC 3597 4", on_transfers(
        at_host(UNKNOWN_TYPE, dns.pointer(0x3FFF) + b"\xff")), accepted()),
}

RDATA = {
    "an RDLENGTH of 65535": Case("RFC 1035 4.1.3", on_transfers(
        at_host(UNKNOWN_TYPE, b"", length=0xFFFF)), malformed("ends before a field is complete")),
    "an A of 3 octets": Case("RFC 1035 3.4.1", on_transfers(at_host(dns.A, A_RECORD[:3])),
        malformed("ends before a field is complete")),
    "an A of 5 octets": Case("RFC 1035 3.4.1", on_transfers(at_host(dns.A, A_RECORD + b"\0")),
        malformed("octets left over")),
    "an AAAA of 15 octets": Case("RFC 3596 2.2", on_transfers(at_host(dns.AAAA, bytes(15))),
        malformed("ends before a field is complete")),
    "an AAAA of 17 octets": Case("RFC 3596 2.2", on_transfers(at_host(dns.AAAA, bytes(17))),
        malformed("octets left over")),
    "a SRV without a target": Case("RFC 2782", on_transfers(at_host(dns.SRV, bytes(6))),
        malformed("ends before a name is complete")),
    "a SRV with octets behind its target": Case("RFC 2782", on_transfers(
        at_host(dns.SRV, bytes(6) + dns.name(EDGE) + b"\0")), malformed("octets left over")),
    "a NAPTR that ends in a string": Case("RFC 3403 4.1", on_transfers(
        at_host(dns.NAPTR, bytes(4) + b"\1s\7SIP+D2")), malformed("ends before a field is complete")),
    "a NAPTR with octets behind its replacement": Case("RFC 3403 4.1", on_transfers(
        at_host(dns.NAPTR, bytes(4) + b"\1s\7SIP+D2U\0" + dns.name(EDGE) + b"\0")), malformed("octets left over")),
    "a CNAME that ends in a label": Case("RFC 1035 3.3.1", on_transfers(
        at_host(dns.CNAME, b"\7sip")), malformed("ends before a name is complete")),
    "a TXT without a string": Case("RFC 1035 3.3.14", on_transfers(at_host(dns.TXT, b"")),
        malformed("ends before a field is complete")),
    "a TXT whose string is longer than it": Case("RFC 1035 3.3.14", on_transfers(
        at_host(dns.TXT, b"\5abc")), malformed("ends before a field is complete")),
    "a TXT of an empty string": Case("RFC 1035 3.3.14", on_transfers(at_host(dns.TXT, b"\0")), accepted()),
    "a SOA without its MINIMUM": Case("RFC 1035 3.3.13", on_transfers(
        lambda q, z: dns.answer(q, *[dns.record(z.name, dns.SOA, z.soa_rdata[:-4])] * 2)),
        malformed("ends before a field is complete")),
    "a SOA with octets behind its MINIMUM": Case("RFC 1035 3.3.13", on_transfers(
        lambda q, z: dns.answer(q, *[dns.record(z.name, dns.SOA, z.soa_rdata + b"\0")] * 2)),
        malformed("octets left over")),
    "an unknown type without RDATA": Case("RFC 3597 5", on_transfers(at_host(UNKNOWN_TYPE, b"")), accepted()),
    "a TTL with its top bit set": Case("RFC 2181 8", on_transfers(at_host(dns.A, A_RECORD, ttl=0x80000001)),
        accepted()),
    "a record of class CH": Case("RFC 1035 5.2", on_transfers(at_host(dns.A, A_RECORD, rrclass=dns.CH)),
        malformed("of class 3")),
    "a record of class ANY": Case("RFC 1035 3.2.5", on_transfers(at_host(dns.A, A_RECORD, rrclass=dns.ANY)),
        malformed("of class 255")),
    **{f"a record of type {rrtype}": Case("RFC 6895 3.1", on_transfers(at_host(rrtype, b"")),
        malformed("in the answer section"))
       for rrtype in (0, dns.AXFR, 255)},
}


class HostileMessages(HostilePrimary):
    def test_frames(self):
        self.attack_one_after_the_other(FRAMES)

    def test_headers_and_what_is_not_the_zone(self):
        self.attack_one_after_the_other(HEADERS)

    def test_soa_answers(self):
        self.attack_one_after_the_other(SOA_ANSWERS)

    def test_names(self):
        self.attack_one_after_the_other(NAMES)

    def test_rdata(self):
        self.attack_one_after_the_other(RDATA)


if __name__ == "__main__":
    unittest.main()

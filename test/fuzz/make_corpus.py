"""Writes the hand-made seeds of the fuzzers: corpus/TARGET/NAME, NAME saying what it shows.

What was captured from real servers (captured-*) and what a fuzzer found (found-*) stays as it is.
Each target's *_fuzz.cc says what its input is.
"""

import base64
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "support"))

import dns_messages as dns  # noqa: E402
import tsig as signing  # noqa: E402

CNAME, PTR, MX, AAAA, NAPTR, DNAME, OPT = 5, 12, 15, 28, 35, 39, 41
SIGNED_AT = 1700000000
KEY = "hmac-sha256:transfer.example:" + base64.b64encode(bytes(range(1, 33))).decode()
OTHER_KEY = "hmac-sha512:other.example:" + base64.b64encode(bytes(64)).decode()


def u8(*values):
    return bytes(values)


def u16(value):
    return struct.pack(">H", value)


def block(octets):
    return u16(len(octets)) + octets


def message(*, number=4711, flags=0x8400, questions=(), answers=(), authority=(), additional=(), counts=None):
    counts = counts or (len(questions), len(answers), len(authority), len(additional))
    return struct.pack(">HHHHHH", number, flags, *counts) + b"".join([*questions, *answers, *authority, *additional])


def question(name, qtype, qclass=dns.IN):
    return dns.name(name) + struct.pack(">HH", qtype, qclass)


def soa(serial, zone="example", minimum=60):
    rdata = dns.name(f"ns.{zone}") + dns.name(f"hostmaster.{zone}")
    return dns.record(zone, dns.SOA, rdata + struct.pack(">IIIII", serial, 3600, 600, 86400, minimum))


def a(owner, *octets):
    return dns.record(owner, dns.A, bytes(octets))


def raw(owner, rrtype, rdata, rdlength=None, rrclass=dns.IN, ttl=60):
    """A record whose owner is octets, and whose length may lie."""
    return owner + struct.pack(">HHIH", rrtype, rrclass, ttl, len(rdata) if rdlength is None else rdlength) + rdata


def pointer(offset):
    return u16(0xC000 | offset)


def naptr(owner, flags=b"s", services=b"SIP+D2U", regexp=b"", replacement="_sip._udp.example"):
    strings = b"".join(u8(len(text)) + text for text in (flags, services, regexp))
    return dns.record(owner, NAPTR, struct.pack(">HH", 10, 20) + strings + dns.name(replacement))


LONGEST_NAME = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])


def messages():
    yield "a-header-and-nothing-else", message()
    yield "too-short-for-a-header", message()[:11]
    yield "a-query", message(flags=0, questions=[question("example", dns.SOA)])
    yield "every-kept-type", message(questions=[question("example", dns.AXFR)], answers=[
        soa(1), dns.record("example", dns.NS, dns.name("ns.example")), a("ns.example", 192, 0, 2, 53),
        dns.record("ns.example", AAAA, bytes(15) + u8(1)), dns.record("c.example", CNAME, dns.name("example")),
        dns.record("d.example", DNAME, dns.name("Other.EXAMPLE")), dns.srv("_sip._udp.example", "sip.example"),
        naptr("example"), dns.txt("t.example", b"one", b"", b"x" * 255)])
    yield "types-that-are-not-kept", message(answers=[
        dns.record("m.example", MX, u16(10) + dns.name("mail.example")), dns.record("u.example", 65280, pointer(12)),
        dns.record("p.example", PTR, b"")])
    yield "every-section", message(questions=[question("example", dns.SOA)], answers=[soa(1)],
                                   authority=[dns.record("example", dns.NS, dns.name("ns.example"))],
                                   additional=[a("ns.example", 192, 0, 2, 53), raw(b"\0", OPT, b"", rrclass=1232)])
    yield "owners-compressed", message(questions=[question("Zone.Example", dns.SOA)], answers=[
        raw(pointer(12), dns.A, bytes(4)), raw(b"\1a" + pointer(12), dns.A, bytes(4)),
        raw(pointer(12), dns.A, bytes(4)), raw(b"\1b" + pointer(46), dns.A, bytes(4))])
    yield "rdata-compressed", message(questions=[question("example", dns.SOA)], answers=[
        raw(pointer(12), dns.SOA, pointer(12) + b"\1h" + pointer(12) + bytes(20)),
        raw(pointer(12), dns.SRV, bytes(6) + pointer(12)), raw(pointer(12), NAPTR, bytes(7) + pointer(12)),
        raw(pointer(12), DNAME, pointer(12))])
    yield "the-longest-name", message(questions=[question(LONGEST_NAME, dns.A)])
    yield "a-name-too-long", message(questions=[question(LONGEST_NAME + "d", dns.A)])
    yield "a-name-too-long-by-compression", message(questions=[question(LONGEST_NAME, dns.A)],
                                                    answers=[raw(b"\1x" + pointer(12), dns.A, bytes(4))])
    yield "a-pointer-to-itself", message(answers=[raw(pointer(12), dns.A, bytes(4))])
    yield "a-pointer-forward", message(answers=[raw(pointer(14), dns.A, bytes(4))])
    yield "a-pointer-into-the-header", message(answers=[raw(pointer(4), dns.A, bytes(4))])
    yield "a-pointer-cut-in-two", message(counts=(1, 0, 0, 0)) + b"\xc0"
    yield "two-pointers-in-a-loop", message(questions=[b"\1a" + pointer(16) + bytes(4)],
                                            answers=[raw(b"\1b" + pointer(12), dns.A, bytes(4))])
    yield "pointers-to-pointers", message(questions=[question("example", dns.A)], answers=[
        raw(pointer(12), 99, b"".join(pointer(12 + 2 * i + (23 if i else 0)) for i in range(60))),
        raw(pointer(150), dns.A, bytes(4))])
    yield "a-label-of-an-unknown-type", message(counts=(1, 0, 0, 0)) + b"\x40abc\0" + bytes(4)
    yield "a-name-with-every-octet", message(questions=[
        u8(63, *range(63)) + u8(63, *range(63, 126)) + u8(63, *range(126, 189)) + u8(61, *range(189, 250)) +
        b"\0" + bytes(4)])
    yield "rdata-too-short", message(answers=[raw(b"\0", dns.A, bytes(3)), a("a", 1, 2, 3, 4)])
    yield "rdata-too-long", message(answers=[raw(b"\0", dns.A, bytes(5)), a("a", 1, 2, 3, 4)])
    yield "rdata-cut-by-its-length", message(answers=[raw(b"\0", dns.NS, dns.name("ns.example"), rdlength=4)])
    yield "rdata-beyond-the-end", message(answers=[raw(b"\0", 99, b"abc", rdlength=0xFFFF)])
    yield "an-empty-txt", message(answers=[dns.record("t", dns.TXT, b"")])
    yield "a-txt-with-an-empty-string", message(answers=[dns.record("t", dns.TXT, b"\0")])
    yield "a-txt-whose-string-does-not-end", message(answers=[dns.record("t", dns.TXT, b"\5ab")])
    yield "more-records-than-there-are", message(answers=[soa(1)], counts=(0, 2, 0, 0))
    yield "fewer-records-than-there-are", message(answers=[soa(1), soa(1)], counts=(0, 1, 0, 0))
    yield "counts-beyond-all", message(answers=[soa(1)], counts=(0, 0xFFFF, 0xFFFF, 0xFFFF))
    yield "kept-types-of-another-class", message(answers=[raw(b"\0", dns.A, b"x", rrclass=3),
                                                          raw(b"\0", dns.SRV, b"", rrclass=dns.ANY)])
    yield "signed", signing.signed(message(questions=[question("example", dns.SOA)], answers=[soa(1)]), KEY, SIGNED_AT)


def answers():
    """Who replied and what it must prove, the type asked for, the reply."""
    authority, trusted, require, its_own_name = 1, 2, 8, 0x80
    good, ad, nxdomain, servfail = 0x8580, 0x20, 3, 2

    def reply(how=0, rrtype=dns.A, flags=good, name="www.example", **sections):
        return u8(how) + u16(rrtype) + message(flags=flags, questions=[question(name, rrtype)], **sections)

    def cname(owner, target):
        return dns.record(owner, CNAME, dns.name(target))

    def dname(owner, target):
        return dns.record(owner, DNAME, dns.name(target))

    address, deny = a("www.example", 192, 0, 2, 1), [soa(1)]
    yield "data", reply(answers=[address, a("www.example", 192, 0, 2, 2), address])
    yield "data-of-an-authority", reply(authority, answers=[address])
    yield "data-without-authority", reply(authority, flags=0x8180, answers=[address])
    yield "validated", reply(trusted | require, flags=good | ad, answers=[address])
    yield "not-validated", reply(trusted | require, answers=[address])
    yield "a-naptr", reply(its_own_name, NAPTR, name="other.example", answers=[naptr("other.example")])
    yield "an-unknown-type", reply(0, 65280, answers=[dns.record("www.example", 65280, b"opaque")])
    yield "no-data", reply(authority=deny)
    yield "no-such-name", reply(flags=good | nxdomain, authority=deny)
    yield "no-such-name-with-data", reply(flags=good | nxdomain, answers=[address], authority=deny)
    yield "no-soa", reply(flags=good | nxdomain)
    yield "the-soa-of-another-zone", reply(authority=[soa(1, zone="other")])
    yield "two-soas", reply(authority=[soa(1), soa(1, zone="www.example")])
    yield "a-referral", reply(authority=[dns.record("example", dns.NS, dns.name("ns.example"))])
    yield "an-error", reply(flags=good | servfail)
    yield "an-extended-error", reply(additional=[raw(b"\0", OPT, b"", rrclass=1232, ttl=1 << 24)])
    yield "truncated", reply(flags=good | 0x200, answers=[address])
    yield "another-question", u8(0) + u16(dns.AAAA) + reply(answers=[address])[3:]
    yield "aliases", reply(answers=[cname("b.example", "c.example"), cname("www.example", "b.example"),
                                    a("c.example", 192, 0, 2, 1)])
    yield "an-alias-to-nothing", reply(flags=good | nxdomain, answers=[cname("www.example", "b.example")], authority=deny)
    yield "an-alias-that-leads-elsewhere", reply(authority, answers=[cname("www.example", "b.other")])
    yield "aliases-in-a-circle", reply(answers=[cname("www.example", "b.example"), cname("b.example", "www.example")])
    yield "two-aliases", reply(answers=[cname("www.example", "b.example"), cname("www.example", "c.example")])
    yield "a-dname", reply(answers=[dname("example", "other"), cname("www.example", "www.other"),
                                    a("www.other", 192, 0, 2, 1)])
    yield "a-dname-below-itself", reply(answers=[dname("example", "a.example")], authority=deny)
    yield "a-dname-that-makes-too-long-a-name", reply(answers=[dname("example", LONGEST_NAME)], authority=deny)


def transfers():
    """What is asked, which messages are signed, how the stream arrives, the stream."""
    ixfr, keyed = 1, 2

    def stream(*messages_, what=0, signed=0, arrivals=()):
        return u8(what, signed, len(arrivals), *arrivals) + b"".join(block(octets) for octets in messages_)

    def one(*records, **kinds):
        return stream(message(answers=records), **kinds)

    def each(*records, **kinds):
        return stream(*(message(answers=[record]) for record in records), **kinds)

    new = [dns.record("example", dns.NS, dns.name("ns.example")), a("ns.example", 192, 0, 2, 53),
           dns.srv("_sip._udp.b.example", "sip.example"), dns.record("b.example", MX, b"opaque"),
           dns.txt("*.w.example", b"any"), dns.record("c.example", CNAME, dns.name("b.example"))]
    old_srv = dns.record("_sip._udp.a.example", dns.SRV, struct.pack(">HHH", 1, 1, 5060) + dns.name("sip.example"))
    old_a = a("ns.example", 192, 0, 2, 53)
    yield "axfr", one(soa(2), *new, soa(2))
    yield "axfr-one-record-a-message", each(soa(2), *new, soa(2))
    yield "axfr-octet-by-octet", one(soa(2), *new, soa(2), arrivals=[1])
    yield "axfr-in-odd-pieces", each(soa(2), *new, soa(2), arrivals=[3, 40, 1, 200])
    yield "axfr-with-question-and-opt", stream(message(
        questions=[question("example", dns.AXFR)], answers=[soa(2), *new, soa(2)],
        additional=[raw(b"\0", OPT, b"", rrclass=1232)]))
    yield "axfr-of-an-empty-zone", one(soa(2), soa(2))
    yield "axfr-of-another-serial-back", one(soa(4294967295), soa(4294967295))
    yield "axfr-with-a-record-twice", one(soa(2), old_a, old_a, soa(2))
    yield "axfr-with-another-closing-soa", one(soa(2), *new, soa(2, minimum=61))
    yield "axfr-with-a-soa-in-the-middle", one(soa(2), old_a, soa(3), old_a, soa(2))
    yield "axfr-with-records-behind-its-end", one(soa(2), soa(2), old_a)
    yield "axfr-with-a-message-behind-its-end", stream(message(answers=[soa(2), soa(2)]), message(answers=[old_a]))
    yield "axfr-out-of-the-zone", one(soa(2), a("ns.elsewhere", 192, 0, 2, 1), soa(2))
    yield "axfr-of-another-class", one(soa(2), raw(dns.name("a.example"), dns.A, bytes(4), rrclass=3), soa(2))
    yield "axfr-of-another-id", stream(message(number=1, answers=[soa(2), soa(2)]))
    yield "axfr-of-another-question", stream(message(questions=[question("example", dns.SOA)],
                                                     answers=[soa(2), soa(2)]))
    yield "axfr-refused", stream(message(flags=0x8405))
    yield "axfr-truncated", stream(message(flags=0x8600, answers=[soa(2), soa(2)]))
    yield "axfr-with-a-soa-below", one(soa(2), soa(2, zone="a.example"), soa(2))
    yield "axfr-without-a-soa", one(old_a, soa(2))
    yield "axfr-that-ends-early", one(soa(2), *new)
    yield "axfr-with-a-message-cut-short", stream(message(answers=[soa(2), soa(2)]))[:-5]
    yield "axfr-with-an-empty-message", u8(0, 0, 0) + block(b"")
    yield "axfr-with-an-rrset-too-large", one(soa(2), *[a("m.example", 192, 0, 2, i) for i in range(11)], soa(2))
    yield "axfr-with-too-many-types", one(soa(2), *[dns.record("m.example", 1000 + i, b"") for i in range(6)], soa(2))
    yield "axfr-with-too-many-records", one(soa(2), *[a(f"h{i}.example", 192, 0, 2, i) for i in range(101)], soa(2))
    yield "axfr-with-cname-and-other-data", one(soa(2), a("c.example", 1, 2, 3, 4),
                                                dns.record("c.example", CNAME, dns.name("example")), soa(2))
    yield "axfr-signed", each(soa(2), *new, soa(2), what=keyed, signed=0b10000001)
    yield "axfr-signed-all", one(soa(2), *new, soa(2), what=keyed, signed=0xFF)
    yield "axfr-signed-but-the-first", each(soa(2), *new, soa(2), what=keyed, signed=0xFE)
    yield "axfr-signed-but-the-last", each(soa(2), old_a, soa(2), what=keyed, signed=0b11)
    yield "ixfr", one(soa(2), soa(1), old_srv, soa(2), *new[2:4], soa(2), what=ixfr)
    yield "ixfr-one-record-a-message", each(soa(2), soa(1), old_srv, soa(2), *new[2:4], soa(2), what=ixfr)
    yield "ixfr-chain", one(soa(3), soa(1), old_srv, soa(2), new[2], soa(2), new[2], soa(3), old_srv, soa(3), what=ixfr)
    yield "ixfr-condensed", one(soa(9), soa(1), old_srv, soa(9), new[2], soa(9), what=ixfr)
    yield "ixfr-that-removes-nothing", one(soa(2), soa(1), soa(2), new[2], soa(2), what=ixfr)
    yield "ixfr-that-changes-nothing", one(soa(2), soa(1), soa(2), soa(2), what=ixfr)
    yield "ixfr-that-adds-what-is-there", one(soa(2), soa(1), soa(2), old_srv, soa(2), what=ixfr)
    yield "ixfr-of-a-type-not-kept", one(soa(2), soa(1), dns.record("a.example", MX, b"?"), soa(2), soa(2), what=ixfr)
    yield "ixfr-that-lifts-a-cut", one(soa(2), soa(1), dns.record("cut.example", dns.NS, dns.name("ns.example")),
                                       soa(2), a("x.cut.example", 1, 2, 3, 4), soa(2), what=ixfr)
    yield "ixfr-answered-in-full", one(soa(2), *new, soa(2), what=ixfr)
    yield "ixfr-answered-by-an-empty-zone", one(soa(2), soa(2), what=ixfr)
    yield "ixfr-up-to-date", one(soa(1), what=ixfr)
    yield "ixfr-lone-newer-soa-first", stream(message(answers=[soa(2)]), message(answers=[*new, soa(2)]), what=ixfr)
    yield "ixfr-removes-what-is-not-there", one(soa(2), soa(1), a("no.example", 1, 2, 3, 4), soa(2), soa(2), what=ixfr)
    yield "ixfr-removes-twice", one(soa(2), soa(1), old_srv, old_srv, soa(2), soa(2), what=ixfr)
    yield "ixfr-fails-in-its-second-delta", one(soa(3), soa(1), old_srv, soa(2), soa(2), old_srv, soa(3), soa(3),
                                                what=ixfr)
    yield "ixfr-from-a-serial-not-held", one(soa(3), soa(2), soa(3), soa(3), what=ixfr)
    yield "ixfr-of-another-old-soa", one(soa(2), soa(1, minimum=61), soa(2), soa(2), what=ixfr)
    yield "ixfr-with-two-soas-of-a-serial", one(soa(2), soa(1), soa(2, minimum=61), soa(2), what=ixfr)
    yield "ixfr-of-too-many-deltas", one(soa(8), *[soa(i // 2 + 1) for i in range(1, 14)], soa(8), soa(8), what=ixfr)
    yield "ixfr-signed", each(soa(2), soa(1), old_srv, soa(2), new[2], soa(2), what=ixfr | keyed, signed=0b100001)


def tsig():
    stream, answer, request = 0, 1, 2

    def sent(count, signed, *changes):
        texts = b"".join(u8(3) + b"abc" for _ in range(count))
        return u8(stream, count - 1, signed) + texts + b"".join(changes)

    def flip(which, octet, mask):
        return u8(0, which) + u16(octet) + u8(mask)

    def cut(which, octets):
        return u8(1, which) + u16(octets)

    yield "one-message", sent(1, 1)
    yield "a-stream-all-signed", sent(5, 0xFF)
    yield "a-stream-first-and-last-signed", sent(5, 0b10001)
    yield "the-last-not-signed", sent(3, 0b011)
    yield "an-octet-changed", sent(1, 1, flip(0, 20, 1))
    yield "an-octet-changed-in-an-unsigned-message", sent(3, 0b101, flip(1, 30, 0x80))
    yield "another-id", sent(1, 1, flip(0, 0, 0xFF))
    yield "another-case-of-the-key-name", sent(1, 1, flip(0, 37, 0x20))
    yield "the-mac-cut-short", sent(1, 1, cut(0, 60))
    yield "a-message-lost", sent(4, 0b1001, u8(2, 1))
    yield "a-message-repeated", sent(4, 0b1001, u8(3, 1))
    yield "messages-swapped", sent(4, 0b1001, u8(4, 1, 2))
    query = message(number=0x1234, flags=0, questions=[question("example", dns.AXFR)])
    reply = message(number=0x1234, questions=[question("example", dns.AXFR)], answers=[soa(1)])
    yield "an-answer-unsigned", u8(answer) + block(reply)
    yield "an-answer-under-another-secret", u8(answer) + block(signing.signed(reply, KEY, SIGNED_AT))
    yield "an-answer-under-another-key", u8(answer) + block(signing.signed(reply, OTHER_KEY, SIGNED_AT))
    yield "an-answer-badtime", u8(answer) + block(message(number=0x1234, flags=0x8009, additional=[raw(
        dns.name("transfer.example"), dns.TSIG, dns.name("hmac-sha256") + struct.pack(">HIHHHHH", 0, SIGNED_AT, 300, 0,
                                                                                       0x1234, 18, 6) + bytes(6),
        rrclass=dns.ANY, ttl=0)]))
    yield "a-request-unsigned", u8(request) + query
    yield "a-request-under-another-secret", u8(request) + signing.signed(query, KEY, SIGNED_AT)
    yield "a-request-under-another-key", u8(request) + signing.signed(query, OTHER_KEY, SIGNED_AT)
    yield "a-request-of-another-time", u8(request) + signing.signed(query, KEY, 1)
    signed = signing.signed(query, KEY, SIGNED_AT)
    tail = signed[len(query):]
    yield "a-request-signed-twice", u8(request) + signed[:10] + u16(2) + signed[12:] + tail
    yield "a-request-with-tsig-among-the-answers", u8(request) + signed[:6] + u16(1) + bytes(4) + signed[12:]
    yield "a-request-with-octets-behind", u8(request) + signed + b"x"


def notify():
    hint, require = 0, 1
    open_zone, keyed, mapped, both, stranger = range(5)
    by_key = 0x80

    def sequence(policy, *arrivals):
        return u8(policy) + b"".join(u8(who, later) + block(octets) for who, later, octets in arrivals)

    for_open, for_keyed = dns.notify("open.example"), dns.notify("keyed.example")
    with_soa = message(number=1, flags=0x2400, questions=[question("open.example", dns.SOA)],
                       answers=[soa(9, zone="open.example")], additional=[raw(b"\0", OPT, b"", rrclass=4096)])
    yield "from-its-primary", sequence(hint, (open_zone, 0, for_open))
    yield "with-soa-and-opt", sequence(hint, (open_zone, 0, with_soa))
    yield "from-a-stranger", sequence(hint, (stranger, 0, for_open), (keyed, 0, for_open))
    yield "from-a-mapped-address", sequence(hint, (mapped, 0, for_keyed))
    yield "from-the-primary-of-both", sequence(hint, (both, 0, for_open), (both, 0, for_keyed))
    yield "unsigned-and-paced", sequence(hint, (keyed, 0, for_keyed), (keyed, 49, for_keyed), (keyed, 50, for_keyed))
    yield "unsigned-and-refused", sequence(require, (keyed, 0, for_keyed))
    yield "signed", sequence(require, (keyed | by_key, 0, for_keyed), (keyed | by_key, 0, for_keyed))
    yield "signed-for-the-zone-without-a-key", sequence(hint, (both | by_key, 0, for_open))
    yield "signed-by-a-stranger", sequence(hint, (stranger | by_key, 0, for_keyed))
    yield "signed-with-another-key", sequence(hint, (keyed, 0, signing.signed(for_keyed, OTHER_KEY, SIGNED_AT)))
    yield "signed-at-another-time", sequence(hint, (keyed, 0, signing.signed(for_keyed, KEY, 1)))
    yield "signed-and-changed", sequence(hint, (keyed, 0, signing.signed(for_keyed, KEY, SIGNED_AT)[:-1] + b"\1"))
    yield "for-an-unknown-zone", sequence(hint, (open_zone, 0, dns.notify("other.example")))
    yield "of-another-type", sequence(hint, (open_zone, 0, dns.notify("open.example", qtype=dns.A)))
    yield "of-another-class", sequence(hint, (open_zone, 0, dns.notify("open.example", rrclass=3)))
    yield "of-another-opcode", sequence(hint, (open_zone, 0, dns.notify("open.example", opcode=0)),
                                        (open_zone, 0, dns.notify("open.example", opcode=15)))
    yield "an-answer", sequence(hint, (open_zone, 0, message(flags=0xA400, questions=[question("open.example", 6)])))
    yield "two-questions", sequence(hint, (open_zone, 0, message(flags=0x2400, questions=[
        question("open.example", 6), question("keyed.example", 6)])))
    yield "two-opts", sequence(hint, (open_zone, 0, message(flags=0x2400, questions=[
        question("open.example", 6)], additional=[raw(b"\0", OPT, b""), raw(b"\0", OPT, b"")])))
    yield "cut-short", sequence(hint, (open_zone, 0, for_open[:-1]), (open_zone, 0, for_open[:11]),
                                (open_zone, 0, for_open[:12]))


def claims():
    """The examples of schema/TXT.md, and what stands at its edges."""
    texts = {
        "nothing-said": b"v=sipvhost1",
        "loose": b" V = sipvhost1 ;; Peering = open ;",
        "escapes": b"v=sipvhost1;note=a=b%3B 100%25",
        "blanks-at-the-ends": b"v=sipvhost1;pad=%20x%20",
        "a-bad-escape": b"v=sipvhost1;note=100%;max=20",
        "no-equals": b"v=sipvhost1;open;max=20",
        "a-control": b"v=sipvhost1;note=%0A;tab=a\tb;del=\x7f",
        "another-version": b"v=sipvhost10;max=20",
        "version-not-first": b"max=20;v=sipvhost1",
        "version-twice": b"v=sipvhost1;v=sipvhost1;max=20",
        "somebody-elses": b"v=DKIM1; k=rsa; p=MIGf",
        "attributes": b"v=sipvhost1; did=iptel; alias=x; max=20; motd=hi; rec=Yes; qop=auth; qop=auth-int; exp=1h",
        "attributes-that-do-not-fit": b"v=sipvhost1; max=1001; motd=too-long-a-text; rec=maybe; qop=none; exp=1s",
        "attributes-that-may-not-be-set": b"v=sipvhost1; peer=no; undeclared=x",
        "attributes-twice": b"v=sipvhost1; max=1; max=2; qop=auth; qop=auth; qop=none",
        "utf-8": "v=sipvhost1; motd=grüße; x=\U0001F4DE; esc=gr%C3%BC%C3%9Fe".encode(),
        "bad-utf-8": b"v=sipvhost1; a=\xff; b=%C0%80; c=\xed\xa0\x80; d=%F4%90%80%80; e=\xc2; f=%C2%85",
        "names-at-their-longest": b"v=sipvhost1;" + b"n" * 32 + b"=1;" + b"n" * 33 + b"=1;1a=1;a!=1;=1",
        "values-at-their-longest": b"v=sipvhost1;a=" + b"x" * 255 + b";b=" + b"x" * 256,
        "tags-at-their-most": b"v=sipvhost1" + b";a=1" * 8,
        "too-many-tags": b"v=sipvhost1" + b";a=1" * 9,
        "too-long": b"v=sipvhost1;" + b" " * 1020,
        "empty": b"",
    }
    for name, text in texts.items():
        yield name, u8(255) + text
    yield "split-into-octets", u8(0) + texts["attributes"]


REQUIRED = """redis: {unix: /run/redis.sock, deployment: main}
edge: [{hosts: [sip.provider.example], udp: 5060}]
"""


def configurations():
    sample = (ROOT / "config/zonecast.sample.yaml").read_text()
    yield "the-sample", "\n".join(line.split(" #")[0].rstrip() for line in sample.splitlines()
                                  if line.strip() and not line.strip().startswith("#")) + "\n"
    yield "what-is-required", REQUIRED
    yield "empty", ""
    yield "nothing-that-is-required", "log: {level: debug}\n"
    fragments = {
        "a-customer": "customers: {acme: {primaries: {ns1: {address: 192.0.2.53}}, zones: [acme.example]}}\n",
        "a-zone-twice": "customers:\n  a: {primaries: {p: {address: '::1'}}, zones: [x.example, X.example.]}\n"
                        "  b: {primaries: {p: {address: 1.2.3.4}}, zones: [{name: x.example, primaries: [q]}]}\n",
        "a-key-that-is-not-there": "customers: {a: {primaries: {p: {address: 1.2.3.4, key_file: no.key}}, zones: [x]}}\n",
        "attributes": "attributes:\n  a: {type: integer, min: 1, max: 5, default: 3}\n  b: {type: enum, values: [x, y],"
                      " multi: true, default: [x, y], setter: anyone}\n  c: {type: duration, default: 1h, min: 60}\n",
        "attributes-that-do-not-fit": "attributes: {A: {type: integer}, b: {type: enum}, c: {type: string, max: -1},"
                                      " d: {type: boolean, default: 7}, e: {min: 5, max: 1, type: integer}}\n",
        "clamps-crossed": "limits: {refresh_min: 2h, refresh_max: 1h, retry_min: 2h}\n",
        "numbers-at-their-ends": "limits: {transfers_max: 10001, ixfr_deltas_max: 0, zone_octets_max: 18446744073709551617}\n",
        "listeners": "notify: {listen: [127.0.0.1:53, '[::1]:53', x], tsig: require}\nhttp: {listen: off}\n",
        "a-key-twice": "log: {level: info, level: debug}\nlog: 3\n",
        "an-anchor-and-an-alias": "log: &a {level: info}\nderive: *a\n",
        "a-tag": "log: !!map {level: !x info}\n",
        "a-second-document": "---\nlog: {level: info}\n",
        "nested-deeply": "log: " + "[" * 40 + "]" * 40 + "\n",
        "not-closed": "log: {level: [info\n",
        "a-block-of-text": "log:\n  level: |\n    info\n",
        "a-quotation": "state_directory: \"/a\\0b\\x1b\\u00e4\"\n",
        "a-tabulator": "log:\n\tlevel: info\n",
        "a-control": "log: {level: in\x04fo}\n",
        "carriage-returns": "log:\r\n  level: info\r\n",
        "a-complex-key": "? {a: b}\n: c\n",
        "merged": "log: {<<: {level: info}}\n",
        "resolvers": "resolver: {servers: ['127.0.0.1:53', '[::1]:5353'], dnssec: require, ttl_min: 1s, ttl_max: 7d}\n"
                     "customers: {a: {}, b: {dnssec: prefer}, c: {watched: [c.example], servers: [192.0.2.1:53],"
                     " dnssec: ignore}}\n",
        "a-resolver-that-is-off": "resolver: {servers: off}\ncustomers: {a: {zones: []}, b: {watched: [b.example],"
                                  " servers: [192.0.2.1:53], dnssec: ignore}}\n",
        "required-from-afar": "resolver: {servers: [127.0.0.1:53, 192.0.2.1:53]}\ndiscovery: {mode: off}\n"
                              "customers: {a: {dnssec: require}}\n",
        "required-of-authorities": "customers: {a: {watched: [a.example], servers: [127.0.0.1:53], dnssec: require}}\n",
        "answers-clamps-crossed": "resolver: {ttl_min: 1h, ttl_max: 30m, retry_min: 6m}\n",
        "watched": "watched: [example.com, Sales.Example.ORG.]\ncustomers: {a: {primaries: {p: {address: '::1'}},"
                   " zones: [a.example], watched: [x.a.example, b.example]}}\n",
        "watched-twice": "watched: [b.example]\ncustomers: {a: {primaries: {p: {address: '::1'}}, zones: [a.example],"
                         " watched: [a.example, B.example., b.example]}}\n",
        "watched-alone": "watched: alone.example\ndiscovery: {mode: off}\n",
        "watched-that-is-no-domain": "watched: [_sip._udp.a.example, '*', '']\n",
        "a-customer-named-discovered": "watched: [b.example]\ncustomers: {discovered: {watched: [a.example]}}\n",
        "discovery-listed": "discovery: {mode: listed, allow: [example.net, '*.example.net'], deny: ['*'],"
                            " total_rate: 1, worker_burst: 7, keep_foreign: 1m, attributes: {peering: open}}\n",
        "discovery-listed-without-a-list": "discovery: {mode: listed, allow: [], deny: ['*.*', 'a.*']}\n",
        "discovery-by-token-without-a-key": "discovery: {mode: token, token_key_file: no.key, allow: ['*']}\n",
        "discovery-off": "discovery: {mode: off, idle: 3650d}\nresolver: {servers: []}\n",
        "grants": "customers: {a: {dids: ['a-*', '*', 7], attributes: {max: 3}, primaries: {}, zones: []}}\n",
    }
    for name, text in fragments.items():
        yield name, REQUIRED + text


# -- protobuf, as far as it is needed here

def varint(value):
    octets = b""
    while value > 127:
        octets += u8(value & 127 | 128)
        value >>= 7
    return octets + u8(value)


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def control():
    status, zone_status, refresh, retransfer, domain_list, domain_show, explain, watch = range(1, 9)

    def frame(octets):
        return struct.pack(">I", len(octets)) + octets

    def ask(verb, *fields):
        return frame(field(verb, b"".join(fields)))

    yield "nothing", b""
    yield "status", block(ask(status))
    yield "zones", block(ask(zone_status) + ask(zone_status, field(1, "acme.example")) +
                         ask(zone_status, field(2, "acme.example"), field(3, 1)))
    yield "zones-that-are-none", block(ask(zone_status, field(1, "no.example")) + ask(refresh, field(1, "a..b")) +
                                       ask(retransfer, field(1, "no.example")) + ask(zone_status, field(2, "x" * 64)))
    yield "zone-commands", block(ask(refresh, field(1, "acme.example")) + ask(retransfer, field(1, "GLOBEX.example.")))
    yield "domains", block(ask(domain_list) + ask(domain_list, field(1, "acme.example"), field(2, 1)) +
                           ask(domain_list, field(1, "*")))
    yield "a-domain", block(ask(domain_show, field(1, "acme.example")) + ask(domain_show, field(1, "no.example")) +
                            ask(domain_show, field(1, "_x")))
    for domain in ("acme", "sales.acme", "closed.acme", "lab.acme", "out.acme", "x.sub.acme", "alias.acme", "globex",
                   "sip.globex", "nowhere"):
        yield f"explain-{domain}", block(ask(explain, field(1, f"{domain}.example")))
    yield "watch", block(ask(watch)) + block(ask(status))
    yield "octet-by-octet", b"".join(block(u8(octet)) for octet in ask(status) + ask(domain_list))
    yield "several-at-once", block(ask(status) * 5)
    yield "an-empty-request", block(frame(b""))
    yield "a-request-of-no-known-verb", block(frame(field(99, "x")) + ask(status))
    yield "a-request-that-cannot-be-parsed", block(frame(b"\x0a\xff") + ask(status))
    yield "a-request-at-its-longest", block(struct.pack(">I", 65536) + b"x")
    yield "a-request-too-long", block(struct.pack(">I", 65537) + b"x") + block(b"more")
    yield "a-request-behind-one-too-long", block(ask(status) + b"\xff\xff\xff\xff" + ask(status))
    yield "a-length-and-no-more", block(b"\0\0\0")


def redis():
    knows_nothing, knows_version_7 = b"0", b"1"
    lineage = "3f0f6c0a-9a52-4f7e-8f63-0d9b7d0c6a11"
    zeroes = "0" * 64
    sum_here = "#" * 16

    def bulk(text):
        octets = text.encode() if isinstance(text, str) else text
        return b"$%d\r\n%s\r\n" % (len(octets), octets)

    def array(*items):
        return b"*%d\r\n%s" % (len(items), b"".join(item if isinstance(item, bytes) and item[:1] in b"*$:+-"
                                                     else bulk(item) for item in items))

    def number(value):
        return b":%d\r\n" % value

    info = bulk("redis_version:7.0.15\r\nrole:master\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n")
    server = {"INFO": info, "FCALL zonecast_": array("ok", "2")}

    def meta(**changes):
        fields = {"schema": "1", "lineage": lineage, "term": "1", "version": "7", "chain": zeroes,
                  "content": sum_here, "generation": "1", "domains": "2", "virtual_domains": "1", **changes}
        return array(*(text for pair in fields.items() for text in pair))

    def scan(*pairs, cursor="0"):
        return array(cursor, array(*(bulk(text) for text in pairs)))

    def log(last):
        return array("length", number(1), "last-generated-id", last)

    virtual_domain = (field(1, "acme") + field(2, "acme") + field(3, "acme.example") + field(4, "acme.example") +
                      field(4, "b.example") +
                      field(5, field(1, "calls.max") + field(2, field(1, 10))) +
                      field(5, field(1, "exp") + field(2, field(4, 3600))) +
                      field(5, field(1, "motd") + field(2, field(2, "h; i")) + field(2, field(2, "x"))) +
                      field(5, field(1, "rec") + field(2, field(3, 1))))
    attributes = "calls.max=10;exp=3600s;motd=h%3B%20i;motd=x;rec=true"
    entry = "did=acme;state=hosted;transports=udp,tcp;role=primary"
    key = "zonecast:{t}:"

    def content(*, domains=("acme.example", entry, "b.example", "did=acme;state=retiring;transports=tls;role=backup"),
                attribute=("acme", attributes), vdomain=("acme", virtual_domain)):
        return {f"HSCAN {key}vdomain 0": scan(*vdomain), f"HSCAN {key}attribute 0": scan(*attribute),
                f"HSCAN {key}domain 0": scan(*domains), f"HLEN {key}domain": number(len(domains) // 2),
                f"HLEN {key}attribute": number(len(attribute) // 2), f"HLEN {key}vdomain": number(len(vdomain) // 2)}

    def dialogue(*parts, knows=knows_nothing):
        blocks = [block_ for part in parts for block_ in part.items()]
        return knows + b"".join(b">>> %s\n%s" % (command.encode(), answer) for command, answer in blocks)

    full = {**server, f"HGETALL {key}meta": meta(), f"XINFO STREAM {key}log": log("7-1"), **content()}
    empty = {**server, f"HGETALL {key}meta": array(), f"XINFO STREAM {key}log": b"-ERR no such key\r\n",
             **content(domains=(), attribute=(), vdomain=())}
    published = {"FCALL zonecast_": array("ok")}
    yield "an-empty-store", dialogue(empty)
    yield "a-full-store", dialogue(full)
    yield "a-full-store-and-a-publication", dialogue({"FCALL ": array("ok", "2")}, full, published)
    yield "a-publication-fenced", dialogue(full, {"FCALL zonecast_": array("fenced", "term 3 of two is in force")})
    yield "a-publication-moved", dialogue(full, {"FCALL zonecast_": array("moved", "Redis is at version 9")})
    yield "a-publication-refused", dialogue(full, {"FCALL zonecast_": b"-OOM command not allowed\r\n"})
    yield "what-is-known", dialogue(full, knows=knows_version_7)
    yield "what-is-known-and-was-changed", dialogue({**full, f"HLEN {key}domain": number(3)}, knows=knows_version_7)
    what_is_not_the_protocol = b"?\r\n"
    yield "opened-and-lost-in-one-arrival", dialogue(
        {**full, f"HLEN {key}vdomain": number(1) + what_is_not_the_protocol}, knows=knows_version_7)
    yield "published-and-lost-in-one-arrival", dialogue(
        full, {"FCALL zonecast_": array("ok") + what_is_not_the_protocol})
    yield "several-slices", dialogue({**full, f"HSCAN {key}domain 0": scan("acme.example", entry, cursor="17")},
                                     {f"HSCAN {key}domain 17": scan("acme.example", entry, "c.example", entry)})
    yield "staged-by-another", dialogue({**full, f"HGETALL {key}meta": meta(staging="1:8"), "UNLINK": number(0)})
    for name, changes in {
            "another-digest": {"content": "0123456789abcdef"}, "no-digest": {"content": "xyz"},
            "a-padded-version": {"version": "07"}, "a-version-that-is-no-number": {"version": "seven"},
            "the-last-version": {"version": "18446744073709551615"}, "no-lineage": {"lineage": ""},
            "a-chain-in-upper-case": {"chain": "A" * 64}, "a-chain-too-short": {"chain": "00"}}.items():
        yield f"meta-with-{name}", dialogue({**full, f"HGETALL {key}meta": meta(**changes)})
    yield "meta-of-an-odd-length", dialogue({**full, f"HGETALL {key}meta": array("lineage")})
    yield "meta-that-is-no-text", dialogue({**full, f"HGETALL {key}meta": array(number(1), array(), b"$-1\r\n", "x")})
    yield "content-without-meta", dialogue({**full, f"HGETALL {key}meta": array()})
    yield "a-log-ahead", dialogue({**full, f"XINFO STREAM {key}log": log("8-1")})
    yield "a-log-without-an-id", dialogue({**full, f"XINFO STREAM {key}log": array("length", number(0))})
    for name, value in {
            "unknown-state": "did=acme;state=hosting;transports=udp;role=primary",
            "unknown-transport": "did=acme;state=hosted;transports=sctp;role=primary",
            "fields-in-another-order": "state=hosted;did=acme;transports=udp;role=primary",
            "another-field": entry + ";new=1", "a-field-twice": entry + ";did=b", "no-did": "state=hosted",
            "nothing": ""}.items():
        yield f"a-domain-with-{name}", dialogue({**full, **content(domains=("acme.example", value))})
    yield "a-domain-that-is-none", dialogue({**full, **content(domains=("_x.example", entry))})
    yield "a-domain-in-capitals", dialogue({**full, **content(domains=("A.example", entry))})
    yield "a-domain-with-a-final-dot", dialogue({**full, **content(domains=("a.example.", entry))})
    yield "a-virtual-domain-that-is-none", dialogue({**full, **content(vdomain=("acme", b"\x0a\xff"))})
    yield "a-virtual-domain-under-another-name", dialogue({**full, **content(vdomain=("b", virtual_domain))})
    yield "a-virtual-domain-with-unknown-fields", dialogue({**full, **content(
        vdomain=("acme", virtual_domain + field(99, "x")))})
    yield "attributes-that-differ", dialogue({**full, **content(attribute=("acme", "calls.max=11"))})
    yield "attributes-of-nobody", dialogue({**full, **content(attribute=("b", attributes))})
    for name, answer in {"a-replica": b"role:slave", "an-old-version": b"redis_version:6.2.1",
                         "that-evicts": b"maxmemory_policy:allkeys-lru"}.items():
        what = answer.split(b":")[0]
        lines = [line for line in info.split(b"\r\n")[1:-1] if line and not line.startswith(what)]
        yield f"a-server-{name}", dialogue({**full, "INFO": bulk(b"\r\n".join([*lines, answer, b""]))})
    yield "a-server-that-does-not-persist", dialogue(
        {**full, "INFO": bulk(info.split(b"\r\n", 1)[1][:-2].replace(b"aof_enabled:1", b"aof_enabled:0")),
         "CONFIG GET save": array("save", "")})
    yield "the-lease-is-held", dialogue({**full, "FCALL zonecast_": array("held", "two", number(900))})
    yield "a-term-that-is-no-number", dialogue({**full, "FCALL zonecast_": array("ok", "x")})
    yield "functions-to-be-loaded", dialogue(
        {"INFO": info, "FCALL zonecast_": b"-ERR Function not found\r\n", "FUNCTION LOAD": bulk("zonecast")},
        {"FCALL zonecast_": array("ok", "2")}, {k: v for k, v in full.items() if k not in server})
    yield "not-allowed", dialogue({"INFO": b"-NOPERM this user has no permissions\r\n"})
    yield "unasked", dialogue({"INFO": info + bulk("and more")})
    yield "not-the-protocol", dialogue({"INFO": b"HTTP/1.1 400 Bad Request\r\n\r\n"})
    yield "a-length-beyond-all", dialogue({"INFO": b"$9223372036854775807\r\n"})
    yield "a-text-longer-than-is-taken", dialogue({"INFO": b"$999999999999\r\n"})
    yield "an-array-longer-than-is-taken", dialogue({"INFO": b"*709551615\r\n"})
    yield "arrays-that-are-together-more-than-is-taken", dialogue(
        {**full, f"HSCAN {key}domain 0": b"*2\r\n$1\r\n0\r\n*600000\r\n*600000\r\n"})
    yield "opened-and-an-array-longer-than-is-taken", dialogue(
        {**full, f"HLEN {key}vdomain": number(1) + b"*1048577\r\n"}, knows=knows_version_7)
    yield "a-length-below-zero", dialogue({"INFO": b"*-7\r\n"})
    yield "nested-deeply", dialogue({"INFO": b"*1\r\n" * 12 + b"$1\r\nx\r\n"})
    yield "other-types", dialogue({"INFO": b"%1\r\n+a\r\n#t\r\n"})
    yield "an-end", knows_nothing


def http():
    def request(octets, host=b"localhost", authorization=b"Bearer 0123456789abcdef"):
        def block(field):
            return struct.pack(">H", len(field)) + field
        return block(host) + block(authorization) + octets

    def get(target, *fields, **access):
        lines = [b"GET " + target + b" HTTP/1.1", b"Host: localhost", *fields]
        return request(b"\r\n".join(lines) + b"\r\n\r\n", **access)
    yield "a-status", get(b"/v1/status")
    yield "a-domain-percent-encoded", get(b"/v1/domains/%3Cb%3E%22%5c.example")
    yield "an-explanation-of-no-name", get(b"/v1/explain/a..b%2f%2e%2e")
    yield "a-page-of-zones", get(b"/v1/zones?after=a.example&limit=7&troubled=true")
    yield "parameters-that-do-not-fit", get(b"/v1/zones?limit=-1&limit=2&x=%zz")
    yield "events-from-a-place", get(b"/v1/events", b"Last-Event-ID: 17")
    yield "the-page", get(b"/")
    yield "metrics", get(b"/metrics")
    yield "the-absolute-form", get(b"http://evil.example:80/v1/status")
    yield "another-host", get(b"/v1/status", host=b"127.0.0.1.evil.example:80")
    yield "a-host-in-brackets", get(b"/v1/status", host=b"[::1]:9464")
    yield "no-token", get(b"/v1/status", authorization=b"")
    yield "a-nul", get(b"/v1/domains/a%00b")
    yield "two-hosts", get(b"/v1/status", b"Host: evil.example")
    yield "content", get(b"/v1/status", b"Content-Length: 5") + b"hello"
    yield "content-in-chunks", get(b"/v1/status", b"Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n"
    yield "one-after-another", get(b"/healthz") + b"HEAD /readyz HTTP/1.1\r\nHost: localhost\r\n\r\nPUT / HTTP/1.0\r\n\r\n"
    yield "a-header-beyond-all", get(b"/v1/status", b"X: " + b"x" * 9000)
    yield "no-line", request(b"\x16\x03\x01\x00\xff")


def master_files():
    """A customer's zone, every shape an entry has, and what is refused."""
    yield "a-customers-zone", (HERE.parents[1] / "tour/zones/acme.example.zone").read_bytes()
    yield "shapes", (b'@ SOA a b (1 2 ; (\n3 4\n5 )\n TXT "a;b\\"" c\\ d\n$ORIGIN x\n$TTL 1h\n'
                     b'y 5 IN NAPTR 1 2 "s" "SIP+D2U" "" z\nu TYPE65280 \\# 2 0102\nm MX 1 z\nw CAA 0 issue "x"\n')
    yield "include", b"$INCLUDE x\n"
    yield "generate", b"$GENERATE 1-9 a$ A 192.0.2.1\n"
    yield "a-port-beyond-16-bits", b"a SRV 1 2 70000 b\n"
    yield "a-type-beyond-16-bits", b"a 500 TYPE1950604800 x\n"
    yield "open-ends", b'a TXT "x\nb A (\n'


def domain_tables():
    """As databases print them, and what stands at their edges."""
    yield "psql", b"id,domain,did\n1,acme.example,acme\n2,globex.example,\n"
    yield "exported", b"domain,did\r\nacme.example,acme\r\n[2001:db8::1],acme\r\n"
    yield "mysql", b"domain\tdid\nacme.example\tNULL\nglobex.example\ta\\tb\\\\\n"
    yield "one-column", b"\xef\xbb\xbfDOMAIN\nacme.example"
    yield "quotes", b'domain,did,note\n"a""b","c,d","two\nlines"\n'
    yield "an-open-quote", b'domain\n"a\nb\n'
    yield "a-quote-within", b'domain\na"b"\n'
    yield "behind-a-quote", b'domain\n"a"b\n'
    yield "too-few-cells", b"domain,did\na\n"
    yield "no-domain", b"did,name\na,b\n"
    yield "twice", b"domain,domain\na,b\n"
    yield "empty-lines", b"domain\n\n\r\na\n\n"
    yield "a-long-name", b"domain\n" + b"x" * 256 + b"\n"


TARGETS = {"message": messages, "answer": answers, "transfer": transfers, "tsig": tsig, "notify": notify, "claim": claims,
           "master_file": master_files, "domain_table": domain_tables,
           "config": configurations, "control": control, "http": http, "redis": redis}


def main():
    for target, seeds in TARGETS.items():
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if not old.name.startswith(("captured-", "found-")):
                old.unlink()
        for name, seed in seeds():
            (folder / name).write_bytes(seed.encode() if isinstance(seed, str) else seed)


if __name__ == "__main__":
    main()

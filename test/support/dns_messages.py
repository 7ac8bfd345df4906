"""DNS messages, built and taken apart by hand: for tests that send what no DNS server would."""

import dataclasses
import socket
import struct

A, NS, CNAME, SOA, TXT, AAAA, SRV, NAPTR, OPT = 1, 2, 5, 6, 16, 28, 33, 35, 41
TSIG, IXFR, AXFR = 250, 251, 252
IN, CH, ANY = 1, 3, 255
QUERY, NOTIFY = 0, 4
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, NOTAUTH = 0, 1, 2, 3, 4, 5, 9


HEADER_OCTETS = 12


def name(text):
    """A name's octets; octets are taken as they are, whatever they are."""
    if isinstance(text, bytes):
        return text
    labels = [label.encode() for label in text.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def pointer(offset):
    """A compression pointer (RFC 1035 section 4.1.4)."""
    return struct.pack(">H", 0xC000 | offset)


def record(owner, rrtype, rdata, ttl=3600, rrclass=IN, length=None):
    """`length` lies about how long the RDATA is."""
    length = len(rdata) if length is None else length
    return name(owner) + struct.pack(">HHIH", rrtype, rrclass, ttl, length) + rdata


def soa(zone, serial, refresh=3600, retry=600, expire=1209600, minimum=300):
    rdata = name(f"ns1.{zone}") + name(f"hostmaster.{zone}")
    return record(zone, SOA, rdata + struct.pack(">IIIII", serial, refresh, retry, expire, minimum))


def srv(owner, target, port=5060, priority=10, weight=5, **lies):
    return record(owner, SRV, struct.pack(">HHH", priority, weight, port) + name(target), **lies)


def txt(owner, *strings):
    return record(owner, TXT, b"".join(bytes([len(string)]) + string for string in strings))


def opt(payload=1232):
    return record("", OPT, b"", ttl=0, rrclass=payload)


@dataclasses.dataclass
class Message:
    id: int
    qr: bool
    opcode: int
    aa: bool
    rcode: int
    zone: str = ""
    qtype: int = 0
    question: bytes = b""
    octets: bytes = b""

    @classmethod
    def parse(cls, octets):
        number, flags, qdcount = struct.unpack_from(">HHH", octets)
        message = cls(number, bool(flags >> 15), flags >> 11 & 0xF, bool(flags >> 10 & 1), flags & 0xF,
                      octets=octets)
        if qdcount == 1:
            labels, at = [], 12
            while octets[at]:
                labels.append(octets[at + 1:at + 1 + octets[at]].decode())
                at += 1 + octets[at]
            message.zone = ".".join(labels)
            message.qtype = struct.unpack_from(">H", octets, at + 1)[0]
            message.question = octets[12:at + 5]
        return message


def question(zone, qtype, qclass=IN):
    return name(zone) + struct.pack(">HH", qtype, qclass)


def held_serial(query):
    """Of an IXFR query: the serial in its authority section (RFC 1995 section 3)."""
    at = HEADER_OCTETS + len(query.question)
    while query.octets[at]:
        at += 1 + query.octets[at]
    length, = struct.unpack_from(">H", query.octets, at + 9)
    return struct.unpack_from(">I", query.octets, at + 11 + length - 20)[0]


def answer(query, *records, number=None, rcode=NOERROR, qr=True, opcode=QUERY, aa=True, tc=False, others=0,
           questions=None, count=None, authority=(), additional=()):
    """An answer to a parsed query; `number`, `questions` and `count` lie about its ID, its questions (octets
    each), and the number of its answer records; `others` are header bits beside those."""
    flags = qr << 15 | opcode << 11 | aa << 10 | tc << 9 | others | rcode
    questions = [query.question] if questions is None else questions
    return (struct.pack(">HHHHHH", query.id if number is None else number, flags, len(questions),
                        len(records) if count is None else count, len(authority), len(additional)) +
            b"".join((*questions, *records, *authority, *additional)))


def query(zone, qtype, number=0x4242):
    return (struct.pack(">HHHHHH", number, 0, 1, 0, 0, 0) + name(zone) + struct.pack(">HH", qtype, IN))


def soa_serial(message):
    """The serial in an answer that is one SOA; nothing when it is another answer."""
    at = 12 + len(message.question)
    if message.rcode != NOERROR or struct.unpack_from(">H", message.octets, 6)[0] != 1:
        return None
    while message.octets[at] and message.octets[at] < 0xC0:
        at += 1 + message.octets[at]
    at += 2 if message.octets[at] else 1
    rrtype, _, _, length = struct.unpack_from(">HHIH", message.octets, at)
    return struct.unpack_from(">I", message.octets, at + 10 + length - 20)[0] if rrtype == SOA else None


def notify(zone, number=0x4242, opcode=NOTIFY, qtype=SOA, rrclass=IN):
    return struct.pack(">HHHHHH", number, opcode << 11 | 0x0400, 1, 0, 0, 0) + question(zone, qtype, rrclass)


def over_udp(octets, port, sender="127.0.0.1", timeout=5.0):
    """Sends a datagram and returns the parsed answer, or None when none comes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((sender, 0))
        client.settimeout(timeout)
        client.sendto(octets, ("127.0.0.1", port))
        try:
            return Message.parse(client.recv(4096))
        except TimeoutError:
            return None


def framed(octets):
    return struct.pack(">H", len(octets)) + octets

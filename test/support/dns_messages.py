"""DNS messages, built and taken apart by hand: for tests that send what no DNS server would."""

import base64
import dataclasses
import hashlib
import hmac
import socket
import struct
import time

A, NS, SOA, TXT, SRV, TSIG, IXFR, AXFR = 1, 2, 6, 16, 33, 250, 251, 252
IN, ANY = 1, 255
QUERY, NOTIFY = 0, 4
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, NOTAUTH = 0, 1, 2, 3, 4, 5, 9


def name(text):
    labels = [label.encode() for label in text.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def record(owner, rrtype, rdata, ttl=3600, rrclass=IN):
    return name(owner) + struct.pack(">HHIH", rrtype, rrclass, ttl, len(rdata)) + rdata


def soa(zone, serial, refresh=3600, retry=600, expire=1209600, minimum=300):
    rdata = name(f"ns1.{zone}") + name(f"hostmaster.{zone}")
    return record(zone, SOA, rdata + struct.pack(">IIIII", serial, refresh, retry, expire, minimum))


def srv(owner, target, port=5060, priority=10, weight=5):
    return record(owner, SRV, struct.pack(">HHH", priority, weight, port) + name(target))


def txt(owner, *strings):
    return record(owner, TXT, b"".join(bytes([len(string)]) + string for string in strings))


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


def answer(query, *records, number=None, rcode=NOERROR, tc=False, count=None):
    """An answer to a parsed query; `number` and `count` lie about its ID and its records."""
    flags = 0x8400 | (0x0200 if tc else 0) | rcode
    return struct.pack(">HHHHHH", query.id if number is None else number, flags, 1,
                       len(records) if count is None else count, 0, 0) + query.question + b"".join(records)


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
    return (struct.pack(">HHHHHH", number, opcode << 11 | 0x0400, 1, 0, 0, 0) + name(zone) +
            struct.pack(">HH", qtype, rrclass))


def signed(message, key, moment=None):
    """RFC 8945: the message with a TSIG record; `key` is ALGORITHM:NAME:BASE64, as in a key file."""
    algorithm, key_name, secret = key.split(":", 2)
    moment = int(time.time() if moment is None else moment)
    fudge = 300
    when = struct.pack(">HIH", moment >> 32, moment & 0xFFFFFFFF, fudge)
    variables = (name(key_name) + struct.pack(">HI", ANY, 0) + name(algorithm) + when + struct.pack(">HH", 0, 0))
    digest = {"hmac-sha256": hashlib.sha256, "hmac-sha384": hashlib.sha384, "hmac-sha512": hashlib.sha512}[algorithm]
    mac = hmac.new(base64.b64decode(secret), message + variables, digest).digest()
    rdata = name(algorithm) + when + struct.pack(">H", len(mac)) + mac + message[:2] + struct.pack(">HH", 0, 0)
    additional = struct.unpack_from(">H", message, 10)[0]
    return (message[:10] + struct.pack(">H", additional + 1) + message[12:] +
            record(key_name, TSIG, rdata, ttl=0, rrclass=ANY))


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

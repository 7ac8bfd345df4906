"""Signing messages with TSIG (RFC 8945), rightly or wrongly. A key is ALGORITHM:NAME:BASE64, as in a key file."""

import base64
import dataclasses
import hashlib
import hmac
import struct
import time

import dns_messages as dns

DIGESTS = {"hmac-sha256": hashlib.sha256, "hmac-sha384": hashlib.sha384, "hmac-sha512": hashlib.sha512}
BADSIG, BADKEY, BADTIME, BADTRUNC = 16, 17, 18, 22
FUDGE = 300


@dataclasses.dataclass
class Lies:
    """What a TSIG record says that is not so. Only `keep` spares the MAC: all else is signed as it is said."""
    key: str = ""  # sign with this one instead
    seconds: int = 0  # that the clock is ahead
    error: int = 0
    keep: int | None = None  # octets of the MAC
    spoil: bool = False  # one bit of it


def variables(key, when, error, other):
    """Section 4.3.3."""
    algorithm, key_name, _ = key.split(":", 2)
    return (dns.name(key_name) + struct.pack(">HI", dns.ANY, 0) + dns.name(algorithm) + when +
            struct.pack(">HH", error, len(other)) + other)


def signature(key, octets):
    algorithm, _, secret = key.split(":", 2)
    return hmac.new(base64.b64decode(secret), octets, DIGESTS[algorithm]).digest()


def with_record(message, key, when, mac, error=0, other=b""):
    """The message with a TSIG record behind all else."""
    algorithm, key_name, _ = key.split(":", 2)
    rdata = (dns.name(algorithm) + when + struct.pack(">H", len(mac)) + mac + message[:2] +
             struct.pack(">HH", error, len(other)) + other)
    return with_additional(message, dns.record(key_name, dns.TSIG, rdata, ttl=0, rrclass=dns.ANY))


def with_additional(message, record):
    count, = struct.unpack_from(">H", message, 10)
    return message[:10] + struct.pack(">H", count + 1) + message[12:] + record


def time_signed(moment):
    return struct.pack(">HIH", moment >> 32, moment & 0xFFFFFFFF, FUDGE)


def signed(message, key, moment=None):
    """A request."""
    when = time_signed(int(time.time() if moment is None else moment))
    return with_record(message, key, when, signature(key, message + variables(key, when, 0, b"")))


def request_mac(key, query):
    """Of a parsed query that was signed with the key. Its MAC stands before the ID, the error and no other data."""
    size = DIGESTS[key.split(":")[0]]().digest_size
    return query.octets[-6 - size:-6]


class Signer:
    """Signs the messages of one answer, in order (section 5.3.1): a MAC covers the one before it, the request's at
    first, and all unsigned messages since."""

    def __init__(self, key, query):
        self.key = key
        self.prior = request_mac(key, query)
        self.unsigned = b""
        self.first = True

    def leave_unsigned(self, message):
        self.unsigned += message
        return message

    def sign(self, message, **lies):
        lies = Lies(**lies)
        key = lies.key or self.key
        when = time_signed(int(time.time()) + lies.seconds)
        rest = variables(key, when, lies.error, b"") if self.first else when
        mac = signature(key, struct.pack(">H", len(self.prior)) + self.prior + self.unsigned + message + rest)
        self.prior, self.unsigned, self.first = mac, b"", False
        if lies.spoil:
            mac = bytes([mac[0] ^ 1]) + mac[1:]
        return with_record(message, key, when, mac[:lies.keep], lies.error)

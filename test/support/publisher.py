"""Publishes by hand what zonecastd would: a small state, as schema/REDIS.md and zonecast.proto have it.

Each change replaces everything, which readers notice by the `rebase` in the log. A test says what shall be there as
it would stand in Redis.
"""

import hashlib
import re
import struct
import urllib.parse
import uuid

from reader import HASHES, attribute_value, content_sum, domain_value

HOSTED, UDP, TCP, PRIMARY = 1, 1, 2, 1


# -- protobuf, as much of it as is needed ----------------------------------------------------------

def varint(number):
    octets = bytearray()
    number &= 2 ** 64 - 1
    while True:
        number, low = number >> 7, number & 127
        octets.append(low | (128 if number else 0))
        if not number:
            return bytes(octets)


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def value_message(text):
    """A zonecast.v1.Value from how it stands in `attribute`; what looks like a number is one."""
    if text in ("true", "false"):
        return field(3, int(text == "true"))
    if re.fullmatch(r"\d+", text):
        return field(1, int(text))
    if re.fullmatch(r"\d+s", text):
        return field(4, int(text[:-1]))
    return field(2, urllib.parse.unquote(text))


def attribute_messages(text):
    """Of `a=1;a=2;b=3`, ascending by name."""
    values = {}
    for name, _, value in (pair.partition("=") for pair in text.split(";") if pair):
        values.setdefault(name, []).append(value)
    return b"".join(field(5, field(1, name) + b"".join(field(2, value_message(value)) for value in values[name]))
                    for name in sorted(values))


class Publisher:
    def __init__(self, redis):
        self.redis = redis
        self.dids = {}  # domain -> DID
        self.attributes = {}  # DID -> as in the hash `attribute`
        self.lineage = str(uuid.uuid4())
        self.version = 0
        self.chain = bytes(32)

    def host(self, domain, did, attributes=None):
        self.dids[domain] = did
        if attributes is not None:
            self.attributes[did] = attributes
        self.publish()

    def set(self, did, attributes):
        self.attributes[did] = attributes
        self.publish()

    def remove(self, domain):
        del self.dids[domain]
        self.publish()

    def hashes(self):
        hashes = {name: {} for name in HASHES}
        for domain, did in self.dids.items():
            entry = field(1, domain) + field(2, did) + field(3, HOSTED) + field(4, bytes([UDP, TCP])) + field(5, PRIMARY)
            name, value = domain_value(entry)
            hashes["domain"][name] = value
        for did in set(self.dids.values()):
            domains = sorted(domain for domain, owner in self.dids.items() if owner == did)
            message = field(1, did) + field(2, "acme") + field(3, domains[0])
            message += b"".join(field(4, domain) for domain in domains)
            message += attribute_messages(self.attributes.get(did, ""))
            hashes["vdomain"][did.encode()] = message
            hashes["attribute"][did.encode()] = attribute_value(message)
        return hashes

    def publish(self):
        self.version += 1
        hashes = self.hashes()
        content = content_sum(hashes)
        entry = (field(1, self.lineage) + field(2, 1) + field(3, self.version) + field(4, 1) + field(5, 1) +
                 varint(6 << 3 | 1) + struct.pack("<Q", int(content, 16)) + field(7, 1))
        self.chain = hashlib.sha256(self.chain + entry).digest()
        meta = {"schema": 1, "lineage": self.lineage, "term": 1, "version": self.version, "generation": self.version,
                "chain": self.chain.hex(), "content": content, "domains": len(hashes["domain"]),
                "virtual_domains": len(hashes["vdomain"]), "leader": "test", "updated": 1}
        commands = [("DEL", *(self.redis.key(name) for name in HASHES))]
        commands += [("HSET", self.redis.key(name), *(word for pair in entries.items() for word in pair))
                     for name, entries in hashes.items() if entries]
        commands.append(("HSET", self.redis.key("meta"), *(str(word) for pair in meta.items() for word in pair)))
        commands.append(("XADD", self.redis.key("log"), f"{self.version}-1", "rebase", entry))
        self.redis.connected().transaction(*commands)

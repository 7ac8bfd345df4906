"""Publishes by hand what zonecastd would: a small state, as schema/REDIS.md and zonecast.proto have it.

A test says what shall be there as it would stand in Redis; each time that is a version of its own, whole or not at all.
"""

import hashlib
import re
import struct
import urllib.parse
import uuid

from reader import HASHES, attribute_value, content_sum, domain_value

HOSTED, RETIRING, UDP, TCP, PRIMARY = 1, 2, 1, 2, 1


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
        self.retiring = set()
        self.lineage = str(uuid.uuid4())
        self.version = 0
        self.chain = bytes(32)
        self.published = {}, {}

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

    def entries(self):
        """(domain -> DomainEntry, DID -> VirtualDomain)"""
        domains = {domain: field(1, domain) + field(2, did) +
                   field(3, RETIRING if domain in self.retiring else HOSTED) + field(4, bytes([UDP, TCP])) +
                   field(5, PRIMARY) for domain, did in self.dids.items()}
        virtual = {}
        for did in set(self.dids.values()):
            members = sorted(domain for domain, owner in self.dids.items() if owner == did)
            virtual[did] = (field(1, did) + field(2, "acme") + field(3, members[0]) +
                            b"".join(field(4, domain) for domain in members) +
                            attribute_messages(self.attributes.get(did, "")))
        return domains, virtual

    def publish(self):
        """The next version, with what is another than in the last one; the first one replaces everything."""
        self.version += 1
        old, self.published = self.published, self.entries()
        domains, virtual = self.published
        hashes = {"domain": dict(domain_value(entry) for entry in domains.values()),
                  "vdomain": {did.encode(): message for did, message in virtual.items()},
                  "attribute": {did.encode(): attribute_value(message) for did, message in virtual.items()}}
        content = content_sum(hashes)
        kind = "rebase" if self.version == 1 else "changes"
        entry = (field(1, self.lineage) + field(2, 1) + field(3, self.version) + field(4, 1) + field(5, 1) +
                 varint(6 << 3 | 1) + struct.pack("<Q", int(content, 16)))
        if kind == "rebase":
            entry += field(7, 1)
        else:
            for before, after, put, removed in ((old[0], domains, 8, 9), (old[1], virtual, 10, 11)):
                entry += b"".join(field(put, after[key]) for key in sorted(after) if before.get(key) != after[key])
                entry += b"".join(field(removed, key) for key in sorted(before) if key not in after)
        self.chain = hashlib.sha256(self.chain + entry).digest()
        meta = {"schema": 1, "lineage": self.lineage, "term": 1, "version": self.version, "generation": 1,
                "chain": self.chain.hex(), "content": content, "domains": len(domains),
                "virtual_domains": len(virtual), "leader": "test", "updated": 1}
        commands = [("DEL", *(self.redis.key(name) for name in HASHES))]
        commands += [("HSET", self.redis.key(name), *(word for pair in entries.items() for word in pair))
                     for name, entries in hashes.items() if entries]
        commands.append(("HSET", self.redis.key("meta"), *(str(word) for pair in meta.items() for word in pair)))
        commands.append(("XADD", self.redis.key("log"), f"{self.version}-1", kind, entry))
        self.redis.connected().transaction(*commands)

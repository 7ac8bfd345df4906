"""Fills a Redis with domains as zonecastd would have published them, from schema/REDIS.md alone.

Each domain has a DID of its own and ten attributes. A million of them would take zonecastd eight million records
to find; here it is the readers that are measured.
"""

import reader

CHUNK = 500  # entries per HSET

TEXTS = (("digest.algorithm", "SHA-256"), ("digest.qop", "auth"), ("digest.realm", "voice.example"),
         ("enum.suffix", "e164.arpa"), ("foreign", "reject"), ("mode", "proxy"), ("peering", "open"))


def name_of(number):
    return f"customer-{1_000_000 + number}.example"


def varint(number):
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)


def piece(number, octets):
    return varint(number << 3 | 2) + varint(len(octets)) + octets


def attribute(name, value):
    return piece(5, piece(1, name.encode()) + piece(2, value))


def virtual_domain(name, number):
    """zonecast.v1.VirtualDomain, and what `attribute` says of it."""
    octets = name.encode()
    attributes = [(attribute(key, piece(2, text.encode())), f"{key}={text}") for key, text in TEXTS]
    attributes.append((attribute("registrations.max", b"\x08" + varint(number % 100)),
                       f"registrations.max={number % 100}"))
    attributes.append((attribute("registrations.ttl", b"\x20" + varint(3600)), "registrations.ttl=3600s"))
    attributes.append((attribute("video", b"\x18\x01"), "video=true"))
    message = piece(1, octets) + piece(2, b"acme") + piece(3, octets) + piece(4, octets)
    return message + b"".join(each for each, _ in attributes), ";".join(text for _, text in attributes).encode()


def fill(client, prefix, domains):
    """Everything but the log, at version 1."""
    content = 0
    for first in range(0, domains, CHUNK):
        hashes = {name: [] for name in reader.HASHES}
        for number in range(first, min(first + CHUNK, domains)):
            name = name_of(number)
            message, attributes = virtual_domain(name, number)
            for which, value in (("domain", f"did={name};state=hosted;transports=udp,tcp;role=primary".encode()),
                                 ("attribute", attributes), ("vdomain", message)):
                hashes[which] += [name, value]
                content += reader.content_term(which.encode(), name.encode(), value)
        for which, entries in hashes.items():
            client.command("HSET", prefix + which, *entries)
    client.command("HSET", prefix + "meta", "schema", 1, "lineage", "11111111-2222-4333-8444-555555555555", "term", 1,
                   "version", 1, "generation", 1, "chain", "ab" * 32, "content", f"{content % 2 ** 64:016x}",
                   "domains", domains, "virtual_domains", domains, "leader", "bench", "updated", 0)

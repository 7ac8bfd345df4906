"""Fills a Redis with domains as zonecastd would have published them, from schema/REDIS.md alone.

Each domain has a DID of its own and ten attributes. A million of them would take zonecastd eight million records
to find; here it is the readers that are measured.
"""

import reader
from publisher import field

CHUNK = 500  # entries per HSET

TEXTS = (("digest.algorithm", "SHA-256"), ("digest.qop", "auth"), ("digest.realm", "voice.example"),
         ("enum.suffix", "e164.arpa"), ("foreign", "reject"), ("mode", "proxy"), ("peering", "open"))


def name_of(number):
    return f"customer-{1_000_000 + number}.example"


def attribute(name, value):
    return field(5, field(1, name) + field(2, value))


def virtual_domain(name, number):
    """zonecast.v1.VirtualDomain, and what `attribute` says of it."""
    attributes = [(attribute(key, field(2, text)), f"{key}={text}") for key, text in TEXTS]
    attributes.append((attribute("registrations.max", field(1, number % 100)), f"registrations.max={number % 100}"))
    attributes.append((attribute("registrations.ttl", field(4, 3600)), "registrations.ttl=3600s"))
    attributes.append((attribute("video", field(3, 1)), "video=true"))
    message = field(1, name) + field(2, "acme") + field(3, name) + field(4, name)
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

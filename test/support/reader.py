"""A reader of what zonecast publishes, written from schema/REDIS.md and schema/*.proto alone.

It is the other side of the contract: it loads the hashes, follows the log, and recomputes the digests.
Where it and the publisher disagree, one of them, or the page, is wrong.
"""

import hashlib
import struct

HASHES = ("domain", "attribute", "vdomain")
STATES = {1: "hosted", 2: "retiring"}
TRANSPORTS = {1: "udp", 2: "tcp", 3: "tls", 4: "ws", 5: "wss"}
ROLES = {1: "primary", 2: "backup"}
PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/@")


class Mismatch(Exception):
    """What is published contradicts itself, or the contract."""


# -- protobuf's wire format ------------------------------------------------------------------------

def varint(octets, at):
    value = shift = 0
    while True:
        octet = octets[at]
        at += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:
            return value, at
        shift += 7


def fields(octets):
    """Yields (number, value); a value is an int, or bytes."""
    at = 0
    while at < len(octets):
        key, at = varint(octets, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = varint(octets, at)
        elif kind == 1:
            value, at = struct.unpack_from("<Q", octets, at)[0], at + 8
        elif kind == 2:
            length, at = varint(octets, at)
            value, at = octets[at:at + length], at + length
            if len(value) != length:
                raise Mismatch("a message that ends in the middle of a field")
        else:
            raise Mismatch(f"wire type {kind}")
        yield number, value


def collected(octets):
    """field number -> its values"""
    values = {}
    for number, value in fields(octets):
        values.setdefault(number, []).append(value)
    return values


def only(values, number, default):
    return values.get(number, [default])[-1]


def unpacked(values):
    """A repeated enum's numbers, packed or not."""
    numbers = []
    for value in values:
        if isinstance(value, int):
            numbers.append(value)
            continue
        at = 0
        while at < len(value):
            number, at = varint(value, at)
            numbers.append(number)
    return numbers


# -- what the messages say, as it stands in the hashes ---------------------------------------------

def domain_value(entry):
    """zonecast.v1.DomainEntry -> (domain, its value in the hash)"""
    values = collected(entry)
    transports = ",".join(TRANSPORTS[number] for number in unpacked(values.get(4, [])))
    text = (f"did={only(values, 2, b'').decode()};state={STATES[only(values, 3, 0)]};"
            f"transports={transports};role={ROLES[only(values, 5, 0)]}")
    return only(values, 1, b""), text.encode()


def percent_encoded(text):
    return "".join(chr(octet) if octet in PLAIN else f"%{octet:02X}" for octet in text)


def value_text(value):
    """zonecast.v1.Value"""
    for number, content in fields(value):
        if number == 1:
            return str(content - (1 << 64) if content >> 63 else content)
        if number == 2:
            return percent_encoded(content)
        if number == 3:
            return "true" if content else "false"
        if number == 4:
            return f"{content}s"
    # A member of a oneof is written even when it is 0, so there is one.
    raise Mismatch("a value of no known kind")


def attribute_value(virtual_domain):
    """zonecast.v1.VirtualDomain -> its list in the hash `attribute`"""
    parts = []
    for attribute in collected(virtual_domain).get(5, []):
        values = collected(attribute)
        name = only(values, 1, b"").decode()
        parts += [f"{name}={value_text(value)}" for value in values[2]]
    return ";".join(parts).encode()


def content_term(*parts):
    data = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "big")


def content_sum(hashes):
    total = sum(content_term(name.encode(), field, value)
                for name in HASHES for field, value in hashes[name].items())
    return f"{total % 2 ** 64:016x}"


def pairs(flat):
    return dict(zip(flat[::2], flat[1::2]))


class Content:
    """The three hashes and meta, read at one instant."""

    def __init__(self, client, prefix):
        replies = client.transaction(*(("HGETALL", prefix + name) for name in (*HASHES, "meta")))
        self.hashes = {name: pairs(flat) for name, flat in zip(HASHES, replies)}
        self.meta = {field.decode(): value.decode() for field, value in pairs(replies[-1]).items()}

    def domains(self):
        return {name.decode(): value.decode() for name, value in self.hashes["domain"].items()}

    def attributes(self):
        return {did.decode(): value.decode() for did, value in self.hashes["attribute"].items()}

    def members(self):
        """DID -> (customer, canonical domain, [domains])"""
        told = {}
        for did, message in self.hashes["vdomain"].items():
            values = collected(message)
            told[did.decode()] = (only(values, 2, b"").decode(), only(values, 3, b"").decode(),
                                  [domain.decode() for domain in values.get(4, [])])
        return told

    def check(self):
        """Raises unless everything agrees with everything else."""
        if not self.meta.get("lineage"):
            if any(self.hashes.values()):
                raise Mismatch("entries, though nothing was published")
            return
        self.check_meta()
        members = {}
        for domain, value in self.domains().items():
            members.setdefault(value.split(";")[0].removeprefix("did="), []).append(domain)
        told = self.members()
        if {did: sorted(domains) for did, domains in members.items()} != \
                {did: domains for did, (_, _, domains) in told.items()}:
            raise Mismatch(f"domain says {members}, vdomain says {told}")
        for did, message in self.hashes["vdomain"].items():
            if told[did.decode()][1] not in told[did.decode()][2]:
                raise Mismatch(f"the canonical domain of {did} is none of its domains")
            if self.hashes["attribute"].get(did) != attribute_value(message):
                raise Mismatch(f"attribute and vdomain differ in {did}")

    def check_meta(self):
        if self.meta["schema"] != "1" or "staging" in self.meta:
            raise Mismatch(f"meta: {self.meta}")
        counts = (len(self.hashes["domain"]), len(self.hashes["vdomain"]), len(self.hashes["attribute"]))
        if counts != (int(self.meta["domains"]), *[int(self.meta["virtual_domains"])] * 2):
            raise Mismatch(f"there are {counts} entries, but meta says {self.meta}")
        if self.meta["content"] != content_sum(self.hashes):
            raise Mismatch(f"content is {content_sum(self.hashes)}, but meta says {self.meta}")


class Reader:
    """Loads once, then follows the log: what a mirror does."""

    def __init__(self, client, prefix):
        self.client = client
        self.prefix = prefix
        self.loads = 0
        self.load()

    def load(self):
        """Scans in small slices while the publisher goes on, as REDIS.md says: meta, scan, meta."""
        self.loads += 1
        while True:
            before = self.meta()
            self.hashes = {name: self.scan(name) for name in HASHES}
            after = self.meta()
            if all(before.get(field) == after.get(field) for field in ("lineage", "generation")):
                break
        self.lineage = before.get("lineage")
        self.version = int(before.get("version", 0))
        self.chain = bytes.fromhex(before.get("chain", ""))

    def meta(self):
        return {field.decode(): value.decode()
                for field, value in pairs(self.client.command("HGETALL", self.prefix + "meta")).items()}

    def scan(self, name):
        found, cursor = {}, b"0"
        while True:
            cursor, flat = self.client.command("HSCAN", self.prefix + name, cursor, "COUNT", 200)
            found.update(pairs(flat))
            if cursor == b"0":
                return found

    def follow(self):
        """Applies what the log has beyond our version, a whole version at a time."""
        if self.meta().get("lineage") != self.lineage:
            return self.load()
        after = f"({self.version}-18446744073709551615"
        chunks = []
        for entry_id, flat in self.client.command("XRANGE", self.prefix + "log", after, "+"):
            name, entry = flat
            message = collected(entry)
            version, chunk = (int(part) for part in entry_id.split(b"-"))
            if only(message, 1, b"").decode() != self.lineage or name == b"rebase":
                return self.load()
            if (version, chunk) != (only(message, 3, 0), only(message, 4, 0)):
                raise Mismatch(f"entry {entry_id} says it is {only(message, 3, 0)}-{only(message, 4, 0)}")
            chunks.append(entry)
            if chunk != len(chunks):
                raise Mismatch(f"version {version}: chunk {chunk} comes after {len(chunks) - 1}")
            if chunk == only(message, 5, 0):
                self.apply(version, chunks)
                chunks = []
        if chunks:
            raise Mismatch("the last version of the log is incomplete")

    def apply(self, version, chunks):
        for entry in chunks:
            message = collected(entry)
            for put in message.get(8, []):
                domain, value = domain_value(put)
                self.hashes["domain"][domain] = value
            for domain in message.get(9, []):
                self.hashes["domain"].pop(domain, None)
            for put in message.get(10, []):
                did = only(collected(put), 1, b"")
                self.hashes["vdomain"][did] = put
                self.hashes["attribute"][did] = attribute_value(put)
            for did in message.get(11, []):
                self.hashes["vdomain"].pop(did, None)
                self.hashes["attribute"].pop(did, None)
        self.chain = hashlib.sha256(self.chain + b"".join(chunks)).digest()
        self.version = version
        told = f"{only(collected(chunks[0]), 6, 0):016x}"
        if told != content_sum(self.hashes):
            raise Mismatch(f"version {version}: its content is {content_sum(self.hashes)}, the log says {told}")

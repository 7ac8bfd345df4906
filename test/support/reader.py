"""A reader of what zonecast publishes, written from schema/REDIS.md and schema/*.proto alone.

It is the other side of the contract: it loads the hashes, follows the log, recomputes the digests, and keeps
what it serves until it has something better. Where it and the publisher disagree, one of them, or the page,
is wrong.
"""

import hashlib
import struct

HASHES = ("domain", "attribute", "vdomain")
STATES = {1: "hosted", 2: "retiring"}
TRANSPORTS = {1: "udp", 2: "tcp", 3: "tls", 4: "ws", 5: "wss"}
ROLES = {1: "primary", 2: "backup"}
PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/@")


NEWEST_CHUNK = 2 ** 64 - 1  # an ID with it is beyond all entries of its version


class Mismatch(Exception):
    """What is published contradicts itself, or the contract."""


class LoadAgain(Exception):
    """The log does not lead on from what is served; the text says why."""


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

    @classmethod
    def of(cls, hashes, meta=None):
        """What was read otherwise."""
        content = cls.__new__(cls)
        content.hashes = hashes
        content.meta = meta or {}
        return content

    @classmethod
    def without_transaction(cls, keys):
        """For a Redis that takes none: it is full, or a replica."""
        while True:
            before = keys.meta()
            hashes = {name: keys.scan(name) for name in HASHES}
            if keys.meta() == before:
                return cls.of(hashes, before)

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
        if "staging" in self.meta:
            raise Mismatch(f"meta: {self.meta}")
        self.check_whole()

    def agrees(self):
        try:
            self.check_whole()
        except (Mismatch, ValueError, IndexError, KeyError):  # or it cannot even be read
            return False
        return True

    def check_whole(self):
        """The same, while the publisher may be preparing something."""
        if not self.meta.get("lineage"):
            if any(self.hashes.values()):
                raise Mismatch("entries, though nothing was published")
            return
        self.check_meta()
        self.check_entries()

    def check_entries(self):
        """The three hashes agree with one another."""
        members = {}
        for domain, value in self.domains().items():
            members.setdefault(value.split(";")[0].removeprefix("did="), []).append(domain)
        told = self.members()
        if {did: sorted(domains) for did, domains in members.items()} != \
                {did: domains for did, (_, _, domains) in told.items()}:
            raise Mismatch(f"domain says {members}, vdomain says {told}")
        if self.hashes["attribute"].keys() != self.hashes["vdomain"].keys():
            raise Mismatch("attribute and vdomain differ in their DIDs")
        for did, message in self.hashes["vdomain"].items():
            if told[did.decode()][1] not in told[did.decode()][2]:
                raise Mismatch(f"the canonical domain of {did} is none of its domains")
            if self.hashes["attribute"].get(did) != attribute_value(message):
                raise Mismatch(f"attribute and vdomain differ in {did}")

    def check_meta(self):
        if self.meta["schema"] != "1":
            raise Mismatch(f"meta: {self.meta}")
        counts = (len(self.hashes["domain"]), len(self.hashes["vdomain"]), len(self.hashes["attribute"]))
        if counts != (int(self.meta["domains"]), *[int(self.meta["virtual_domains"])] * 2):
            raise Mismatch(f"there are {counts} entries, but meta says {self.meta}")
        if self.meta["content"] != content_sum(self.hashes):
            raise Mismatch(f"content is {content_sum(self.hashes)}, but meta says {self.meta}")


class Snapshot:
    """All entries of one version. It is never changed: the next version is another one."""

    def __init__(self, lineage, version, chain, hashes):
        self.lineage = lineage
        self.version = version
        self.chain = chain
        self.hashes = hashes

    def followed_by(self, version, chunks):
        """This, with the change set in these entries of the log."""
        hashes = {name: dict(entries) for name, entries in self.hashes.items()}
        for message in map(collected, chunks):
            for put in message.get(8, []):
                domain, value = domain_value(put)
                hashes["domain"][domain] = value
            for domain in message.get(9, []):
                hashes["domain"].pop(domain, None)
            for put in message.get(10, []):
                did = only(collected(put), 1, b"")
                hashes["vdomain"][did] = put
                hashes["attribute"][did] = attribute_value(put)
            for did in message.get(11, []):
                hashes["vdomain"].pop(did, None)
                hashes["attribute"].pop(did, None)
        return Snapshot(self.lineage, version, hashlib.sha256(self.chain + b"".join(chunks)).digest(), hashes)

    def agrees_with(self, meta):
        """Whether meta, which tells of the same version, has these digests."""
        return meta.get("chain") == self.chain.hex() and meta.get("content") == content_sum(self.hashes)


class Keys:
    """Reads what stands under the prefix."""

    def __init__(self, client, prefix):
        self.client = client
        self.prefix = prefix

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

    def log_after(self, version):
        return self.client.command("XRANGE", self.prefix + "log", f"({version}-{NEWEST_CHUNK}", "+")

    def wait_for_log(self, version, milliseconds):
        """What is new, once it comes; an empty list when nothing came in time."""
        reply = self.client.command("XREAD", "BLOCK", milliseconds, "STREAMS", self.prefix + "log",
                                    f"{version}-{NEWEST_CHUNK}")
        return reply[0][1] if reply else []


class Reader:
    """What a mirror does: loads, then follows the log. `served` is what it would answer from: nothing until
    something whole was read, then always something whole.
    """

    def __init__(self, client, prefix):
        self.keys = Keys(client, prefix)
        self.served = None
        self.loads = 0
        self.amiss = ""  # why what is served may not be the newest
        self.load()

    @property
    def hashes(self):
        return self.served.hashes

    @property
    def chain(self):
        return self.served.chain

    def serve(self, snapshot):
        """Everything that is ever served comes through here."""
        self.served = snapshot
        self.amiss = ""

    def keep(self, why):
        """There is nothing better to be had now."""
        self.amiss = why

    def connect(self, client):
        """Goes on with another connection, from what is served."""
        self.keys = Keys(client, self.keys.prefix)

    # -- loading -----------------------------------------------------------------------------------

    def load(self):
        """Scans in small slices while the publisher goes on: meta, scan, meta, and the log since."""
        self.loads += 1
        while True:
            before = self.keys.meta()
            if why := self.no_continuation(before):
                return self.keep(why)
            hashes = {name: self.keys.scan(name) for name in HASHES}
            after = self.keys.meta()
            if all(before.get(field) == after.get(field) for field in ("lineage", "generation")):
                break
        snapshot = Snapshot(before["lineage"], int(before["version"]), bytes.fromhex(before["chain"]), hashes)
        try:
            newer = list(self.versions_in(self.keys.log_after(snapshot.version), snapshot.lineage))
            for version, chunks in newer:
                snapshot = snapshot.followed_by(version, chunks)
        except LoadAgain as why:
            return self.keep(str(why))
        told = self.told_content(newer[-1][1]) if newer else before["content"]
        if told != content_sum(snapshot.hashes):
            return self.keep("the content is not what meta says")
        self.serve(snapshot)

    def no_continuation(self, meta):
        """Why what meta tells of must not replace what is served."""
        if not meta.get("lineage"):
            return "nothing is published"
        if meta["schema"] != "1":
            return f"schema {meta['schema']}"
        if self.served and meta["lineage"] == self.served.lineage and int(meta["version"]) < self.served.version:
            return "the version went back"
        return ""

    # -- following ---------------------------------------------------------------------------------

    def follow(self, block_ms=0):
        """Applies what the log has beyond our version, a whole version at a time."""
        if self.served is None or self.amiss:
            return self.load()
        try:
            entries = (self.keys.wait_for_log(self.served.version, block_ms) if block_ms
                       else self.keys.log_after(self.served.version))
            for version, chunks in self.versions_in(entries, self.served.lineage):
                snapshot = self.served.followed_by(version, chunks)
                if self.told_content(chunks) != content_sum(snapshot.hashes):
                    raise LoadAgain(f"version {version} has another content than the log says")
                self.serve(snapshot)
            if not entries:
                self.compare(self.keys.meta())
        except LoadAgain:
            self.load()

    def compare(self, meta):
        if why := self.no_continuation(meta):
            return self.keep(why)
        if meta["lineage"] != self.served.lineage:
            raise LoadAgain("another lineage")
        if int(meta["version"]) > self.served.version:
            if not self.keys.log_after(self.served.version):
                raise LoadAgain("the log lacks what meta tells of")
        elif not self.served.agrees_with(meta):
            raise LoadAgain("another history")

    @staticmethod
    def versions_in(entries, lineage):
        """(version, the entries that it is in the log), one version after the other."""
        chunks = []
        for entry_id, (name, entry) in entries:
            try:
                message = collected(entry)
                told = tuple(only(message, number, 0) for number in (3, 4, 5))
            except (IndexError, Mismatch) as bad:
                raise LoadAgain(f"entry {entry_id} does not decode: {bad}") from None
            if only(message, 1, b"").decode() != lineage or name == b"rebase":
                raise LoadAgain("everything was replaced")
            version, chunk = (int(part) for part in entry_id.split(b"-"))
            chunks.append(entry)
            if (version, chunk) != told[:2] or chunk != len(chunks):
                raise LoadAgain(f"entry {entry_id} is none that leads on")
            if chunk == told[2]:
                yield version, chunks
                chunks = []
        if chunks:
            raise LoadAgain("the last version of the log is incomplete")

    @staticmethod
    def told_content(chunks):
        return f"{only(collected(chunks[0]), 6, 0):016x}"

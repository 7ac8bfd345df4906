"""Looks into a table as a proxy does: by libzonecast (adapters/worker/zonecast.h), through ctypes."""

import ctypes

from reader import percent_encoded

HOSTED, FOREIGN, UNKNOWN, TOO_OLD, INVALID = range(1, 6)
INTEGER, STRING, BOOLEAN, DURATION = range(1, 5)
TRANSPORTS = ("udp", "tcp", "tls", "ws", "wss")


class Text(ctypes.Structure):
    _fields_ = [("octets", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    def __str__(self):
        return ctypes.string_at(self.octets, self.length).decode()


class VirtualDomain(ctypes.Structure):
    _fields_ = [("did", Text), ("customer", Text), ("canonical", Text), ("domains", ctypes.c_size_t),
                ("attributes", ctypes.c_size_t), ("record", ctypes.c_void_p)]


class Domain(ctypes.Structure):
    _fields_ = [("name", Text), ("did", Text), ("state", ctypes.c_int), ("role", ctypes.c_int),
                ("transports", ctypes.c_uint), ("record", ctypes.c_void_p)]


class Value(ctypes.Structure):
    _fields_ = [("name", Text), ("type", ctypes.c_int), ("text", Text), ("number", ctypes.c_int64)]


class Status(ctypes.Structure):
    _fields_ = [("commit", ctypes.c_uint64), ("generation", ctypes.c_uint64), ("term", ctypes.c_uint64),
                ("version", ctypes.c_uint64), ("lineage", ctypes.c_char * 37), ("filled", ctypes.c_bool),
                ("age", ctypes.c_int64), ("domains", ctypes.c_uint64), ("virtual_domains", ctypes.c_uint64),
                ("foreign", ctypes.c_uint64)]


def load(library):
    library = ctypes.CDLL(str(library))
    table, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    for name, result, *arguments in (
            ("open", table, text, ctypes.c_void_p, text, size),
            ("close", None, table),
            ("refresh", ctypes.c_bool, table),
            ("error", text, table),
            ("lookup", ctypes.c_int, table, text, size, ctypes.POINTER(Domain)),
            ("virtual_domain_of", ctypes.c_bool, table, ctypes.POINTER(Domain), ctypes.POINTER(VirtualDomain)),
            ("member", ctypes.c_bool, table, ctypes.POINTER(VirtualDomain), size, ctypes.POINTER(Text)),
            ("attribute", ctypes.c_bool, table, ctypes.POINTER(VirtualDomain), size, ctypes.POINTER(Value)),
            ("attribute_find", ctypes.c_bool, table, ctypes.POINTER(VirtualDomain), text, size, size,
             ctypes.POINTER(Value)),
            ("status_of", None, table, ctypes.POINTER(Status)),
            ("wanted", ctypes.c_bool, table, text, size)):
        function = getattr(library, f"zonecast_{name}")
        function.restype, function.argtypes = result, arguments
    return library


class NoTable(Exception):
    """There is none that can be read; the library's own words."""


def library_in(build):
    """One that this process can load: without the sanitizers that the build may have."""
    unsanitized = build / "lib/unsanitized/libzonecast.so"
    return unsanitized if unsanitized.exists() else build / "lib/libzonecast.so"


class TableReader:
    def __init__(self, build, path):
        self.library = load(library_in(build))
        error = ctypes.create_string_buffer(512)
        self.table = self.library.zonecast_open(str(path).encode(), None, error, len(error))
        if not self.table:
            raise NoTable(error.value.decode())

    def close(self):
        self.library.zonecast_close(self.table)

    def refresh(self):
        if not self.library.zonecast_refresh(self.table):
            raise NoTable(self.library.zonecast_error(self.table).decode())

    def status(self):
        """Of the newest state."""
        self.refresh()
        status = Status()
        self.library.zonecast_status_of(self.table, status)
        return status

    def answer(self, host):
        """HOSTED, FOREIGN, ... in the newest state."""
        self.refresh()
        return self.find(host)[0]

    def find(self, host):
        domain = Domain()
        return self.library.zonecast_lookup(self.table, host.encode(), len(host.encode()), domain), domain

    def wanted(self, host):
        return self.library.zonecast_wanted(self.table, host.encode(), len(host.encode()))

    # -- as it stands in Redis ---------------------------------------------------------------------

    def domain_value(self, host):
        """What `domain` says; nothing of one that is not hosted."""
        answer, domain = self.find(host)
        if answer != HOSTED:
            return None
        transports = ",".join(name for bit, name in enumerate(TRANSPORTS, 1) if domain.transports >> bit & 1)
        return (f"did={domain.did};state={('hosted', 'retiring')[domain.state - 1]};transports={transports};"
                f"role={('primary', 'backup')[domain.role - 1]}")

    def virtual_domain(self, host):
        """(customer, canonical domain, [domains], what `attribute` says)"""
        _, domain = self.find(host)
        virtual_domain = VirtualDomain()
        if not self.library.zonecast_virtual_domain_of(self.table, domain, virtual_domain):
            return None
        members, attributes = [], []
        member, value = Text(), Value()
        for k in range(virtual_domain.domains):
            if self.library.zonecast_member(self.table, virtual_domain, k, member):
                members.append(str(member))
        for k in range(virtual_domain.attributes):
            if self.library.zonecast_attribute(self.table, virtual_domain, k, value):
                attributes.append(f"{value.name}={self.value_text(value)}")
        return str(virtual_domain.customer), str(virtual_domain.canonical), members, ";".join(attributes)

    def attribute(self, host, name):
        """Its first value, as text; nothing when there is none."""
        virtual_domain, value = VirtualDomain(), Value()
        found = (self.library.zonecast_virtual_domain_of(self.table, self.find(host)[1], virtual_domain)
                 and self.library.zonecast_attribute_find(self.table, virtual_domain, name.encode(), len(name), 0, value))
        return str(value.text) if found else None

    @staticmethod
    def value_text(value):
        if value.type == STRING:
            return percent_encoded(str(value.text).encode())
        if value.type == BOOLEAN:
            return "true" if value.number else "false"
        return f"{value.number}s" if value.type == DURATION else str(value.number)

    def differences(self, content):
        """How the newest state differs from what Redis has, for people; empty when it does not."""
        status = self.status()
        domains, attributes, members = content.domains(), content.attributes(), content.members()
        found = []
        if (status.lineage.decode(), str(status.version)) != (content.meta.get("lineage"), content.meta.get("version")):
            found.append(f"the table is at {status.lineage.decode()} {status.version}, Redis at {content.meta}")
        if (status.domains, status.virtual_domains) != (len(domains), len(attributes)):
            found.append(f"the table has {status.domains} domains of {status.virtual_domains}")
        for name, value in domains.items():
            if self.domain_value(name) != value:
                found.append(f"{name}: {self.domain_value(name)}, not {value}")
                continue
            did = value.split(";")[0].removeprefix("did=")
            if self.virtual_domain(name) != (*members[did], attributes[did]):
                found.append(f"{name}: {self.virtual_domain(name)}, not {members[did]} {attributes[did]}")
        return found

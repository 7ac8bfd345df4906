"""zonecast export --follow, Kamailio with its own module domain beside it, and what its tables must hold.

What they must hold is made here from the three hashes alone, as schema/REDIS.md and schema/kamailio.sql have it.
"""

import contextlib
import shutil
import sqlite3
from typing import NamedTuple

import parts
import telephony as sip
from reader import collected, only

LOAD, DISABLED, CANONICAL = 1, 2, 4
INTEGER, TEXT = 0, 2
QUERIES = {
    "domain": "SELECT domain, did FROM domain ORDER BY domain",
    "domain_attrs": "SELECT did, name, type, value FROM domain_attrs ORDER BY did, id",
    "uid_domain": "SELECT did, domain, flags FROM uid_domain ORDER BY domain",
    "uid_domain_attrs": "SELECT did, name, type, value, flags FROM uid_domain_attrs ORDER BY did, id",
}
HEADERS = {
    "domain": ["domain", "did"],
    "domain_attrs": ["did", "name", "type", "value"],
    "uid_domain": ["did", "domain", "flags"],
    "uid_domain_attrs": ["did", "name", "type", "value", "flags"],
}


def typed(value):
    """A zonecast.v1.Value as (type, value)."""
    values = collected(value)
    if 1 in values:
        number = only(values, 1, 0)
        number -= (1 << 64) if number >> 63 else 0
        return (INTEGER if -2 ** 31 <= number < 2 ** 31 else TEXT), str(number)
    if 2 in values:
        return TEXT, only(values, 2, b"").decode()
    if 3 in values:
        return TEXT, "true" if only(values, 3, 0) else "false"
    return TEXT, f"{only(values, 4, 0)}s"


def in_uri(host):
    """As Kamailio finds a host in a URI."""
    return f"[{host}]" if ":" in host else host


def expected_tables(content):
    canonical = {did: in_uri(member[1]) for did, member in content.members().items()}
    domain, uid_domain = [], []
    for name, value in sorted((in_uri(name), value) for name, value in content.domains().items()):
        told = dict(pair.split("=") for pair in value.split(";"))
        domain.append((name, told["did"]))
        flags = LOAD | (DISABLED if told["state"] == "retiring" else 0) | (CANONICAL if canonical[told["did"]] == name else 0)
        uid_domain.append((told["did"], name, flags))
    attributes = []
    for did, message in sorted(content.hashes["vdomain"].items()):
        for attribute in map(collected, collected(message).get(5, [])):
            attributes += [(did.decode(), only(attribute, 1, b"").decode(), *typed(value)) for value in attribute[2]]
    return {"domain": domain, "domain_attrs": attributes, "uid_domain": uid_domain,
            "uid_domain_attrs": [(*row, LOAD) for row in attributes]}


class Held(NamedTuple):
    """What an export's database holds, read in one transaction."""

    lineage: str
    version: int
    tables: dict


def held_by(path):
    """Nothing while it has no version."""
    with contextlib.closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        position = connection.execute("SELECT lineage, version FROM zonecast_position").fetchone()
        tables = {name: connection.execute(query).fetchall() for name, query in QUERIES.items()}
    return Held(*position, tables) if position else None


class Export(parts.Part):
    """zonecast export --follow."""

    def __init__(self, folder, redis, *options, rpc=None, database=None, socket=None, name="export"):
        super().__init__(name, folder)
        self.database = database or self.folder / "domains.db"
        self.command = (parts.build_folder() / "bin/zonecast", "export", "--redis", f"unix:{socket or redis.socket}",
                        "--deployment", redis.deployment, "--follow", "--db", f"sqlite:{self.database}",
                        "--kamailio-rpc", f"unix:{rpc}" if rpc else "off", "--log-level", "debug", *options)

    def start(self):
        self.spawn(*self.command)
        self.wait_until(lambda: self.said("exports database"), "it runs")

    def said(self, *words):
        """The lines of its log that hold all of the words."""
        return [line for line in self.log.read_text(errors="replace").splitlines()
                if all(word in line for word in words)]

    def loads(self):
        return len(self.said("loaded lineage"))

    def held(self):
        return held_by(self.database)


class StockKamailio(parts.Part):
    def __init__(self, folder, database, name="kamailio"):
        super().__init__(name, folder)
        self.port = parts.free_port()
        self.database = database
        shutil.copy(parts.ROOT / "config/kamailio/domain-module.cfg", self.folder)
        script = (parts.ROOT / "test/support/stock_kamailio.cfg").read_text()
        (self.folder / "kamailio.cfg").write_text(f"listen=udp:127.0.0.1:{self.port}\n{script}")
        self.rpc = self.folder / "kamailio_rpc.sock"

    def start(self):
        self.spawn("kamailio", "-f", self.folder / "kamailio.cfg", "-DD", "-E", "-Y", self.folder, "-m", "64", "-M", "8",
                   "-A", f'DOMAINS_DB="sqlite:///{self.database}"')
        self.wait_until(lambda: self.status("nowhere.example") == 404, "it answers")

    def look_up(self, domain):
        """Its answer to a request to that domain."""
        phone = sip.Phone(self.port, timeout=0.5)
        try:
            return phone.ask("OPTIONS", f"sip:x@{domain}")
        except OSError:  # nobody there yet
            return None
        finally:
            phone.close()

    def status(self, domain):
        answer = self.look_up(domain)
        return answer and answer.status

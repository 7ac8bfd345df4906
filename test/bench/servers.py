"""The servers around zonecastd: primaries, and the secondaries that it is measured against.

A primary has started when it serves all its zones. A secondary starts with its zones configured and nothing of
them on disk, and is not waited for: its transfers are what is measured. Loggers, journals and zone files are as
their defaults have them.
"""

import looking
from parts import Part, free_port

LOOPBACK_ONLY = """  recursion no; notify no; dnssec-validation no; empty-zones-enable no;
  pid-file "named.pid"; session-keyfile "session.key"; lock-file none; listen-on-v6 { none; };"""


class Primary(Part):
    """Serves zones whose text `text_of` makes, one after the other."""

    def __init__(self, folder, name, zones, text_of, patience):
        super().__init__(name, folder)
        self.zones = list(zones)
        self.text_of = text_of
        self.patience = patience  # seconds
        self.port = free_port()
        self.config = self.folder / f"{name}.conf"

    def start(self):
        for zone in self.zones:
            (self.folder / f"{zone}.zone").write_text(self.text_of(zone))
        self.config.write_text(self.configuration())
        self.spawn(*self.command())
        with looking.LogTail(self, whole=True) as tail:
            self.missing = len(self.zones)
            self.wait_until(lambda: self.all_loaded(tail), "it serves its zones", self.patience)

    def all_loaded(self, tail):
        self.missing -= sum(self.LOADED in line for line in tail.lines())
        return self.missing <= 0


class KnotPrimary(Primary):
    LOADED = b"] loaded, serial none -> "
    SENDS = b"AXFR, outgoing"  # what it logs when it begins to send a zone

    def __init__(self, folder, zones, text_of, patience):
        super().__init__(folder, "knotd", zones, text_of, patience)

    def command(self):
        return "knotd", "-c", self.config

    def configuration(self):
        return f"""
server:
    rundir: {self.folder}
    listen: 127.0.0.1@{self.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 2
log:
  - target: stdout
    any: info
database:
    storage: {self.folder}
acl:
  - id: transfer
    address: 127.0.0.0/8
    action: transfer
template:
  - id: default
    storage: {self.folder}
    file: "%s.zone"
    acl: transfer
    semantic-checks: off
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
zone:
""" + "".join(f"  - domain: {zone}\n" for zone in self.zones)


class NamedPrimary(Primary):
    """Takes RFC 2136 updates, and answers IXFR from its journal. It sends no NOTIFY itself."""

    LOADED = b"/IN: loaded serial "

    def __init__(self, folder, zones, text_of, patience):
        super().__init__(folder, "named", zones, text_of, patience)

    def command(self):
        return "named", "-g", "-n", "1", "-c", self.config

    def configuration(self):
        return f"""
options {{
  directory "{self.folder}"; managed-keys-directory "{self.folder}";
{LOOPBACK_ONLY}
  listen-on port {self.port} {{ 127.0.0.1; }};
  allow-transfer {{ 127.0.0.0/8; }}; transfers-out 200; max-journal-size 100m;
}};
controls {{ }};
""" + "".join(f'zone "{zone}" {{ type primary; file "{zone}.zone"; check-names ignore; '
              "allow-update { 127.0.0.0/8; }; };\n" for zone in self.zones)


class Secondary(Part):
    def __init__(self, folder, name, zones, primary_port):
        super().__init__(name, folder)
        self.zones = list(zones)
        self.primary_port = primary_port
        self.port = free_port()
        self.config = self.folder / f"{name}.conf"

    def start(self):
        """Spawns it and returns at once: its transfers are what is waited for."""
        self.config.write_text(self.configuration())
        self.spawn(*self.command())


class KnotSecondary(Secondary):
    HAS_LOADED = b"zone updated, "

    def __init__(self, folder, zones, primary_port):
        super().__init__(folder, "knotd-secondary", zones, primary_port)

    def command(self):
        return "knotd", "-c", self.config

    def configuration(self):
        return f"""
server:
    rundir: {self.folder}
    listen: 127.0.0.1@{self.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 2
log:
  - target: stdout
    any: info
database:
    storage: {self.folder}
remote:
  - id: primary
    address: 127.0.0.1@{self.primary_port}
acl:
  - id: notify
    address: 127.0.0.0/8
    action: notify
template:
  - id: default
    storage: {self.folder}
    master: primary
    acl: notify
    semantic-checks: off
zone:
""" + "".join(f"  - domain: {zone}\n" for zone in self.zones)


class NsdSecondary(Secondary):
    def __init__(self, folder, zones, primary_port):
        super().__init__(folder, "nsd-secondary", zones, primary_port)

    def command(self):
        return "nsd", "-d", "-c", self.config

    def configuration(self):
        return f"""
server:
    ip-address: 127.0.0.1@{self.port}
    port: {self.port}
    server-count: 1
    username: ""
    chroot: ""
    zonesdir: "{self.folder}"
    database: ""
    pidfile: "{self.folder}/nsd.pid"
    xfrdfile: "{self.folder}/xfrd.state"
    zonelistfile: "{self.folder}/zone.list"
    xfrdir: "{self.folder}"
    cookie-secret-file: "{self.folder}/cookie"
remote-control:
    control-enable: no
""" + "".join(f"""
zone:
    name: "{zone}"
    zonefile: "{zone}.zone"
    request-xfr: 127.0.0.1@{self.primary_port} NOKEY
    allow-notify: 127.0.0.1 NOKEY
""" for zone in self.zones)


class NamedSecondary(Secondary):
    def __init__(self, folder, zones, primary_port):
        super().__init__(folder, "named-secondary", zones, primary_port)

    def command(self):
        return "named", "-g", "-n", "2", "-c", self.config

    def configuration(self):
        return f"""
options {{
  directory "{self.folder}"; managed-keys-directory "{self.folder}";
{LOOPBACK_ONLY}
  listen-on port {self.port} {{ 127.0.0.1; }};
  allow-notify {{ 127.0.0.0/8; }};
  serial-query-rate 1000;  // the 20 a second that it asks otherwise would be all that is measured
}};
controls {{ }};
""" + "".join(f'zone "{zone}" {{ type secondary; file "{zone}.bk"; '
              f"primaries {{ 127.0.0.1 port {self.primary_port}; }}; }};\n" for zone in self.zones)

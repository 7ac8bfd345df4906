"""knotd: edits by knotc, history in its journal, NOTIFY over TCP."""

from .primary import Primary


class Knot(Primary):
    @property
    def config(self):
        return self.folder / "knot.conf"

    def command(self):
        return "knotd", "-c", self.config

    def write_config(self):
        by_key = []
        lines = ["server:", f"    rundir: {self.folder}", f"    listen: 127.0.0.1@{self.port}",
                 "    udp-workers: 1", "    tcp-workers: 1", "    background-workers: 1"]
        lines += [f"    tcp-idle-timeout: {self.idle}"] if self.idle else []
        lines += ["log:", "  - target: stdout", "    any: info",
                  "database:", f"    storage: {self.folder}"]
        if self.key:
            algorithm, name, secret = self.key_parts()
            lines += ["key:", f"  - id: {name}", f"    algorithm: {algorithm}", f"    secret: {secret}"]
            by_key = [f"    key: {name}"]
        lines += ["acl:", "  - id: transfer", "    address: 127.0.0.0/8", "    action: transfer", *by_key]
        if self.notify:
            lines += ["remote:", "  - id: zonecast", f"    address: 127.0.0.1@{self.notify}", *by_key]
        lines += ["template:", "  - id: default", f"    storage: {self.zone_folder}",
                  '    file: "%s.zone"', "    acl: transfer", "    semantic-checks: off",
                  "    zonefile-sync: -1", "    zonefile-load: whole", "    journal-content: changes"]
        lines += ["    notify: zonecast"] if self.notify else []
        lines += ["zone:", *(f"  - domain: {zone}" for zone in self.zones)]
        self.config.write_text("\n".join(lines) + "\n")

    def make_edit(self, zone, changes):
        self.knotc("zone-begin", zone)
        for verb, *words in changes:
            self.knotc(f"zone-{verb}", zone, *words)
        self.knotc("zone-commit", zone)

    def load_anew(self, zone):
        # A file that is loaded whole goes past the journal, also at a start.
        self.zone_file(zone).write_text(self.zones[zone])
        self.knotc("zone-reload", zone)

    def send_notify(self, zone):
        self.knotc("zone-notify", zone)

    def knotc(self, *command):
        return self.tell("knotc", "-c", self.config, *command)

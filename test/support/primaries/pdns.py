"""pdns_server with its bind backend: edits by its zone files, no history, NOTIFY when it is told to."""

from .primary import Primary


class Pdns(Primary):
    cannot = {"ixfr": "its bind backend keeps no history: it answers every IXFR in full"}

    def command(self):
        return "pdns_server", f"--config-dir={self.folder}"

    def write_config(self):
        keys = self.folder / "keys.sqlite3"
        lines = ["launch=bind", f"bind-config={self.folder}/bind.conf", f"bind-dnssec-db={keys}",
                 "local-address=127.0.0.1", f"local-port={self.port}", f"socket-dir={self.folder}",
                 "setuid=", "setgid=", "primary=yes", "daemon=no", "guardian=no", "loglevel=5", "only-notify=",
                 "cache-ttl=0", "query-cache-ttl=0", "negquery-cache-ttl=0", "consistent-backends=no",
                 f"allow-axfr-ips={'' if self.key else '127.0.0.0/8'}"]
        lines += [f"also-notify=127.0.0.1:{self.notify}"] if self.notify else []
        lines += [f"tcp-idle-timeout={self.idle}"] if self.idle else []
        (self.folder / "pdns.conf").write_text("\n".join(lines) + "\n")
        (self.folder / "bind.conf").write_text("".join(
            f'zone "{zone}" {{ type master; file "{self.zone_file(zone)}"; }};\n' for zone in self.zones))
        keys.unlink(missing_ok=True)
        self.pdnsutil("create-bind-db", keys)
        if self.key:
            algorithm, name, secret = self.key_parts()
            self.pdnsutil("import-tsig-key", name, algorithm, secret)
            for zone in self.zones:
                self.pdnsutil("activate-tsig-key", zone, name, "primary")

    def make_edit(self, zone, changes):
        self.load_anew(zone)
        if self.notify:
            self.wait_until_served(zone)
            self.send_notify(zone)

    def load_anew(self, zone):
        self.zone_file(zone).write_text(self.zones[zone])
        self.control("bind-reload-now", zone, check=False)  # it gives up on a huge zone, which goes on loading

    def send_notify(self, zone):
        self.control("notify", zone)

    def control(self, *command, check=True):
        return self.tell("pdns_control", f"--config-dir={self.folder}", *command, check=check)

    def pdnsutil(self, *command):
        return self.tell("pdnsutil", f"--config-dir={self.folder}", *command)

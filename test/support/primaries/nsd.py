"""nsd: edits by its zone files, history where it is told to keep it, NOTIFY after a reload that found a new serial."""

from .primary import Primary


class Nsd(Primary):
    @property
    def config(self):
        return self.folder / "nsd.conf"

    def command(self):
        return "nsd", "-d", "-c", self.config

    def write_config(self):
        lines = ["server:", f"    ip-address: 127.0.0.1@{self.port}", f"    port: {self.port}", "    server-count: 1",
                 '    username: ""', '    chroot: ""', '    database: ""', "    verbosity: 2",
                 f'    zonesdir: "{self.zone_folder}"', f'    pidfile: "{self.folder}/nsd.pid"',
                 f'    xfrdfile: "{self.folder}/xfrd.state"', f'    zonelistfile: "{self.folder}/zone.list"',
                 f'    xfrdir: "{self.folder}"', f'    cookie-secret-file: "{self.folder}/cookie"']
        lines += [f"    tcp-timeout: {self.idle}"] if self.idle else []
        lines += ["remote-control:", "    control-enable: yes", f"    control-interface: {self.folder}/control.sock"]
        by_key = "NOKEY"
        if self.key:
            algorithm, by_key, secret = self.key_parts()
            lines += ["key:", f'    name: "{by_key}"', f"    algorithm: {algorithm}", f'    secret: "{secret}"']
        lines += ["pattern:", '    name: "primary"', '    zonefile: "%s.zone"', f"    provide-xfr: 127.0.0.0/8 {by_key}",
                  "    store-ixfr: yes", "    create-ixfr: yes"]
        lines += [f"    notify: 127.0.0.1@{self.notify} {by_key}"] if self.notify else []
        for zone in self.zones:
            lines += ["zone:", f'    name: "{zone}"', '    include-pattern: "primary"']
        self.config.write_text("\n".join(lines) + "\n")

    def make_edit(self, zone, changes):
        self.zone_file(zone).write_text(self.zones[zone])
        self.control("reload", zone)

    def forget_history(self, zone):
        for kept in self.zone_folder.glob(f"{zone}.zone.ixfr*"):
            kept.unlink()

    def send_notify(self, zone):
        """It has no command for it, but notifies at each start."""
        self.stop()
        self.start()

    def control(self, *command):
        return self.tell("nsd-control", "-c", self.config, *command)

"""named: edits by dynamic update (RFC 2136), history in its journals, NOTIFY over UDP."""

import contextlib

import parts

from .primary import Primary

CONTROL_KEY = parts.tsig_key("rndc")


class Named(Primary):
    cannot = {"more than ten transfers": "it answers SERVFAIL to whoever comes above its transfers-out, 10 by default"}

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.control_port = parts.free_port()

    @property
    def config(self):
        return self.folder / "named.conf"

    def command(self):
        return "named", "-g", "-n", "1", "-c", self.config

    def write_config(self):
        lines = [key_clause(CONTROL_KEY)]
        lines += [key_clause(self.key)] if self.key else []
        to_whom = f'key "{self.key_parts()[1]}"' if self.key else "127.0.0.0/8"
        signed = f' key "{self.key_parts()[1]}"' if self.key else ""
        lines += ["options {", f'  directory "{self.folder}"; managed-keys-directory "{self.folder}";',
                  '  pid-file "named.pid"; session-keyfile "session.key"; lock-file none;',
                  f"  listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};",
                  "  recursion no; dnssec-validation no; empty-zones-enable no;",
                  f"  allow-transfer {{ {to_whom}; }};"]
        lines += [f"  tcp-idle-timeout {self.idle * 10};"] if self.idle else []
        if self.notify:
            # By default it holds the next NOTIFY for a zone back for 5 s.
            lines += [f"  notify explicit; notify-delay 1; also-notify {{ 127.0.0.1 port {self.notify}{signed}; }};"]
        else:
            lines += ["  notify no;"]
        lines += ["};", "controls {", f"  inet 127.0.0.1 port {self.control_port} allow {{ 127.0.0.1; }}"
                  ' keys { "rndc"; };', "};"]
        lines += [f'zone "{zone}" {{ type primary; file "{self.zone_file(zone)}"; check-names ignore;'
                  " allow-update { 127.0.0.1; }; };" for zone in self.zones]
        self.config.write_text("\n".join(lines) + "\n")
        (self.folder / "rndc.conf").write_text("\n".join(
            [key_clause(CONTROL_KEY), 'options { default-key "rndc"; default-server 127.0.0.1;'
             f" default-port {self.control_port}; }};", ""]))

    def make_edit(self, zone, changes):
        lines = [f"server 127.0.0.1 {self.port}", f"zone {zone}"]
        for verb, owner, *words in changes:
            name = f"{zone}." if owner == "@" else f"{owner}.{zone}."
            lines.append(f"update {'add' if verb == 'set' else 'delete'} {name} {' '.join(words)}")
        self.tell("nsupdate", lines="\n".join([*lines, "send", ""]))

    def forget_history(self, zone):
        with contextlib.suppress(FileNotFoundError):
            self.zone_folder.joinpath(f"{zone}.zone.jnl").unlink()

    def send_notify(self, zone):
        self.rndc("notify", zone)

    def rndc(self, *command):
        return self.tell("rndc", "-c", self.folder / "rndc.conf", *command)


def key_clause(key):
    algorithm, name, secret = key.split(":")
    return f'key "{name}" {{ algorithm {algorithm}; secret "{secret}"; }};'

"""unbound: a validating resolver that knows nothing but the stub zones that it is given.

Other names are refused at once, wherever the test runs: it would ask the root servers, and wait for them for as long
as the network drops what it sends.
"""

import subprocess

from parts import Part, free_port


class Unbound(Part):
    def __init__(self, folder, stubs, anchors=()):
        """`stubs` is {zone: port on 127.0.0.1}, `anchors` are DS or DNSKEY records in text."""
        super().__init__("unbound", folder)
        self.port = free_port()
        self.stubs, self.anchors = stubs, anchors

    def start(self):
        config = self.folder / "unbound.conf"
        lines = ["server:", "    interface: 127.0.0.1", f"    port: {self.port}", '    username: ""', '    chroot: ""',
                 f'    directory: "{self.folder}"', f'    pidfile: "{self.folder}/unbound.pid"', "    use-syslog: no",
                 "    do-not-query-localhost: no", "    num-threads: 1", "    access-control: 127.0.0.0/8 allow",
                 '    module-config: "validator iterator"', "    verbosity: 1"]
        lines += ['    local-zone: "." always_refuse']
        lines += [f'    local-zone: "{zone}." always_transparent' for zone in self.stubs]
        lines += [f'    trust-anchor: "{anchor}"' for anchor in self.anchors]
        lines += [f'    domain-insecure: "{zone}."' for zone in self.stubs
                  if not any(anchor.startswith(f"{zone}.") for anchor in self.anchors)]
        for zone, port in self.stubs.items():
            lines += ["stub-zone:", f'    name: "{zone}."', f"    stub-addr: 127.0.0.1@{port}", "    stub-no-cache: no"]
        config.write_text("\n".join(lines) + "\n")
        self.spawn("unbound", "-d", "-c", config)
        self.wait_until(lambda: "start of service" in self.log.read_text(), "it serves")
        return self


def sign(folder, zone, text):
    """The zone's text signed with a new key, and the DS record of that key."""
    def run(*command):
        return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    folder.mkdir(parents=True, exist_ok=True)
    key = run("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", f"{zone}.").strip()
    run("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", f"{zone}.")
    (folder / "zone").write_text(text)
    run("dnssec-signzone", "-q", "-S", "-o", f"{zone}.", "-f", "signed", "zone")
    return (folder / "signed").read_text(), run("dnssec-dsfromkey", "-2", f"{key}.key").strip()

"""Kamailio with config/kamailio/ as it is shipped; only what local.cfg says is another in a test."""

import pathlib
import re
import shutil
import sqlite3
import subprocess

import parts
import telephony as sip

CONFIGURATION = parts.ROOT / "config/kamailio"


class Kamailio(parts.Part):
    """`settings` are the names of local.cfg's #!substdef lines; `defines` what it has commented out."""

    def __init__(self, folder, defines=(), name="kamailio", **settings):
        super().__init__(name, folder)
        self.port = parts.free_port()
        self.tls_port, self.ws_port = parts.free_port(), parts.free_port()
        self.defines = list(defines)
        self.settings = {
            "ZC_LUA": self.folder / "zonecast.lua",
            "USERS_DB": f"sqlite:///{self.folder}/users.db",
            "LOCATION_DB": f"sqlite:///{self.folder}/location.db",
            "TLS_CONFIG": self.folder / "tls.cfg",
            "DIALOG_SECRET": "a secret of the test",
            **settings,
        }
        # Where an installed module would be found without it.
        self.environment = {"LUA_CPATH": f"{parts.build_folder()}/lib/lua/?.so;;"}
        self.main = self.folder / "kamailio.cfg"
        for file in CONFIGURATION.iterdir():
            shutil.copy(file, self.folder)
        (self.folder / "local.cfg").write_text(self.local())
        if "WITH_TLS" in self.defines:
            self.make_certificate()
        for database in ("users", "location"):
            with sqlite3.connect(self.folder / f"{database}.db") as connection:
                connection.executescript((CONFIGURATION / "database.sql").read_text())

    def local(self):
        text = (CONFIGURATION / "local.cfg").read_text()
        for name, value in self.settings.items():
            text, count = re.subn(rf"(?m)^#!substdef \"!{name}!.*$", lambda _: f'#!substdef "!{name}!{value}!g"', text)
            if count != 1:
                raise parts.PartFailed(f"local.cfg has no setting {name}")
        for define, line, port in (("WITH_TLS", "listen=tls:127.0.0.1:5061", self.tls_port),
                                   ("WITH_WEBSOCKET", "listen=tcp:127.0.0.1:8080", self.ws_port)):
            if define in self.defines:
                text = text.replace(f"#{line}", line.rsplit(":", 1)[0] + f":{port}")
        return text.replace("127.0.0.1:5060", f"127.0.0.1:{self.port}")

    def make_certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
                        "-days", "1", "-subj", "/CN=localhost"], cwd=self.folder, check=True, capture_output=True)
        (self.folder / "tls.cfg").write_text("[server:default]\nmethod = TLSv1.2+\nprivate_key = "
                                             f"{self.folder}/key.pem\ncertificate = {self.folder}/cert.pem\n")

    def command(self, *options):
        defines = [word for define in self.defines for word in ("-A", define)]
        return ["kamailio", "-f", str(self.main), *options, "-m", "64", "-M", "8", *defines]

    def start(self):
        self.spawn(*self.command("-DD", "-E", "-Y", str(self.folder)),
                   environment=self.environment)
        self.wait_until(self.answers, "it answers OPTIONS")

    def answers(self):
        phone = sip.Phone(self.port, timeout=0.3)
        try:
            return phone.ask("OPTIONS", f"sip:127.0.0.1:{self.port}").status in (200, 503)
        except OSError:  # nobody there yet
            return False
        finally:
            phone.close()

    def said(self, *words):
        """The lines of its log that hold all of the words."""
        return [line for line in self.log.read_text(errors="replace").splitlines()
                if all(word in line for word in words)]

    def processes(self):
        """Its process and the children, each with the instant of its start."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        stat = {pid: pathlib.Path(f"/proc/{pid}/stat").read_text() for pid in (str(self.process.pid), *children)}
        return {pid: text.rpartition(")")[2].split()[19] for pid, text in stat.items()}

    # -- users -------------------------------------------------------------------------------------

    def users(self, statement, *values):
        with sqlite3.connect(self.folder / "users.db", timeout=10) as connection:
            connection.execute(statement, values)

    def add_user(self, name, did, password, realm=None, algorithm="MD5"):
        self.users("INSERT INTO subscriber (username, domain, ha1) VALUES (?, ?, ?)", name, did,
                   sip.ha1(name, realm or did, password, algorithm))

    def set_attribute(self, name, did, attribute, value):
        self.users("REPLACE INTO user_attribute VALUES (?, ?, ?, ?)", name, did, attribute, value)

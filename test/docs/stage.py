"""Where the commands of a page run: a folder with the paths that a host has, and the real servers behind them.

A page says /etc/zonecast, /run/redis/redis-server.sock, 127.0.0.1:9464; here they are below one folder and on free ports. So
names are replaced in what is run and put back in what it prints (`here`, `there`). `dig`, `knotc` and `redis-cli` ask
this stage's servers when they are not told whom; `systemctl` and `journalctl` do with its parts what systemd would do
with units. What is started is stopped when the stage is left.
"""

import contextlib
import getpass
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

import yaml

TEST = pathlib.Path(__file__).resolve().parents[1]
ROOT = TEST.parent
sys.path[:0] = [str(TEST / "support"), str(ROOT / "tour")]

import parts  # noqa: E402
import tour  # noqa: E402
from primaries import Knot  # noqa: E402
from unbound import Unbound  # noqa: E402

PATHS = ("/etc/zonecast", "/var/lib/zonecast", "/var/backups/zonecast", "/run/zonecast", "/etc/redis", "/var/lib/redis",
         "/run/redis",
         "/dev/shm/zonecast-main")
DEPLOYMENT = "main"
EXAMPLES = "/usr/share/doc/zonecast/examples"
KAMAILIO = "/usr/share/doc/lua-zonecast/examples/kamailio"
HEAD = "$TTL 3600\n@ IN SOA ns1 hostmaster 1 3600 600 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\n"


class Redis(parts.Redis):
    """As Debian's unit has it: its socket at /run/redis, its data in /var/lib/redis, with what a page puts into /etc/redis."""

    def __init__(self, stage):
        super().__init__(stage.path("/var/lib/redis"), deployment=DEPLOYMENT)
        self.socket, self.config = stage.path("/run/redis/redis-server.sock"), stage.path("/etc/redis/zonecast.conf")

    def start(self):
        self.spawn("redis-server", *([self.config] if self.config.exists() else []), "--port", "0",
                   "--unixsocket", self.socket, "--dir", self.folder, "--save", "", "--appendonly", "yes",
                   "--appendfsync", "always")
        self.wait_until(self.answers, "it answers PING")


class Unit(parts.Part):
    """One of our programs, as its unit starts it."""

    def __init__(self, stage, name):
        super().__init__(name, stage.folder / "log")
        self.stage = stage

    def start(self):
        if self.process is not None and self.process.poll() is None:
            return
        with contextlib.suppress(FileNotFoundError):
            self.log.unlink()
        self.spawn(*self.command())
        self.wait_until(self.is_ready, "it is ready")

    def command(self):
        if self.name == "zonecastd":
            return self.stage.bin / "zonecastd", "-c", self.stage.path("/etc/zonecast/zonecast.yaml")
        options = self.stage.path("/etc/zonecast/mirror.env").read_text().partition('="')[2].partition('"')[0].split()
        return self.stage.bin / "zonecast-mirror", *options

    def is_ready(self):
        return "is running" in self.log.read_text(errors="replace")


class Stage:
    def __init__(self, zones, customers=None):
        """zones: {name: text} that the primary serves; customers: "the tour's", or one that has them all."""
        self.bin = parts.build_folder() / "bin"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="zonecast-docs-"))
        self.exits = contextlib.ExitStack()
        self.exits.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.zones, self.customers = zones, customers
        self.env = {}

    # -- names -------------------------------------------------------------------------------------

    def path(self, name):
        return self.folder / name.lstrip("/")

    def name(self, there, here):
        self.names[there] = str(here)

    def here(self, text):
        for there, here in sorted(self.names.items(), key=lambda pair: -len(pair[0])):
            text = text.replace(there, here)
        return text

    def there(self, text):
        for there, here in sorted(self.names.items(), key=lambda pair: -len(pair[1])):
            text = text.replace(here, there)
        return text

    # -- life --------------------------------------------------------------------------------------

    def __enter__(self):
        try:
            self.build()
        except BaseException:
            self.exits.close()
            raise
        return self

    def __exit__(self, *_):
        self.exits.close()

    def build(self):
        self.names = {}
        for name in PATHS:
            self.path(name).mkdir(parents=True, exist_ok=True)
            self.name(name, self.path(name))
        self.name(EXAMPLES, ROOT / "config")
        self.name(KAMAILIO, ROOT / "config/kamailio")
        self.work = self.folder / "work"
        self.work.mkdir()
        for name in ("README.md", "config", "schema", "doc", "test", "tour", "dev", "docker-compose.yml"):
            (self.work / name).symlink_to(ROOT / name)
        notify, self.http = parts.free_port(), parts.free_port()
        self.redis = Redis(self)
        self.knot = Knot(self.folder / "knotd", self.zones, notify=notify, key=tour.KEY)
        self.unbound = Unbound(self.folder / "unbound", dict.fromkeys(self.zones, self.knot.port))
        self.parts = {"redis-server": self.redis, "knot": self.knot, "unbound": self.unbound,
                      "zonecastd": Unit(self, "zonecastd"), "zonecast-mirror": Unit(self, "zonecast-mirror")}
        for part in (self.redis, self.knot, self.unbound):
            self.exits.callback(part.stop)
            part.start()
        for name in ("zonecastd", "zonecast-mirror"):
            self.exits.callback(self.parts[name].stop)
        self.name("0.0.0.0:53", f"127.0.0.1:{notify}")
        self.name("127.0.0.1:53", f"127.0.0.1:{self.unbound.port}")
        self.name("127.0.0.1:9464", f"127.0.0.1:{self.http}")
        self.name("{address: 192.0.2.53", f"{{address: 127.0.0.1, port: {self.knot.port}")
        self.name("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", tour.KEY.rpartition(":")[2])
        me = getpass.getuser()
        self.name("--owner zonecast", f"--owner {me}")
        self.name('owner = "zonecast"', f'owner = "{me}"')
        self.make_commands()
        # What a page leaves at its default, which is a path or a port of the host.
        defaults = {"state_directory": "/var/lib/zonecast", "control_socket": "/run/zonecast/control.sock",
                    "http": {"listen": "127.0.0.1:9464"}}
        self.write("/etc/zonecast/conf.d/defaults.yaml", yaml.safe_dump(defaults))

    def make_commands(self):
        place = self.folder / "bin"
        place.mkdir()
        for program in ("zonecast", "zonecastd", "zonecast-mirror"):
            (place / program).symlink_to(self.bin / program)
        server = self.serve_systemctl()
        wrappers = {
            "dig": f'case "$*" in *@*) exec /usr/bin/dig "$@";; esac\nexec /usr/bin/dig @127.0.0.1 -p {self.unbound.port} "$@"',
            "knotc": f'exec {shutil.which("knotc")} -c {self.knot.config} "$@"',
            "redis-cli": f'exec {shutil.which("redis-cli")} -s {self.redis.socket} "$@"',
            "systemctl": f'exec {sys.executable} {pathlib.Path(__file__).parent / "systemctl.py"} {server} "$@"',
            "journalctl": f'while [ $# -gt 0 ]; do [ "$1" != -u ] || exec cat {self.folder}/log/"$2".log; shift; done',
        }
        for name, text in wrappers.items():
            (place / name).write_text(f"#!/bin/sh\n{text}\n")
            (place / name).chmod(0o755)
        self.env = {"PATH": f"{place}:{os.environ['PATH']}:/usr/sbin:/sbin",
                    "ZONECAST_SOCKET": str(self.path("/run/zonecast/control.sock")),
                    "ZONECAST_TABLE": str(self.path("/dev/shm/zonecast-main/table")),
                    "COLUMNS": "200", "LC_ALL": "C.UTF-8"}

    def serve_systemctl(self):
        """A socket that takes `start UNIT` and the like, and answers "" or what went wrong."""
        place = self.folder / "systemctl.sock"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(place))
        listener.listen()
        self.exits.callback(listener.close)

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client:
                        client.sendall(self.systemctl(*client.recv(1000).decode().split()).encode())
        threading.Thread(target=serve, daemon=True).start()
        return place

    def systemctl(self, verb, *units):
        try:
            for unit in units:
                part = self.parts[unit.removesuffix(".service")]
                if verb in ("stop", "restart"):
                    part.stop()
                if verb in ("start", "restart"):
                    part.start()
        except (KeyError, parts.PartFailed, OSError) as failure:
            return f"{type(failure).__name__}: {failure}"
        return ""

    # -- what stands there before the page begins --------------------------------------------------

    def publish(self):
        """zonecastd and a mirror, with the tour's configuration and the page's zones."""
        self.key_file = self.path("/etc/zonecast/transfer.key")
        self.key_file.write_text(tour.KEY + "\n")
        self.key_file.chmod(0o600)
        config = yaml.safe_load(tour.configuration(self.path("/etc/zonecast"), self.redis, self.knot, 1, 1,
                                                   f"127.0.0.1:{self.unbound.port}"))
        for name in ("state_directory", "control_socket", "http"):
            del config[name]
        config["notify"] = {"listen": [f"127.0.0.1:{self.knot.notify}"]}
        config["redis"]["deployment"] = DEPLOYMENT
        if self.customers is None:
            config["customers"] = {"acme": {**config["customers"]["acme"], "dids": ["acme", "example"], "attributes": {},
                                            "zones": list(self.zones)}}
        self.path("/etc/zonecast/zonecast.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        self.path("/etc/zonecast/mirror.env").write_text(
            f'ZONECAST_MIRROR_OPTIONS="--redis unix:{self.redis.socket} --deployment {DEPLOYMENT} '
            f'--table {self.env["ZONECAST_TABLE"]}"\n')
        self.parts["zonecastd"].start()
        self.parts["zonecast-mirror"].start()

    def install_library(self):
        """libzonecast, where pkg-config, CMake and Lua find it."""
        prefix = self.folder / "usr"
        subprocess.run(["cmake", "--install", parts.build_folder(), "--prefix", prefix], check=True, capture_output=True)
        self.env |= {"PKG_CONFIG_PATH": str(next(prefix.rglob("zonecast.pc")).parent),
                     "LD_LIBRARY_PATH": str(next(prefix.rglob("libzonecast.so")).parent),
                     "CMAKE_PREFIX_PATH": str(prefix), "LUA_CPATH": f"{parts.build_folder()}/lib/lua/?.so;;"}

    # -- running -----------------------------------------------------------------------------------

    def run(self, command):
        """A shell's status and what it printed, with the names that the page has."""
        # Secrets that a page writes are read by nobody else: what it says of their owners cannot be done here.
        done = subprocess.run(self.shell(command), cwd=self.work, check=False, text=True, stdout=subprocess.PIPE, umask=0o027,
                              stderr=subprocess.STDOUT, env={**os.environ, **self.env}, timeout=120)
        return done.returncode, self.there(done.stdout)

    def watch(self):
        """Begins `zonecast watch`: the file that has what it prints."""
        file = self.folder / "watched"
        with open(file, "wb") as out:
            process = subprocess.Popen(self.shell("exec zonecast watch"), stdout=out, stderr=subprocess.STDOUT,
                                       env={**os.environ, **self.env}, preexec_fn=parts.die_with_parent)
        self.exits.callback(process.wait)
        self.exits.callback(process.kill)
        return file

    def shell(self, command):
        text = self.here(command)
        outside = re.sub(rf"{re.escape(str(self.folder))}\S*", "", text)
        if left := [name for name in PATHS if name in outside]:
            raise parts.PartFailed(f"this would be done to the host's own {left}: {command}")
        return ["bash", "-euo", "pipefail", "-c", text]

    def write(self, name, text):
        file = self.path(name) if name.startswith("/") else self.work / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.here(text))
        if file.suffix == ".key":
            file.chmod(0o600)


class Terminal(Stage):
    """The tour as its reader has it: `./dev run` in one terminal, the page's commands in another."""

    def __init__(self):
        super().__init__({})

    def build(self):
        self.names = {}
        self.work = self.folder / "work"
        self.work.mkdir()
        process = subprocess.Popen([sys.executable, ROOT / "tour/tour.py", "--build", parts.build_folder()], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=parts.die_with_parent,
                                   env={**os.environ, "TMPDIR": str(self.folder)})
        self.exits.callback(process.stdout.close)
        self.exits.callback(process.wait)
        self.exits.callback(process.terminate)
        self.printed = []
        for line in process.stdout:
            self.printed.append(line)
            if line.startswith("  source "):
                self.source = line.strip()
            if "in a browser" in line:
                break
        else:
            raise parts.PartFailed("the tour did not get to its end:\n" + "".join(self.printed))
        table = next(self.folder.glob("zonecast-tour-*/mirror/table"))
        self.name("/dev/shm/zonecast-main/table", table)
        self.name('owner = "zonecast"', f'owner = "{getpass.getuser()}"')

    def shell(self, command):
        if re.search(r"\b(systemctl|apt|adduser|rm|mv)\b", command):
            raise parts.PartFailed(f"this would be done to the host: {command}")
        return super().shell(f"{self.source}\n{command}")

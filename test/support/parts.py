"""The real parts, started by hand on loopback: redis-server and zonecastd; primaries are in primaries/.

Each part is a context: it takes free ports, keeps its files in a folder that it is given, answers
before its constructor's start() returns, and is stopped, with exactly what it started, when the
context ends. Whatever a part printed is in its log file, which a failure shows.
"""

import base64
import contextlib
import ctypes
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time

from reader import Content
from resp import RedisClient, RedisError
from table_reader import NoTable, TableReader

ROOT = pathlib.Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class PartFailed(Exception):
    """A part did not start or did not do what it was told; the text has the end of its log."""


RESERVED = []  # sockets whose names say which ports are ours, as long as the process lives


def reserve(port):
    """Whether no other test has the port, or will bind it in a moment."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0zonecast-test-port-{port}")
    except OSError:
        name.close()
        return False
    RESERVED.append(name)
    return True


def free_port():
    """A port that is free on 127.0.0.1, for TCP and UDP, and that neither an outgoing connection will take nor
    another test.
    """
    first_outgoing = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(1000):
        port = random.randrange(10000, max(first_outgoing, 20000))
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
        if reserve(port):
            return port
    raise PartFailed("no free port on 127.0.0.1")


def build_folder():
    """Where what is under test was built."""
    return pathlib.Path(os.environ.get("ZONECAST_BUILD", ROOT / "build/dev")).resolve()


def die_with_parent():
    """In the child: a test that is itself killed leaves no part behind."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_for(condition, timeout=10.0, what="a condition", interval=0.01):
    """Waits until condition() is true and returns its value."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise PartFailed(f"waited {timeout} s in vain for {what}")
        time.sleep(interval)


class Part:
    """A process with a log file."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / f"{name}.log"
        self.process = None

    def spawn(self, *command, environment=None):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in command], cwd=self.folder, stdin=subprocess.DEVNULL,
                env={**os.environ, **(environment or {})},
                stdout=log, stderr=log, start_new_session=True, preexec_fn=die_with_parent)

    def fail(self, why):
        tail = self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""
        return PartFailed(f"{self.name}: {why}\n{tail}")

    def wait_until(self, condition, what, timeout=20.0):
        def alive_and_true():
            if self.process.poll() is not None:
                raise self.fail(f"ended with {self.process.returncode} before {what}")
            return condition()
        try:
            return wait_for(alive_and_true, timeout, what)
        except PartFailed as failure:
            raise self.fail(str(failure)) from None

    def stop(self, how=signal.SIGTERM):
        """Its exit status; nothing when it does not run."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.thaw()
            self.process.send_signal(how)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.end_group()
        status, self.process = self.process.returncode, None
        return status

    def end_group(self):
        """Waits for the children, too, which may hold its ports for longer than it lived."""
        def gone():
            try:
                os.killpg(self.process.pid, 0)
            except ProcessLookupError:
                return True
        try:
            wait_for(gone, 10)
        except PartFailed:
            os.killpg(self.process.pid, signal.SIGKILL)

    def kill(self):
        """With its children: it is a process group of its own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.stop()

    def freeze(self):
        os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        os.killpg(self.process.pid, signal.SIGCONT)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


class Redis(Part):
    """A redis-server on a unix socket, which keeps nothing unless `persistent`. One that ignores file limits is not
    killed by them: it hears of them as of a full disk.
    """

    def __init__(self, folder, deployment="test", persistent=False, options=(), user="", password="",
                 ignores_file_limits=False):
        super().__init__("redis", folder)
        self.socket = self.folder / "redis.sock"
        self.deployment = deployment
        self.persistent = persistent
        self.options = options
        self.credentials = (user, password)  # our own, not zonecast's
        self.wrapper = ("env", "--ignore-signal=XFSZ") if ignores_file_limits else ()
        self.client = None

    def start(self):
        with contextlib.suppress(FileNotFoundError):
            self.socket.unlink()
        # By default the file may be written a second after the answer, and a kill would take that back.
        keep = ("--appendonly", "yes", "--appendfsync", "always") if self.persistent else ("--appendonly", "no")
        self.spawn(*self.wrapper, "redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "",
                   "--dir", self.folder, "--maxmemory-policy", "noeviction", *keep, *self.options)
        self.wait_until(self.answers, "it answers PING")

    def answers(self):
        try:
            return self.ask("PING") == b"PONG"
        except (OSError, RedisError):  # not there yet, or loading
            self.hang_up()
            return False

    def stop(self, how=signal.SIGTERM):
        self.hang_up()
        return super().stop(how)

    def hang_up(self):
        if self.client is not None:
            self.client.close()
            self.client = None

    def connected(self):
        if self.client is None:
            self.client = RedisClient(self.socket, *self.credentials)
        return self.client

    def ask(self, *command):
        """A command's reply: bytes, int, None, or a list of those."""
        return self.connected().command(*command)

    def cli(self, *command):
        """A reply that is one string, as text; empty when there is none."""
        reply = self.ask(*command)
        return reply.decode() if isinstance(reply, bytes) else "" if reply is None else str(reply)

    def key(self, name):
        return f"zonecast:{{{self.deployment}}}:{name}"

    def content(self):
        """All that is published, at one instant."""
        return Content(self.connected(), self.key(""))

    def domains(self):
        """domain -> "did=...;state=...;transports=...;role=..." """
        return self.content().domains()

    def version(self):
        return int(self.cli("HGET", self.key("meta"), "version") or 0)


class Zonecastd(Part):
    """The daemon under test, with `zonecast` beside it."""

    def __init__(self, folder, config, build=None, name="zonecastd"):
        super().__init__(name, folder)
        self.bin = (pathlib.Path(build).resolve() if build else build_folder()) / "bin"
        self.config_text = config
        self.config = self.folder / "zonecast.yaml"
        self.control = self.folder / "control.sock"
        self.environment = {}

    def launch(self):
        self.config.write_text(self.config_text)
        self.spawn(self.bin / "zonecastd", "-c", self.config, environment=self.environment)

    def start(self):
        self.launch()
        self.wait_until(lambda: self.ask("status", check=False).returncode == 0, "it answers status")

    def refused(self):
        """Starts it where it must not start: its exit status and what it said."""
        self.launch()
        try:
            return self.process.wait(20), self.log.read_text(errors="replace")
        except subprocess.TimeoutExpired:
            raise self.fail("runs, though it should not have started") from None

    def said(self, *words):
        """The lines of its log that hold all of the words."""
        return [line for line in self.log.read_text(errors="replace").splitlines()
                if all(word in line for word in words)]

    def ask(self, *command, check=True):
        done = subprocess.run([str(self.bin / "zonecast"), "-s", str(self.control), *command],
                              capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise self.fail(f"zonecast {' '.join(command)}: {done.stdout}{done.stderr}")
        return done

    def json(self, *command):
        return json.loads(self.ask("--json", *command).stdout)


class ZonecastMirror(Part):
    """The mirror under test, and a reader of its table."""

    def __init__(self, folder, redis, *options, socket=None, table=None, name="mirror", build=None):
        super().__init__(name, folder)
        self.build = build or build_folder()
        self.table = table or self.folder / "table"
        self.command = (self.build / "bin/zonecast-mirror", "--redis", f"unix:{socket or redis.socket}",
                        "--deployment", redis.deployment, "--table", self.table, "--id", name, *options)
        self.reader = None
        self.environment = {}

    def start(self):
        self.spawn(*self.command, "--log-level", "debug", environment=self.environment)
        self.wait_until(lambda: self.said("is running"), "it runs")

    def once(self, *options, timeout=60):
        """Runs it with --once: its exit status."""
        self.spawn(*self.command, "--once", *options)
        return self.process.wait(timeout)

    def said(self, *words):
        """The lines of its log that hold all of the words."""
        return [line for line in self.log.read_text(errors="replace").splitlines()
                if all(word in line for word in words)]

    def look(self):
        """The table's reader; nothing while there is no table."""
        if self.reader is None:
            with contextlib.suppress(NoTable):
                self.reader = TableReader(self.build, self.table)
        return self.reader

    def serves(self, content):
        return self.look() is not None and not self.reader.differences(content)

    def loads(self):
        return len(self.said("loaded"))

    def hear_of(self, domain):
        """As from a worker that does not know the domain."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as worker:
            worker.sendto(domain.encode(), f"{self.table}.wanted")

    def stop(self, how=signal.SIGTERM):
        status = super().stop(how)
        if self.reader is not None:
            self.reader.close()
            self.reader = None
        return status


def tsig_key(name, octets=b"0123456789abcdef0123456789abcdef", algorithm="hmac-sha256"):
    """A key as it stands in a key file."""
    return f"{algorithm}:{name}:{base64.b64encode(octets).decode()}"


def which_missing(*programs):
    return [program for program in programs if shutil.which(program) is None]

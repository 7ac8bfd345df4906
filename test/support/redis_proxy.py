"""Stands between zonecastd and a redis-server, knows where a command and its reply begin and end, and lets
a test cut in at one of them.

A step is a command by its name, without what differs between runs ("FCALL swap", "HSCAN vdomain"), and the
how-manieth of that name it is since mark(). At an armed step an act is done: before the command goes on to
Redis, when Redis has answered and the answer has not gone back, or when it has. The act says what becomes of
the connections then. While the gate is shut nobody gets through, as if no Redis were there.
"""

import collections
import contextlib
import re
import socket
import threading
import time
from typing import NamedTuple

BEFORE, UNANSWERED, ANSWERED = "before it", "before its answer", "after its answer"
MOMENTS = (BEFORE, UNANSWERED, ANSWERED)
GO_ON, GONE = True, False  # what an act returns: the step is taken as if nothing was; all connections are gone
CONTAINERS = ("CONFIG", "FUNCTION", "XINFO")  # commands whose first word says little


class Step(NamedTuple):
    name: str
    ordinal: int

    def __str__(self):
        return f"{self.name} #{self.ordinal}"


def step_name(words):
    """What a command does and to which key, as REDIS.md calls both."""
    name, *rest = (word.decode(errors="replace") for word in words)
    if name == "FCALL":
        return f"FCALL {rest[0].split('_')[-1]}" + (f" {key_name(rest[3])}" if rest[0].endswith("_stage") else "")
    told = rest[:1] if name in CONTAINERS else []
    keys = [key_name(word) for word in rest if word.startswith("zonecast:")]
    return " ".join([name, *told, *keys[:1]])


def key_name(key):
    return re.sub(r":\d+:\d+:", ":", key.split(":", 2)[2])


def read_line(stream):
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("it ends in the middle of a frame")
    return line


def read_frame(stream):
    """The octets of one command or one reply."""
    line = read_line(stream)
    if line[:1] == b"$" and int(line[1:]) >= 0:
        return line + stream.read(int(line[1:]) + 2)
    if line[:1] == b"*" and int(line[1:]) > 0:
        return line + b"".join(read_frame(stream) for _ in range(int(line[1:])))
    return line


def read_command(stream):
    """(the words, the octets) of one command, an array of bulk strings."""
    line = read_line(stream)
    frames = [read_frame(stream) for _ in range(int(line[1:]))]
    return [frame.split(b"\r\n", 1)[1][:-2] for frame in frames], line + b"".join(frames)


class RedisProxy:
    def __init__(self, path, redis_path):
        self.redis_path = str(redis_path)
        self.lock = threading.Lock()
        self.steps = []
        self.counts = collections.Counter()
        self.armed = None
        self.refused = {}  # the name of a step -> the error that it is answered with
        self.tripped = threading.Event()
        self.open = True
        self.ends = set()  # every socket of every connection
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def stop(self):
        self.shut()
        self.listener.close()

    # -- what a test says --------------------------------------------------------------------------

    def mark(self):
        """Steps are counted from here."""
        with self.lock:
            self.steps.clear()
            self.counts.clear()

    def taken(self):
        with self.lock:
            return list(self.steps)

    def arm(self, step, moment, act):
        """Counts anew, and does act() once, at that step; `tripped` tells when it was done."""
        self.mark()
        self.tripped.clear()
        self.armed = (step, moment, act)

    def disarm(self):
        self.armed = None

    def shut(self):
        """All connections are gone, and no other comes to be."""
        self.open = False
        self.cut()

    def reopen(self):
        self.open = True

    def cut(self):
        with self.lock:
            ends = list(self.ends)
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    # -- what it does ------------------------------------------------------------------------------

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                if not self.open:
                    raise ConnectionRefusedError
                server.connect(self.redis_path)
            except OSError:
                client.close()
                server.close()
                continue
            with self.lock:
                self.ends |= {client, server}
            Connection(self, client, server)

    def forget(self, *ends):
        with self.lock:
            self.ends -= set(ends)
        for end in ends:
            end.close()

    def take(self, name):
        """Counts a step and says whether it is the armed one."""
        with self.lock:
            self.counts[name] += 1
            step = Step(name, self.counts[name])
            self.steps.append(step)
            return self.armed if self.armed and self.armed[0] == step else None

    def trip(self, act):
        """Does the act, and says whether the connection goes on."""
        self.disarm()
        goes_on = act()
        if not goes_on:
            self.shut()
        self.tripped.set()
        return goes_on


class Connection:
    """One of zonecastd's. Redis answers in order, so the oldest step that waits is the one answered."""

    def __init__(self, proxy, client, server):
        self.proxy = proxy
        self.client = client
        self.server = server
        self.waiting = collections.deque()
        pumps = [threading.Thread(target=self.pump, args=(pump,), daemon=True)
                 for pump in (self.commands, self.replies)]
        self.running = len(pumps)
        for thread in pumps:
            thread.start()

    def pump(self, pump):
        with contextlib.suppress(OSError, ValueError):
            pump()
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self.proxy.lock:
            self.running -= 1
            last = self.running == 0
        if last:
            self.proxy.forget(self.client, self.server)

    def commands(self):
        stream = self.client.makefile("rb")
        while True:
            words, octets = read_command(stream)
            name = step_name(words)
            armed = self.proxy.take(name)
            if armed and armed[1] == BEFORE and not self.proxy.trip(armed[2]):
                return
            if name in self.proxy.refused:
                self.await_answers()
                self.client.sendall(b"-" + self.proxy.refused[name].encode() + b"\r\n")
                continue
            self.waiting.append(armed if armed and armed[1] != BEFORE else None)
            self.server.sendall(octets)

    def await_answers(self):
        """What was asked before is answered before."""
        while self.waiting:
            time.sleep(0.001)

    def replies(self):
        stream = self.server.makefile("rb")
        while True:
            octets = read_frame(stream)
            armed = self.waiting[0]
            if armed and armed[1] == UNANSWERED and not self.proxy.trip(armed[2]):
                return
            self.client.sendall(octets)
            self.waiting.popleft()
            if armed and armed[1] == ANSWERED and not self.proxy.trip(armed[2]):
                return

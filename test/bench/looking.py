"""What can be seen of a server from outside: what it answers, how much memory it took, what it logged."""

import os
import pathlib
import socket
import struct
import threading
import time

from parts import PartFailed


def question(zone, qtype, number=1):
    labels = b"".join(bytes([len(label)]) + label for label in zone.encode().split(b".")) + b"\0"
    return struct.pack(">HHHHHH", number, 0, 1, 0, 0, 0) + labels + struct.pack(">HH", qtype, 1)


class Asker:
    """Asks one server over UDP."""

    def __init__(self, port, timeout=1.0):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.number = 0

    def exchange(self, message):
        """The octets that answer message(ID); None when none come."""
        self.number = self.number % 65535 + 1
        try:
            self.socket.send(message(self.number))
            answer = self.socket.recv(4096)
            while struct.unpack_from(">H", answer)[0] != self.number:
                answer = self.socket.recv(4096)
            return answer
        except OSError:  # nothing listens yet, or it is busy
            return None

    def ask(self, zone, qtype):
        """The octets of an answer that is NOERROR and not empty, or None."""
        answer = self.exchange(lambda number: question(zone, qtype, number))
        if answer is None:
            return None
        _, flags, _, answers = struct.unpack_from(">HHHH", answer)
        return answer if answers and not flags & 0xF else None

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class LogTail:
    """Follows what a part logs from now on, or from the beginning."""

    def __init__(self, part, whole=False):
        self.log = open(part.log, "rb")
        self.log.seek(0, 0 if whole else 2)
        self.rest = b""

    def lines(self):
        """The whole lines that have come since the last call."""
        *lines, self.rest = (self.rest + self.log.read()).split(b"\n")
        return lines

    def close(self):
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def moment_when(condition, what, timeout, interval=0.002):
    """The moment at which condition() was first seen true."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise PartFailed(f"waited {timeout} s in vain for {what}")
        time.sleep(interval)
    return time.monotonic()


def peak_resident(pid):
    """The most memory that one process ever had resident, in octets, as the kernel kept it."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise PartFailed(f"process {pid} has no VmHWM")


def descendants(pid):
    found = [pid]
    try:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # it has just ended
        return found
    return found + [each for child in children for each in descendants(int(child))]


def cpu_seconds(pid):
    """The CPU time that a server's processes used so far, those that have ended and were waited for included."""
    ticks = 0
    for each in descendants(pid):
        try:
            fields = pathlib.Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def cpu_seconds_running(pid):
    """The CPU time of a server's processes and threads that run still, finer than cpu_seconds(): in nanoseconds."""
    nanoseconds = 0
    for each in descendants(pid):
        for thread in pathlib.Path(f"/proc/{each}/task").glob("*/schedstat"):
            nanoseconds += int(thread.read_text().split()[0])
    return nanoseconds * 1e-9


def proportional(pid):
    """What a process has resident, in octets; a page that several share counts in parts for each."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


class PeakOfAll:
    """The most memory that a server's processes had together, looked at every 20 ms."""

    INTERVAL = 0.02

    def __init__(self, pid):
        self.pid = pid
        self.octets = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.ended.wait(self.INTERVAL):
            self.octets = max(self.octets, sum(proportional(pid) for pid in descendants(self.pid)))

    def stop(self):
        self.ended.set()
        self.thread.join()
        return self.octets

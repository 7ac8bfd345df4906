"""A primary that does what a test tells it, on threads: above all what no honest server does.

Its behaviour is a function from a parsed query to what goes onto the connection, in order: octets to be
sent as they are, a number of seconds to wait, a gate to wait at until the test opens it, or CLOSE. It may be
exchanged at any time; connections that are open use the new one from their next query.
"""

import socket
import struct
import threading

import dns_messages as dns
import parts
import tsig

CLOSE = object()


def serving(zone, serial, *records):
    """An honest primary that has no history."""
    return HonestZone(zone, *records, serial=serial, history=False)


class HonestZone:
    """A zone as an honest primary serves it: a behaviour for the questions about it.

    With its history it answers IXFR by the difference between two versions (RFC 1995 section 4), without by the whole
    zone. Under a key it signs every message.
    """

    def __init__(self, name, *records, serial=1, history=True, key=None, **timers):
        self.name = name
        self.key = key
        self.timers = timers
        self.history = history
        self.versions = {serial: records}

    @property
    def serial(self):
        return max(self.versions)

    @property
    def records(self):
        return self.versions[self.serial]

    def soa(self, serial=None):
        return dns.soa(self.name, self.serial if serial is None else serial, **self.timers)

    def edit(self, *records):
        self.versions[self.serial + 1] = records

    def begin_anew(self, serial, *records):
        """Forgets its history, and has this."""
        self.versions = {serial: records}

    def __call__(self, query):
        message = dns.answer(query, *self.answer_to(query))
        return [dns.framed(tsig.Signer(self.key, query).sign(message) if self.key else message)]

    def answer_to(self, query):
        if query.qtype == dns.SOA:
            return [self.soa()]
        if query.qtype == dns.IXFR and self.history:
            held = dns.held_serial(query)
            if held >= self.serial:
                return [self.soa()]
            if held in self.versions:
                return self.difference(held)
        return [self.soa(), *self.records, self.soa()]

    def difference(self, held):
        """Condensed into one sequence (section 6)."""
        before, after = self.versions[held], self.records
        removed = [record for record in before if record not in after]
        added = [record for record in after if record not in before]
        return [self.soa(), self.soa(held), *removed, self.soa(), *added, self.soa()]


class ScriptedPrimary:
    def __init__(self, behaviour):
        self.behaviour = behaviour
        self.queries = []  # (zone, type), as they came
        self.stopping = threading.Event()
        self.gates = []
        self.port = parts.free_port()
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.connections = []
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def gate(self):
        """Something to wait at, until it is set or the primary is stopped."""
        self.gates.append(threading.Event())
        return self.gates[-1]

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections.append(connection)
            thread = threading.Thread(target=self.serve, args=(connection,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def serve(self, connection):
        with connection:
            try:
                while (head := connection.recv(2, socket.MSG_WAITALL)) and len(head) == 2:
                    octets = connection.recv(struct.unpack(">H", head)[0], socket.MSG_WAITALL)
                    query = dns.Message.parse(octets)
                    self.queries.append((query.zone, query.qtype))
                    if not self.perform(connection, self.behaviour(query)):
                        return
            except OSError:
                return

    def perform(self, connection, steps):
        for step in steps:
            if isinstance(step, threading.Event):
                step.wait()
            if step is CLOSE or self.stopping.is_set():
                return False
            if isinstance(step, bytes):
                connection.sendall(step)
            elif isinstance(step, (int, float)):
                self.stopping.wait(step)
        return True

    def stop(self):
        self.stopping.set()
        for gate in self.gates:
            gate.set()
        for each in (self.listener, *self.connections):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()
        for thread in self.threads:
            thread.join(10)
        # A socket that is closed while another thread waits on it would be left to that thread.
        assert not any(thread.is_alive() for thread in self.threads)

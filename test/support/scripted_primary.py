"""A primary that does what a test tells it, on a thread: above all what no honest server does.

Its behaviour is a function from a parsed query to what goes onto the connection, in order: octets to be
sent as they are, a number of seconds to wait, or CLOSE. It may be exchanged at any time; connections that
are open use the new one from their next query.
"""

import socket
import struct
import threading

import dns_messages as dns
import parts

CLOSE = object()


def serving(zone, serial, *records):
    """An honest primary that has no history."""
    first = dns.soa(zone, serial)

    def behave(query):
        if query.qtype == dns.SOA:
            return [dns.framed(dns.answer(query, first))]
        return [dns.framed(dns.answer(query, first, *records, first))]
    return behave


class ScriptedPrimary:
    def __init__(self, behaviour):
        self.behaviour = behaviour
        self.queries = []  # (zone, type), as they came
        self.stopping = threading.Event()
        self.port = parts.free_port()
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.connections = []
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
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
            if step is CLOSE or self.stopping.is_set():
                return False
            if isinstance(step, bytes):
                connection.sendall(step)
            else:
                self.stopping.wait(step)
        return True

    def stop(self):
        self.stopping.set()
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

"""A resolver that answers as a test tells it, on UDP and TCP: above all as no honest one does.

Its behaviour is a function from a parsed query and whether it came over TCP to what is sent, in order: octets, octets
by Elsewhere, which come from another port, or CLOSE, which ends a TCP connection. No step, no answer. It may be
exchanged at any time.
"""

import dataclasses
import socket
import struct
import threading

import dns_messages as dns
import parts

CLOSE = object()


@dataclasses.dataclass
class Elsewhere:
    """Octets that are sent from a port which nobody asked."""

    octets: bytes


class LyingResolver:
    def __init__(self, behaviour):
        self.behaviour = behaviour
        self.port = parts.free_port()
        self.elsewhere = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.elsewhere.bind(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.udp.bind(("127.0.0.1", self.port))
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=100)
        self.connections = []
        self.threads = [threading.Thread(target=serve, daemon=True) for serve in (self.serve_udp, self.accept)]
        for thread in self.threads:
            thread.start()

    def serve_udp(self):
        while True:
            octets, sender = self.udp.recvfrom(4096)
            if not octets:
                return
            for step in self.behaviour(dns.Message.parse(octets), False):
                if isinstance(step, Elsewhere):
                    self.elsewhere.sendto(step.octets, sender)
                else:
                    self.udp.sendto(step, sender)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            thread = threading.Thread(target=self.serve_tcp, args=(connection,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def serve_tcp(self, connection):
        with connection:
            try:
                while len(head := connection.recv(2, socket.MSG_WAITALL)) == 2:
                    octets = connection.recv(struct.unpack(">H", head)[0], socket.MSG_WAITALL)
                    for step in self.behaviour(dns.Message.parse(octets), True):
                        if step is CLOSE:
                            return
                        connection.sendall(dns.framed(step))
            except OSError:
                return

    def stop(self):
        self.elsewhere.sendto(b"", ("127.0.0.1", self.port))  # an empty datagram: the end
        for each in (self.listener, *self.connections):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self.threads:
            thread.join(10)
        for each in (self.udp, self.elsewhere, self.listener, *self.connections):
            each.close()
        assert not any(thread.is_alive() for thread in self.threads)

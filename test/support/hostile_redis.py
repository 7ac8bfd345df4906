"""A server that speaks Redis' protocol and answers each command with anything: replies of every type and
nesting, in part what a mirror hopes for, and now and then no protocol at all.
"""

import contextlib
import random
import socket
import threading

from redis_proxy import read_command

TEXTS = (b"", b"0", b"1", b"OK", b"lineage", b"version", b"schema", b"changes", b"rebase", b"5-1", b"5-2", b"x" * 5000,
         b"\xff\0\r\n", b"18446744073709551616", b"-1", b"00" * 32, b"acme.example",
         b"did=acme;state=hosted;transports=udp;role=primary", b"3f0f6c0a-9a52-4f7e-8f63-0d9b7d0c6a11")
META = (b"schema", b"1", b"lineage", b"3f0f6c0a-9a52-4f7e-8f63-0d9b7d0c6a11", b"term", b"1", b"version", b"4",
        b"generation", b"1", b"chain", b"00" * 32, b"content", b"0" * 16, b"domains", b"0", b"virtual_domains", b"0")


def bulk(text):
    return b"$%d\r\n%s\r\n" % (len(text), text)


def array(parts):
    return b"*%d\r\n%s" % (len(parts), b"".join(parts))


class HostileRedis:
    def __init__(self, path, seed):
        self.random = random.Random(seed)
        self.commands = 0
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def stop(self):
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, contextlib.suppress(OSError, ValueError):
            stream = client.makefile("rb")
            while True:
                words, _ = read_command(stream)
                self.commands += 1
                client.sendall(self.reply(words[0]))

    def reply(self, name):
        if self.random.random() < 0.6:
            return self.hoped_for(name)
        if self.random.random() < 0.02:
            return self.random.randbytes(20)
        return self.anything(0)

    def anything(self, depth):
        kind = self.random.randrange(6 if depth < 4 else 4)
        text = self.random.choice(TEXTS)
        if kind == 0:
            return b":%d\r\n" % self.random.choice((0, 1, -1, 2 ** 63 - 1))
        if kind == 1:
            return self.random.choice((b"$-1\r\n", b"*-1\r\n", b"*0\r\n", b"+OK\r\n", b"-ERR no\r\n"))
        if kind < 4:
            return bulk(text)
        return array([self.anything(depth + 1) for _ in range(self.random.randrange(5))])

    def hoped_for(self, name):
        """Of the right shape; what is in it may be wrong all the same."""
        if name == b"HGETALL":
            return array([bulk(text if self.random.random() < 0.97 else self.random.choice(TEXTS)) for text in META])
        if name == b"HLEN":
            return b":2\r\n"
        if name == b"HSCAN":
            return array([bulk(b"0"), array([bulk(self.random.choice(TEXTS)) for _ in range(self.random.choice((0, 0, 0, 3, 8)))])])
        if name in (b"XRANGE", b"XREAD"):
            entries = [array([bulk(self.random.choice((b"5-1", b"6-1"))), array([bulk(self.random.choice((b"changes", b"rebase"))),
                                                                                bulk(self.random.randbytes(self.random.randrange(30)))])])
                       for _ in range(self.random.choice((0, 0, 1, 2)))]
            return array(entries) if name == b"XRANGE" else array([array([bulk(b"log"), array(entries)])])
        return bulk(b"role:master")

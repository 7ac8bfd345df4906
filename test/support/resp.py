"""The Redis protocol (RESP2), as much as a test needs: one command, one reply; octets stay octets."""

import socket


class RedisError(Exception):
    """What Redis refused, in its own words."""


class RedisClient:
    """A blocking connection to a redis-server's unix socket."""

    def __init__(self, path, user="", password="", timeout=10.0):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(str(path))
        except OSError:
            self.socket.close()
            raise
        self.stream = self.socket.makefile("rb")
        if password:
            self.command("AUTH", *([user] if user else []), password)

    def command(self, *words):
        """The reply: bytes, int, None or a list of those. A reply that is an error is raised."""
        octets = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        frame = b"*%d\r\n" % len(octets) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in octets)
        self.socket.sendall(frame)
        return self.reply()

    def transaction(self, *commands):
        """The replies of several commands that nobody else's came between."""
        self.command("MULTI")
        for command in commands:
            self.command(*command)
        return self.command("EXEC")

    def reply(self):
        line = self.stream.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            raise RedisError(rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return self.stream.read(int(rest) + 2)[:-2] if int(rest) >= 0 else None
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))] if int(rest) >= 0 else None
        raise ConnectionError(f"not the Redis protocol: {line!r}")

    def close(self):
        self.stream.close()
        self.socket.close()

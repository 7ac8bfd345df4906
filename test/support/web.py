"""HTTP by plain sockets: what a client sends is what the test says, however wrong."""

import contextlib
import http.client
import json
import socket


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.type = response.headers.get("Content-Type", "")
        self.body = response.read().decode()

    def json(self):
        return json.loads(self.body)


class Web:
    """A server at a port, or at a unix socket's path."""

    def __init__(self, where, token=None, timeout=20):
        self.where, self.token, self.timeout = where, token, timeout

    def connect(self):
        if isinstance(self.where, int):
            return socket.create_connection(("127.0.0.1", self.where), self.timeout)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(self.timeout)
        connection.connect(str(self.where))
        return connection

    def get(self, target, method="GET", **headers):
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        with self.connect() as connection:
            lines = [f"{method} {target} HTTP/1.1", f"Host: {headers.pop('host', 'localhost')}", "Connection: close",
                     *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            return Answer(response)

    def raw(self, octets):
        """All that is answered to these octets, until the server closes or is silent for long."""
        with self.connect() as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(octets)
            return read_all(connection)

    def events(self, last=None):
        return Events(self, last)


class Events:
    """A watcher of /v1/events."""

    def __init__(self, web, last):
        self.connection = web.connect()
        token = f"Authorization: Bearer {web.token}\r\n" if web.token else ""
        since = f"Last-Event-ID: {last}\r\n" if last else ""
        self.connection.sendall(f"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n{token}{since}\r\n".encode())
        self.response = http.client.HTTPResponse(self.connection)
        self.response.begin()

    def next(self):
        """(id, data) of the next event."""
        fields = {}
        while line := self.response.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if not name and "data" in fields:
                return fields["id"], json.loads(fields["data"])
            fields[name] = value
        raise EOFError("the stream has ended")

    def close(self):
        self.response.close()
        self.connection.close()


def read_all(connection):
    octets = b""
    with contextlib.suppress(ConnectionResetError):
        while more := connection.recv(1 << 16):
            octets += more
    return octets

"""A service manager's end of sd_notify(3): what a part tells it, in order."""

import pathlib
import socket


class ServiceManager:
    """Listens on a socket of its own; `environment` is what the part must be started with."""

    def __init__(self, folder, watchdog_seconds=None):
        self.path = pathlib.Path(folder) / "notify.sock"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind(str(self.path))
        self.told = []
        self.environment = {"NOTIFY_SOCKET": str(self.path)}
        if watchdog_seconds:
            self.environment["WATCHDOG_USEC"] = str(int(watchdog_seconds * 1_000_000))

    def messages(self):
        """All that came so far."""
        while True:
            try:
                self.told.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return self.told

    def count(self, message):
        return self.messages().count(message)

    def close(self):
        self.socket.close()

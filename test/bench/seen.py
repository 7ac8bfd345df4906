"""One record changed at a named primary: from its NOTIFY to a worker's look-up that gives the new value.

As edit.py, in a zone of 125,000 domains, and one step further: a mirror follows Redis, and the worker refreshes its
handle and looks the attribute up, again and again, until it is the new one.
"""

import shutil
import statistics
import time

import edit
import looking
import servers
import updates
import zones
from figures import Measured
from parts import PartFailed, ZonecastMirror

EDITS = 200
EDITS_MIN = 20


class SeenByAWorker(edit.OneEdit):
    def __init__(self, stand):
        super().__init__(stand)
        self.edits = max(stand.scaled(EDITS), EDITS_MIN)
        self.domains = stand.scaled(edit.LARGE)
        self.edited = 0

    def measure(self):
        primary = servers.NamedPrimary(self.stand.folder / "primary", [edit.ZONE],
                                       lambda _: zones.big_zone(self.domains), self.patience)
        with primary, updates.Updater(primary.port) as self.updater:
            took = sorted(seconds * 1000 for seconds in self.worker(primary.port))
        shutil.rmtree(primary.folder)
        p99 = took[round((len(took) - 1) * 0.99)]
        self.stand.say(f"{len(took)} edits: from {took[0]:.2f} to {took[-1]:.2f} ms")
        return {"edit-median": Measured(statistics.median(took)), "edit-p99": Measured(p99)}

    def worker(self, primary_port):
        with self.stand.redis() as redis:
            daemon = self.stand.daemon(redis, [edit.ZONE], primary_port)
            mirror = ZonecastMirror(self.stand.folder / "mirror", redis, build=self.stand.build)
            try:
                daemon.launch()
                looking.moment_when(lambda: redis.ask("HLEN", redis.key("domain")) == self.domains,
                                    "all domains in Redis", self.patience, interval=0.05)
                mirror.start()
                looking.moment_when(lambda: mirror.look() and mirror.reader.status().domains == self.domains,
                                    "all domains in the table", self.patience, interval=0.05)

                def wait_until_seen(domain, greeting):
                    host = f"d{domain}.{edit.ZONE}"

                    def says_so():
                        mirror.reader.refresh()
                        return (mirror.reader.attribute(host, "greeting") or "").startswith(greeting)
                    return looking.moment_when(says_so, greeting, self.patience, interval=0.0001)
                return self.timed(daemon.notify_port, wait_until_seen)
            finally:
                mirror.stop()
                daemon.stop()

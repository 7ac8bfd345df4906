"""A reader that follows the contract beside everything that a test does, and holds what it serves to the truth.

The truth is what the test knows that DNS has said, one whole table of domains after the other. Each state that
the follower would serve must be one of them, and never an older one than it served before; its three hashes
must agree with one another; within a lineage the version only grows.
"""

import threading

from reader import Content, Mismatch, Reader
from resp import RedisClient, RedisError


class Truth:
    """Every table of domains that there was, in order."""

    def __init__(self, *tables):
        self.tables = list(tables)

    def becomes(self, table):
        self.tables.append(dict(table))

    @property
    def now(self):
        return self.tables[-1]

    def place_of(self, table, beyond):
        """Where the table stands, not before `beyond`; nothing when it never was."""
        for place in range(beyond, len(self.tables)):
            if self.tables[place] == table:
                return place
        return None


class Strict(Reader):
    """Notes each state that it would serve and must not."""

    def __init__(self, client, prefix, truth):
        self.truth = truth
        self.place = 0
        self.served_count = 0
        self.versions = {}  # lineage -> the newest version that was served
        self.wrong = []
        super().__init__(client, prefix)

    def serve(self, snapshot):
        self.served_count += 1
        self.wrong += self.faults(snapshot)
        super().serve(snapshot)

    def faults(self, snapshot):
        where = f"version {snapshot.version} of {snapshot.lineage}"
        content = Content.of(snapshot.hashes)
        try:
            content.check_entries()
        except Mismatch as mismatch:
            yield f"{where}: {mismatch}"
        if snapshot.version < self.versions.get(snapshot.lineage, 0):
            yield f"{where} was served after version {self.versions[snapshot.lineage]}"
        self.versions[snapshot.lineage] = snapshot.version
        place = self.truth.place_of(content.domains(), self.place)
        if place is None:
            yield f"{where} was never the truth, or is older than what was served: {sorted(content.domains())}"
        else:
            self.place = place


class Follower:
    """A Strict reader on a thread, which reconnects as often as it must."""

    BLOCK_MS = 200  # not the 5 s of the page: a test wants to look again soon

    def __init__(self, redis, truth):
        self.redis = redis
        self.truth = truth
        self.reader = None
        self.failure = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopping.is_set():
            try:
                client = RedisClient(self.redis.socket)
                try:
                    self.read(client)
                finally:
                    client.close()
            except (OSError, RedisError, ValueError):  # gone, or in trouble: what is served is kept
                self.stopping.wait(0.02)
            except Exception as failure:  # noqa: BLE001: shown by whoever asks
                self.failure = failure
                return

    def read(self, client):
        if self.reader is None:
            self.reader = Strict(client, self.redis.key(""), self.truth)
        self.reader.connect(client)
        while not self.stopping.is_set():
            self.reader.follow(self.BLOCK_MS)
            if self.reader.amiss:
                self.stopping.wait(0.02)

    def serves(self, table):
        served = self.reader and self.reader.served
        return served is not None and Content.of(served.hashes).domains() == table

    def faults(self):
        """What it served and must not have, in its own words."""
        return ([f"it failed: {self.failure!r}"] if self.failure else []) + (self.reader.wrong if self.reader else [])

    def stop(self):
        self.stopping.set()
        self.thread.join(10)

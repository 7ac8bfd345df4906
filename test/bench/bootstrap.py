"""A mirror that begins with nothing: from its start to a table with all of Redis in it, checked and committed.

The peer reads the same two hashes, `vdomain` and `domain`, by HSCAN and does nothing with them (scan_bench.cc): a
mirror must do no less. (`attribute` says again what `vdomain` says, and is not read by either.) The median counts.
"""

import statistics
import subprocess
import time

import published
from figures import Measured
from parts import PartFailed, ZonecastMirror
from resp import RedisClient

DOMAINS = 1_000_000
RUNS = 3


class Bootstrap:
    def __init__(self, stand):
        self.stand = stand
        self.domains = stand.scaled(DOMAINS)

    def measure(self):
        with self.stand.redis() as redis:
            client = RedisClient(redis.socket, timeout=600)
            published.fill(client, redis.key(""), self.domains)
            client.close()
            mirrored, scanned = [], []
            for run in range(min(self.stand.runs, RUNS)):
                scanned.append(self.scan(redis))
                mirrored.append(self.mirror(redis, run))
                self.stand.say(f"{self.domains} domains: HSCAN {scanned[-1]:.2f} s, mirror {mirrored[-1]:.2f} s")
        return {"bootstrap-time": Measured(statistics.median(mirrored), "bare HSCAN", statistics.median(scanned))}

    def scan(self, redis):
        done = subprocess.run([str(self.stand.build / "bin/scan_bench"), str(redis.socket), redis.key("vdomain"),
                               redis.key("domain")], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PartFailed(f"scan_bench: {done.stderr}")
        fields, seconds = done.stdout.split()
        if int(fields) < 2 * self.domains:
            raise PartFailed(f"scan_bench found {fields} fields")
        return float(seconds)

    def mirror(self, redis, run):
        mirror = ZonecastMirror(self.stand.folder / f"mirror{run}", redis, build=self.stand.build)
        start = time.monotonic()
        status = mirror.once("--once-timeout", str(self.stand.patience(60)), timeout=None)
        took = time.monotonic() - start
        if status != 0:
            raise PartFailed(f"zonecast-mirror --once ended with {status}")
        return took

"""How late refreshes are: hosted names whose TTL is over every minute, by way of a local Unbound; then the same under a flood.

Each name is a zone of its own: where a resolver shares one SOA between all negative answers they run out at the same
moment, and what is measured then is the limit of questions in a second. Names and TTL are scaled alike, so that the
questions asked in a second are the same. Lateness is zonecastd's own figure, from when a question was due to when it was
asked, read off the buckets of zonecast_refresh_lateness_seconds as Prometheus does, over two TTLs each. The flood is one
process that writes 100,000 random names a second to `wanted`.
"""

import signal
import subprocess
import sys
import time

import resolved
from figures import Measured
from looking import cpu_seconds, moment_when
from watched import WatchedMemory

NAMES = 20_000
TTL = 60
TTL_MIN = 2
USUAL = 60.0


def quantile(share, buckets):
    """Of {upper bound: how many at or below it}, even within a bucket."""
    total, below, lower = buckets[float("inf")], 0.0, 0.0
    for upper, count in sorted(buckets.items()):
        if count >= share * total:
            return lower if upper == float("inf") else lower + (upper - lower) * (share * total - below) / max(count - below, 1)
        below, lower = count, upper
    return lower


class Refreshes:
    def __init__(self, stand):
        self.stand = stand
        self.names = stand.scaled(NAMES)
        self.ttl = max(stand.scaled(TTL), TTL_MIN)

    def measure(self):
        names = resolved.names(resolved.HOSTED, self.names)
        with resolved.authority(self.stand, self.ttl, names) as authority, resolved.unbound(self.stand, authority.port) as unbound, \
                self.stand.redis() as redis:
            daemon = self.stand.resolving(redis, unbound.port, names)
            try:
                daemon.launch()
                moment_when(lambda: WatchedMemory.answered(daemon, self.names), "all names answered", self.stand.patience(USUAL), 0.2)
                before = [cpu_seconds(part.process.pid) for part in (daemon, unbound)]
                quiet, rate = self.p99(daemon)
                used = [(cpu_seconds(part.process.pid) - start) / (2 * self.ttl) for part, start in zip((daemon, unbound), before)]
                self.stand.say(f"zonecastd kept {used[0]:.0%} of a core busy, Unbound {used[1]:.0%}")
                flood = subprocess.Popen([sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; import resolved; "
                                          "resolved.main()", str(redis.socket), redis.key("wanted")], stdout=subprocess.PIPE, text=True)
                start = time.monotonic()
                try:
                    flooded, _ = self.p99(daemon)
                finally:
                    flood.send_signal(signal.SIGTERM)
                    written, _ = flood.communicate(timeout=30)
                pace = int(written or 0) / (time.monotonic() - start)
                looked_up = daemon.metrics("zonecast_wanted_total")
                self.stand.say(f"p99 {quiet * 1000:.1f} ms at {rate:.0f} refreshes/s, {flooded * 1000:.1f} ms with {pace:.0f} random "
                               f"names/s, {sum(looked_up.values()):.0f} of them read")
                self.stand.note_callbacks(daemon, "refresh")
            finally:
                daemon.stop()
        scale = f"{self.names} names at TTL {self.ttl}, {rate:.0f} refreshes/s"
        return {"refresh-p99": Measured(quiet, note=scale),
                "flood-p99": Measured(max(flooded - quiet, 0) * 1000, note=f"{pace:.0f} random names/s")}

    def p99(self, daemon):
        """In seconds, and how many refreshes there were in a second."""
        before = self.buckets(daemon)
        time.sleep(2 * self.ttl)
        after = self.buckets(daemon)
        counts = {bound: count - before.get(bound, 0) for bound, count in after.items()}
        return quantile(0.99, counts), counts[float("inf")] / (2 * self.ttl)

    @staticmethod
    def buckets(daemon):
        return {float(labels.split('le="')[1].split('"')[0]): count
                for labels, count in daemon.metrics("zonecast_refresh_lateness_seconds_bucket").items()}

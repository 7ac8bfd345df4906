"""A worker's look-ups and the mirror's updates, without Redis or a proxy, in one binary: worker_bench.cc.

The peer is absl::flat_hash_map, in one process and without any lock; what std::unordered_map costs behind a
std::shared_mutex, and a GET on Redis' unix socket, is told beside it.
"""

import json
import subprocess
import time

from figures import Measured
from parts import PartFailed
from resp import RedisClient

DOMAINS = 1_000_000
DOMAINS_MIN = 1000  # fewer changes than that cannot be made in the time that it takes
GETS = 20_000


class LookUps:
    def __init__(self, stand):
        self.stand = stand
        self.domains = max(stand.scaled(DOMAINS), DOMAINS_MIN)

    def measure(self):
        self.stand.folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([str(self.stand.build / "bin/worker_bench"), str(self.domains),
                               str(self.stand.folder / "table")], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PartFailed(f"worker_bench: {done.stdout}{done.stderr}")
        told = json.loads(done.stdout)
        self.stand.say(f"one compaction: {told['compaction_seconds']:.2f} s; {told['updates']} changes made")
        for threads in (1, 2):
            low, middle, high = told[f"ratios_{threads}"]
            self.stand.say(f"threads: {threads}; ratio to the peer's: {middle:.2f}, half of all rounds between {low:.2f} "
                           f"and {high:.2f}")

        def look_up(threads, beside):
            return Measured(told[f"table_ns_{threads}"], "absl::flat_hash_map", told[f"flat_ns_{threads}"],
                            f"shared_mutex + unordered_map: {told[f'locked_ns_{threads}']:.0f} ns{beside}")
        return {"lookup-cpu": look_up(1, f"; Redis GET: {self.redis_get() / 1000:.0f} us, a client in Python"),
                "lookup-cpu-2": look_up(2, ""),
                "update-p99": Measured(told["update_p99"] * 1000,
                                       note=f"compaction, apart: {told['compaction_seconds']:.2f} s"),
                "domain-octets": Measured(told["octets_per_domain"])}

    def redis_get(self):
        """Nanoseconds from question to answer."""
        with self.stand.redis() as redis:
            client = RedisClient(redis.socket)
            client.command("HSET", redis.key("domain"), "a.example", "did=a;state=hosted;transports=udp;role=primary")
            start = time.monotonic()
            for _ in range(self.stand.scaled(GETS)):
                client.command("HGET", redis.key("domain"), "a.example")
            took = time.monotonic() - start
            client.close()
        return took * 1e9 / self.stand.scaled(GETS)

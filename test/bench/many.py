"""100,000 zones of 13 records at one knotd, each of them a domain: the first start, and a restart.

The first start counts from the spawning of the process (each knows its zones from its configuration and has
nothing on disk) until, for zonecastd, Redis has all domains, and for knotd's secondary, it has logged the last
zone as loaded; a sample of the zones is then asked for. Memory is the peak resident set of each, in that time.
The restart finds the zones unchanged: zonecastd is ready when all zones are confirmed and nothing is left to
publish, and the transfers that it made are counted by its own metric.
"""

import random
import time

import dns_messages as dns
import looking
import servers
import zones
from figures import Measured
from parts import PartFailed

ZONES = 100_000
USUAL = 60.0  # seconds
SAMPLE = 500


class ManyZones:
    def __init__(self, stand):
        self.stand = stand
        self.patience = stand.patience(USUAL)
        self.zones = [f"z{number}.example" for number in range(stand.scaled(ZONES))]

    def measure(self):
        primary = servers.KnotPrimary(self.stand.folder / "primary", self.zones, zones.small_zone, self.patience)
        with primary:
            (first, cpu), memory, (restart, restart_cpu), transfers = self.zonecastd(primary.port)
            knot, knot_cpu, knot_memory = self.knotd(primary.port)
        return {"zones-time": Measured(first, "knotd", knot, f"CPU {cpu:.1f} s, knotd {knot_cpu:.1f} s"),
                "zones-memory": Measured(memory / 1e6, "knotd", knot_memory / 1e6),
                "restart-time": Measured(restart, "the first start", first, f"CPU {restart_cpu:.1f} s"),
                "restart-transfers": Measured(transfers)}

    def zonecastd(self, primary_port):
        redis = self.stand.redis()
        daemon = self.stand.daemon(redis, self.zones, primary_port)
        with redis:
            try:
                first = self.started(daemon, lambda: self.published(redis), "first start")
                memory = looking.peak_resident(daemon.process.pid)
                looking.moment_when(lambda: self.settled(daemon), "all zones confirmed", self.patience, interval=0.2)
                self.stand.note_callbacks(daemon, "zones")
                if daemon.stop() != 0:
                    raise daemon.fail("it did not stop as it should")
                restart = self.started(daemon, lambda: self.settled(daemon), "restart")
                transfers = sum(daemon.metrics("zonecast_transfers_total").values())
                self.stand.note_callbacks(daemon, "restart")
            finally:
                daemon.stop()
        return first, memory, restart, transfers

    def started(self, daemon, ready, what):
        """How long it took until it was ready, and the CPU time until then."""
        start = time.monotonic()
        daemon.launch()
        took = looking.moment_when(ready, f"the end of the {what}", self.patience, interval=0.05) - start
        cpu = looking.cpu_seconds(daemon.process.pid)
        self.stand.say(f"zonecastd, {what}: {took:.2f} s (CPU {cpu:.2f} s)")
        return took, cpu

    def published(self, redis):
        return redis.ask("HLEN", redis.key("domain")) == len(self.zones)

    def settled(self, daemon):
        if daemon.ask("status", check=False).returncode != 0:
            return False  # not there yet
        status = daemon.json("status")
        return (int(status["zones_confirmed"]) == len(self.zones) and status["store"] == "idle"
                and status["domains_waiting"] == "0" and status["zones_in_work"] == "0")

    def knotd(self, primary_port):
        secondary = servers.KnotSecondary(self.stand.folder / "secondary", self.zones, primary_port)
        start = time.monotonic()
        with secondary, looking.LogTail(secondary) as tail, looking.Asker(secondary.port) as asker:
            loaded = 0

            def all_loaded():
                nonlocal loaded
                loaded += sum(secondary.HAS_LOADED in line for line in tail.lines())
                return loaded >= len(self.zones)
            took = looking.moment_when(all_loaded, "all zones to be loaded", self.patience, interval=0.05) - start
            memory = looking.peak_resident(secondary.process.pid)
            cpu = looking.cpu_seconds(secondary.process.pid)
            self.stand.say(f"knotd: {took:.2f} s (CPU {cpu:.2f} s)")
            for zone in random.sample(self.zones, min(SAMPLE, len(self.zones))):
                if not asker.ask(zone, dns.SOA):
                    raise PartFailed(f"knotd's secondary does not serve {zone}")
        return took, cpu, memory

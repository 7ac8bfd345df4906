"""One zone of a million records, transferred whole from a knotd.

For all alike: the primary serves already, the secondary is started with the zone configured and nothing on
disk, and the clock starts when the primary logs that the AXFR began. It stops for zonecastd when Redis has all
domains (they appear at once) and `meta` says so, for a peer when it answers a SOA query of the zone. The
secondaries run one after the other. The CPU time in the note is what each used from its start until then. Memory is taken in a run of its own, because looking at all of nsd's
processes costs time: the proportional set sizes of all its processes together, against the peak resident set
of zonecastd, which counts the pages of its database too.
"""

import shutil
import statistics
import time

import looking
import servers
import zones
from figures import Measured

ZONE = zones.BIG_ZONE
DOMAINS = 125_000
SOA = 6
USUAL = 10.0  # seconds


class Transfer:
    def __init__(self, stand):
        self.stand = stand
        self.domains = stand.scaled(DOMAINS)
        self.patience = stand.patience(USUAL)

    def measure(self):
        self.primary = servers.KnotPrimary(self.stand.folder / "primary", [ZONE],
                                           lambda _: zones.big_zone(self.domains), self.patience)
        with self.primary:
            took = {"zonecastd": [], "knotd": [], "nsd": []}
            for _ in range(self.stand.runs):
                *ours, memory, octets = self.zonecastd()
                took["zonecastd"].append(ours)
                took["knotd"].append(self.peer(servers.KnotSecondary)[:2])
                took["nsd"].append(self.peer(servers.NsdSecondary)[:2])
            nsd_memory = self.peer(servers.NsdSecondary, look=True)[2]
        for name, runs in took.items():
            self.stand.say(f"{name}: " + ", ".join(f"{wall:.3f} s (CPU {cpu:.2f} s)" for wall, cpu in runs))
        median = {name: statistics.median(wall for wall, _ in runs) for name, runs in took.items()}
        cpu = {name: statistics.median(cpu for _, cpu in runs) for name, runs in took.items()}
        faster = min("knotd", "nsd", key=median.get)
        note = f"CPU {cpu['zonecastd']:.2f} s, {faster} {cpu[faster]:.2f} s"
        return {"axfr-time": Measured(median["zonecastd"], faster, median[faster], note),
                "axfr-memory": Measured(memory / 1e6, "nsd", nsd_memory / 1e6),
                "record-octets": Measured(octets)}

    def began(self, tail):
        """The moment at which the primary begins to send."""
        return looking.moment_when(lambda: any(servers.KnotPrimary.SENDS in line for line in tail.lines()),
                                   "the transfer's start", self.patience, interval=0.001)

    def zonecastd(self):
        redis = self.stand.redis()
        daemon = self.stand.daemon(redis, [ZONE], self.primary.port)
        with redis, looking.LogTail(self.primary) as tail:
            try:
                daemon.launch()
                start = self.began(tail)
                end = looking.moment_when(lambda: self.published(redis), "all domains in Redis", self.patience)
                cpu = looking.cpu_seconds(daemon.process.pid)
                memory = looking.peak_resident(daemon.process.pid)
                status = daemon.json("zone-status", ZONE)[0]
                self.stand.note_callbacks(daemon, "axfr")
            finally:
                daemon.stop()
        shutil.rmtree(daemon.folder)
        return end - start, cpu, memory, int(status["octets"]) / int(status["records"])

    def published(self, redis):
        if redis.ask("HLEN", redis.key("domain")) != self.domains:
            return False
        return redis.cli("HGET", redis.key("meta"), "domains") == str(self.domains)

    def peer(self, kind, look=False):
        secondary = kind(self.stand.folder / "secondary", [ZONE], self.primary.port)
        with looking.LogTail(self.primary) as tail, looking.Asker(secondary.port) as asker:
            with secondary:
                memory = looking.PeakOfAll(secondary.process.pid) if look else None
                start = self.began(tail)
                end = looking.moment_when(lambda: asker.ask(ZONE, SOA), "the zone to be served", self.patience)
                cpu = looking.cpu_seconds(secondary.process.pid)
                if memory:
                    time.sleep(1)  # nsd's old processes end a little later
                    memory = memory.stop()
        shutil.rmtree(secondary.folder)
        return end - start, cpu, memory

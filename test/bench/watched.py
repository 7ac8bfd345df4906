"""What a watched domain takes of zonecastd's memory: its answers, their timers, and what it is to whom.

What zonecastd has resident once all of its watched names are answered, less what it has when it watches none, divided
by their number. The names have an address and nothing else, which takes the most questions that one that is not followed
anywhere does; the note has the same for names that are hosted, each published with a DID of its own.
"""

import pathlib

import resolved
from figures import Measured
from looking import moment_when
from parts import PartFailed

NAMES = 1_000_000
USUAL = 1500.0  # seconds until all are answered, at their rate


class WatchedMemory:
    def __init__(self, stand):
        self.stand = stand
        self.names = stand.scaled(NAMES)

    def measure(self):
        with resolved.authority(self.stand, 86400) as authority:
            empty, _ = self.resident(authority.port, [])
            rows = {}
            for zone in (resolved.ELSEWHERE, resolved.HOSTED):
                octets, questions = self.resident(authority.port, resolved.names(zone, self.names))
                rows[zone] = max(octets - empty, 0) / self.names, questions / self.names
                self.stand.say(f"{self.names} names, {zone}: {rows[zone][0]:.0f} octets each, {rows[zone][1]:.1f} questions each")
        octets, questions = rows[resolved.HOSTED]
        return {"watched-octets": Measured(rows[resolved.ELSEWHERE][0], note=f"{rows[resolved.ELSEWHERE][1]:.0f} questions each; hosted "
                                           f"and published: {octets:.0f} octets, {questions:.0f} questions")}

    def resident(self, port, names):
        """Octets, once all are answered, and how many questions that took."""
        with self.stand.redis() as redis:
            daemon = self.stand.resolving(redis, port, names, asks_per_second=50_000)
            try:
                daemon.launch()
                moment_when(lambda: self.answered(daemon, len(names)), "all names answered", self.stand.patience(USUAL), 0.2)
                self.stand.note_callbacks(daemon, "watched")
                for line in pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines():
                    if line.startswith("VmRSS:"):
                        return int(line.split()[1]) * 1024, int(daemon.json("status")["questions"])
                raise PartFailed("no VmRSS")
            finally:
                daemon.stop()

    @staticmethod
    def answered(daemon, names):
        if daemon.process.poll() is not None:
            raise daemon.fail("has ended")
        if daemon.ask("status", check=False).returncode != 0:
            return False
        status = daemon.json("status")
        return (int(status["domains_watched"]) >= names and int(status["questions"]) >= names
                and status["questions_unanswered"] == "0" and status["store"] == "idle")

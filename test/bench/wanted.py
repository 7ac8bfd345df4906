"""A worker's question to its table having the domain: one domain at a time, each of them new.

The clock starts when the domain is written to `wanted`, and stops when a look-up in the mirror's table says that it is
hosted. Between them are zonecastd, Unbound that has not heard of the name, knotd, Redis and the mirror. The median counts.
"""

import statistics
import time

import resolved
from figures import Measured
from looking import moment_when
from parts import ZonecastMirror
from table_reader import HOSTED

QUESTIONS = 200
QUESTIONS_MIN = 20


class Wanted:
    def __init__(self, stand):
        self.stand = stand
        self.questions = max(stand.scaled(QUESTIONS), QUESTIONS_MIN)

    def measure(self):
        with resolved.authority(self.stand, 3600) as authority, resolved.unbound(self.stand, authority.port) as unbound, \
                self.stand.redis() as redis:
            daemon = self.stand.resolving(redis, unbound.port, [], worker_rate=1000, total_rate=1000)
            mirror = ZonecastMirror(self.stand.folder / "mirror", redis, build=self.stand.build)
            try:
                daemon.start()
                moment_when(lambda: redis.version() > 0, "the first version", 30)
                mirror.start()
                moment_when(mirror.look, "the table", 30)
                took = sorted(self.milliseconds(redis, mirror.reader, name)
                              for name in resolved.names(resolved.HOSTED, self.questions))
                self.stand.note_callbacks(daemon, "wanted")
            finally:
                mirror.stop()
                daemon.stop()
        self.stand.say(f"{len(took)} domains: from {took[0]:.2f} to {took[-1]:.2f} ms")
        return {"wanted-median": Measured(statistics.median(took), note=f"p99 {took[round((len(took) - 1) * 0.99)]:.1f} ms")}

    @staticmethod
    def milliseconds(redis, table, name):
        def there():
            table.refresh()
            return table.answer(name) == HOSTED
        start = time.monotonic()
        redis.ask("XADD", redis.key("wanted"), "*", "domain", name, "worker", "bench")
        return (moment_when(there, name, 30, interval=0.0002) - start) * 1000

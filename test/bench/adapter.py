"""The getdns adapter beside bare getdns: CPU time of a look-up, both asking the same names of the same knotd.

resolver_bench.cc says what each does. They take turns, some rounds of them; the median counts.
"""

import statistics
import subprocess

import resolved
from figures import Measured
from parts import PartFailed

LOOK_UPS = 100_000
LOOK_UPS_MIN = 200


class AdapterCpu:
    def __init__(self, stand):
        self.stand = stand
        self.look_ups = max(stand.scaled(LOOK_UPS), LOOK_UPS_MIN)

    def measure(self):
        with resolved.authority(self.stand, 3600) as authority:
            rounds = [(self.microseconds("adapter", authority.port), self.microseconds("bare", authority.port))
                      for _ in range(self.stand.runs)]
        adapter, bare = (statistics.median(column) for column in zip(*rounds))
        return {"resolver-cpu": Measured(adapter, "bare getdns", bare)}

    def microseconds(self, kind, port):
        program = self.stand.build / "bin/resolver_bench"
        done = subprocess.run([program, kind, str(port), str(self.look_ups)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PartFailed(f"resolver_bench {kind}: {done.stderr}")
        self.stand.say(f"{kind}: {int(done.stdout) / 1000:.1f} us a look-up")
        return int(done.stdout) / 1000

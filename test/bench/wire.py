"""The wire reader alone, and ldns on the same messages, in one binary: wire_bench.cc. CPU time per record."""

import json
import statistics
import subprocess

from figures import Measured
from parts import PartFailed


class WireReader:
    def __init__(self, stand):
        self.stand = stand

    def measure(self):
        done = subprocess.run(
            [str(self.stand.build / "bin/wire_bench"), "--benchmark_format=json",
             f"--benchmark_min_time={max(self.stand.scale, 0.01)}", f"--benchmark_repetitions={self.stand.runs}"],
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PartFailed(f"wire_bench: {done.stdout}{done.stderr}")
        nanoseconds = {}
        for run in json.loads(done.stdout)["benchmarks"]:
            if run.get("error_occurred"):
                raise PartFailed(f"wire_bench: {run['name']}: {run['error_message']}")
            if run["run_type"] == "iteration":
                nanoseconds.setdefault(run["run_name"], []).append(1e9 / run["items_per_second"])
        median = {name: statistics.median(each) for name, each in nanoseconds.items()}
        return {"wire-record": Measured(median["zonecast"], "ldns", median["ldns"])}

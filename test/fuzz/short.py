"""Runs a fuzzer for a short while, from a copy of its corpus: `./dev test` does.

usage: short.py FUZZER CORPUS FOUND RUNS

Each time it does the same: one seed, a number of runs and not of seconds, nothing read back from the
corpus, and, where the system permits it, addresses that are not random (absl's hash tables take their
seeds from them). What it finds is left in FOUND, and the command that replays it is printed.
"""

import ctypes
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ADDR_NO_RANDOMIZE = 0x0040000  # personality(2)
LINES_MAX = 60  # of what a fuzzer said before it failed


def keep_addresses():
    ctypes.CDLL(None).personality(ADDR_NO_RANDOMIZE)


def run(fuzzer, corpus, found, runs):
    """libFuzzer's exit status, and what it printed."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = shutil.copytree(corpus, pathlib.Path(scratch, "corpus"))
        done = subprocess.run([fuzzer, "-seed=1", f"-runs={runs}", "-reload=0", "-timeout=10", "-rss_limit_mb=2048",
                               f"-artifact_prefix={found}/crash-", copy], preexec_fn=keep_addresses,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        return done.returncode, done.stdout


def main():
    fuzzer, corpus, found, wanted = sys.argv[1:]
    status, said = run(fuzzer, corpus, found, wanted)
    runs = re.search(r"^Done (\d+) runs", said, re.MULTILINE)
    if status == 0 and runs and int(runs[1]) > len(list(pathlib.Path(corpus).iterdir())):
        print(runs[0])
        return 0
    print(*said.splitlines()[-LINES_MAX:], sep="\n")
    for finding in re.findall(r"Test unit written to (\S+)", said):
        print(f"\nFound: {finding}\nIt is replayed by: {fuzzer} {finding}")
    return 1


if __name__ == "__main__":
    sys.exit(main())

"""Runs a fuzzer for a short while, from a copy of its corpus, always with the same seed: `./dev test` does.

usage: short.py FUZZER CORPUS FOUND SECONDS

What it finds is left in FOUND, and the command that replays it is printed.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

LINES_MAX = 60  # of what a fuzzer said before it failed


def run(fuzzer, corpus, found, seconds):
    """libFuzzer's exit status, and what it printed."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = shutil.copytree(corpus, pathlib.Path(scratch, "corpus"))
        done = subprocess.run([fuzzer, "-seed=1", f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048",
                               f"-artifact_prefix={found}/crash-", copy],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        return done.returncode, done.stdout


def main():
    fuzzer, corpus, found, seconds = sys.argv[1:]
    status, said = run(fuzzer, corpus, found, seconds)
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

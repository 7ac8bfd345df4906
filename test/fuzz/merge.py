"""Takes over into corpus/ what the fuzzers found (BUILD/found/TARGET) and covers something new.

What is taken over is called found-DIGEST. What was there stays.
"""

import hashlib
import pathlib
import subprocess
import sys
import tempfile

CORPORA = pathlib.Path(__file__).resolve().parent / "corpus"
OCTETS_MAX = 2048  # longer ones are left: a corpus is read by people, and replayed by every test run


def merge(fuzzer, found, corpus):
    """libFuzzer keeps, of what was found, the least that adds to what the corpus covers."""
    with tempfile.TemporaryDirectory() as scratch:
        for seed in corpus.iterdir():
            pathlib.Path(scratch, seed.name).write_bytes(seed.read_bytes())
        subprocess.run([fuzzer, "-merge=1", f"-max_len={OCTETS_MAX}", scratch, found], check=True,
                       stderr=subprocess.DEVNULL)
        new = [path for path in pathlib.Path(scratch).iterdir() if not (corpus / path.name).exists()]
        for path in new:
            octets = path.read_bytes()
            (corpus / f"found-{hashlib.sha256(octets).hexdigest()[:12]}").write_bytes(octets)
        return len(new)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    for corpus in sorted(CORPORA.iterdir()):
        found = build / "found" / corpus.name
        fuzzer = build / "fuzzers" / f"fuzz_{corpus.name}"
        print(f"{corpus.name:10} {merge(fuzzer, found, corpus)} taken over, of {len(list(found.iterdir()))} found")


if __name__ == "__main__":
    main()

"""Measures zonecast beside what people use today, with real servers on loopback: ./dev bench [SUITE]

Without a suite it runs all of them. `transfer` puts zonecastd beside the best secondaries, `worker` a proxy's look-ups beside tables in its own memory,
`resolver` its questions to a resolver beside bare getdns.
Prints a table for people, and writes one row per figure into build/bench.json (of one suite: build/bench-SUITE.json)
and a chart of them beside it, an SVG. Ratios are taken in one run, against peers that do the same work on the same
machine; seconds alone say little. All files of all parts are in memory where there is /dev/shm, so that it is not the
disk that is measured. What exactly each figure measures stands at the head of the file of its scenario.
"""

import argparse
import importlib
import json
import pathlib
import shlex
import shutil
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "support"))

import parts  # noqa: E402
import chart  # noqa: E402
from adapter import AdapterCpu  # noqa: E402
from axfr import Transfer  # noqa: E402
from bootstrap import Bootstrap  # noqa: E402
from edit import OneEdit  # noqa: E402
from figures import ALONGSIDE, SUITES, Measured, row  # noqa: E402
from progress import Progress  # noqa: E402
from proxy import KamailioCpu  # noqa: E402
from lookup import LookUps  # noqa: E402
from many import ManyZones  # noqa: E402
from refresh import Refreshes  # noqa: E402
from seen import SeenByAWorker  # noqa: E402
from stand import Stand  # noqa: E402
from storm import Storm  # noqa: E402
from wanted import Wanted  # noqa: E402
from watched import WatchedMemory  # noqa: E402
from wire_reader import WireReader  # noqa: E402

ALL = "all"
MEMORY = pathlib.Path("/dev/shm")
SCENARIOS = {"axfr": Transfer, "edit": OneEdit, "zones": ManyZones, "wire": WireReader, "notify": Storm,
             "lookup": LookUps, "bootstrap": Bootstrap, "seen": SeenByAWorker, "kamailio": KamailioCpu,
             "watched": WatchedMemory, "adapter": AdapterCpu, "refresh": Refreshes, "wanted": Wanted}


def number(value):
    return "-" if value is None else value if isinstance(value, str) else f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def verdict(line):
    if line["bound_met"] is None:
        return "not judged"
    if not line["bound_met"]:
        return "MISSED"
    return "aim met" if line["aim_met"] else "met"


def table(rows):
    head = ["FIGURE", "VALUE", "UNIT", "PEER", "PEER'S", "RATIO", "BOUND", "AIM", "", ""]
    lines = [[row["name"], number(row["value"]), row["unit"], row["peer"] or "-", number(row["peer_value"]),
              number(row["ratio"]), f"{row['bounded']} {number(row['bound'])}", number(row["aim"]), verdict(row),
              "; ".join(filter(None, (row["what"], row["note"])))] for row in rows]
    widths = [max(len(line[column]) for line in [head, *lines]) for column in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
                     for line in [head, *lines])


def summary(rows):
    """One table of all suites: what was measured, what stands beside it, and whether the bound is met."""
    lines = [("FIGURE", "MEASURED", "BESIDE", "BOUND", "")]
    for row in rows:
        beside = f"{number(row['peer_value'])} {row['unit']} ({row['peer']})" if row["peer_value"] is not None else "-"
        measured = f"{number(row['value'])} {row['unit']}".strip()
        lines.append((row["what"], measured if row["ratio"] is None else f"{measured}, x {number(row['ratio'])}", beside,
                      bound_text(row), verdict(row)))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def bound_text(row):
    return f"x {number(row['bound'])}" if row["bounded"] == "ratio" else f"{number(row['bound'])} {row['unit']}".strip()


def chosen(suite, only):
    """The figures that are named, by their own name or their scenario's."""
    if not only:
        return list(suite)
    words = only.split(",")
    known = {word for figure in suite if figure.scenario != ALONGSIDE for word in (figure.name, figure.scenario)}
    if unknown := sorted(set(words) - known):
        sys.exit(f"bench: no figure {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    return [figure for figure in suite if figure.name in words or figure.scenario in (*words, ALONGSIDE)]


def show_logs(folder):
    for log in sorted(folder.rglob("*.log")):
        tail = log.read_text(errors="replace").splitlines()[-10:]
        print(f"\n--- the end of {log.relative_to(folder)}", *tail, sep="\n", file=sys.stderr)


def of_suite(suite, only):
    """(suite, its figures that are asked for)."""
    if suite != ALL:
        return [(suite, chosen(SUITES[suite], only))]
    if only:
        sys.exit("bench: --only is for one suite: transfer, worker or resolver")
    return [(name, list(figures)) for name, figures in SUITES.items()]


def scenarios(figures):
    """Those that measure the figures."""
    return [name for name in SCENARIOS if any(figure.scenario == name for figure in figures)]


def measure(suite, figures, options, folder, progress):
    """The rows, and what failed: a scenario that fails has no rows, and the others go on."""
    stand = Stand(folder, options.build, options.scale, options.runs, shlex.split(options.under), progress.say)
    found, failed = {}, []
    due = scenarios(figures)
    for done, name in enumerate(due):
        progress.say(f"{time.strftime('%H:%M:%S')} {suite} {done + 1} of {len(due)}: {name}")
        scenario = SCENARIOS[name]
        stand.folder = folder / name
        try:
            found |= scenario(stand).measure()
        except parts.PartFailed as failure:
            failed.append(f"{name}: {failure}")
            progress.clear()
            show_logs(stand.folder)
        shutil.rmtree(stand.folder, ignore_errors=True)
        progress.step()
    if stand.callbacks:
        seconds, callback, name = max(stand.callbacks)
        found["loop-callback"] = Measured(seconds * 1000, note=f"{callback} in {name}")
    return [{"suite": suite, **row(figure, found[figure.name])} for figure in figures if figure.name in found], failed


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", nargs="?", choices=[ALL, *SUITES], default=ALL, help="default: all of them")
    parser.add_argument("--only", help="figures or scenarios, separated by commas; loop-callback comes along with any")
    parser.add_argument("--scale", type=float, default=1.0, help="of all sizes; 1 is what the bounds are for")
    parser.add_argument("--runs", type=int, default=3, help="of what is repeated; the median counts")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a bound is missed")
    parser.add_argument("--under", default="", metavar="COMMAND", help="a profiler for zonecastd, as 'perf record -g "
                        "-o /tmp/perf.data' or 'valgrind --tool=callgrind'; the figures mean little then")
    parser.add_argument("--folder", type=pathlib.Path, default=MEMORY if MEMORY.is_dir() else None,
                        help=f"where all files are kept for the run; default: {MEMORY} if there is such a folder")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="with bin/zonecastd")
    parser.add_argument("--json", type=pathlib.Path, help="where the rows go")
    options = parser.parse_args()
    suites = of_suite(options.suite, options.only)
    file = options.json or ROOT / "build" / ("bench.json" if options.suite == ALL else f"bench-{options.suite}.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="zonecast-bench-", dir=options.folder))
    rows, failed = [], []
    progress = Progress([f"{suite} {name}" for suite, figures in suites for name in scenarios(figures)])
    try:
        for suite, figures in suites:
            found, trouble = measure(suite, figures, options, folder, progress)
            rows, failed = rows + found, failed + trouble
    finally:
        progress.end()
        shutil.rmtree(folder, ignore_errors=True)
    file.write_text(json.dumps(rows, indent=1) + "\n")
    picture = file.with_suffix(".svg")
    picture.write_text(chart.drawn(rows, options.scale))
    print(summary(rows) if options.suite == ALL else table(rows))
    print(f"\n{file} and {picture} have it, too.")
    if options.scale != 1:
        print(f"At scale {options.scale:g}, which is not what the bounds are for.")
    if failed:
        sys.exit("\n".join(f"bench: {each}" for each in failed))
    if options.strict and any(line["bound_met"] is False for line in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()

"""Prints how much of each room the tests cover, from gcovr's --json-summary; fails below the bar."""

import collections
import json
import sys

BAR_PERCENT = 90  # of the lines of reconciler/


def room_of(filename):
    parts = filename.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def percent(covered, total):
    return 100 * covered / total if total else 100.0


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        files = json.load(file)["files"]
    rooms = collections.defaultdict(lambda: [0, 0])
    for entry in files:
        for room in (room_of(entry["filename"]), entry["filename"].split("/")[0]):
            rooms[room][0] += entry["line_covered"]
            rooms[room][1] += entry["line_total"]
    for room in sorted(rooms):
        covered, total = rooms[room]
        print(f"{room:24} {percent(covered, total):6.1f} %  {covered:6} of {total:6} lines")
    poor = sorted((percent(entry["line_covered"], entry["line_total"]), entry["filename"])
                  for entry in files if entry["filename"].startswith("reconciler/"))
    print("\nLeast covered in reconciler/:")
    for value, name in poor[:10]:
        print(f"{name:48} {value:6.1f} %")
    core = percent(*rooms["reconciler"])
    if core < BAR_PERCENT:
        print(f"\nreconciler/ is covered to {core:.1f} %, which is below {BAR_PERCENT} %.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

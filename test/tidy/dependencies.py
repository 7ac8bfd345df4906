"""Holds the includes to the arrows of ARCHITECTURE.md: a room sees the rooms named here, and no other.

Prints each line that breaks a rule; exits 1 when there is one.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

CORE_ROOMS = ["dns", "catalog", "xfr", "view", "derive", "identity", "discovery", "plan", "query", "ports", "loop"]

# room -> the rooms of the project that it may include, besides itself
CORE = {
    "dns": [],
    "catalog": ["dns"],
    "xfr": ["dns"],
    "view": ["dns"],
    "derive": ["dns", "view"],
    "identity": ["dns", "view", "derive"],
    "discovery": ["dns", "derive"],
    "plan": ["dns", "view", "derive", "identity"],
    "query": ["dns", "xfr"],
    "ports": ["dns", "xfr", "view", "derive", "identity", "discovery", "plan", "query"],
    "loop": ["dns", "catalog", "xfr", "view", "derive", "identity", "discovery", "plan", "query", "ports"],
}
ALLOWED = {f"reconciler/{room}": [f"reconciler/{seen}" for seen in seen_rooms]
           for room, seen_rooms in CORE.items()}
# Adapters see ports and value types (settings and reports of the loop among them), and may share uv.
VALUES = [f"reconciler/{room}" for room in CORE_ROOMS if room != "loop"]
REPORTS = ["reconciler/loop/settings.h", "reconciler/loop/status.h"]
ALLOWED |= {
    "schema": [],
    "adapters/uv": VALUES,
    "adapters/disk": VALUES + ["adapters/uv"],
    "adapters/redis": VALUES + ["adapters/uv", "schema"],
    "adapters/getdns": VALUES + ["adapters/uv"],
    "adapters/logging": [],
    "adapters/journal": VALUES + REPORTS + ["adapters/logging"],
    "adapters/http": VALUES + ["adapters/control", "adapters/uv", "schema"],
    "adapters/control": ["adapters/uv", "schema"],
    "adapters/master_file": ["reconciler/dns"],
    "adapters/process": [],
    # What proxies link: neither the core nor Redis nor protobuf.
    "adapters/table": [],
    "adapters/worker": ["adapters/table"],
    "adapters/kamailio": ["adapters/table", "adapters/uv"],
    "adapters/mirror": ["adapters/redis", "adapters/table", "adapters/uv", "schema", "reconciler/xfr"],
    "config": VALUES + ["reconciler/loop/settings.h"],
    "app/zonecast": ["adapters/control", "adapters/disk", "adapters/master_file", "adapters/table", "adapters/worker", "adapters/kamailio", "adapters/mirror", "adapters/logging",
                     "adapters/redis", "adapters/uv", "config", "schema", "app/redis_options.h", "app/version.h", "reconciler"],
    "app/zonecast-mirror": ["adapters", "schema", "app/version.h", "reconciler/xfr"],
    "app/zonecastd": ["adapters", "config", "schema", "app/redis_options.h", "app/version.h", "reconciler"],
}
EVERYWHERE = ["reconciler/time.h", "reconciler/shared.h", "reconciler/rare.h"]

# The core is moved by its ports alone: no sockets, clock, threads, files, logs or other outside world.
FORBIDDEN_IN_CORE = re.compile(
    r"<(uv|hiredis|lmdb|spdlog|prometheus|google/protobuf|yaml-cpp|sys/|netinet/|unistd|poll|pthread"
    r"|thread|mutex|condition_variable|future|atomic|fstream|iostream|cstdio|filesystem|ctime)")
CLOCKS = re.compile(r"(steady_clock|system_clock|high_resolution_clock)::now|random_device|\btime\(nullptr")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(path):
    return next((room for room in sorted(ALLOWED, key=len, reverse=True) if path.startswith(room + "/")), None)


def breaches(path, text):
    room = room_of(path)
    core = path.startswith("reconciler/")
    for number, line in enumerate(text.splitlines(), 1):
        if core and CLOCKS.search(line):
            yield number, "the core reads no clock and no randomness: they come through its ports"
        match = INCLUDE.match(line)
        if not match:
            continue
        bracket, target = match.groups()
        if bracket == "<":
            if core and FORBIDDEN_IN_CORE.match("<" + target):
                yield number, f"the core may not include <{target}>"
            continue
        allowed = [room, *ALLOWED[room], *EVERYWHERE] if room else None
        if allowed is not None and target.split("/")[0] in ("reconciler", "adapters", "schema", "config", "app"):
            if not any(target == seen or target.startswith(seen + "/") for seen in allowed):
                yield number, f"{room} may not include {target}"


def main():
    found = 0
    for top in ("reconciler", "adapters", "schema", "config", "app"):
        for file in sorted((ROOT / top).rglob("*")):
            if file.suffix not in (".h", ".cc"):
                continue
            path = file.relative_to(ROOT).as_posix()
            for number, why in breaches(path, file.read_text()):
                print(f"{path}:{number}: {why}")
                found += 1
    print(f"dependency rules: {found} broken" if found else "dependency rules: all kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

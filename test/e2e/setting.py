"""What every end-to-end test stands on: a folder of its own, real parts in it, and ways to look at Redis.

A test case's parts are stopped and its folder is removed when it ends, however it ends; when it failed, the
ends of their logs are shown first. Nothing here sleeps for a fixed time: conditions are waited for.
"""

import contextlib
import json
import pathlib
import re
import shutil
import sys
import tempfile
import unittest
import urllib.request

TEST = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TEST / "support"))

# Tests take these from here, once the path is set.
import dns_messages as dns  # noqa: E402, F401
import exported  # noqa: E402, F401
import follower  # noqa: E402, F401
import hostile_redis  # noqa: E402, F401
import kamailio  # noqa: E402, F401
import parts  # noqa: E402
import primaries  # noqa: E402
import publisher  # noqa: E402, F401
import reader  # noqa: E402
import redis_proxy  # noqa: E402, F401
import scripted_primary  # noqa: E402, F401
import sipp  # noqa: E402, F401
import table_reader  # noqa: E402, F401
import telephony  # noqa: E402, F401
import wire  # noqa: E402, F401
import tsig  # noqa: E402, F401

PATIENCE = 20.0  # seconds; far more than anything takes that works
EDGE = "sip.provider.example."
TO_EDGE = f"10 5 5060 {EDGE}"
QUICK_TIMERS = {"refresh_min": "1s", "retry_min": "1s", "retry_max": "1s"}


def zone(name, *records, serial=1, refresh=3600):
    """A zone's text: SOA, NS, and the records."""
    return "\n".join([f"$ORIGIN {name}.", "$TTL 3600",
                      f"@ IN SOA ns1 hostmaster {serial} {refresh} 600 1209600 300",
                      "@ IN NS ns1", "ns1 IN A 192.0.2.53", *records, ""])


def sip(*owners, transport="udp"):
    """SRV records by which the owners point at the edge; "@" is the apex."""
    return [f"_sip._{transport}{'' if owner == '@' else '.' + owner} IN SRV {TO_EDGE}" for owner in owners]


def hosted(did, transports="udp", role="primary"):
    """What stands in `domain`."""
    return f"did={did};state=hosted;transports={transports};role={role}"


class EndToEnd(unittest.TestCase):
    maxDiff = 4000

    def run(self, result=None):
        result = result or self.defaultTestResult()

        def troubles():
            return len(result.failures) + len(result.errors)
        before = troubles()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="zonecast-e2e-"))
        try:
            with contextlib.ExitStack() as self.parts:
                super().run(result)
                if troubles() > before:
                    self.show_logs()
        finally:
            shutil.rmtree(self.folder)
        return result

    def show_logs(self):
        for log in sorted(self.folder.rglob("*.log")):
            tail = log.read_text(errors="replace").splitlines()[-25:]
            print(f"\n--- the end of {log.relative_to(self.folder)}", *tail, sep="\n", file=sys.stderr)

    # -- parts -------------------------------------------------------------------------------------

    def redis(self, name="redis", start=True, **options):
        return self.adopt(parts.Redis(self.folder / name, **options), start)

    def knot(self, zones, name="knotd", start=True, **options):
        return self.primary(primaries.Knot, zones, name, start, **options)

    def primary(self, kind, zones, name="primary", start=True, **options):
        return self.adopt(kind(self.folder / name, zones, name=name, **options), start)

    def adopt(self, part, start):
        self.parts.callback(part.stop)
        self.addCleanup(part.stop)
        if start:
            part.start()
        return part

    def key_file(self, name, text):
        file = self.folder / name
        file.write_text(text + "\n")
        file.chmod(0o600)
        return str(file)

    def configuration(self, redis, customers, /, **sections):
        """A whole configuration; a section that is given is merged into what stands here."""
        config = {
            "control_socket": "control.sock",
            "state_directory": "state",
            "http": {"listen": "off"},
            "redis": {"unix": str(redis.socket), "deployment": redis.deployment},
            "edge": [{"hosts": [EDGE.rstrip(".")], "addresses": ["192.0.2.10"], "udp": 5060, "tcp": 5060, "tls": 5061}],
            "attributes": {
                "greeting": {"type": "string", "max": 200, "setter": "customer"},
                "max_calls": {"type": "integer", "min": 1, "max": 1000, "default": 30, "setter": "customer"},
            },
            # What a test is not about: they take away, and move, more than an operator should like.
            "retire": {"absent": "0s", "zone_gone": "0s"},
            "brake": {"customer_min": 1000000, "total_min": 1000000},
            "limits": {},
            "resolver": {"servers": "off"},
            "customers": customers,
        }
        for section, content in sections.items():
            if isinstance(content, dict) and isinstance(config.get(section), dict):
                config[section].update(content)
            else:
                config[section] = content
        return config

    def daemon(self, redis, customers, /, name="zonecastd", start=True, notify=None, metrics=None, **sections):
        """`notify` and `metrics`: the ports for them, metrics=True for one that is free; without: none."""
        metrics_port = parts.free_port() if metrics is True else metrics
        if notify:
            sections["notify"] = {"listen": [f"127.0.0.1:{notify}"], **sections.pop("notify_policy", {})}
        if metrics:
            sections["http"] = {"listen": f"127.0.0.1:{metrics_port}", **sections.get("http", {})}
        config = self.configuration(redis, customers, **sections)
        daemon = parts.Zonecastd(self.folder / name, json.dumps(config, indent=1), name=name)  # JSON is YAML
        daemon.metrics_port = metrics_port
        self.adopt(daemon, start=False)
        self.addCleanup(lambda: self.assertIn(daemon.stop(), (None, 0), "it did not stop as it should"))
        if start:
            daemon.start()
        return daemon

    def mirror(self, redis, *options, name="mirror", start=True, **where):
        return self.adopt(parts.ZonecastMirror(self.folder / name, redis, *options, name=name, **where), start)

    # -- customers ---------------------------------------------------------------------------------

    @staticmethod
    def customer(zones, *servers, key_file=None, **more):
        """A customer with these zones at these primaries, which are called ns1, ns2, ..."""
        key = {"key_file": key_file} if key_file else {}
        primaries = {f"ns{number}": {"address": "127.0.0.1", "port": server.port, **key}
                     for number, server in enumerate(servers, 1)}
        return {"primaries": primaries, "zones": list(zones), **more}

    # -- looking -----------------------------------------------------------------------------------

    def wait(self, condition, what, timeout=PATIENCE):
        return parts.wait_for(condition, timeout, what)

    def await_domains(self, redis, expected, timeout=PATIENCE):
        """Waits until exactly these domains are published; returns the whole content, checked."""
        with contextlib.suppress(parts.PartFailed):
            self.wait(lambda: redis.domains() == expected, "the domains", timeout)
        content = redis.content()
        self.assertEqual(expected, content.domains())
        self.check(content)
        return content

    def await_attributes(self, redis, did, expected):
        with contextlib.suppress(parts.PartFailed):
            self.wait(lambda: redis.content().attributes().get(did) == expected, "the attributes")
        content = redis.content()
        self.assertEqual(expected, content.attributes().get(did))
        self.check(content)
        return content

    def check(self, content):
        """The three hashes and meta agree with one another."""
        try:
            content.check()
        except reader.Mismatch as mismatch:
            self.fail(str(mismatch))

    def assert_untouched(self, before, redis):
        """Nothing was published since."""
        after = redis.content()
        self.assertEqual(before.hashes, after.hashes)
        self.assertEqual(before.meta["version"], after.meta["version"])
        self.assertEqual(before.meta["lineage"], after.meta["lineage"])

    def await_settled(self, daemon):
        """All zones are confirmed and nothing waits to be published."""
        def settled():
            status = daemon.json("status")
            return (status["zones_confirmed"] == status["zones"] and status["store"] == "idle"
                    and status["domains_waiting"] == "0" and status["domains_held"] == "0")
        self.wait(settled, "all zones confirmed and published")

    def await_said(self, daemon, *words, timeout=PATIENCE):
        """Waits for a line of the log that holds all of the words, and returns it."""
        return self.wait(lambda: daemon.said(*words), f"a line of the log with {words}", timeout)[0]

    def await_metric(self, daemon, value, name, **labels):
        """Gauges are set once a second."""
        self.wait(lambda: self.metric(daemon, name, **labels) == value, f"{name} {labels} to be {value}")

    def scrape(self, daemon):
        with urllib.request.urlopen(f"http://127.0.0.1:{daemon.metrics_port}/metrics", timeout=10) as page:
            return page.read().decode()

    def metric(self, daemon, name, **labels):
        """A sample's value; 0 when there is none. All samples that have the labels are summed up."""
        total = 0.0
        for series, value in re.findall(rf"^{name}((?:{{.*}})?) (\S+)$", self.scrape(daemon), re.MULTILINE):
            if all(f'{label}="{text}"' in series for label, text in labels.items()):
                total += float(value)
        return total

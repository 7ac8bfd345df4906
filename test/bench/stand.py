"""What every scenario stands on: a folder of its own, the scale, zonecastd, and the table of its callbacks.

Parts are stopped when their `with` ends; their files go with the folder, or when a scenario removes them.
"""

import json
import re
import urllib.request

import parts
import zones


class Stand:
    def __init__(self, folder, build, scale, runs, under=(), tell=print):
        self.folder = folder
        self.build = build
        self.scale = scale
        self.runs = runs
        self.tell = tell
        self.under = under  # a profiler that zonecastd is run by, as words
        self.callbacks = []  # (most CPU seconds of one, what for, in which scenario)

    def scaled(self, count):
        return max(int(count * self.scale), 1)

    def patience(self, seconds):
        """How long to wait for what takes that long at full scale on a quiet machine; ten times as long."""
        return 30 + 10 * seconds * self.scale

    def say(self, text):
        self.tell(f"  {text}")

    def redis(self):
        return parts.Redis(self.folder / "redis", deployment="bench")

    def daemon(self, redis, zone_names, primary_port, **limits):
        """zonecastd with these zones of one customer; not started."""
        metrics, notify = parts.free_port(), parts.free_port()
        return self.configured(redis, metrics, notify, {
            "notify": {"listen": [f"127.0.0.1:{notify}"]},
            "attributes": {"greeting": {"type": "string", "max": 64, "setter": "customer"},
                           "max_calls": {"type": "integer", "min": 1, "max": 1000, "setter": "customer"}},
            "retire": {"absent": "0s", "zone_gone": "0s"},  # what goes is measured as what comes
            "brake": {"customer_min": 1000000000, "total_min": 1000000000},
            "limits": limits,
            "customers": {"acme": {"primaries": {"ns1": {"address": "127.0.0.1", "port": primary_port}},
                                   "zones": list(zone_names)}},
        })

    def resolving(self, redis, resolver_port, watched, asks_per_second=5000, **discovery):
        """zonecastd that has these names watched, and keeps to each TTL; not started."""
        return self.configured(redis, parts.free_port(), None, {
            "resolver": {"servers": [f"127.0.0.1:{resolver_port}"], "ttl_min": "1s", "asks_per_second": asks_per_second},
            "discovery": discovery,
            "customers": {"acme": {"watched": list(watched)}} if watched else {},
        })

    def configured(self, redis, metrics, notify, sections):
        config = {
            "control_socket": "control.sock", "state_directory": "state",
            "http": {"listen": f"127.0.0.1:{metrics}"}, "notify": {"listen": []},
            "redis": {"unix": str(redis.socket), "deployment": redis.deployment},
            "edge": [{"hosts": [zones.EDGE.rstrip(".")], "udp": 5060, "tcp": 5060, "tls": 5061}],
            "resolver": {"servers": "off"}, **sections,
        }
        daemon = Daemon(self.folder / "zonecastd", json.dumps(config), self.build)
        daemon.metrics_port, daemon.notify_port = metrics, notify
        daemon.under = self.under
        return daemon

    def note_callbacks(self, daemon, scenario):
        for callback, seconds in daemon.callbacks().items():
            self.callbacks.append((seconds, callback, scenario))


class Daemon(parts.Zonecastd):
    """zonecastd, spawned without waiting for it, perhaps by a profiler."""

    under = ()

    def launch(self):
        self.config.write_text(self.config_text)
        self.spawn(*self.under, self.bin / "zonecastd", "-c", self.config)

    def metrics(self, name):
        """The samples of a metric: labels as text -> value."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as page:
            text = page.read().decode()
        return {labels: float(value) for labels, value in
                re.findall(rf"^{name}((?:{{.*}})?) (\S+)$", text, re.MULTILINE)}

    def callbacks(self):
        """The most CPU time that one callback of each kind used, in seconds."""
        return {labels.split('"')[1]: seconds
                for labels, seconds in self.metrics("zonecast_loop_callback_cpu_seconds_max").items()}

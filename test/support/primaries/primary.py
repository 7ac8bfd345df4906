"""What a test may do with a primary, whichever server it is.

Zones are texts, as setting.zone() writes them. A server is started with them, edits them as its operators do,
and tells of edits in its own manner. `edit` and `replace` return when the new serial is served, so what a test
sees afterwards at a secondary is the secondary's doing.
"""

import contextlib
import subprocess

import dns_messages as dns
import parts

from . import zone_text


class Primary(parts.Part):
    # What this server cannot do by its nature, and why. Nothing is skipped for that: the cases look here
    # for what must happen instead.
    cannot = {}

    def __init__(self, folder, zones, notify=None, key=None, port=None, name=None, idle=None, clock_ahead=0):
        """
        notify       the port on 127.0.0.1 that hears of edits
        key          ALGORITHM:NAME:BASE64, without which there is no transfer; NOTIFY is signed by it, too
        idle         seconds after which a connection without a query is closed; nothing: the server's default
        clock_ahead  seconds by which the server's clock is wrong
        """
        super().__init__(name or type(self).__name__.lower(), folder)
        self.port = port or parts.free_port()
        self.zones = dict(zones)
        self.notify = notify
        self.key = key
        self.idle = idle
        self.clock_ahead = clock_ahead
        self.zone_folder = self.folder / "zones"
        self.zone_folder.mkdir(exist_ok=True)

    # -- life: start() here, stop(), kill(), freeze() and thaw() as with every part ------------------

    def start(self):
        """With the zones as they were at the last stop()."""
        for zone, text in self.zones.items():
            if not self.zone_file(zone).exists():
                self.zone_file(zone).write_text(text)
        self.write_config()
        wrong_clock = {"LD_PRELOAD": parts.build_folder() / "lib/clock_ahead.so", "CLOCK_AHEAD": str(self.clock_ahead)}
        self.spawn(*self.command(), environment=wrong_clock if self.clock_ahead else {})
        waiting = set(self.zones)

        def serves_all():
            waiting.difference_update([zone for zone in waiting if self.serial(zone) is not None])
            return not waiting
        self.wait_until(serves_all, "it serves its zones", timeout=60)

    def write_config(self):
        raise NotImplementedError

    def command(self):
        """What starts it in the foreground."""
        raise NotImplementedError

    # -- zones -------------------------------------------------------------------------------------

    def edit(self, zone, *changes):
        """An edit of which the server keeps the history, where it can, and tells its secondaries.

        Each change is ("set", owner, ttl, type, rdata) or ("unset", owner, type); owners are relative to the zone.
        """
        self.zones[zone] = zone_text.edited(self.zones[zone], changes)
        self.make_edit(zone, changes)
        self.wait_until_served(zone)

    def make_edit(self, zone, changes):
        raise NotImplementedError

    def replace(self, zone, text):
        """Other content, whatever its serial, to which no history leads. Also while the server is stopped."""
        self.zones[zone] = text
        if self.process is None:
            self.zone_file(zone).write_text(text)
            self.forget_history(zone)
        else:
            self.load_anew(zone)
            self.wait_until_served(zone)

    def load_anew(self, zone):
        """Brings self.zones[zone] into the running server; what it reads while it runs may become history."""
        self.stop()
        self.replace(zone, self.zones[zone])
        self.start()

    def forget_history(self, zone):
        """Removes what a stopped server kept of the zone's edits, if it kept anything."""

    def send_notify(self, zone):
        """Once more, without an edit."""
        raise NotImplementedError

    # -- what it serves ----------------------------------------------------------------------------

    def serial(self, zone):
        """The serial that is served now, asked for as anybody could; nothing when there is no answer."""
        with contextlib.suppress(OSError):
            answer = dns.over_udp(dns.query(zone, dns.SOA), self.port, timeout=0.5)
            return answer and dns.soa_serial(answer)

    def wait_until_served(self, zone):
        expected = zone_text.serial(self.zones[zone])
        self.wait_until(lambda: self.serial(zone) == expected, f"it serves {zone} {expected}", timeout=60)

    # -- for the servers ---------------------------------------------------------------------------

    def zone_file(self, zone):
        return self.zone_folder / f"{zone}.zone"

    def key_parts(self):
        """algorithm, name, secret"""
        return self.key.split(":")

    def tell(self, *command, lines=None, check=True):
        """Runs a command, which must succeed; returns what it printed."""
        done = subprocess.run([str(word) for word in command], input=lines, cwd=self.folder,
                              capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise self.fail(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
        return done.stdout

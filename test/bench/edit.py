"""One record changed at a named primary: from NOTIFY to visible, in a zone of a million records and in one of 1,000.

The record is a domain's TXT, replaced by an RFC 2136 update. named holds a second NOTIFY back for five seconds,
so the bench sends the NOTIFY itself, over UDP, as soon as named has answered the update: to zonecastd and to
named's secondary alike, and the clock starts when it is sent. For zonecastd it stops when a subscriber has the
version's event from Redis, after which the attribute is read and must be the new one; for named when it answers
the new text, being asked again and again. Each edit is over before the next one begins. The median counts.
"""

import shutil
import socket
import statistics
import time

import dns_messages as dns
import looking
import servers
import updates
import zones
from figures import Measured
from parts import PartFailed
from resp import RedisClient

ZONE = zones.BIG_ZONE
LARGE, SMALL = 125_000, 125  # domains
EDITS = 60
EDITS_MIN = 5
USUAL = 10.0  # seconds until a secondary has the zone
PAUSE = 0.05


class OneEdit:
    def __init__(self, stand):
        self.stand = stand
        self.edits = max(stand.scaled(EDITS), EDITS_MIN)
        self.patience = stand.patience(USUAL)

    def measure(self):
        large, named = self.in_a_zone_of(self.stand.scaled(LARGE))
        small, _ = self.in_a_zone_of(min(SMALL, self.stand.scaled(LARGE)))
        return {"edit-time": Measured(large, "named", named),
                "edit-growth": Measured(large, "in a zone of 1,000 records", small)}

    def in_a_zone_of(self, domains):
        """The medians of zonecastd and of named's secondary, in milliseconds."""
        primary = servers.NamedPrimary(self.stand.folder / "primary", [ZONE], lambda _: zones.big_zone(domains),
                                       self.patience)
        with primary, updates.Updater(primary.port) as self.updater:
            self.edited = 0
            self.domains = domains
            medians = []
            for measure in (self.zonecastd, self.named):
                took = measure(primary.port)
                medians.append(statistics.median(took) * 1000)
                self.stand.say(f"{8 * domains} records, {measure.__name__}: median {medians[-1]:.2f} ms, "
                               f"from {min(took) * 1000:.2f} to {max(took) * 1000:.2f} ms")
        shutil.rmtree(primary.folder)
        return medians

    def next_edit(self):
        """Changes a record at the primary, and returns its domain's number and what it says now."""
        self.edited += 1
        domain = self.edited * 7919 % self.domains
        greeting = f"Edit {self.edited}"
        self.updater.replace_text(ZONE, f"_sipvhost.d{domain}.{ZONE}", zones.claim(domain, greeting))
        return domain, greeting

    def timed(self, port, wait_until_seen):
        took = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as notifier:
            notifier.connect(("127.0.0.1", port))
            for _ in range(self.edits):
                domain, greeting = self.next_edit()
                start = time.monotonic()
                notifier.send(dns.notify(ZONE))
                took.append(wait_until_seen(domain, greeting) - start)
                time.sleep(PAUSE)
        return took

    def zonecastd(self, primary_port):
        redis = self.stand.redis()
        daemon = self.stand.daemon(redis, [ZONE], primary_port)
        with redis:
            try:
                daemon.launch()
                looking.moment_when(lambda: redis.ask("HLEN", redis.key("domain")) == self.domains,
                                    "all domains in Redis", self.patience, interval=0.05)
                events = RedisClient(redis.socket, timeout=self.patience)
                events.command("SUBSCRIBE", redis.key("events"))

                def wait_until_seen(domain, greeting):
                    events.reply()
                    moment = time.monotonic()
                    attributes = redis.cli("HGET", redis.key("attribute"), f"d{domain}.{ZONE}")
                    if greeting.replace(" ", "%20") not in attributes:
                        raise PartFailed(f"version without {greeting}: d{domain} has {attributes}")
                    return moment
                took = self.timed(daemon.notify_port, wait_until_seen)
                events.close()
                self.stand.note_callbacks(daemon, "edit")
            finally:
                daemon.stop()
        shutil.rmtree(daemon.folder)
        return took

    def named(self, primary_port):
        secondary = servers.NamedSecondary(self.stand.folder / "secondary", [ZONE], primary_port)
        with secondary, looking.Asker(secondary.port) as asker:
            looking.moment_when(lambda: asker.ask(ZONE, dns.SOA), "the zone to be served", self.patience)

            def wait_until_seen(domain, greeting):
                def says_so():
                    answer = asker.ask(f"_sipvhost.d{domain}.{ZONE}", dns.TXT)
                    return answer and greeting.encode() in answer
                return looking.moment_when(says_so, greeting, self.patience, interval=0.0001)
            took = self.timed(secondary.port, wait_until_seen)
        shutil.rmtree(secondary.folder)
        return took

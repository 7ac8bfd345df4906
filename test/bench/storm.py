"""5,000 NOTIFYs a second for 10,000 zones, 1,000 of them for edits: from an edit to Redis.

The primary is a real named. The bench sends it an RFC 2136 update for one zone after the other, pipelined over
TCP, and sends zonecastd a NOTIFY as soon as named has answered; that is when the clock of that edit starts,
since from then on named serves it. The other NOTIFYs are for zones drawn at random, most of them unchanged. The
clock stops when a reader that is blocked on the log of versions has the entry with the edited domain's new
attributes (or, after an entry that says all was published anew, finds them in Redis). As named does, a NOTIFY
is sent again after five seconds while its edit is not seen. The rates that were reached stand in the note: when
named does not keep up, they are lower.
"""

import concurrent.futures
import random
import socket
import statistics
import struct
import time

import dns_messages as dns
import looking
import reader
import servers
import updates
import zones
from figures import Measured
from parts import PartFailed
from resp import RedisClient

ZONES = 10_000
EDITS_PER_SECOND = 1_000
NOTIFIES_PER_SECOND = 5_000
SECONDS = 10
AGAIN = 5.0  # seconds
USUAL = 30.0  # seconds until all zones are in Redis
TICK = 0.002
EDITED = b"greeting=Edited"


class Storm:
    def __init__(self, stand):
        self.stand = stand
        self.zones = [f"z{number}.example" for number in range(stand.scaled(ZONES))]
        self.edits = min(len(self.zones), EDITS_PER_SECOND * SECONDS)
        self.patience = stand.patience(USUAL)

    def measure(self):
        primary = servers.NamedPrimary(self.stand.folder / "primary", self.zones, zones.small_zone, self.patience)
        redis = self.stand.redis()
        daemon = self.stand.daemon(redis, self.zones, primary.port)
        with primary, redis:
            try:
                daemon.launch()
                looking.moment_when(lambda: redis.ask("HLEN", redis.key("domain")) == len(self.zones),
                                    "all domains in Redis", self.patience, interval=0.05)
                time.sleep(1)
                storm = Edits(self, primary.port, daemon.notify_port, redis)
                took, note = storm.run()
                self.stand.note_callbacks(daemon, "notify")
            finally:
                daemon.stop()
        p99 = statistics.quantiles(took, n=100)[98] if len(took) > 1 else took[0]
        self.stand.say(f"{note}; median {statistics.median(took) * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, "
                       f"most {max(took) * 1000:.1f} ms")
        return {"notify-p99": Measured(p99, note=note)}


class Edits:
    """The edits of one storm, the NOTIFYs around them, and when each was seen."""

    def __init__(self, storm, primary_port, notify_port, redis):
        self.storm = storm
        self.zones = list(storm.zones)
        random.shuffle(self.zones)
        self.zones = self.zones[:storm.edits]  # each is edited once
        self.primary = socket.create_connection(("127.0.0.1", primary_port))
        self.primary.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.notifier = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.notifier.connect(("127.0.0.1", notify_port))
        self.redis = redis
        self.follower = RedisClient(redis.socket, timeout=storm.patience)
        newest = redis.ask("XREVRANGE", redis.key("log"), "+", "-", "COUNT", 1)
        self.log_end = newest[0][0] if newest else "0"
        self.served = {}  # zone -> the moment when named served its edit
        self.seen = {}    # zone -> the moment when the log had it
        self.repeats = 0
        self.ended = False

    def run(self):
        with concurrent.futures.ThreadPoolExecutor() as threads:
            helpers = [threads.submit(each) for each in (self.take_answers, self.follow)]
            try:
                start = time.monotonic()
                notifies = self.send(start)
                sending = time.monotonic() - start
                self.finish(helpers)
            finally:
                self.ended = True
                self.primary.shutdown(socket.SHUT_RDWR)
        editing = max(self.served.values()) - start
        for each in (self.primary, self.notifier, self.follower):
            each.close()
        took = [max(self.seen[zone] - self.served[zone], 0.0) for zone in self.zones]
        note = (f"{len(self.zones)} edits at {len(self.zones) / editing:.0f}/s by named, "
                f"NOTIFYs at {(notifies + len(self.zones)) / sending:.0f}/s")
        return took, note + (f", {self.repeats} of them again" if self.repeats else "")

    def send(self, start):
        """Updates and idle NOTIFYs in their proportion, on time; the number of the latter."""
        idle_per_edit = NOTIFIES_PER_SECOND // EDITS_PER_SECOND - 1
        sent = 0
        while sent < len(self.zones):
            due = min(int((time.monotonic() - start) * EDITS_PER_SECOND) + 1, len(self.zones))
            batch = b"".join(self.update(number) for number in range(sent, due))
            for _ in range((due - sent) * idle_per_edit):
                self.notify(random.choice(self.storm.zones))
            self.primary.sendall(batch)
            sent = due
            time.sleep(TICK)
        return sent * idle_per_edit

    def update(self, number):
        zone = self.zones[number]
        return dns.framed(updates.replacement_of_text(number, zone, f"_sipvhost.{zone}", zones.claim(0, "Edited")))

    def notify(self, zone):
        self.notifier.send(dns.notify(zone, number=random.getrandbits(16)))

    def take_answers(self):
        """named's answers come in any order: the ID is the edit's number."""
        stream = self.primary.makefile("rb")
        while len(self.served) < len(self.zones):
            head = stream.read(6)
            if len(head) < 6:
                raise PartFailed("named closed the connection")
            length, number, flags = struct.unpack(">HHH", head)
            stream.read(length - 4)
            if flags & 0xF:
                raise PartFailed(f"the update of {self.zones[number]} was answered {flags & 0xF}")
            self.served[self.zones[number]] = time.monotonic()
            self.notify(self.zones[number])

    def follow(self):
        log, last = self.redis.key("log"), self.log_end
        while len(self.seen) < len(self.zones) and not self.ended:
            streams = self.follower.command("XREAD", "BLOCK", 1000, "STREAMS", log, last)
            now = time.monotonic()
            for entry_id, (kind, message) in streams[0][1] if streams else ():
                last = entry_id
                if kind == b"rebase":
                    self.look_up(now)
                for virtual_domain in reader.collected(message).get(10, []):  # put_virtual_domains
                    did = reader.only(reader.collected(virtual_domain), 1, b"").decode()
                    if EDITED in reader.attribute_value(virtual_domain):
                        self.seen.setdefault(did, now)

    def look_up(self, now):
        """Everything was published anew, and the log does not say what."""
        missing = [zone for zone in self.zones if zone not in self.seen]
        attributes = self.follower.command("HMGET", self.redis.key("attribute"), *missing)
        self.seen |= {zone: now for zone, value in zip(missing, attributes) if EDITED in value}

    def finish(self, helpers):
        """Waits until all edits were seen."""
        deadline = time.monotonic() + self.storm.patience
        told = dict.fromkeys(self.zones, 1)  # NOTIFYs of each edit
        while len(self.seen) < len(self.zones):
            time.sleep(0.1)
            for helper in helpers:
                if helper.done():
                    helper.result()  # or what went wrong in it
            now = time.monotonic()
            if now > deadline:
                raise PartFailed(f"{len(self.zones) - len(self.seen)} of {len(self.zones)} edits were never seen; "
                                 f"named served {len(self.served)}")
            for zone, served in list(self.served.items()):
                if zone not in self.seen and now - served > AGAIN * told[zone]:
                    told[zone] += 1
                    self.repeats += 1
                    self.notify(zone)

"""What a look-up costs a real Kamailio: its CPU time per request, beside one that looks nothing up.

A million domains in Redis, and a mirror's table of them. One UDP worker answers OPTIONS for random domains with 200
and the DID: with a constant; by the Lua module from the table; by ndb_redis; and by the stock `domain` module, which
holds fewer domains here, since each of its look-ups goes through a 128th part of them. Some clients keep the worker
busy; each waits for its answer before it asks again. The CPU time is that of all of Kamailio's processes, and most of
it the kernel's: what it costs to wake a client, or a worker whose caches something else has used, changes from second
to second. So all variants run side by side, and take turns in many short rounds, in an order that changes; the median
counts.
"""

import contextlib
import pathlib
import random
import socket
import sqlite3
import statistics
import threading

import looking
import published
from figures import Measured
from parts import Part, PartFailed, ZonecastMirror, free_port
from resp import RedisClient

DOMAINS = 1_000_000
DOMAIN_MODULE = 20_000  # domains that the stock module holds
REQUESTS = 4_000  # of a round
REQUESTS_MIN = 400
ROUNDS = 15  # for each of --runs
WARM_UP = 40_000
VARIANTS = ("STATIC", "TABLE", "REDIS", "DOMAIN")
CLIENTS = 4
HERE = pathlib.Path(__file__).resolve().parent

LOOK_UP = """
local zonecast = require "zonecast"
local sets = KSR.pv.sets
local handle
function look_up(host)
  handle = handle or assert(zonecast.open("@TABLE@"))
  handle:refresh()
  local answer, did = handle:lookup(host)
  if answer == "hosted" then sets("$var(did)", did) end
end
"""


class Kamailio(Part):
    def __init__(self, folder, variant, redis, table, build):
        super().__init__("kamailio", folder)
        self.port = free_port()
        self.variant = variant
        self.known = 0  # domains that it can be asked for
        config = (HERE / "kamailio.cfg").read_text()
        for word, value in (("PORT", self.port), ("FOLDER", self.folder), ("REDIS", redis.socket)):
            config = config.replace(f"@{word}@", str(value))
        self.config = self.folder / "kamailio.cfg"
        self.config.write_text(config)
        (self.folder / "look_up.lua").write_text(LOOK_UP.replace("@TABLE@", str(table)))
        self.environment = {"LUA_CPATH": f"{build}/lib/lua/?.so"}

    def start(self):
        self.spawn("kamailio", "-f", self.config, "-DD", "-E", "-X", "fm", "-x", "fm", "-m", "512", "-M", "32", "-Y", self.folder,
                   "-A", f"WITH_{self.variant}", environment=self.environment)
        self.wait_until(lambda: ask(self.port, published.name_of(0)), "an answer", timeout=120)


def options(host, port, number):
    return (f"OPTIONS sip:{host} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{number}\r\n"
            f"From: <sip:probe@127.0.0.1>;tag={number}\r\nTo: <sip:{host}>\r\nCall-ID: {number}@{port}\r\n"
            f"CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n").encode()


def ask(port, host):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        client.connect(("127.0.0.1", port))
        try:
            client.send(options(host, client.getsockname()[1], 1))
            return client.recv(4096).startswith(b"SIP/2.0 200")
        except OSError:
            return False


class KamailioCpu:
    def __init__(self, stand):
        self.stand = stand
        self.domains = stand.scaled(DOMAINS)
        self.requests = max(stand.scaled(REQUESTS), REQUESTS_MIN)

    def measure(self):
        with self.stand.redis() as redis, contextlib.ExitStack() as running:
            client = RedisClient(redis.socket, timeout=600)
            published.fill(client, redis.key(""), self.domains)
            client.close()
            mirror = ZonecastMirror(self.stand.folder / "mirror", redis, build=self.stand.build)
            if mirror.once("--once-timeout", str(self.stand.patience(60)), timeout=None) != 0:
                raise PartFailed("zonecast-mirror --once failed")
            proxies = [running.enter_context(self.proxy(variant, redis, mirror.table)) for variant in VARIANTS]
            for proxy in proxies:
                self.ask_all(proxy, self.stand.scaled(WARM_UP))
            rounds = [self.round(proxies, number) for number in range(self.stand.runs * ROUNDS)]
        cost = {variant: statistics.median(each[variant] for each in rounds) for variant in VARIANTS}
        ratios = statistics.quantiles((each["TABLE"] / each["STATIC"] for each in rounds), n=4)
        self.stand.say("; ".join(f"{variant}: {cost[variant]:.1f} us a request" for variant in VARIANTS))
        self.stand.say("the table's, of a static answer's: {:.3f}, half of all rounds between {:.3f} and {:.3f}".format(
            ratios[1], ratios[0], ratios[2]))
        few = min(self.domains, DOMAIN_MODULE)
        return {"kamailio-cpu": Measured(cost["TABLE"], "a static answer", cost["STATIC"],
                                         f"ndb_redis: {cost['REDIS']:.0f} us and Redis' own; domain module with "
                                         f"{few} domains: {cost['DOMAIN']:.0f} us")}

    def proxy(self, variant, redis, table):
        folder = self.stand.folder / f"kamailio-{variant.lower()}"
        kamailio = Kamailio(folder, variant, redis, table, self.stand.build)
        kamailio.known = self.domains
        if variant == "DOMAIN":
            kamailio.known = min(self.domains, DOMAIN_MODULE)
            make_database(folder / "domain.db", kamailio.known)
        return kamailio

    def round(self, proxies, number):
        """Microseconds of CPU for a request, for each variant."""
        cost = {}
        for proxy in random.Random(number).sample(proxies, len(proxies)):
            before = looking.cpu_seconds_running(proxy.process.pid)
            self.ask_all(proxy, self.requests, number + 1)
            took = looking.cpu_seconds_running(proxy.process.pid) - before
            cost[proxy.variant] = took * 1e6 / self.requests
        return cost

    def ask_all(self, proxy, count, number=0):
        wrong = []
        threads = [threading.Thread(target=self.client, args=(proxy, count // CLIENTS, number * CLIENTS + k, wrong))
                   for k in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if wrong:
            raise PartFailed(f"{len(wrong)} wrong answers, one is {wrong[0]!r}")

    @staticmethod
    def client(proxy, count, seed, wrong):
        choose = random.Random(seed)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(10)
            client.connect(("127.0.0.1", proxy.port))
            own = client.getsockname()[1]
            for number in range(count):
                client.send(options(published.name_of(choose.randrange(proxy.known)), own, number))
                try:
                    answer = client.recv(4096)
                except OSError as failure:
                    answer = str(failure).encode()
                if not answer.startswith(b"SIP/2.0 200") or b"X-DID: " not in answer:
                    wrong.append(answer[:100])


def make_database(path, domains):
    with sqlite3.connect(path) as database:
        database.executescript("""
            CREATE TABLE version (table_name VARCHAR(32) PRIMARY KEY NOT NULL, table_version INTEGER DEFAULT 0 NOT NULL);
            INSERT INTO version VALUES ('domain', 2), ('domain_attrs', 1);
            CREATE TABLE domain (id INTEGER PRIMARY KEY NOT NULL, domain VARCHAR(64) NOT NULL, did VARCHAR(64),
                last_modified TIMESTAMP DEFAULT '2000-01-01 00:00:01' NOT NULL);
            CREATE TABLE domain_attrs (id INTEGER PRIMARY KEY NOT NULL, did VARCHAR(64) NOT NULL,
                name VARCHAR(32) NOT NULL, type INTEGER NOT NULL, value VARCHAR(255) NOT NULL,
                last_modified TIMESTAMP DEFAULT '2000-01-01 00:00:01' NOT NULL);""")
        database.executemany("INSERT INTO domain (domain, did) VALUES (?, ?)",
                             ((published.name_of(number),) * 2 for number in range(domains)))

"""A world for tests of trouble: a primary, zonecastd, a proxy, a redis-server, and a follower that watches.

The daemon reaches Redis through the proxy; the test and the follower reach it past it. Each edit of the zone
is first written down as the truth. What every trouble must end in is World.converged(): Redis and the follower
hold the truth within WITHIN seconds of the trouble's end, and the follower never served anything else.

A machine that is busy with other things makes these seconds longer. How long its scheduler let the daemon and
Redis wait, though they had something to do, is in /proc, and does not count.
"""

import os
import pathlib
import threading
import time

from setting import PATIENCE, QUICK_TIMERS, TO_EDGE, EndToEnd, follower, hosted, parts, reader, redis_proxy, sip, zone

# How long after the end of a trouble everything is right again. What sanitizers slow down may take longer.
WITHIN = 5.0 * (4 if os.environ.get("ZONECAST_SANITIZE") else 1)
BATCH = 5  # publish_batch: an edit of one domain for another fits in, 4 changes; of three for three does not
APEX = "acme.example"
FIXED = 130  # domains that no edit concerns: more than one call stages


def starved(*parts_waiting):
    """The seconds that their main threads were ready to run, and this one, and another's turn it was."""
    scheduled = [f"/proc/{part.process.pid}/schedstat" for part in parts_waiting if part.process]
    scheduled.append("/proc/thread-self/schedstat")
    return sum(int(pathlib.Path(file).read_text().split()[1]) for file in scheduled) / 1e9


class World:
    def __init__(self, test, name, persistent=True, redis_setup=None, redis_options=(), ignores_file_limits=False,
                 **sections):
        self.test = test
        self.name = name
        self.edits = 0
        self.times = []  # how long it took after each trouble
        notify = parts.free_port()
        labels = [f"fixed{number}" for number in range(FIXED)]
        self.knot = test.knot({APEX: zone(APEX, *sip("@", *labels))}, name=f"{name}-knotd", notify=notify)
        self.redis = test.redis(f"{name}-redis", persistent=persistent, options=redis_options,
                                ignores_file_limits=ignores_file_limits)
        if redis_setup:
            redis_setup(self)
        self.truth = follower.Truth({}, {owner: hosted(owner) for owner in [APEX, *(f"{label}.{APEX}" for label in labels)]})
        self.follower = follower.Follower(self.redis, self.truth)
        self.proxy = redis_proxy.RedisProxy(test.folder / f"{name}.sock", self.redis.socket)
        redis = {"unix": str(test.folder / f"{name}.sock"), **sections.pop("redis", {})}
        self.daemon = test.daemon(self.redis, {"acme": test.customer([APEX], self.knot)}, name=f"{name}-zonecastd",
                                  notify=notify, redis=redis, limits={**QUICK_TIMERS, "publish_batch": BATCH}, **sections)
        self.converged("the start", time.monotonic(), within=PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.settled()
                self.test.assertEqual([], self.follower.faults(), self.name)
                self.test.assertEqual(0, self.daemon.stop(), self.name)
        finally:
            self.follower.stop()
            self.proxy.stop()
            for part in (self.daemon, self.knot, self.redis):
                part.stop()

    # -- what happens ------------------------------------------------------------------------------

    def edit(self, domains=1):
        """So many new domains in the zone, for those of the last edit that had as many."""
        self.edits += 1
        kind = "few" if domains * 4 <= BATCH else "many"
        new = [f"{kind}{self.edits}x{number}" for number in range(domains)]
        old = [name.removesuffix(f".{APEX}") for name in self.truth.now if name.startswith(kind)]
        table = {name: value for name, value in self.truth.now.items() if not name.startswith(kind)}
        self.truth.becomes({**table, **{f"{label}.{APEX}": hosted(f"{label}.{APEX}") for label in new}})
        self.knot.edit(APEX, *(("set", f"_sip._udp.{label}", "3600", "SRV", TO_EDGE) for label in new),
                       *(("unset", f"_sip._udp.{label}", "SRV") for label in old))

    def edit_much(self):
        """More than one call of the Function takes: it is staged and swapped in."""
        self.edit(domains=3)

    def kill_redis(self):
        self.redis.process.kill()
        self.redis.process.wait()
        return redis_proxy.GONE

    def kill_daemon(self):
        self.daemon.process.kill()
        self.daemon.process.wait()
        return redis_proxy.GONE

    # -- what must come of it ----------------------------------------------------------------------

    refusal = parts.RedisError

    def new_client(self):
        return parts.RedisClient(self.redis.socket)

    def meta(self, field):
        return self.redis.cli("HGET", self.redis.key("meta"), field)

    def position(self):
        return self.meta("lineage"), int(self.meta("version") or 0)

    def opened(self):
        """How often the store was opened."""
        return len(self.daemon.said("store open"))

    def whole(self):
        """Redis holds one state that was the truth, or nothing."""
        content = reader.Content.without_transaction(reader.Keys(self.redis.connected(), self.redis.key("")))
        content.check_whole()
        self.test.assertIsNotNone(self.truth.place_of(content.domains(), 0), f"{self.name}: {sorted(content.domains())}")

    def converged(self, trouble, ended, within=WITHIN):
        """Waits until everybody has the truth; `ended` is when the trouble did."""
        def right():
            content = self.redis.content()
            return content.domains() == self.truth.now and content.agrees() and self.follower.serves(self.truth.now)
        starved_before = starved(self.daemon, self.redis)
        try:
            self.test.wait(right, f"what is published to be right after {trouble}")
        except parts.PartFailed as failure:
            missing = self.truth.now.keys() ^ self.redis.domains().keys()
            self.test.fail(f"{self.name}: {failure}; {sorted(missing)} differ, the follower says "
                           f"{self.follower.reader and self.follower.reader.amiss!r} {self.follower.faults()}")
        took = time.monotonic() - ended - (starved(self.daemon, self.redis) - starved_before)
        self.times.append(took)
        self.test.assertLess(took, within, f"{self.name}: {trouble}")
        self.test.assertEqual([], self.follower.faults(), f"{self.name}: {trouble}")

    def settled(self):
        """Nothing is under way any more."""
        self.test.await_settled(self.daemon)
        self.redis.content().check()


class Trouble(EndToEnd):
    def side_by_side(self, *lanes):
        """Each lane is a function of its own thread. A world lives and ends in one lane: the parts die with
        the thread that started them.
        """
        failures = []

        def run(lane):
            try:
                lane()
            except BaseException as failure:  # noqa: BLE001: raised again by the test's own thread
                failures.append(failure)
        threads = [threading.Thread(target=run, args=(lane,)) for lane in lanes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def tell(self, world, what):
        print(f"{world.name}: {what}: right again after {max(world.times[1:], default=0):.2f} s at most, "
              f"{sum(world.times[1:]) / max(1, len(world.times) - 1):.2f} s on average", flush=True)

"""Redis is there and says no: full, a replica, its disk full, commands or keys taken away.

The zone is edited meanwhile. Nothing is lost, nothing is done by halves, the log says what is missing, and once
it is given back all goes on in the same lineage, without a restart.
"""

import resource
import time
import unittest
from typing import Callable, NamedTuple

from setting import TEST, redis_proxy
from trouble import Trouble, World

RULES = ("on", "nopass", "resetkeys", "~zonecast:{test}:*", "resetchannels", "&zonecast:{test}:events", "-@all",
         *(TEST.parent / "config/redis/users.acl").read_text()
         .split("user zonecast ")[1].split("-@all ")[1].splitlines()[0].split())
KEYS = ("meta", "lease", "domain", "attribute", "vdomain", "log")


class Refusal(NamedTuple):
    name: str
    begin: Callable
    end: Callable
    says: tuple


def asks(*command):
    return lambda world: world.redis.ask(*command)


def acl(*rules):
    return asks("ACL", "SETUSER", "zonecast", *rules)


def taken(*rules):
    """Permissions are taken away; all of them are given back in the end."""
    return {"begin": acl(*rules), "end": acl("reset", *RULES)}


def bgsave(world, status):
    """Saves in the background, as Redis does by itself now and then."""
    def saved():
        info = world.redis.ask("INFO", "persistence").decode()
        return "rdb_bgsave_in_progress:0" in info and f"rdb_last_bgsave_status:{status}" in info
    world.redis.ask("BGSAVE")
    world.test.wait(saved, f"BGSAVE to be {status}")


def block_dump(world):
    (world.redis.folder / "dump.rdb").unlink(missing_ok=True)
    (world.redis.folder / "dump.rdb/in-the-way").mkdir(parents=True)
    world.redis.ask("CONFIG", "SET", "save", "3600 1")
    bgsave(world, "err")


def unblock_dump(world):
    (world.redis.folder / "dump.rdb/in-the-way").rmdir()
    (world.redis.folder / "dump.rdb").rmdir()
    bgsave(world, "ok")
    world.redis.ask("CONFIG", "SET", "save", "")


def fill_disk(world):
    """No file of Redis' may grow: what is to be appended to the AOF finds no room."""
    longest = max(file.stat().st_size for file in world.redis.folder.rglob("*.aof"))
    resource.prlimit(world.redis.process.pid, resource.RLIMIT_FSIZE, (longest, resource.RLIM_INFINITY))


def make_room(world):
    unlimited = resource.RLIM_INFINITY
    resource.prlimit(world.redis.process.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))


REFUSALS = (
    Refusal("a full Redis", asks("CONFIG", "SET", "maxmemory", "1"), asks("CONFIG", "SET", "maxmemory", "0"),
            ("OOM", "maxmemory")),
    Refusal("a replica", asks("REPLICAOF", "127.0.0.1", "1"), asks("REPLICAOF", "NO", "ONE"),
            ("it is a replica: publish to its master",)),
    Refusal("too few replicas", asks("CONFIG", "SET", "min-replicas-to-write", "1"),
            asks("CONFIG", "SET", "min-replicas-to-write", "0"), ("NOREPLICAS",)),
    Refusal("a dump that fails", block_dump, unblock_dump, ("MISCONF",)),
    Refusal("a full disk", fill_disk, make_room, ("MISCONF",)),
    Refusal("a user who may nothing", **taken("-@all"), says=("NOPERM", "config/redis/users.acl")),
    Refusal("a user without keys", **taken("resetkeys"), says=("config/redis/users.acl",)),
    Refusal("a user who is gone", begin=asks("ACL", "DELUSER", "zonecast"), end=acl(*RULES), says=("WRONGPASS",)),
    *(Refusal(f"a user without {command}", **taken(f"-{command}"), says=(command.upper(), "config/redis/users.acl"))
      for command in ("hset", "hdel", "xadd", "publish", "hlen", "time", "fcall")),
    *(Refusal(f"a user who may not write {key}",
              **taken("resetkeys", "%R~zonecast:{test}:*", "~zonecast:{test}:stage:*", "~zonecast:{test}:aside:*",
                      *(f"~zonecast:{{test}}:{other}" for other in KEYS if other != key)),
              says=("config/redis/users.acl",)) for key in KEYS),
)
LANES = 4


class Refused(Trouble):
    def world(self, name):
        """In which zonecastd is a user of its own. A Redis that writes always would end itself when it cannot."""
        password = self.folder / "redis.password"
        password.write_text("any\n")
        credentials = {"user": "zonecast", "password_file": str(password), "lease": "2s"}
        return World(self, name, redis_setup=acl(*RULES), redis_options=("--appendfsync", "everysec"),
                     ignores_file_limits=True, redis=credentials)

    def go_through(self, name, edit, strike=None):
        def lane(number):
            with self.world(f"{name}-{number}") as world:
                for refusal in REFUSALS[number::LANES]:
                    lineage, _ = world.position()
                    self.refuse(world, refusal, edit, strike)
                    self.assertEqual(lineage, world.position()[0], refusal.name)
                self.tell(world, "; ".join(refusal.name for refusal in REFUSALS[number::LANES]))
        self.side_by_side(*(lambda number=number: lane(number) for number in range(LANES)))

    def refuse(self, world, refusal, edit, strike):
        if strike is None:
            refusal.begin(world)
            edit(world)
        else:
            world.proxy.arm(strike, redis_proxy.BEFORE, lambda: refusal.begin(world) or redis_proxy.GO_ON)
            edit(world)
            self.assertTrue(world.proxy.tripped.wait(20), f"{world.name}: {strike} did not come")
        self.await_said(world.daemon, *refusal.says)
        self.wait(lambda: world.daemon.json("status")["store"] == "opening", f"the store to be away: {refusal.name}")
        world.edit()
        world.whole()
        refusal.end(world)
        world.converged(refusal.name, time.monotonic())
        world.settled()

    def test_a_small_publication(self):
        self.go_through("small", World.edit)

    def test_a_large_publication(self):
        self.go_through("large", World.edit_much)

    def test_in_the_middle_of_staging(self):
        self.go_through("staging", World.edit_much, strike=redis_proxy.Step("FCALL stage stage:domain", 1))

    def test_just_before_the_swap(self):
        self.go_through("swap", World.edit_much, strike=redis_proxy.Step("FCALL swap", 1))


if __name__ == "__main__":
    unittest.main()

"""Redis loses what it held, or holds something else: emptied, an older state put back, edited by somebody else.

It is noticed without an edit of a zone, put right within seconds, and no reader that follows the contract ever
goes back.
"""

import shutil
import time
import unittest

from setting import PATIENCE, hosted, redis_proxy
from trouble import Trouble, World

SOMEBODY = "somebody else wrote under zonecast:{test}:*"


FOREIGN = {
    "a field of domain": ("HSET", "domain", "fixed1.acme.example", hosted("acme.example")),
    "a domain of nobody": ("HSET", "domain", "evil.example", hosted("acme.example")),
    "a domain removed": ("HDEL", "domain", "fixed1.acme.example"),
    "an attribute": ("HSET", "attribute", "fixed1.acme.example", "max_calls=1000"),
    "a virtual domain": ("HSET", "vdomain", "fixed1.acme.example", "nonsense"),
    "a hash removed": ("DEL", "vdomain"),
    "the version": ("HSET", "meta", "version", "9007199254740991"),
    "the lineage removed": ("HDEL", "meta", "lineage"),
    "meta removed": ("DEL", "meta"),
    "the log removed": ("DEL", "log"),
    "an entry of the log": ("XADD", "log", "*", "changes", "nonsense"),
}
LANES = 3


class Lost(Trouble):
    def flush(self, world, how):
        lineage, version = world.position()
        how(world)
        world.converged("FLUSHALL", time.monotonic())
        world.settled()
        self.assertNotEqual(lineage, world.position()[0])
        self.assertGreater(world.position()[1], version)

    def test_flushall(self):
        with World(self, "flushall") as world:
            self.flush(world, lambda world: world.redis.ask("FLUSHALL"))
            self.assertEqual(1, len(world.daemon.said("store lost: Redis has lost what was in it")))
            for step in ("FCALL stage stage:vdomain", "FCALL stage stage:domain", "FCALL swap"):
                def flush_there(world, step=redis_proxy.Step(step, 1)):
                    world.proxy.arm(step, redis_proxy.BEFORE, lambda: world.redis.ask("FLUSHALL") and redis_proxy.GO_ON)
                    world.edit_much()
                    self.assertTrue(world.proxy.tripped.wait(PATIENCE), step)
                self.flush(world, flush_there)

    def test_functions_flushed(self):
        with World(self, "functions") as world:
            lineage, _ = world.position()
            for step, edit in (("FCALL renew", None), ("FCALL publish", World.edit), ("FCALL stage stage:domain", World.edit_much),
                               ("FCALL swap", World.edit_much)):
                world.proxy.arm(redis_proxy.Step(step, 1), redis_proxy.BEFORE,
                                lambda: world.redis.ask("FUNCTION", "FLUSH") and redis_proxy.GO_ON)
                if edit:
                    edit(world)
                self.assertTrue(world.proxy.tripped.wait(PATIENCE), step)
                world.converged(f"FUNCTION FLUSH before {step}", time.monotonic())
                world.settled()
            self.assertEqual(lineage, world.position()[0])

    def older(self, world, put_back):
        """Saves, edits, puts the saved state back, edits."""
        world.edit()
        world.converged("an edit", time.monotonic())
        lineage, version = world.position()
        put_back(world)
        world.converged("an older state was put back", time.monotonic())
        world.settled()
        self.assertNotEqual(lineage, world.position()[0])
        self.assertGreater(world.position()[1], version)
        self.await_said(world.daemon, "store open", "is older than our")

    def test_an_older_dump(self):
        def restart(world):
            world.kill_redis()
            world.redis.kill()
            world.edit()
            world.redis.start()
        with World(self, "dump", persistent=False) as world:
            world.redis.ask("SAVE")
            self.older(world, restart)

    def test_an_older_append_only_file(self):
        def restart(world):
            world.kill_redis()
            world.redis.kill()
            shutil.rmtree(world.redis.folder / "appendonlydir")
            shutil.copytree(world.redis.folder / "copy", world.redis.folder / "appendonlydir")
            world.redis.start()
        with World(self, "aof") as world:
            shutil.copytree(world.redis.folder / "appendonlydir", world.redis.folder / "copy")
            self.older(world, restart)

    def test_an_older_dump_put_back_under_an_open_connection(self):
        with World(self, "reload", persistent=False, redis_options=("--enable-debug-command", "yes")) as world:
            world.redis.ask("SAVE")
            self.older(world, lambda world: world.redis.ask("DEBUG", "RELOAD", "NOSAVE"))

    def test_what_somebody_else_writes(self):
        def lane(number):
            with World(self, f"foreign-{number}") as world:
                for name, (command, key, *words) in list(FOREIGN.items())[number::LANES]:
                    opened = world.opened()
                    world.redis.ask(command, world.redis.key(key), *words)
                    world.converged(name, time.monotonic())
                    self.wait(lambda opened=opened: world.opened() > opened, "the store to be read again")
                    world.settled()
                self.assertTrue(world.daemon.said("store lost", SOMEBODY) or world.daemon.said("store lost", "has lost"))
        self.side_by_side(*(lambda number=number: lane(number) for number in range(LANES)))

    def test_keys_of_another_type(self):
        def written(world):
            """All that a publication changes first, as far as it can be read."""
            keys = [world.redis.key(name) for name in ("domain", "attribute", "vdomain")]
            hashes = [key for key in keys if world.redis.ask("TYPE", key) == b"hash"]
            log = world.redis.key("log")
            return [sorted(world.redis.ask("HKEYS", key)) for key in hashes], \
                world.redis.ask("TYPE", log) == b"stream" and world.redis.ask("XLEN", log)

        def lane(key):
            with World(self, f"type-{key}", redis={"lease": "1m"}) as world:
                for edit in (World.edit, World.edit_much):
                    world.redis.ask("SET", world.redis.key(key), "mine")
                    before = written(world)
                    edit(world)
                    self.await_said(world.daemon, f"zonecast:{{test}}:{key} is a string, which is not ours: remove it")
                    self.wait(lambda: world.daemon.json("status")["store"] == "opening", "the store to be away")
                    self.assertEqual(before, written(world), "a publication was done by halves")
                    world.redis.ask("DEL", world.redis.key(key))
                    world.converged(f"{key} was a string", time.monotonic())
                    world.settled()
        self.side_by_side(*(lambda key=key: lane(key) for key in ("domain", "attribute", "vdomain", "log")))


if __name__ == "__main__":
    unittest.main()

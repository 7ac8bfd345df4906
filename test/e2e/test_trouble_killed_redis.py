"""Redis is killed at every step of what zonecastd does with it, and comes back with its data or without.

The steps are those that a first, undisturbed run shows. At each, Redis dies before the command reaches it, and
before its answer leaves it; after the last one's answer too (after another's is before the next one). The zone
is edited while Redis is away.
"""

import shutil
import time
import unittest

from setting import redis_proxy
from trouble import Trouble, World

RENEWAL = "FCALL renew"  # comes whenever it is due, so it is no step of anything else


class KilledAtEveryStep(Trouble):
    def steps_of(self, world, operation, reopens):
        """Runs it undisturbed."""
        world.proxy.mark()
        self.do(world, operation, reopens)
        steps = [step for step in world.proxy.taken() if step.name != RENEWAL]
        self.assertTrue(steps, "it takes no step")
        return steps

    def do(self, world, operation, reopens):
        """To its end."""
        before = world.opened()
        operation(world)
        if reopens:
            self.wait(lambda: world.opened() > before, "the store to be opened again")
        world.converged("an edit", time.monotonic())
        world.settled()

    def kill_at_each_step(self, name, operation, reopens=False, steps=None):
        """In two worlds at a time: Redis comes back as it was, and empty."""
        def lane(keeps_data):
            with World(self, f"{name}-{'restored' if keeps_data else 'emptied'}", redis={"lease": "2s"}) as world:
                found = steps or self.steps_of(world, operation, reopens)
                for step in found:
                    for moment in redis_proxy.MOMENTS if step == found[-1] else redis_proxy.MOMENTS[:2]:
                        self.kill_at(world, operation, step, moment, keeps_data)
                self.tell(world, f"killed at {', '.join(map(str, found))}")
        self.side_by_side(lambda: lane(True), lambda: lane(False))

    def kill_at(self, world, operation, step, moment, keeps_data):
        what = f"Redis was killed at {step}, {moment}"
        lineage, version = world.position()
        world.proxy.arm(step, moment, world.kill_redis)
        operation(world)
        self.assertTrue(world.proxy.tripped.wait(20), f"{world.name}: {step} did not come")
        world.redis.kill()
        world.edit()
        if not keeps_data:
            shutil.rmtree(world.redis.folder / "appendonlydir")
        world.redis.start()
        world.whole()
        world.proxy.reopen()
        world.converged(what, time.monotonic())
        world.settled()
        lineage_now, version_now = world.position()
        self.assertGreater(version_now, version, what)
        if not keeps_data:
            self.assertNotEqual(lineage, lineage_now, what)
        elif operation is not emptied:
            self.assertEqual(lineage, lineage_now, what)

    def test_of_a_small_publication(self):
        self.kill_at_each_step("small", World.edit)

    def test_of_a_large_publication(self):
        self.kill_at_each_step("large", World.edit_much)

    def test_of_taking_up_a_lost_connection(self):
        self.kill_at_each_step("cut", lambda world: world.proxy.cut(), reopens=True)

    def test_of_a_start(self):
        self.kill_at_each_step("start", restarted, reopens=True)

    def test_of_giving_back_everything(self):
        self.kill_at_each_step("rebase", emptied, reopens=True)

    def test_of_a_renewal(self):
        self.kill_at_each_step("renewal", lambda world: None, steps=[redis_proxy.Step(RENEWAL, 1)])


def restarted(world):
    world.daemon.stop()
    world.daemon.start()


def emptied(world):
    world.empty_redis()
    world.proxy.cut()


if __name__ == "__main__":
    unittest.main()

"""Redis is killed at every step of what zonecastd does with it, and comes back with its data or without.

It dies before the command reaches it, or before its answer leaves it, or after; the zone is edited while it is
away.
"""

import shutil
import time
import unittest

import steps


class RedisKilledAtEveryStep(steps.AtEveryStep):
    lanes = ({"comes_back": "restored"}, {"comes_back": "emptied"})

    def struck(self, world, operation, step, moment, comes_back):
        what = f"Redis was killed at {step}, {moment}, and came back {comes_back}"
        lineage, version = world.position()
        self.begin(world, operation, step, moment, world.kill_redis)
        world.redis.kill()
        world.edit()
        if comes_back == "emptied":
            shutil.rmtree(world.redis.folder / "appendonlydir")
        world.redis.start()
        world.whole()
        world.proxy.reopen()
        world.converged(what, time.monotonic())
        world.settled()
        lineage_now, version_now = world.position()
        self.assertGreater(version_now, version, what)
        if comes_back == "emptied" or operation is steps.empty:
            self.assertNotEqual(lineage, lineage_now, what)
        else:
            self.assertEqual(lineage, lineage_now, what)


if __name__ == "__main__":
    unittest.main()

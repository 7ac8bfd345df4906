"""zonecastd is killed at every step of what it does with Redis, and started again.

It dies before its command reaches Redis, or when Redis has done it and it does not know, or when it may know
and may not have written that to disk. The zone is edited while it is away.
"""

import time
import unittest

import steps


class DaemonKilledAtEveryStep(steps.AtEveryStep):
    shares = 2

    def struck(self, world, operation, step, moment):
        what = f"zonecastd was killed at {step}, {moment}"
        lineage, version = world.position()
        self.begin(world, operation, step, moment, world.kill_daemon)
        world.daemon.kill()
        world.whole()
        world.edit()
        world.proxy.reopen()
        began = time.monotonic()
        world.daemon.start()
        world.converged(what, began)
        world.settled()
        lineage_now, version_now = world.position()
        if operation is not steps.empty:
            self.assertEqual(lineage, lineage_now, what)
        if lineage == lineage_now:  # another's versions are not compared with these
            self.assertGreater(version_now, version, what)


if __name__ == "__main__":
    unittest.main()

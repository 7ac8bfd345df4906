"""Two zonecastd on one deployment: one leads, the other waits, and who led and does not know that it leads no
more writes nothing. Whoever takes over may not have heard of the zone's newest version yet: it takes nothing back.
"""

import time
import unittest

from setting import QUICK_TIMERS
from trouble import APEX, BATCH, Trouble, World


class TwoDaemons(Trouble):
    def second(self, world, refresh="1s"):
        daemon = self.daemon(world.redis, {"acme": self.customer([APEX], world.knot)}, name="second", redis={"lease": "1s"},
                             limits={**QUICK_TIMERS, "refresh_max": refresh, "publish_batch": BATCH})
        self.await_said(daemon, "holds the lease: waiting for it")
        return daemon

    def test_one_that_was_frozen_beyond_its_lease_writes_nothing_when_it_wakes(self):
        with World(self, "first", redis={"lease": "1s"}) as world:
            second = self.second(world)
            lineage, _ = world.position()
            for edit in (World.edit, World.edit_much):
                term = int(world.meta("term"))
                world.daemon.freeze()
                edit(world)
                self.wait(lambda term=term: int(world.meta("term")) > term, "the other to lead")
                world.converged("the leader froze", time.monotonic())
                version = world.position()[1]
                world.daemon.thaw()
                self.await_said(world.daemon, "store lost", "is in force")
                self.await_said(world.daemon, "holds the lease: waiting for it")
                self.assertEqual((lineage, version), world.position())
                world.edit()
                world.converged("the old leader woke", time.monotonic())
                self.assertEqual((lineage, version + 1), world.position())
                second.freeze()  # and back: the first leads again
                term = int(world.meta("term"))
                self.wait(lambda term=term: int(world.meta("term")) > term, "the first to lead")
                second.thaw()
                self.await_said(second, "is in force")
                self.await_settled(world.daemon)
            second.stop()

    def test_whoever_is_killed_the_other_goes_on(self):
        with World(self, "first", redis={"lease": "1s"}) as world:
            second = self.second(world)
            lineage, _ = world.position()
            for leader, other in ((world.daemon, second), (second, world.daemon), (world.daemon, second)):
                leader.kill()
                world.edit()
                self.await_settled(other)
                world.converged("the leader died", time.monotonic())
                leader.start()
                world.edit()
                world.converged("the other leads", time.monotonic())
            self.assertEqual(lineage, world.position()[0])
            second.stop()

    def test_whoever_has_an_older_copy_takes_nothing_back(self):
        with World(self, "first", redis={"lease": "1s"}) as world:
            second = self.second(world, refresh="1h")  # nobody tells it of an edit
            world.edit()
            world.converged("an edit", time.monotonic())
            self.assertEqual(1, second.json("zone-status", APEX)[0].get("serial"))
            term = int(world.meta("term"))
            world.daemon.kill()
            self.wait(lambda: int(world.meta("term")) > term, "the other to lead")
            self.wait(lambda: second.json("zone-status", APEX)[0].get("serial") == 2, "the other to check the zone")
            self.await_settled(second)
            world.converged("the leader died", time.monotonic())
            world.daemon.start()
            second.stop()


if __name__ == "__main__":
    unittest.main()

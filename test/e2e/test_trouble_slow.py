"""Redis is slow, stands still, is cut off, is away for long, or says no to every publication.

Nothing is lost, nothing is done twice, and no publication that its sender has given up is done after others.
"""

import threading
import time
import unittest

from setting import PATIENCE, redis_proxy
from trouble import Trouble, World


class Slow(Trouble):
    def test_redis_stands_still(self):
        def lane(name, says, edit, **redis):
            with World(self, name, redis={"lease": "2s", **redis}) as world:
                lineage, _ = world.position()
                world.redis.freeze()
                edit(world)
                self.await_said(world.daemon, *says)
                world.redis.thaw()
                world.converged("Redis stood still", time.monotonic())
                world.settled()
                self.assertEqual(lineage, world.position()[0])
        self.side_by_side(
            lambda: lane("frozen-shortly", ("zone transferred", "to=2"), World.edit),
            lambda: lane("frozen", ("store lost", "does not answer"), World.edit, command_timeout="300ms"),
            lambda: lane("frozen-much", ("store lost", "does not answer"), World.edit_much, command_timeout="300ms"),
            lambda: lane("frozen-long", ("store: Redis at", "does not answer"), World.edit, command_timeout="300ms"))

    def test_redis_is_busy(self):
        with World(self, "busy", redis_options=("--enable-debug-command", "yes")) as world:
            before = world.position()
            sleeper = threading.Thread(target=lambda: world.redis.ask("DEBUG", "SLEEP", "1.5"))
            sleeper.start()
            world.edit_much()
            world.edit()
            sleeper.join()
            world.converged("DEBUG SLEEP", time.monotonic())
            self.assertEqual(before[0], world.position()[0])
            self.assertEqual([], world.daemon.said("store lost"))

    def test_functions_are_killed(self):
        """A Function that has written cannot be killed: it is done as a whole."""
        with World(self, "killed", redis_options=("--busy-reply-threshold", "1")) as world:
            lineage, _ = world.position()
            killing = threading.Event()

            def kill():
                client = world.new_client()
                while not killing.wait(0.0005):
                    try:
                        client.command("FUNCTION", "KILL")
                    except world.refusal as refusal:
                        self.assertRegex(str(refusal), "NOTBUSY|UNKILLABLE")
                client.close()
            killer = threading.Thread(target=kill)
            killer.start()
            try:
                for _ in range(5):
                    world.edit_much()
                    world.edit()
                    world.converged("FUNCTION KILL", time.monotonic())
            finally:
                killing.set()
                killer.join()
            world.settled()
            self.assertEqual(lineage, world.position()[0])

    def test_connections_are_cut_again_and_again(self):
        with World(self, "cut") as world:
            lineage, _ = world.position()
            for number in range(8):
                if number % 2:
                    world.proxy.cut()
                world.edit_much() if number % 3 == 0 else world.edit()
                world.proxy.cut()
            world.converged("connections were cut", time.monotonic())
            world.settled()
            self.assertEqual(lineage, world.position()[0])

    def test_redis_is_away_for_long(self):
        with World(self, "away") as world:
            world.kill_redis()
            world.redis.kill()
            world.edit()
            away = threading.Event()
            away.wait(8)  # so long that who waits twice as long after each failure would wait for the most
            world.redis.start()
            world.converged("8 s without Redis", time.monotonic())

    def test_a_publication_that_arrives_after_its_sender_gave_up_does_nothing(self):
        with World(self, "late", redis={"command_timeout": "500ms"}) as world:
            lineage, _ = world.position()
            for step, edit in (("FCALL publish", World.edit), ("FCALL swap", World.edit_much)):
                arrives = threading.Event()
                opened = world.opened()
                world.proxy.arm(redis_proxy.Step(step, 1), redis_proxy.BEFORE,
                                lambda arrives=arrives: arrives.wait(PATIENCE))
                edit(world)
                self.wait(lambda opened=opened: world.opened() > opened, "the store to be opened again")
                world.converged(f"{step} was held up", time.monotonic())
                world.settled()
                before = world.position()
                arrives.set()
                self.assertTrue(world.proxy.tripped.wait(PATIENCE), step)
                world.edit()
                world.converged(f"{step} came late", time.monotonic())
                self.assertEqual((lineage, before[1] + 1), world.position())

    def test_a_store_that_refuses_every_publication_is_not_run_down(self):
        with World(self, "refusing") as world:
            world.proxy.refused["FCALL publish"] = "ERR not today"
            world.proxy.mark()
            began = time.monotonic()
            world.edit()

            def attempts():
                return sum(step.name == "FCALL publish" for step in world.proxy.taken())
            self.wait(lambda: attempts() >= 8, "some attempts", timeout=60)
            # Each waits for twice as long as the one before, from 0.1 to 2 s; half of that at the least.
            self.assertGreater(time.monotonic() - began, 0.05 + 0.1 + 0.2 + 0.4 + 0.8 + 1 + 1)
            world.proxy.refused.clear()
            world.converged("a refusal", time.monotonic())


if __name__ == "__main__":
    unittest.main()

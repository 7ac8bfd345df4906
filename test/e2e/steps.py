"""What zonecastd does with Redis, operation by operation, to be struck at every step of it.

The steps are those that a first, undisturbed run shows, so that a new one is covered without an edit here.
"""

import time

from setting import PATIENCE, redis_proxy
from trouble import Trouble, World

RENEWAL = ("MULTI", "FCALL renew", "EXEC", "WATCH meta")  # comes whenever it is due, in the midst of anything else


def cut(world):
    world.proxy.cut()


def restart(world):
    world.daemon.stop()
    world.daemon.launch()


def empty(world):
    """Of functions too, as a new server would be."""
    world.redis.ask("FLUSHALL")
    world.redis.ask("FUNCTION", "FLUSH")
    world.proxy.cut()


class AtEveryStep(Trouble):
    """A subclass says what strikes, and what must come of it: struck(world, operation, step, moment, **lane)."""

    lanes = ({},)  # what differs between the worlds in which each operation is struck, side by side
    shares = 1  # so many worlds share the blows of a lane

    def strike_each_step(self, name, operation, reopens=False, steps=None):
        def run(lane, share):
            with World(self, "-".join([name, *lane.values(), str(share)]), redis={"lease": "2s"}) as world:
                found = steps or self.steps_of(world, operation, reopens)
                # After a step's answer is before the next step.
                blows = [(step, moment) for step in found for moment in redis_proxy.MOMENTS[:2]]
                blows.append((found[-1], redis_proxy.ANSWERED))
                for step, moment in blows[share::self.shares]:
                    self.struck(world, operation, step, moment, **lane)
                self.tell(world, f"struck at {', '.join(dict.fromkeys(step.name for step in found))}")
        self.side_by_side(*(lambda lane=lane, share=share: run(lane, share)
                            for lane in self.lanes for share in range(self.shares)))

    def steps_of(self, world, operation, reopens):
        """Those that it takes each time: how work is gathered into publications is a matter of pace."""
        first, second = (self.steps_of_once(world, operation, reopens) for _ in range(2))
        return [step for step in first if step in second]

    def steps_of_once(self, world, operation, reopens):
        world.proxy.mark()
        before = world.opened()
        operation(world)
        if reopens:
            self.wait(lambda: world.opened() > before, "the store to be opened again")
        world.converged("nothing", time.monotonic())
        world.settled()
        steps = [step for step in world.proxy.taken() if step.name not in RENEWAL]
        self.assertTrue(steps, "it takes no step")
        return steps

    def begin(self, world, operation, step, moment, blow):
        """Runs it until the blow has fallen."""
        world.proxy.arm(step, moment, blow)
        operation(world)
        self.assertTrue(world.proxy.tripped.wait(PATIENCE), f"{world.name}: {step} did not come")

    # Every subclass has these tests.

    def test_of_a_small_publication(self):
        self.strike_each_step("small", World.edit)

    def test_of_a_large_publication(self):
        self.strike_each_step("large", World.edit_much)

    def test_of_taking_up_a_lost_connection(self):
        self.strike_each_step("cut", cut, reopens=True)

    def test_of_a_start(self):
        self.strike_each_step("start", restart, reopens=True)

    def test_of_giving_back_everything(self):
        self.strike_each_step("rebase", empty, reopens=True)

    def test_of_a_renewal(self):
        self.strike_each_step("renewal", lambda world: None, steps=[redis_proxy.Step(name, 1) for name in RENEWAL])

"""Zones are edited while a proxy has a few hundred calls a second: not one wrong answer, and nothing is restarted.

Everything is real: knotd, zonecastd, Redis, the mirror, Kamailio with config/kamailio/, and sipp as caller and callee
(test/support/sipp/). Rates are what sipp attempts; a slow machine has fewer calls, and the same answers.
"""

import contextlib
import itertools
import json
import os
import pwd
import threading
import time
import unittest

from setting import QUICK_TIMERS, TO_EDGE, EndToEnd, kamailio, parts, sip as sip_records, sipp, telephony, zone

BUILT = all((parts.build_folder() / file).exists() for file in ("bin/zonecast-mirror", "lib/lua/zonecast.so"))
LONG = 60  # seconds; deadlines are for a machine that has much else to do
USER, PASSWORD = "joe", "secret"
STRANGER = "sip:ann@caller.invalid"
CHANGES = {"gone-options": ("200", "403"), "gone-invites": ("200", "403"), "come-options": ("403", "200"),
           "changing": ("200", "302")}
UNRELATED = '_sipvhost IN TXT "v=sipvhost1; ring_timeout=60s"'
CHANGING = '"v=sipvhost1; mode={}; registration.max={}"'


def setUpModule():
    if os.environ.get("ZONECAST_SANITIZE"):
        raise unittest.SkipTest("Kamailio, which has no sanitizers, cannot load a module that has")
    if not BUILT:
        raise unittest.SkipTest("zonecast-mirror or the Lua module was not built")
    if parts.which_missing("sipp"):
        raise unittest.SkipTest("there is no sipp")


class Worker:
    """Does something again and again in a thread of its own; what went wrong there is raised by stop()."""

    def __init__(self, pause):
        self.pause = pause
        self.done = threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self.work, daemon=True)

    def work(self):
        try:
            while not self.done.wait(self.pause):
                self.step()
        except Exception as failure:  # noqa: BLE001
            self.failure = failure

    def start(self):
        self.thread.start()
        return self

    def check(self):
        if self.failure:
            raise self.failure

    def stop(self):
        self.done.set()
        self.thread.join(LONG)
        self.check()


class Resolver(Worker):
    """Answers what the workers want to know, as zonecastd will that asks DNS: briefly, so that it is asked again."""

    def __init__(self, redis):
        super().__init__(0.02)
        self.redis = redis
        self.client = parts.RedisClient(redis.socket)
        self.last = "0"

    def stop(self):
        super().stop()
        self.client.close()

    def step(self):
        for entry, fields in self.client.command("XRANGE", self.redis.key("wanted"), f"({self.last}", "+"):
            self.last, domain = entry.decode(), fields[1].decode()
            if not self.client.command("HEXISTS", self.redis.key("domain"), domain):
                self.client.command("SET", self.redis.key(f"answer:{domain}"), "foreign", "EX", 5)


class Editor(Worker):
    """Edits that are nobody's business: other domains come and go, and attributes change that matter to no call here."""

    def __init__(self, knot):
        super().__init__(0.01)
        self.knot = knot
        self.edits = 0

    def step(self):
        self.edits += 1
        label = f"_sip._udp.d{self.edits % 7}"
        self.knot.edit("noise.example", ("set", label, "3600", "SRV", TO_EDGE))
        for name in ("plain.example", "strict.example"):  # which are asked for all the time
            self.knot.edit(name, ("unset", "_sipvhost", "TXT"), ("set", "_sipvhost", "3600", "TXT",
                                                                 f'"v=sipvhost1; ring_timeout={60 + self.edits % 30}s"'))
        self.knot.edit("noise.example", ("unset", label, "SRV"))


class Watch(Worker):
    """Asks one thing again and again, each time after the last answer, and keeps all the answers."""

    def __init__(self, port, read, method, uri, **more):
        super().__init__(0.025)
        self.phone = telephony.Phone(port)
        self.read, self.request = read, (method, uri, more)
        self.answers = []

    def step(self):
        method, uri, more = self.request
        octets = self.phone.request(method, uri, call_id=telephony.token(), **more)
        deadline = time.monotonic() + LONG
        while time.monotonic() < deadline:  # a phone's own retransmissions
            with contextlib.suppress(TimeoutError):
                self.answers.append(self.read(self.phone.answer_to(octets, 0.5)))
                return
        raise TimeoutError(f"{method} {uri}: no answer")

    def story(self):
        return [answer for answer, _ in itertools.groupby(self.answers)]


def status(response):
    return response.status


def granted(response):
    """The expiry of a registration."""
    return int(response.get("Contact").rpartition("expires=")[2]) if response.status == 200 else response.status


class UnderLoad:
    defines = ()

    def setUp(self):
        self.callers, self.watches, self.workers = {}, [], []
        self.store = self.redis()
        self.start_daemon()
        # Callers over UDP may wait for as long as it takes until it is known whose domain that is.
        self.proxy = self.adopt(kamailio.Kamailio(self.folder / "kamailio", self.defines, UDP_PATIENCE=30, **self.source()),
                                start=True)
        for did in ("strict.example", "relay.example"):
            self.proxy.add_user(USER, did, PASSWORD)
        self.callees = [self.adopt(sipp.Sipp(self.folder / "sipp", name, "callee", self.proxy.port, host=host), start=True)
                        for name, host in (("here", "127.0.0.1"), ("elsewhere", "127.0.0.2"))]
    def tearDown(self):
        for worker in self.workers:
            with contextlib.suppress(Exception):
                worker.stop()

    def start_daemon(self):
        port = parts.free_port()
        policies = {
            "plain": {"digest.required": False, "peering": "open", "foreign": "redirect"},
            "strict": {"digest.required": True, "peering": "open", "foreign": "reject"},
            "relay": {"digest.required": True, "peering": "closed", "foreign": "proxy"},
        }
        zones = {
            "plain": {"plain.example": [*sip_records("@"), UNRELATED], "edited.example": sip_records("gone"), "noise.example": [],
                      "changing.example": [*sip_records("@"), "_sipvhost IN TXT " + CHANGING.format("proxy", "3000s")]},
            "strict": {"strict.example": [*sip_records("@"), UNRELATED]},
            "relay": {"relay.example": sip_records("@")},
        }
        self.primary = self.knot({name: zone(name, *records, refresh=2) for of_one in zones.values()
                                  for name, records in of_one.items()}, notify=port)
        config = self.configuration(
            self.store, {name: self.customer(zones[name], self.primary, attributes=policy)
                         for name, policy in policies.items()},
            notify={"listen": [f"127.0.0.1:{port}"]}, limits=QUICK_TIMERS)
        del config["attributes"]
        text = "".join(f"{name}: {json.dumps(content)}\n" for name, content in config.items())
        text += (kamailio.CONFIGURATION / "attributes.yaml").read_text()
        self.adopt(parts.Zonecastd(self.folder / "zonecastd", text), start=True)
        self.wait(lambda: len(self.store.domains()) == 5, "the domains")

    # -- who asks ----------------------------------------------------------------------------------

    def register_callee(self, domain):
        """Then the user is reached there. sipp registers it again and again, later."""
        phone = telephony.Phone(self.proxy.port, timeout=LONG)
        self.parts.callback(phone.close)
        aor = f"sip:{USER}@{domain}"
        answer = phone.ask("REGISTER", f"sip:{domain}", to=aor, caller=aor, credentials=(USER, PASSWORD),
                           contact=f"<sip:callee@{self.callees[0].address}>")
        self.assertEqual(200, answer.status, str(answer))

    def call(self, name, scenario, rate, *rows):
        self.callers[name] = self.adopt(sipp.Sipp(
            self.folder / "sipp", name, scenario, self.proxy.port, rows, rate, callee=self.callees[0].address,
            au=USER, ap=PASSWORD), start=True)

    def watch(self, *what, **more):
        self.watches.append(Watch(self.proxy.port, *what, **more).start())
        self.workers.append(self.watches[-1])
        self.parts.callback(self.watches[-1].phone.close)
        return self.watches[-1]

    def start_callers(self):
        plain, strict, relay = (f"sip:{USER}@{name}.example" for name in ("plain", "strict", "relay"))
        foreign = "sip:bob@elsewhere.example"
        self.call("calls", "call", 60, (STRANGER, plain))
        self.call("calls-shown", "call_with_credentials", 20, (strict, plain), (strict, strict))
        self.call("calls-relayed", "call_with_credentials", 10, (relay, f"sip:bob@{self.callees[1].address}"))
        self.call("registers", "register", 50, *((f"sip:{user}@plain.example", "sip:plain.example")
                                                 for user in (USER, *(f"user{number}" for number in range(20)))))
        self.call("registers-shown", "register_with_credentials", 20, (strict, "sip:strict.example"))
        self.call("options", "options", 50, (STRANGER, "sip:plain.example"), (strict, "sip:strict.example"))
        self.call("foreign-options", "options_refused", 30, (STRANGER, foreign), (strict, foreign))
        self.call("foreign-invites", "invite_refused", 30, (STRANGER, foreign), (strict, foreign))
        self.call("foreign-redirected", "invite_redirected", 20, (plain, foreign))
        self.call("gone-options", "options_changing", 20, (STRANGER, "sip:gone.edited.example"))
        self.call("gone-invites", "invite_changing", 15, (STRANGER, f"sip:{USER}@gone.edited.example"))
        self.call("come-options", "options_changing", 20, (STRANGER, "sip:come.edited.example"))
        self.call("changing", "invite_changing", 15, (STRANGER, f"sip:{USER}@changing.example"))

    # -- the test ----------------------------------------------------------------------------------

    def test_every_answer_is_right_while_zones_are_edited(self):
        processes = self.proxy.processes()
        self.workers.append(Resolver(self.store).start())
        for domain in ("plain.example", "strict.example", "gone.edited.example", "changing.example"):
            self.register_callee(domain)
        ann = "sip:ann@gone.edited.example"
        gone = [self.watch(status, "OPTIONS", "sip:gone.edited.example"),
                self.watch(status, "REGISTER", "sip:gone.edited.example", to=ann, caller=ann)]
        come = self.watch(status, "OPTIONS", "sip:come.edited.example")
        ann = "sip:ann@changing.example"
        changing = self.watch(granted, "REGISTER", "sip:changing.example", to=ann, caller=ann)
        self.start_callers()
        editor = Editor(self.primary).start()
        self.workers.append(editor)
        self.await_more_answers()

        self.primary.edit("edited.example", ("unset", "_sip._udp.gone", "SRV"))
        self.await_story([200, 403], *gone)
        self.primary.edit("edited.example", ("set", "_sip._udp.come", "3600", "SRV", TO_EDGE))
        self.await_story([403, 200], come)
        self.primary.edit("changing.example", ("unset", "_sipvhost", "TXT"),
                          ("set", "_sipvhost", "3600", "TXT", CHANGING.format("redirect", "77s")))
        self.await_story([3000, 77], changing)

        self.finish("gone-options", "gone-invites")
        story = [200, 403]
        for _ in range(2):
            self.primary.edit("edited.example", ("set", "_sip._udp.gone", "3600", "SRV", TO_EDGE))
            self.await_story(story := [*story, 200], *gone)
            self.primary.edit("edited.example", ("unset", "_sip._udp.gone", "SRV"))
            self.await_story(story := [*story, 403], *gone)

        self.finish(*self.callers)
        for worker in self.workers:
            worker.stop()
        for callee in self.callees:
            callee.begin_no_more()
            self.assert_no_wrong_answer(callee)
        self.assertGreater(editor.edits, 5)
        self.assertEqual([story, story, [403, 200], [3000, 77]],
                         [watch.story() for watch in self.watches])
        self.assertEqual(processes, self.proxy.processes())
        self.assertEqual([], self.proxy.said("ERROR") + self.proxy.said("CRITICAL"))

    def await_story(self, story, *watches):
        """It has come to that, and stays so for some calls of everybody."""
        self.await_all(lambda: all(watch.story()[-1] == story[-1] for watch in watches), f"the answers to become {story}")
        self.await_more_answers()
        for watch in watches:
            self.assertEqual(story, watch.story())

    def await_more_answers(self):
        """To each watch and to each of sipp's callers."""
        goals = [(watch, len(watch.answers) + 20) for watch in self.watches]
        self.await_all(lambda: all(len(watch.answers) >= goal for watch, goal in goals), "more answers to each watch")
        goals = [(caller, caller.calls() + 10) for caller in self.callers.values()]
        for caller, goal in goals:
            self.await_all(lambda: caller.calls() >= goal, f"more good calls of {caller.name}")  # noqa: B023

    def await_all(self, condition, what):
        def true_and_nothing_failed():
            for worker in self.workers:
                worker.check()
            return condition()
        self.wait(true_and_nothing_failed, what, LONG)

    def finish(self, *names):
        finished = {name: self.callers[name] for name in names}
        for name, caller in finished.items():
            caller.begin_no_more()
            del self.callers[name]
        for name, caller in finished.items():
            self.assert_no_wrong_answer(caller)
            if name in CHANGES:
                self.assert_changes_once(caller.answers(), *CHANGES[name])

    def assert_no_wrong_answer(self, caller):
        self.assertEqual(0, caller.finish(LONG), caller.name)
        for column in ("FailedCall(C)", "FailedUnexpectedMessage(C)"):
            self.assertEqual(0, caller.count(column), f"{caller.name}: {column}")
        self.assertGreater(caller.calls(), 0, caller.name)

    def assert_changes_once(self, answers, before, after):
        """Who asked after the first new answer was there got no old one."""
        seen, late, kinds = False, set(), set()
        for number, what in answers:
            if what == "asks":
                if seen:
                    late.add(number)
                continue
            kinds.add(what)
            seen = seen or what == after
            self.assertFalse(what == before and number in late, f"call {number} got {before} after others had got {after}")
        self.assertEqual({before, after}, kinds)


class ByTable(UnderLoad, EndToEnd):
    def source(self):
        self.follower = self.mirror(self.store, "--wanted-interval", "0.1")
        self.wait(lambda: self.follower.serves(self.store.content()), "the table")
        return {"ZC_TABLE": self.follower.table, "ZC_TABLE_OWNER": pwd.getpwuid(os.geteuid()).pw_name}


class ByRedis(UnderLoad, EndToEnd):
    defines = ("WITH_REDIS",)

    def source(self):
        return {"ZC_REDIS": f"unix={self.store.socket}", "ZC_DEPLOYMENT": self.store.deployment}


if __name__ == "__main__":
    unittest.main()

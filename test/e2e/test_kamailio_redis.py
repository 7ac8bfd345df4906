"""config/kamailio/ by way of Redis, and what it does when Redis fails; Kamailio's and zonecast's own checks of it."""

import json
import subprocess
import time
import unittest

import kamailio_cases as cases
from kamailio_cases import JOE, OPEN, PASSWORD
from setting import EndToEnd, hosted, kamailio, parts, sip as sip_records, telephony as sip, zone

globals().update(cases.by_way_of(cases.Redis, __name__))


class Restricted(cases.Proxy):
    """Redis' default user may do what config/redis/users.acl says, and what README.md adds."""

    source_of = cases.Redis

    def redis(self):
        acl = (parts.ROOT / "config/redis/users.acl").read_text().splitlines()
        default = next(line for line in acl if line.startswith("user default ")).replace("{main}", "{test}")
        more = next(line.strip() for line in (kamailio.CONFIGURATION / "README.md").read_text().splitlines()
                    if line.startswith("    ~zonecast:{main}:wanted")).replace("{main}", "{test}")
        return super().redis(user="admin", password="admin", options=(
            "--user", "admin", "on", ">admin", "~*", "&*", "+@all", "--user", *default.split()[1:], *more.split()))

    def test_it_is_served_by_a_redis_in_which_it_may_read_and_ask(self):
        self.source.host("iptel.example", "iptel", OPEN)
        self.assert_reaches(self.registered(), self.phone(), "sip:joe@iptel.example")
        self.phone(timeout=0.1).send(self.phone().request("MESSAGE", "sip:joe@new.example"))
        self.wait(lambda: "new.example" in self.source.wanted(), "the question")
        self.assertFalse(self.kamailio.said("NOPERM"))


class Outages(cases.Proxy):
    source_of = cases.Redis

    def setUp(self):
        super().setUp()
        self.source.host("iptel.example", "iptel", OPEN)
        self.callee = self.registered()

    def await_return(self):
        """Each of the proxy's processes has a connection of its own, and leaves Redis alone for a while."""
        def all_have_it():
            phone = self.phone()
            return all(phone.ask("OPTIONS", "sip:iptel.example").status == 200 for _ in range(40))
        self.wait(all_have_it, "it comes back")

    def assert_fails_closed(self):
        for transport in ("udp", "tcp"):
            for method in ("OPTIONS", "INVITE", "REGISTER"):
                for host in ("iptel.example", "elsewhere.example", "new.example"):
                    begin = time.monotonic()
                    answer = self.assert_status(503, self.phone(transport).ask(method, f"sip:joe@{host}"))
                    self.assertTrue(answer.get("Retry-After"))
                    self.assertLess(time.monotonic() - begin, 2)

    def test_without_redis_everything_is_503_and_nothing_200(self):
        self.store.kill()
        self.assert_fails_closed()
        self.store.start()
        self.source.host("iptel.example", "iptel", OPEN)
        self.await_return()
        self.assert_reaches(self.callee, self.phone(), "sip:joe@iptel.example")

    def test_a_redis_that_hangs_is_not_waited_for(self):
        self.store.freeze()
        try:
            self.assert_fails_closed()
        finally:
            self.store.thaw()
        self.await_return()

    def test_what_redis_has_is_not_changed_by_a_reconnect(self):
        before = self.store.ask("HGETALL", self.store.key("domain"))
        self.store.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        self.await_return()
        self.assertEqual(before, self.store.ask("HGETALL", self.store.key("domain")))

    def test_an_answer_of_another_type_is_no_answer(self):
        self.store.ask("DEL", self.store.key("domain"))
        self.store.ask("SET", self.store.key("domain"), "nonsense")
        self.assert_fails_closed()

    def test_a_domain_whose_attributes_are_missing_is_not_served(self):
        self.store.ask("HDEL", self.store.key("attribute"), "iptel")
        self.assert_status(503, self.phone().ask("MESSAGE", "sip:joe@iptel.example"))
        self.source.set("iptel", OPEN)
        self.store.ask("HSET", self.store.key("domain"), "iptel.example", "state=hosted")
        self.assert_status(503, self.phone().ask("MESSAGE", "sip:joe@iptel.example"))


class Delivered(EndToEnd):
    """All of it: an edit of a zone, zonecastd with the attributes of config/kamailio/, Redis, Kamailio."""

    def test_what_a_zone_owner_writes_is_what_the_proxy_does(self):
        redis = self.redis()
        port = parts.free_port()
        txt = '_sipvhost IN TXT "v=sipvhost1; did=iptel; mode={}; registration.max=77s"'
        knot = self.knot({"iptel.example": zone("iptel.example", *sip_records("@", "sip"), txt.format("redirect"))},
                         notify=port)
        customer = self.customer(["iptel.example"], knot, dids=["iptel"], attributes={
            "digest.realm": "The Realm", "peering": "open"})
        config = self.configuration(redis, {"iptel": customer}, notify={"listen": [f"127.0.0.1:{port}"]})
        del config["attributes"]
        text = "".join(f"{name}: {json.dumps(content)}\n" for name, content in config.items())
        text += (kamailio.CONFIGURATION / "attributes.yaml").read_text()
        self.adopt(parts.Zonecastd(self.folder / "zonecastd", text), start=True)
        self.await_domains(redis, {"iptel.example": hosted("iptel"), "sip.iptel.example": hosted("sip.iptel.example")})
        proxy = self.adopt(kamailio.Kamailio(self.folder / "kamailio", ["WITH_REDIS"], ZC_DEPLOYMENT="test",
                                             ZC_REDIS=f"unix={redis.socket}"), start=True)
        proxy.add_user(JOE, "iptel", PASSWORD, realm="The Realm")
        callee, caller = (sip.Phone(proxy.port) for _ in range(2))
        self.parts.callback(callee.close)
        self.parts.callback(caller.close)
        redis.ask("SET", redis.key("answer:caller.invalid"), "foreign")
        aor = "sip:joe@iptel.example"
        answer = callee.ask("REGISTER", "sip:iptel.example", to=aor, caller=aor, credentials=(JOE, PASSWORD))
        self.assertEqual(200, answer.status, str(answer))
        self.assertIn("expires=77", answer.get("Contact"))
        self.assertEqual(302, caller.ask("INVITE", aor).status)
        knot.edit("iptel.example", ("unset", "_sipvhost", "TXT"),
                  ("set", "_sipvhost", "3600", "TXT", '"v=sipvhost1; did=iptel; mode=proxy"'))
        self.wait(lambda: "mode=proxy" in redis.content().attributes().get("iptel", ""), "the edit")
        call_id = sip.token()
        caller.send(caller.request("MESSAGE", aor, call_id=call_id))
        callee.respond(callee.next_request(), 202)
        self.assertEqual(202, caller.final_response(call_id, "1 MESSAGE").status)


class Check(EndToEnd):
    def test_both_variants_pass_kamailios_own_check(self):
        for number, defines in enumerate(([], ["WITH_REDIS"], ["WITH_NAT"], ["WITH_REDIS", "WITHOUT_WANTED"],
                                          ["WITH_TLS", "WITH_WEBSOCKET"])):
            with self.subTest(defines):
                part = kamailio.Kamailio(self.folder / str(number), defines)
                done = subprocess.run(part.command("-c"), capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual(0, done.returncode, done.stderr)
                self.assertIn("config file ok", done.stderr)

    def test_the_attributes_pass_zonecasts_own_check(self):
        file = self.folder / "zonecast.yaml"
        file.write_text("redis: {unix: redis.sock, deployment: main}\n"
                        "edge: [{hosts: [sip.provider.example], udp: 5060}]\ncustomers: {}\n" +
                        (kamailio.CONFIGURATION / "attributes.yaml").read_text())
        done = subprocess.run([parts.build_folder() / "bin/zonecast", "conf-check", file], capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()

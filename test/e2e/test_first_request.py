"""A domain that was pointed at the edge and that nobody told us of: its first SIP request gets through.

All of it: nsd, unbound, zonecastd, Redis, zonecast-mirror where the table is read, and config/kamailio/ as it is shipped,
with its patience: a caller whom it runs out on gets a 503, which no assertion here lets pass.
"""

import json
import os
import pwd
import unittest

from setting import EndToEnd, hosted, kamailio, parts, primaries, sip as sip_records, telephony as sip, zone

from unbound import Unbound

REGISTERING = {"udp-register.example", "tcp-register.example"}
CALLED = {"udp-invite.example", "tcp-invite.example"}
FOREIGN = {"udp-foreign.example", "tcp-foreign.example"}


class FirstRequest:
    defines = ()

    def setUp(self):
        zones = {name: zone(name, *sip_records("@")) for name in REGISTERING | CALLED}
        zones |= {name: zone(name, f"_sip._udp IN SRV 1 1 5060 sip.{name}.", "sip IN A 198.51.100.1") for name in FOREIGN}
        authority = self.primary(primaries.Nsd, zones, "nsd")
        unbound = self.adopt(Unbound(self.folder / "unbound", {name: authority.port for name in zones}), True)
        self.store = self.redis()
        config = self.configuration(self.store, {}, resolver={"servers": [f"127.0.0.1:{unbound.port}"]}, discovery={
            "mode": "open", "attributes": {"digest.required": False, "peering": "open"}})
        del config["attributes"]
        text = "".join(f"{name}: {json.dumps(content)}\n" for name, content in config.items())
        text += (kamailio.CONFIGURATION / "attributes.yaml").read_text()
        self.adopt(parts.Zonecastd(self.folder / "zonecastd", text), start=True)
        self.await_domains(self.store, {})
        settings = self.source()
        self.proxy = self.adopt(kamailio.Kamailio(self.folder / "kamailio", self.defines, **settings), start=True)

    def phone(self, transport):
        phone = sip.Phone(self.proxy.port, transport, timeout=20)
        self.parts.callback(phone.close)
        return phone

    def first(self, transport, method, host, user="joe"):
        """The answer to the first request that anybody makes there."""
        phone = self.phone(transport)
        aor = f"sip:{user}@{host}"
        octets = phone.request(method, f"sip:{host}" if method == "REGISTER" else aor, to=aor,
                               caller=aor if method == "REGISTER" else "sip:test@caller.invalid")
        return phone, (phone.answer_by_insisting(octets) if transport == "udp" else phone.answer_to(octets))

    def test_the_first_request_is_answered(self):
        self.assertEqual({}, self.store.domains())
        for transport in ("udp", "tcp"):
            for method, kind, status in (("REGISTER", "register", 200), ("INVITE", "invite", 480), ("INVITE", "foreign", 403)):
                with self.subTest(transport=transport, kind=kind):
                    host = f"{transport}-{kind}.example"
                    callee, answer = self.first(transport, method, host)
                    self.assertEqual(status, answer.status, str(answer))
                    if method == "REGISTER":
                        self.assert_reached(callee, host)
        self.await_domains(self.store, {name: hosted(name) for name in REGISTERING | CALLED})

    def assert_reached(self, callee, host):
        caller, call_id = self.phone("udp"), sip.token()
        caller.send(caller.request("MESSAGE", f"sip:joe@{host}", call_id=call_id))
        callee.respond(callee.next_request(), 202)
        self.assertEqual(202, caller.final_response(call_id, "1 MESSAGE").status)


class ByTable(FirstRequest, EndToEnd):
    def source(self):
        follower = self.mirror(self.store)
        self.wait(follower.look, "the table")
        return {"ZC_TABLE": follower.table, "ZC_TABLE_OWNER": pwd.getpwuid(os.geteuid()).pw_name}


class ByRedis(FirstRequest, EndToEnd):
    defines = ("WITH_REDIS",)

    def source(self):
        return {"ZC_REDIS": f"unix={self.store.socket}", "ZC_DEPLOYMENT": self.store.deployment}


if __name__ == "__main__":
    unittest.main()

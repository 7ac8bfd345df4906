"""Domains that a worker meets and nobody configured: from its question to its table, by way of DNS."""

import socket
import unittest

import setting
from setting import EDGE, EndToEnd, hosted, parts, primaries, sip, table_reader, zone

from unbound import Unbound

QUICK = {"ttl_min": "1s", "retry_min": "1s", "retry_max": "1s"}


class Discovery(EndToEnd):
    def set_up(self, zones, **discovery):
        self.authority = self.primary(primaries.Nsd, zones, "nsd")
        stubs = {zone: self.authority.port for zone in zones} | {"mute": self.nobody()}
        self.unbound = self.adopt(Unbound(self.folder / "unbound", stubs), True)
        self.redis_server = self.redis()
        self.zonecastd = self.daemon(self.redis_server, {}, resolver={"servers": [f"127.0.0.1:{self.unbound.port}"], **QUICK},
                                     discovery=discovery, metrics=True)
        self.await_domains(self.redis_server, {})
        self.follower = self.mirror(self.redis_server, "--wanted-interval", "0.1")
        self.wait(lambda: self.follower.look() is not None, "its table")
        self.table = self.follower.look()

    def nobody(self):
        """The port of a server that takes every question and answers none."""
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        silent.bind(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        return silent.getsockname()[1]

    def hear(self, host, answer):
        """The worker asks until it has that answer."""
        def heard():
            self.table.wanted(host)
            return self.table.answer(host) == answer
        self.wait(heard, f"{host} is answered")

    def test_a_domain_that_points_here_is_hosted_and_another_is_foreign(self):
        self.set_up({"new.example": zone("new.example", *sip("@")),
                     "far.example": zone("far.example", "_sip._udp IN SRV 1 1 5060 sip.far.example.", "sip IN A 198.51.100.1")})
        self.hear("New.Example.", table_reader.HOSTED)
        content = self.await_domains(self.redis_server, {"new.example": hosted("new.example")})
        self.assertEqual("discovered", self.table.virtual_domain("new.example")[0])
        self.hear("far.example", table_reader.FOREIGN)
        self.hear("gone.far.example", table_reader.FOREIGN)
        self.assertEqual(b"foreign", self.redis_server.ask("GET", self.redis_server.key("answer:far.example")))
        self.assert_untouched(content, self.redis_server)
        watched = self.zonecastd.ask("watched").stdout
        self.assertRegex(watched, r"new\.example +discovered +hosted")
        self.assertNotIn("far.example", watched)
        status = self.zonecastd.json("status")
        self.assertEqual(("1", "0"), (status["domains_discovered"], status["domains_wanted"]))

    def test_it_goes_and_comes_with_its_records(self):
        self.set_up({"new.example": zone("new.example", *sip("@")).replace("$TTL 3600", "$TTL 2").replace(" 300", " 2")})
        self.hear("new.example", table_reader.HOSTED)
        self.zonecastd.stop()
        self.zonecastd.start()
        self.await_settled(self.zonecastd)
        self.await_domains(self.redis_server, {"new.example": hosted("new.example")})
        self.authority.edit("new.example", ("unset", "_sip._udp", "SRV"))
        self.await_domains(self.redis_server, {})
        self.hear("new.example", table_reader.FOREIGN)

    def test_an_operator_asks_without_any_worker(self):
        self.set_up({"new.example": zone("new.example", *sip("@"))}, mode="open")
        shown = self.zonecastd.ask("lookup-now", "new.example").stdout
        self.assertIn("hosted", shown)
        self.await_domains(self.redis_server, {"new.example": hosted("new.example")})

    def test_only_what_is_listed_is_looked_up(self):
        zones = {name: zone(name, *sip("@")) for name in ("one.example", "two.example")}
        self.set_up(zones, mode="listed", allow=["one.example"])
        self.table.wanted("two.example")
        self.hear("one.example", table_reader.HOSTED)
        self.wait(lambda: self.metric(self.zonecastd, "zonecast_wanted_total", result="not_listed") >= 1, "the refusal")
        self.await_domains(self.redis_server, {"one.example": hosted("one.example")})

    def test_a_flood_of_names_keeps_no_domain_waiting(self):
        self.set_up({"new.example": zone("new.example", *sip("@"))})
        client = self.redis_server
        for number in range(3000):
            client.ask("XADD", client.key("wanted"), "*", "domain", f"n{number}.flood{number % 97}.mute", "worker", "flooder")
        self.hear("new.example", table_reader.HOSTED)
        self.wait(lambda: self.metric(self.zonecastd, "zonecast_wanted_total", result="worker_rate") > 1000, "refusals")
        self.await_domains(self.redis_server, {"new.example": hosted("new.example")})


if __name__ == "__main__":
    unittest.main()

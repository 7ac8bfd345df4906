"""Domains whose zones we cannot have: asked about through unbound, or at their own servers."""

import unittest

from setting import EDGE, EndToEnd, hosted, parts, primaries, sip, zone

from unbound import Unbound, sign

QUICK = {"ttl_min": "1s", "retry_min": "1s", "retry_max": "1s"}
TTL = 2


def short(name, *records):
    """A zone all of whose TTLs are short, negative ones, too."""
    text = zone(name, *records)
    return text.replace("$TTL 3600", f"$TTL {TTL}").replace("1209600 300", f"1209600 {TTL}")


class Watched(EndToEnd):
    def authority(self, zones):
        return self.primary(primaries.Nsd, zones, "nsd")

    def unbound(self, authority, start=True, **options):
        unbound = Unbound(self.folder / "unbound", {zone: authority.port for zone in authority.zones}, **options)
        return self.adopt(unbound, start)

    def watch(self, redis, resolver, *names, **more):
        servers = {"servers": [f"127.0.0.1:{resolver.port}"]} if resolver else {"servers": "off"}
        return self.daemon(redis, {"acme": {"watched": list(names), **more}}, resolver={**servers, **QUICK})

    @staticmethod
    def explained(daemon, domain):
        return daemon.ask("explain", domain, check=False).stdout

    def test_what_comes_and_goes_in_dns_does_so_here(self):
        authority = self.authority({
            "one.example": short("one.example", *sip("@")),
            "two.example": short("two.example", '@ IN NAPTR 10 10 "s" "SIP+D2T" "" _sip._tcp.hub.example.',
                                 '_sipvhost IN TXT "v=sipvhost1; greeting=hello"'),
            "hub.example": short("hub.example", *sip("@", transport="tcp"), "all IN A 192.0.2.10"),
            "three.example": short("three.example", "www IN CNAME all.hub.example."),
            "far.example": short("far.example", "_sip._udp IN SRV 1 1 5060 sip.carrier.example."),
        })
        redis = self.redis()
        daemon = self.watch(redis, self.unbound(authority), "one.example", "two.example", "www.three.example", "far.example")
        content = self.await_domains(redis, {
            "one.example": hosted("one.example"),
            "two.example": hosted("two.example", "tcp"),
            "www.three.example": hosted("www.three.example", "udp,tls")})
        self.assertIn("greeting=hello", content.attributes()["two.example"])
        authority.edit("one.example", ("unset", "_sip._udp", "SRV"))
        self.await_domains(redis, {"two.example": hosted("two.example", "tcp"),
                                   "www.three.example": hosted("www.three.example", "udp,tls")})
        authority.edit("hub.example", ("unset", "all", "A"), ("set", "all", TTL, "A", "198.51.100.1"))
        authority.edit("one.example", ("set", "_sip._udp", TTL, "SRV", f"10 5 5060 {EDGE}"))
        self.await_domains(redis, {"one.example": hosted("one.example"), "two.example": hosted("two.example", "tcp")})
        shown = self.explained(daemon, "two.example")
        self.assertRegex(shown, r"127\.0\.0\.1:\d+, \d s ago")

    def test_a_resolver_that_is_gone_removes_nothing(self):
        authority = self.authority({"one.example": short("one.example", *sip("@")),
                                    "two.example": short("two.example", *sip("@"))})
        redis, unbound = self.redis(), self.unbound(authority)
        daemon = self.watch(redis, unbound, "one.example", "two.example")
        both = {"one.example": hosted("one.example"), "two.example": hosted("two.example")}
        before = self.await_domains(redis, both)
        unbound.stop()
        authority.edit("two.example", ("unset", "_sip._udp", "SRV"))
        self.wait(lambda: int(daemon.json("status")["questions_failing"]) >= 10, "its answers are failing")
        self.assert_untouched(before, redis)
        unbound.start()
        self.await_domains(redis, {"one.example": hosted("one.example")})
        self.wait(lambda: daemon.json("status")["questions_failing"] == "0", "all answers were refreshed")

    def test_what_is_bogus_neither_hosts_nor_removes(self):
        text = short("signed.example", *sip("@"))
        signed, anchor = sign(self.folder / "keys", "signed.example", text)
        other, _ = sign(self.folder / "other", "signed.example", short("signed.example"))
        _, wrong = sign(self.folder / "wrong", "bogus.example", short("bogus.example", *sip("@")))
        bogus, _ = sign(self.folder / "bogus", "bogus.example", short("bogus.example", *sip("@")))
        authority = self.authority({"signed.example": signed, "bogus.example": bogus})
        redis = self.redis()
        unbound = self.unbound(authority, anchors=[anchor, wrong])
        daemon = self.watch(redis, unbound, "signed.example", "bogus.example", dnssec="require")
        before = self.await_domains(redis, {"signed.example": hosted("signed.example")})
        self.assertIn("secure", self.explained(daemon, "signed.example"))
        self.assertIn("SERVFAIL", self.explained(daemon, "bogus.example"))
        authority.stop()
        authority.replace("signed.example", other)
        authority.start()
        self.wait(lambda: "SERVFAIL" in self.explained(daemon, "signed.example"), "it is bogus, too")
        self.assert_untouched(before, redis)

    def test_the_customers_own_servers_are_asked(self):
        authority = self.authority({
            "one.example": short("one.example", *sip("@")),
            "hub.example": short("hub.example", "all IN A 192.0.2.10"),
            "three.example": short("three.example", "www IN CNAME all.hub.example.")})
        resolved = self.unbound(authority)
        redis = self.redis()
        own = [f"127.0.0.1:{authority.port}"]
        self.watch(redis, resolved, "one.example", "www.three.example", servers=own)
        self.await_domains(redis, {"one.example": hosted("one.example"),
                                   "www.three.example": hosted("www.three.example", "udp,tls")})
        resolved.stop()
        authority.edit("one.example", ("unset", "_sip._udp", "SRV"))
        self.await_domains(redis, {"www.three.example": hosted("www.three.example", "udp,tls")})


if __name__ == "__main__":
    unittest.main()

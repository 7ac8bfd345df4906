"""What becomes of transfers, beyond what holds with every server (primary_cases.py); here the primary is a knotd."""

import unittest

from setting import QUICK_TIMERS, TO_EDGE, EndToEnd, dns, hosted, parts, sip, tsig, zone

ACME = zone("acme.example", *sip("@"), *sip("@", transport="tcp"),
            '_sipvhost IN TXT "v=sipvhost1; did=acme; greeting=Welcome to Acme; max_calls=50"',
            *sip("sales"), '_sipvhost.sales IN TXT "v=sipvhost1; did=acme"')
ACME_DOMAINS = {"acme.example": hosted("acme", "udp,tcp"), "sales.acme.example": hosted("acme")}


class Transfers(EndToEnd):
    def set_up(self, zones):
        """knotd with the zones of one customer, and zonecastd, which hears its NOTIFYs."""
        redis = self.redis()
        port = parts.free_port()
        knot = self.knot(zones, notify=port)
        daemon = self.daemon(redis, {"acme": self.customer(zones, knot, dids=["acme"])},
                             notify=port, limits=QUICK_TIMERS)
        return redis, knot, daemon

    def test_the_first_transfer_publishes_domains_attributes_and_virtual_domains(self):
        redis, _, daemon = self.set_up({"acme.example": ACME})
        content = self.await_domains(redis, ACME_DOMAINS)
        self.assertEqual({"acme": "greeting=Welcome%20to%20Acme;max_calls=50"}, content.attributes())
        self.assertEqual({"acme": ("acme", "acme.example", ["acme.example", "sales.acme.example"])}, content.members())
        self.assertEqual(("2", "1"), (content.meta["domains"], content.meta["virtual_domains"]))
        self.assertTrue(daemon.said("zone transferred", "zone=acme.example", "shape=axfr"))

    def test_an_attribute_that_its_owner_changes_is_published_and_a_bad_one_is_not(self):
        redis, knot, daemon = self.set_up({"acme.example": ACME})
        self.await_domains(redis, ACME_DOMAINS)
        record = ("_sipvhost", "3600", "TXT")
        knot.edit("acme.example", ("unset", *record[::2]),
                  ("set", *record, '"v=sipvhost1; did=acme; greeting=Gr%C3%BCezi; max_calls=70"'))
        self.await_attributes(redis, "acme", "greeting=Gr%C3%BCezi;max_calls=70")
        knot.edit("acme.example", ("unset", *record[::2]),
                  ("set", *record, '"v=sipvhost1; did=acme; greeting=Hello; max_calls=lots"'))
        self.await_attributes(redis, "acme", "greeting=Hello;max_calls=70")
        self.assertTrue(daemon.said("max_calls", "acme.example"))

    def test_a_bumped_serial_alone_publishes_nothing(self):
        redis, knot, daemon = self.set_up({"acme.example": ACME})
        before = self.await_domains(redis, ACME_DOMAINS)
        knot.edit("acme.example", ("set", "www", "3600", "A", "192.0.2.10"))
        self.await_said(daemon, "zone transferred", "from=1", "to=2")
        self.await_settled(daemon)
        self.assert_untouched(before, redis)


class Signed(EndToEnd):
    def set_up(self, knots_key, our_key):
        """Zone acme.example at a knotd that wants its key, other.example at one that wants none."""
        redis = self.redis()
        port = parts.free_port()
        signed = self.knot({"acme.example": zone("acme.example", *sip("@"))}, name="signed", key=knots_key, notify=port)
        plain = self.knot({"other.example": zone("other.example", *sip("@"))}, name="plain", notify=port)
        customers = {"acme": self.customer(["acme.example"], signed, key_file=self.key_file("our.key", our_key)),
                     "other": self.customer(["other.example"], plain)}
        daemon = self.daemon(redis, customers, notify=port, metrics=True, limits=QUICK_TIMERS)
        return redis, signed, plain, daemon

    def test_each_algorithm_signs_transfers_edits_and_notifies(self):
        for algorithm in ("hmac-sha256", "hmac-sha384", "hmac-sha512"):
            with self.subTest(algorithm):
                key = parts.tsig_key("transfer", algorithm=algorithm)
                redis = self.redis(f"redis-{algorithm}")
                port = parts.free_port()
                knot = self.knot({"acme.example": zone("acme.example", *sip("@"))}, name=algorithm, key=key, notify=port)
                customer = self.customer(["acme.example"], knot, key_file=self.key_file(f"{algorithm}.key", key))
                daemon = self.daemon(redis, {"acme": customer}, name=f"zonecastd-{algorithm}",
                                     notify=port, notify_policy={"tsig": "require"}, metrics=True)
                self.await_domains(redis, {"acme.example": hosted("acme.example")})
                knot.edit("acme.example", ("set", "_sip._udp.lab", "3600", "SRV", TO_EDGE))
                self.await_domains(redis, {"acme.example": hosted("acme.example"),
                                           "lab.acme.example": hosted("lab.acme.example")})
                self.assertEqual(0, self.metric(daemon, "zonecast_zone_failures_total"))
                answer = dns.over_udp(tsig.signed(dns.notify("acme.example"), key), port)
                self.assertEqual(dns.NOERROR, answer.rcode)

    def assert_shut_out(self, knots_key, our_key, said):
        """Nothing of acme.example comes, it is said why, and other.example is not held up."""
        redis, _, plain, daemon = self.set_up(knots_key, our_key)
        content = self.await_domains(redis, {"other.example": hosted("other.example")})
        line = self.await_said(daemon, "zone acme.example from ns1 (127.0.0.1:", *said, "reason=tsig")
        self.assertIn("next try in", line)
        self.assertTrue(self.metric(daemon, "zonecast_zone_failures_total", reason="tsig"))
        self.assert_untouched(content, redis)
        plain.edit("other.example", ("set", "_sip._udp.lab", "3600", "SRV", TO_EDGE))
        self.await_domains(redis, {"other.example": hosted("other.example"),
                                   "lab.other.example": hosted("lab.other.example")})
        failures = self.metric(daemon, "zonecast_zone_failures_total", reason="tsig")
        self.wait(lambda: self.metric(daemon, "zonecast_zone_failures_total", reason="tsig") > failures, "another try")
        self.assertEqual(1, len(daemon.said("zone acme.example from ns1", *said)), "the same line, over and over")

    def test_a_wrong_secret_publishes_nothing_and_is_told(self):
        self.assert_shut_out(parts.tsig_key("transfer"), parts.tsig_key("transfer", b"another secret of 32 octets....."),
                             ["NOTAUTH, TSIG: "])

    def test_a_key_that_goes_wrong_removes_nothing(self):
        key = parts.tsig_key("transfer")
        redis, signed, _, daemon = self.set_up(key, key)
        both = {"acme.example": hosted("acme.example"), "other.example": hosted("other.example")}
        before = self.await_domains(redis, both)
        signed.stop()
        signed.key = parts.tsig_key("transfer", b"rolled over, and nobody told us.")
        signed.replace("acme.example", zone("acme.example", *sip("new"), serial=2))
        signed.start()
        daemon.ask("zone-refresh", "acme.example")
        self.await_said(daemon, "zone acme.example from ns1", "TSIG", "reason=tsig")
        self.assert_untouched(before, redis)
        signed.stop()
        signed.key = key
        signed.start()
        daemon.ask("zone-refresh", "acme.example")
        self.await_domains(redis, {"new.acme.example": hosted("new.acme.example"),
                                   "other.example": hosted("other.example")})


class Outages(EndToEnd):
    """What a primary's failure does: nothing, until it is over."""

    def test_a_primary_that_is_killed_removes_nothing_and_its_edits_arrive_when_it_is_back(self):
        redis = self.redis()
        knot = self.knot({"acme.example": zone("acme.example", *sip("@"), refresh=1)})
        daemon = self.daemon(redis, {"acme": self.customer(["acme.example"], knot)}, metrics=True, limits=QUICK_TIMERS)
        before = self.await_domains(redis, {"acme.example": hosted("acme.example")})
        knot.kill()
        self.await_said(daemon, "zone acme.example from ns1", "connection refused", "reason=")
        self.assertTrue(self.metric(daemon, "zonecast_zone_failures_total", step="connect"))
        self.await_metric(daemon, 1, "zonecast_zones", state="in_trouble")
        self.assert_untouched(before, redis)
        knot.replace("acme.example", zone("acme.example", *sip("@", "lab"), serial=2))
        knot.start()
        self.await_domains(redis, {"acme.example": hosted("acme.example"), "lab.acme.example": hosted("lab.acme.example")})

    def test_a_zone_that_expires_goes_on_being_served(self):
        redis = self.redis()
        knot = self.knot({"acme.example": zone("acme.example", *sip("@"), refresh=1)})
        daemon = self.daemon(redis, {"acme": self.customer(["acme.example"], knot)}, metrics=True,
                             limits={**QUICK_TIMERS, "expire_min": "2s", "expire_max": "2s"})
        before = self.await_domains(redis, {"acme.example": hosted("acme.example")})
        knot.kill()
        self.await_said(daemon, "expired", "zone=acme.example")
        self.assertEqual(1, self.metric(daemon, "zonecast_zone_expirations_total"))
        self.assert_untouched(before, redis)


if __name__ == "__main__":
    unittest.main()

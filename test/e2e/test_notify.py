"""NOTIFY, sent by hand: what is answered, what is counted, and what it does to the state."""

import random
import socket
import unittest

from setting import TO_EDGE, EndToEnd, dns, hosted, parts, sip, tsig, zone


class Notify(EndToEnd):
    def set_up(self, key=None, **policy):
        """knotd does not notify; refresh is an hour away, so only a hint makes zonecastd look."""
        self.port = parts.free_port()
        self.store = self.redis()
        self.primary = self.knot({"acme.example": zone("acme.example", *sip("@"))}, key=key)
        key_file = self.key_file("our.key", key) if key else None
        customer = self.customer(["acme.example"], self.primary, key_file=key_file)
        self.secondary = self.daemon(self.store, {"acme": customer}, notify=self.port, notify_policy=policy, metrics=True)
        self.before = self.await_domains(self.store, {"acme.example": hosted("acme.example")})
        # The edit is there, and nobody told: whatever wrongly counts as a hint publishes it.
        self.primary.edit("acme.example", ("set", "_sip._udp.lab", "3600", "SRV", TO_EDGE))

    def await_counted(self, count, result):
        """The answer may be here before it is counted."""
        self.wait(lambda: self.counted(result) == count, f"{count} times {result}")

    def counted(self, result):
        return self.metric(self.secondary, "zonecast_notifies_total", result=result)

    def assert_answer(self, answer, rcode):
        self.assertIsNotNone(answer, "no answer")
        self.assertEqual((0x4242, True, dns.NOTIFY, rcode), (answer.id, answer.qr, answer.opcode, answer.rcode))
        self.assertEqual(("acme.example", dns.SOA), (answer.zone, answer.qtype))

    def assert_edit_arrives(self):
        self.await_domains(self.store, {"acme.example": hosted("acme.example"),
                                        "lab.acme.example": hosted("lab.acme.example")})

    def test_over_udp_from_its_primary_it_is_answered_and_followed(self):
        self.set_up()
        answer = dns.over_udp(dns.notify("acme.example"), self.port)
        self.assert_answer(answer, dns.NOERROR)
        self.assertTrue(answer.aa)
        self.assert_edit_arrives()
        self.await_counted(1, "accepted")

    def test_over_tcp_many_on_one_connection_are_answered_and_followed(self):
        self.set_up()
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as stream:
            stream.sendall(dns.framed(dns.notify("acme.example")) * 50)
            expected = dns.over_udp(dns.notify("acme.example"), self.port).octets
            received = stream.makefile("rb").read(50 * (2 + len(expected)))
        self.assertEqual(dns.framed(expected) * 50, received)
        self.assert_edit_arrives()
        self.await_counted(51, "accepted")
        # What came while the zone was being looked at was coalesced.
        self.assertLess(self.metric(self.secondary, "zonecast_zone_checks_total"), 20)

    def test_from_a_stranger_it_is_refused_and_not_followed(self):
        self.set_up()
        self.assert_answer(dns.over_udp(dns.notify("acme.example"), self.port, sender="127.0.0.2"), dns.REFUSED)
        self.await_said(self.secondary, "NOTIFY stranger", "zone=acme.example", "sender=127.0.0.2")
        self.await_counted(1, "stranger")
        self.assertEqual(0, self.counted("accepted"))
        self.assert_unmoved()

    def test_for_a_zone_that_is_not_ours_it_is_notauth(self):
        self.set_up()
        answer = dns.over_udp(dns.notify("elsewhere.example"), self.port)
        self.assertEqual((dns.NOTAUTH, "elsewhere.example"), (answer.rcode, answer.zone))
        self.await_said(self.secondary, "NOTIFY unknown-zone", "zone=elsewhere.example", "sender=127.0.0.1")
        answer = dns.over_udp(dns.notify("acme.example", rrclass=3), self.port)
        self.assertEqual(dns.NOTAUTH, answer.rcode)
        self.await_counted(2, "unknown-zone")
        self.assert_unmoved()

    def test_garbage_is_answered_by_the_rules_or_not_at_all(self):
        self.set_up()
        good = dns.notify("acme.example")
        self.assertEqual(dns.NOTIMP, dns.over_udp(dns.notify("acme.example", opcode=dns.QUERY), self.port).rcode)
        self.await_counted(1, "not-implemented")
        no_question = good[:4] + b"\0\0" + good[6:12]
        for form_error in (no_question, good[:-1], good + b"\0", dns.notify("acme.example", qtype=dns.A),
                           good[:12] + b"\xc0\x0c" + good[-4:]):
            self.assertEqual(dns.FORMERR, dns.over_udp(form_error, self.port).rcode, form_error)
        self.await_counted(5, "malformed")
        # A header is the least that can be answered, and an answer never is.
        for silent in (b"", b"\0", good[:11], b"\x42\x42\xa4\0" + good[4:]):
            self.assertIsNone(dns.over_udp(silent, self.port, timeout=0.2), silent)
        self.await_counted(9, "malformed")
        self.throw_dice()
        self.assert_unmoved()

    def throw_dice(self):
        dice = random.Random(1996)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for _ in range(500):
                client.sendto(dice.randbytes(dice.randrange(0, 600)), ("127.0.0.1", self.port))
            for _ in range(500):
                mutant = bytearray(dns.notify("acme.example"))
                mutant[dice.randrange(4, 12)] ^= dice.randrange(1, 256)  # one of the header's counts is wrong
                client.sendto(mutant, ("127.0.0.1", self.port))
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as stream:
            stream.sendall(dice.randbytes(5000))
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as stream:
            stream.sendall(b"\0\0")
            self.assertEqual(b"", stream.recv(1), "a message of no octets")

    def assert_unmoved(self):
        """Nobody looked, so nothing was published; and a hint is still followed."""
        self.await_settled(self.secondary)
        self.assert_untouched(self.before, self.store)
        self.assertEqual(1, self.secondary.json("zone-status", "acme.example")[0]["serial"])
        self.assert_answer(dns.over_udp(dns.notify("acme.example"), self.port), dns.NOERROR)
        self.assert_edit_arrives()

    def test_signed_with_the_zones_key_it_is_followed(self):
        key = parts.tsig_key("transfer")
        self.set_up(key, tsig="require")
        self.assert_answer(dns.over_udp(dns.notify("acme.example"), self.port), dns.REFUSED)
        self.await_counted(1, "unsigned-refused")
        forged = parts.tsig_key("transfer", b"somebody else's secret, 32 octet")
        for bad in (tsig.signed(dns.notify("acme.example"), forged),
                    tsig.signed(dns.notify("acme.example"), parts.tsig_key("nobody")),
                    tsig.signed(dns.notify("acme.example"), key, moment=1000000)):
            self.assertEqual(dns.NOTAUTH, dns.over_udp(bad, self.port).rcode)
        self.await_counted(3, "bad-signature")
        self.assert_untouched(self.before, self.store)
        self.assert_answer(dns.over_udp(tsig.signed(dns.notify("acme.example"), key), self.port), dns.NOERROR)
        self.assert_edit_arrives()

    def test_unsigned_for_a_zone_with_a_key_it_is_a_hint_that_is_followed_once_in_a_while(self):
        self.set_up(parts.tsig_key("transfer"), unsigned_hint_interval="1h")
        for _ in range(3):
            self.assert_answer(dns.over_udp(dns.notify("acme.example"), self.port), dns.NOERROR)
        self.assert_edit_arrives()
        self.assertEqual((1, 2), (self.counted("accepted"), self.counted("rate-limited")))


if __name__ == "__main__":
    unittest.main()

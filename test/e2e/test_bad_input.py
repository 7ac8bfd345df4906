"""Primaries that misbehave and records that are nonsense: told, counted, and nobody else is the worse for it."""

import itertools
import random
import unittest

from setting import TO_EDGE, EndToEnd, dns, hosted, parts, scripted_primary, sip, zone

BAD = "bad.example"
CLOSE = scripted_primary.CLOSE
TO_US = dns.srv(f"_sip._udp.{BAD}", "sip.provider.example")
LIMITS = {"query_timeout": "300ms", "transfer_idle_timeout": "300ms", "transfer_timeout": "1s",
          "refresh_min": "1h", "retry_min": "1h"}


def to_transfers(respond):
    """Answers SOA queries honestly, and transfers by respond(query, soa)."""
    def behaviour(serial):
        soa = dns.soa(BAD, serial)

        def behave(query):
            return [dns.framed(dns.answer(query, soa))] if query.qtype == dns.SOA else respond(query, soa)
        return behave
    return behaviour


def to_everything(respond):
    return lambda serial: lambda query: respond(query, dns.soa(BAD, serial))


def one_message(make):
    return to_transfers(lambda query, soa: [dns.framed(make(query, soa))])


def dripping(query, soa):
    octets = dns.framed(dns.answer(query, soa, TO_US, soa))
    return itertools.chain.from_iterable((octets[at:at + 1], 0.05) for at in range(len(octets)))


def endless(query, soa):
    yield dns.framed(dns.answer(query, soa, TO_US))
    for number in range(1000):
        yield dns.framed(dns.answer(query, *(dns.srv(f"_sip._udp.n{number}x{i}.{BAD}", "sip.provider.example")
                                             for i in range(10))))


# What it does -> how, and what is said of it.
MISDEEDS = {
    "refuses": (to_everything(lambda query, soa: [dns.framed(dns.answer(query, rcode=dns.REFUSED))]), "SOA query: REFUSED"),
    "fails": (to_transfers(lambda query, soa: [dns.framed(dns.answer(query, rcode=dns.SERVFAIL))]), "AXFR: SERVFAIL"),
    "closes at once": (to_everything(lambda query, soa: [CLOSE]), "closed"),
    "says nothing": (to_everything(lambda query, soa: [3.0]), "no answer in 0.3 s"),
    "stops in a message": (to_transfers(
        lambda query, soa: [b"\x01\xf4" + dns.answer(query, soa, TO_US), CLOSE]), "AXFR: "),
    "stops half-way": (to_transfers(
        lambda query, soa: [dns.framed(dns.answer(query, soa, TO_US)), CLOSE]), "AXFR: "),
    "stalls half-way": (to_transfers(
        lambda query, soa: [dns.framed(dns.answer(query, soa, TO_US)), 3.0]), "nothing came for 0.3 s"),
    "drips": (to_transfers(dripping), "not complete in 1 s"),
    "never ends": (to_transfers(endless), "more than 4096 octets"),
    "answers with another ID": (one_message(
        lambda query, soa: dns.answer(query, soa, TO_US, soa, number=query.id ^ 1)), "nothing came for 0.3 s"),
    "sends an empty message": (to_transfers(lambda query, soa: [b"\0\0"]), "AXFR: "),
    "sends noise": (one_message(
        lambda query, soa: query.octets[:2] + random.Random(5).randbytes(300)), "AXFR: "),
    "counts more records than there are": (one_message(
        lambda query, soa: dns.answer(query, soa, TO_US, soa, count=7)), "AXFR: "),
    "says that it truncated": (one_message(
        lambda query, soa: dns.answer(query, soa, TO_US, soa, tc=True)), "a truncated message"),
    "sends a record outside its zone": (one_message(
        lambda query, soa: dns.answer(query, soa, dns.srv("_sip._udp.good.example", "evil.example"), soa)), "_sip._udp.good.example"),
    "sends a record of class CH": (one_message(
        lambda query, soa: dns.answer(query, soa, dns.record(BAD, dns.A, bytes(4), rrclass=3), soa)), "AXFR: "),
    "sends a malformed record": (one_message(
        lambda query, soa: dns.answer(query, soa, dns.record(f"_sip._udp.{BAD}", dns.SRV, b"\0\1"), soa)), "AXFR: "),
    "ends with another serial": (one_message(
        lambda query, soa: dns.answer(query, soa, TO_US, dns.soa(BAD, 4000))), "AXFR: "),
    "goes back": (lambda serial: scripted_primary.serving(BAD, 1), "is not newer than"),
    "answers another question": (to_everything(
        lambda query, soa: [dns.framed(dns.answer(dns.Message.parse(dns.notify("good.example", query.id)), soa))]), "SOA query: "),
}


class BadPrimary(EndToEnd):
    def set_up(self):
        """bad.example at a scripted primary, which is honest at first; good.example at a knotd beside it."""
        self.port = parts.free_port()
        self.scripted = scripted_primary.ScriptedPrimary(scripted_primary.serving(BAD, 10, TO_US))
        self.addCleanup(self.scripted.stop)
        self.good = self.knot({"good.example": zone("good.example", *sip("@"))}, notify=self.port)
        self.store = self.redis()
        customers = {"bad": self.customer([{"name": BAD, "octets_max": "4096"}], self.scripted),
                     "good": self.customer(["good.example"], self.good)}
        self.secondary = self.daemon(self.store, customers, notify=self.port, limits=LIMITS, metrics=True)
        self.expected = {BAD: hosted(BAD), "good.example": hosted("good.example")}

    def tell(self):
        dns.over_udp(dns.notify(BAD), self.port)

    def failures(self):
        return self.metric(self.secondary, "zonecast_zone_failures_total")

    def edit_good(self, label):
        self.good.edit("good.example", ("set", f"_sip._udp.{label}", "3600", "SRV", TO_EDGE))
        self.expected[f"{label}.good.example"] = hosted(f"{label}.good.example")
        self.await_domains(self.store, self.expected)

    def status(self):
        return self.secondary.json("zone-status", BAD)[0]

    def test_whatever_a_primary_does_its_zone_stays_as_it_was_and_others_stay_current(self):
        self.set_up()
        self.await_domains(self.store, self.expected)
        for number, (misdeed, (behaviour, said)) in enumerate(MISDEEDS.items(), 1):
            with self.subTest(misdeed):
                before = self.store.content()
                failures = self.failures()
                self.scripted.behaviour = behaviour(100 * number)
                self.tell()
                trouble = self.wait(lambda: (status := self.status())["activity"] == "waiting" and status["trouble"], "its trouble")
                self.assertIn(f"zone {BAD} from ns1 (127.0.0.1:{self.scripted.port}): ", trouble)
                self.assertIn(said, trouble)
                self.assertGreater(self.failures(), failures)
                self.assert_untouched(before, self.store)
                self.edit_good(f"n{number}")
                self.scripted.behaviour = scripted_primary.serving(BAD, 100 * number + 1, TO_US)
                self.tell()
                self.wait(lambda: not self.status()["trouble"], "the zone to be current again")
                self.assertEqual(100 * number + 1, self.status()["serial"])
        self.await_domains(self.store, self.expected)
        for reason in ("refused", "closed", "timeout", "limit", "malformed", "older"):
            self.assertTrue(self.metric(self.secondary, "zonecast_zone_failures_total", reason=reason), reason)
            self.assertTrue(self.secondary.said(f"zone {BAD} from ns1 ", f"reason={reason}"), reason)

    def test_after_a_start_a_silent_primary_holds_nobody_up(self):
        self.set_up()
        self.await_domains(self.store, self.expected)
        self.secondary.stop()
        self.scripted.behaviour = MISDEEDS["says nothing"][0](50)
        self.secondary.start()
        self.edit_good("lab")  # bad.example stays too: it is not known to be gone
        self.assertEqual(hosted(BAD), self.store.domains()[BAD])


class BadRecords(EndToEnd):
    """From a primary that sends what no zone file could say."""

    def publish(self, *records):
        scripted = scripted_primary.ScriptedPrimary(scripted_primary.serving(BAD, 1, *records))
        self.addCleanup(scripted.stop)
        self.store = self.redis()
        self.secondary = self.daemon(self.store, {"bad": self.customer([BAD], scripted)})

    def test_a_txt_of_binary_spoils_its_own_tag_alone(self):
        self.publish(TO_US, dns.txt(f"_sipvhost.{BAD}", b"v=sipvhost1; greeting=\x00\xff\xfe\x1b[31m\n; max_calls=42"))
        self.await_domains(self.store, {BAD: hosted(BAD)})
        self.await_attributes(self.store, BAD, "max_calls=42")
        self.await_said(self.secondary, "claim", "greeting", f"domain={BAD}")
        self.assertIn("greeting", self.secondary.ask("explain", BAD).stdout)
        self.assert_clean()

    def test_txts_that_are_not_ours_or_too_long_or_two_change_nothing(self):
        labels = ("noise", "none", "long", "twice")
        owners = [f"_sipvhost.{label}.{BAD}" for label in labels]
        self.publish(*(dns.srv(f"_sip._udp.{label}.{BAD}", "sip.provider.example") for label in labels),
                     dns.txt(owners[0], bytes(range(255))), dns.txt(owners[1], b""),
                     dns.txt(owners[2], b"v=sipvhost1; max_calls=9;", *[b"x" * 255] * 20),
                     dns.txt(owners[3], b"v=sipvhost1; max_calls=8"), dns.txt(owners[3], b"v=sipvhost1; max_calls=9"))
        names = [f"{label}.{BAD}" for label in labels]
        content = self.await_domains(self.store, {name: hosted(name) for name in names})
        self.assertEqual({name: "max_calls=30" for name in names}, content.attributes())
        self.assert_clean()

    def test_owners_that_no_host_can_have_are_not_hosted(self):
        odd = ("a\x01b", "a b", "\N{SNOWMAN}", "-a", "semi;colon", "per%cent", "quote\"")
        self.publish(TO_US, *(dns.srv(f"_sip._udp.{label}.{BAD}", "sip.provider.example") for label in odd),
                     dns.srv(f"_sip._udp.UPPER.{BAD}", "SIP.Provider.Example"))
        self.await_domains(self.store, {BAD: hosted(BAD), f"upper.{BAD}": hosted(f"upper.{BAD}")})
        self.assert_clean()

    def assert_clean(self):
        """Nothing of it can play tricks on a terminal."""
        log = self.secondary.log.read_bytes()
        self.assertEqual(set(), {octet for octet in log if (octet < 0x20 and octet != 0x0A) or octet == 0x7F})
        log.decode()


if __name__ == "__main__":
    unittest.main()

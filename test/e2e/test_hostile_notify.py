"""What is no NOTIFY, or a NOTIFY that lies, at the port where NOTIFYs are received, by UDP and by TCP: answered as the
RFCs have it or not at all, and the zones of those who behave stay current."""

import dataclasses
import random
import socket
import struct
import unittest

from hostile import HostilePrimary
from setting import dns

ZONE = "innocent0.example"
GOOD = dns.notify(ZONE)
LAST = dns.notify(ZONE, number=0x600D)
QR = 0x8000


@dataclasses.dataclass(frozen=True)
class Case:
    rfc: str  # the section that decides
    octets: bytes
    rcode: int | None  # None: silence
    counted: str  # as the metric has it


def header(flags=dns.NOTIFY << 11, questions=1, answers=0, additional=0):
    return struct.pack(">HHHHHH", 0x4242, flags, questions, answers, 0, additional)


def with_answer(record, count=1):
    return header(answers=count) + dns.question(ZONE, dns.SOA) + record


CASES = {
    "no octets": Case("RFC 1035 4.1.1", b"", None, "malformed"),
    "less than a header": Case("RFC 1035 4.1.1", GOOD[:11], None, "malformed"),
    # Nobody answers an answer, or two servers could answer each other for ever.
    "an answer": Case("RFC 1035 4.1.1", header(QR | dns.NOTIFY << 11) + dns.question(ZONE, dns.SOA), None, "malformed"),
    "an answer of another opcode": Case("RFC 1035 4.1.1", header(QR) + dns.question(ZONE, dns.SOA), None, "malformed"),
    "an answer of noise": Case("RFC 1035 4.1.1", header(QR) + b"\xff" * 40, None, "malformed"),
    **{f"opcode {opcode}": Case("RFC 8906 3.1.4", dns.notify(ZONE, opcode=opcode), dns.NOTIMP, "not-implemented")
       for opcode in (0, 1, 2, 3, 5, 6, 15)},
    "an unknown opcode and noise": Case("RFC 8906 3.1.4", header(9 << 11) + b"\xff" * 40, dns.NOTIMP, "not-implemented"),
    "no question": Case("RFC 1996 3.7", header(questions=0), dns.FORMERR, "malformed"),
    "two questions": Case("RFC 9619 4", header(questions=2) + dns.question(ZONE, dns.SOA) * 2,
        dns.FORMERR, "malformed"),
    "a question that is cut short": Case("RFC 1035 4.1.2", GOOD[:-1], dns.FORMERR, "malformed"),
    "octets behind the question": Case("RFC 1035 4.1", GOOD + b"\0", dns.FORMERR, "malformed"),
    # The only type that RFC 1996 defines is SOA.
    "a question for another type": Case("RFC 1996 3.2", dns.notify(ZONE, qtype=dns.A), dns.FORMERR, "malformed"),
    "a name that points to itself": Case("RFC 1035 4.1.4", header() + dns.question(dns.pointer(12), dns.SOA),
        dns.FORMERR, "malformed"),
    "a name that points forward": Case("RFC 1035 4.1.4", header() + dns.question(dns.pointer(100), dns.SOA),
        dns.FORMERR, "malformed"),
    "a name that points into the header": Case("RFC 1035 4.1.4", header() + dns.question(dns.pointer(2), dns.SOA),
        dns.FORMERR, "malformed"),
    "a name of more than 255 octets": Case(
        "RFC 1035 3.1", header() + dns.question((b"\x3f" + b"a" * 63) * 4 + b"\0", dns.SOA), dns.FORMERR, "malformed"),
    "a label of type 01": Case("RFC 6891 5", header() + dns.question(b"\x41a\0", dns.SOA), dns.FORMERR, "malformed"),
    "more records than there are": Case("RFC 1035 4.1", with_answer(b"", count=3), dns.FORMERR, "malformed"),
    "a SOA that is cut short": Case("RFC 1035 3.3.13", with_answer(dns.record(ZONE, dns.SOA, b"\0\0\0")),
        dns.FORMERR, "malformed"),
    "two OPTs": Case(
        "RFC 6891 6.1.1", header(additional=2) + dns.question(ZONE, dns.SOA) + dns.opt() * 2, dns.FORMERR, "malformed"),
    "a zone that is not ours": Case("RFC 1996 3.10", dns.notify("elsewhere.example"), dns.NOTAUTH, "unknown-zone"),
    "a name below a zone": Case("RFC 1996 3.10", dns.notify(f"sub.{ZONE}"), dns.NOTAUTH, "unknown-zone"),
    "the parent of a zone": Case("RFC 1996 3.10", dns.notify("example"), dns.NOTAUTH, "unknown-zone"),
    "another class": Case("RFC 1996 3.10", dns.notify(ZONE, rrclass=dns.CH), dns.NOTAUTH, "unknown-zone"),
    # What it says of the zone is an unsecure hint: the zone's primary is asked.
    "a serial that is not so": Case("RFC 1996 3.7", with_answer(dns.soa(ZONE, 4000000)), dns.NOERROR, "accepted"),
    "a record of another zone": Case(
        "RFC 1996 3.7", with_answer(dns.srv("_sip._udp.innocent1.example", "elsewhere.example")), dns.NOERROR, "accepted"),
    "AA clear, and RD, RA, Z, AD, CD and a code set": Case(
        "RFC 1996 3.7", header(dns.NOTIFY << 11 | 0x01FF) + dns.question(ZONE, dns.SOA), dns.NOERROR, "accepted"),
    "upper case": Case("RFC 4343 3", dns.notify(ZONE.upper()), dns.NOERROR, "accepted"),
}


class Datagrams:
    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(20)
        self.socket.connect(("127.0.0.1", port))

    def send(self, octets):
        self.socket.send(octets)

    def receive(self):
        return self.socket.recv(0xFFFF)


class Stream:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.socket.makefile("rb")

    def send(self, octets):
        self.socket.sendall(dns.framed(octets))

    def receive(self):
        return self.file.read(struct.unpack(">H", self.file.read(2))[0])


class HostileNotify(HostilePrimary):
    def counted(self):
        return {result: self.metric(self.secondary, "zonecast_notifies_total", result=result)
                for result in {case.counted for case in CASES.values()}}

    def answers_to(self, channel, octets):
        """Those that come before the answer to a good NOTIFY that is sent right behind."""
        channel.send(octets)
        channel.send(LAST)
        answers = []
        while (answer := dns.Message.parse(channel.receive())).id != 0x600D:
            answers.append(answer)
        return answers

    def assert_answered(self, channel, case):
        before = self.counted()
        answers = self.answers_to(channel, case.octets)
        self.assertEqual([] if case.rcode is None else [case.rcode], [answer.rcode for answer in answers])
        for answer in answers:
            opcode = dns.Message.parse(case.octets[:4] + b"\0\0").opcode
            self.assertEqual((0x4242, True, opcode), (answer.id, answer.qr, answer.opcode))
        expected = {**before, case.counted: before[case.counted] + 1}
        expected["accepted"] += 1
        self.assertEqual(expected, self.counted())

    def assert_innocents_come_through(self):
        self.edit_innocents([])
        self.await_domains(self.store, self.expected)
        self.assertEqual(0, self.failures().total())

    def test_each_is_answered_by_the_rules_over_udp(self):
        self.set_up({})
        channel = Datagrams(self.port)
        self.addCleanup(channel.socket.close)
        for name, case in CASES.items():
            with self.subTest(name, rfc=case.rfc):
                self.assert_answered(channel, case)
                self.assert_innocents_come_through()

    def test_each_is_answered_by_the_rules_over_tcp(self):
        self.set_up({})
        channel = Stream(self.port)
        self.addCleanup(channel.socket.close)
        self.addCleanup(channel.file.close)
        for name, case in CASES.items():
            if case.octets:  # a length of 0 ends the connection
                with self.subTest(name, rfc=case.rfc):
                    self.assert_answered(channel, case)
                    self.assert_innocents_come_through()

    def test_streams_that_are_no_streams_of_messages_are_closed_or_left_alone(self):
        self.set_up({})
        endless = (b"GET / HTTP/1.1\r\n\r\n", dns.framed(GOOD)[:-1], b"\xff\xff")
        for octets, closed in ((b"\0\0", True), *((octets, False) for octets in endless)):
            with self.subTest(octets), socket.create_connection(("127.0.0.1", self.port), timeout=20) as stream:
                stream.sendall(octets)
                if closed:
                    self.assertEqual(b"", stream.recv(1))
                self.assert_innocents_come_through()

    def test_more_silent_connections_than_there_may_be_keep_nobody_out(self):
        """RFC 7766 section 6.2.3: a server may close those that are idle."""
        self.set_up({})
        silent = [socket.create_connection(("127.0.0.1", self.port), timeout=20) for _ in range(300)]
        for stream in silent:
            self.addCleanup(stream.close)
        channel = Stream(self.port)
        self.addCleanup(channel.socket.close)
        self.addCleanup(channel.file.close)
        self.assertEqual([dns.NOERROR], [answer.rcode for answer in self.answers_to(channel, GOOD)])
        self.assert_innocents_come_through()

    def test_noise_from_everywhere_moves_nothing(self):
        self.set_up({})
        dice = random.Random(1996)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as known, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind(("127.0.0.2", 0))
            for _ in range(20):
                for sender in (known, stranger):
                    for _ in range(50):
                        noise = bytearray(dice.randbytes(dice.randrange(600)))
                        if len(noise) > 3 and dice.random() < 0.5:
                            noise[2] = dns.NOTIFY << 3  # so that it is read on
                        sender.sendto(noise, ("127.0.0.1", self.port))
                    sender.sendto(dns.notify(dice.choice(self.innocents).name), ("127.0.0.1", self.port))
                self.assert_innocents_come_through()
        self.assertTrue(self.metric(self.secondary, "zonecast_notifies_total", result="stranger"))


if __name__ == "__main__":
    unittest.main()

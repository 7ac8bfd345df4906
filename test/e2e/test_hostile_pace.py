"""A primary that takes its time, or more of ours than a zone may have, while it serves others honestly and at once.

All attacks of a test go on together. RFC 5936 has no clock and no measure; RFC 1034 section 4.3.5 says that a secondary
whose transfer fails tries again. What is too slow or too much are zonecast's own limits, each an option.
"""

import unittest

from hostile import (Attack, Case, HostilePrimary, Raw, Rejected, malformed, on_axfr, on_ixfr, on_soa, on_transfers,
                     whole)
from setting import EDGE, dns

A_RECORD = bytes([192, 0, 2, 7])
FOR_EVER = 3600


def timeout(text):
    return Rejected("timeout", text)


def drip(octets, seconds):
    for octet in octets:
        yield Raw(bytes([octet]))
        yield seconds


def hosts(z, numbers):
    return [dns.record(f"h{number}.{z.name}", dns.A, A_RECORD) for number in numbers]


def endless(q, z, records=50, pause=0):
    yield dns.answer(q, z.soa, z.new)
    number = 0
    while True:
        yield dns.answer(q, *hosts(z, range(number, number + records)))
        number += records
        yield pause


def endless_differences(q, z):
    """Adds and removes one record, version after version."""
    yield dns.answer(q, z.soa_of(1 << 30))
    serial = z.held
    while True:
        yield dns.answer(q, *(record for at in range(serial, serial + 50, 2) for record in (
            z.soa_of(at), z.soa_of(at + 1), z.new, z.soa_of(at + 1), z.new, z.soa_of(at + 2))))
        serial += 50


IDLE = {
    "an answer with another ID": Case("RFC 5936 2.2.1 a)", on_axfr(
        lambda q, z: whole(q, z, number=q.id ^ 1)), timeout("nothing came for 4 s")),
    "no answer": Case("RFC 1034 4.3.5", on_axfr(lambda q, z: [FOR_EVER]), timeout("nothing came for 4 s")),
    "one SOA and no more": Case("RFC 5936 2.2", on_axfr(
        lambda q, z: [dns.answer(q, z.soa), FOR_EVER]), timeout("nothing came for 4 s")),
    "a stall between messages": Case("RFC 5936 2.2", on_axfr(
        lambda q, z: [dns.answer(q, z.soa, z.new), FOR_EVER]), timeout("nothing came for 4 s")),
    "a stall in a message": Case("RFC 1035 4.2.2", on_axfr(
        lambda q, z: [Raw(dns.framed(whole(q, z))[:-1]), FOR_EVER]), timeout("nothing came for 4 s")),
    "a stall in a length": Case("RFC 1035 4.2.2", on_axfr(
        lambda q, z: [dns.answer(q, z.soa), Raw(b"\1"), FOR_EVER]), timeout("nothing came for 4 s")),
    "a length of more than comes": Case("RFC 1035 4.2.2", on_axfr(
        lambda q, z: [Raw(b"\xff\xff" + whole(q, z)), FOR_EVER]), timeout("nothing came for 4 s")),
    # Nothing is wrong with one octet a second but that it takes for ever.
    "one octet a second": Case("RFC 1034 4.3.5", on_axfr(
        lambda q, z: drip(dns.framed(whole(q, z)), 1)), timeout("are less than 1024 octets/s")),
}

# On the connection that all zones of a primary share, where a server that answers in order (RFC 7766 section 6.2.1.1
# does not forbid it) has nobody answered before the one that it is busy with.
IN_THE_WAY = {
    "no answer to a SOA query": Case("RFC 1034 4.3.5", on_soa(
        lambda q, z: [FOR_EVER]), timeout("no answer in 3 s")),
    "a stall in a SOA answer": Case("RFC 1035 4.2.2", on_soa(
        lambda q, z: [Raw(dns.framed(dns.answer(q, z.soa))[:-9]), FOR_EVER]), timeout("no answer in 3 s")),
    "a SOA answer whose length is of more than comes": Case("RFC 1035 4.2.2", on_soa(
        lambda q, z: [Raw(b"\xff\xff" + dns.answer(q, z.soa))]), timeout("no answer in 3 s")),
    "no answer to an IXFR": Case("RFC 1034 4.3.5", on_ixfr(
        lambda q, z: [FOR_EVER]), timeout("nothing came for 3 s")),
    "a stall in a difference": Case("RFC 1035 4.2.2", on_ixfr(
        lambda q, z: [Raw(dns.framed(dns.answer(q, *z.difference))[:-9]), FOR_EVER]), timeout("nothing came for 3 s")),
    "a stall between the messages of a difference": Case("RFC 1995 4", on_ixfr(
        lambda q, z: [dns.answer(q, *z.difference[:3]), FOR_EVER]), timeout("nothing came for 3 s")),
}

TIME = {
    "a transfer without end": Case("RFC 5936 2.2", on_axfr(
        lambda q, z: endless(q, z, records=20, pause=0.05)), timeout("not complete in 3 s")),
}

MEASURE = {
    "more octets than the zone may have": Case("RFC 5936 2.2", on_transfers(endless),
        Rejected("limit", "more than 4096 octets (limits.zone_octets_max)"), {"octets_max": "4096"}),
    "more records than the zone may have": Case("RFC 5936 2.2", on_transfers(endless),
        Rejected("limit", "more than 100 records (limits.zone_records_max)"), {"records_max": "100"}),
    "more records of one name and type than an RRset may have": Case("RFC 5936 2.2", on_transfers(
        lambda q, z: dns.answer(
            q, z.soa, *(dns.srv(f"_sip._udp.new.{z.name}", EDGE, port=port) for port in range(1, 12)), z.soa)),
        Rejected("limit", "more than 10 records (limits.rrset_records_max)")),
    "differences without end": Case("RFC 1995 4", Attack(
        {dns.SOA: lambda q, z: dns.answer(q, z.soa_of(1 << 30)), dns.IXFR: endless_differences}, ("ixfr",)),
        Rejected("limit", "more than 20 difference sequences (limits.ixfr_deltas_max)")),
    "a difference without end": Case("RFC 1995 4", on_ixfr(
        lambda q, z: [dns.answer(q, z.soa, z.held_soa, z.old, z.soa), dns.answer(q, *hosts(z, range(400)))]),
        Rejected("limit", "differences of more than 200 records (limits.ixfr_records_max)")),
}


class HostilePace(HostilePrimary):
    def assert_under_way(self):
        """No attack is over, and the innocent zones are current."""
        self.assertEqual({("ixfr", "refused")}, set(self.failures()))

    def test_slow_transfers_end_and_hold_nobody_up(self):
        self.set_up(IDLE, transfer_idle_timeout="4s", transfers_per_primary=len(IDLE) * 2)
        self.attack(IDLE, during=self.assert_under_way)

    def test_stalls_on_the_connection_of_all_hold_nobody_up_for_longer_than_themselves(self):
        self.attack_one_after_the_other(IN_THE_WAY, query_timeout="3s", transfer_idle_timeout="3s")

    def test_a_transfer_without_end_is_given_up_in_time(self):
        self.set_up(TIME, transfer_timeout="3s")
        self.attack(TIME, during=self.assert_under_way)

    def test_a_transfer_may_bring_no_more_than_its_zone_may_have(self):
        self.attack_one_after_the_other(MEASURE, rrset_records_max=10, ixfr_deltas_max=20, ixfr_records_max=200)


if __name__ == "__main__":
    unittest.main()

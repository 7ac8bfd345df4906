"""Transfers whose messages are well-formed and whose content is not a zone's (RFC 5936), or no difference to what is
held (RFC 1995), from a primary that serves others honestly."""

import unittest

from hostile import Accepted, Attack, Case, HostilePrimary, Rejected, accepted, malformed, on_ixfr, on_transfers, whole
from setting import EDGE, dns

A_RECORD = bytes([192, 0, 2, 7])


def of(*make):
    """An answer of these records, each of them made by make(offer)."""
    return lambda q, z: dns.answer(q, *(each(z) for each in make))


def soa(z):
    return z.soa


def with_record(make):
    """All of the zone, and one record more."""
    return lambda q, z: dns.answer(q, z.soa, z.ns, make(z), z.new, z.soa)


def chaos(z):
    return dns.record(f"host.{z.name}", dns.A, A_RECORD, rrclass=dns.CH)


def difference(make):
    """An answer to an IXFR: the opening SOA and the records that make(offer) gives."""
    return lambda q, z: dns.answer(q, z.soa, *make(z))


def otherwise(z, **what):
    """The SOA that is offered, but for that."""
    return dns.soa(z.name, z.serial, **{"retry": 3600, **what})


WHOLE_ZONES = {
    "a record behind the closing SOA": Case("RFC 5936 2.2", on_transfers(
        lambda q, z: dns.answer(q, *z.whole, z.point("late"))), malformed("behind the closing SOA")),
    # The transfer is over with its SOA, and nobody waits for what follows.
    "a record in a message behind the closing SOA": Case("RFC 5936 2.2.1 a)", on_transfers(
        lambda q, z: [whole(q, z), dns.answer(q, z.point("late"))]), accepted()),
    "the closing SOA twice": Case("RFC 5936 2.2", on_transfers(
        lambda q, z: dns.answer(q, *z.whole, z.soa)), malformed("behind the closing SOA")),
    "the same SOA in the middle": Case("RFC 5936 2.2", on_transfers(
        lambda q, z: dns.answer(q, z.soa, z.ns, z.soa, z.new, z.soa)), malformed("behind the closing SOA")),
    "a SOA of another serial in the middle": Case("RFC 5936 2.2", on_transfers(
        lambda q, z: dns.answer(q, z.soa, z.ns, z.soa_of(z.serial + 1), z.new, z.soa)),
        malformed("the closing SOA is not the opening one")),
    "a closing SOA of another serial": Case("RFC 5936 2.2", on_transfers(
        lambda q, z: dns.answer(q, z.soa, z.ns, z.new, z.soa_of(z.serial + 1))),
        malformed("the closing SOA is not the opening one")),
    "a closing SOA of the serial that is held": Case("RFC 5936 2.2", on_transfers(
        lambda q, z: dns.answer(q, z.soa, z.ns, z.new, z.held_soa)),
        malformed("the closing SOA is not the opening one")),
    "a closing SOA with another REFRESH": Case("RFC 5936 2.2", on_transfers(
        lambda q, z: dns.answer(q, z.soa, z.ns, z.new, otherwise(z, refresh=7))),
        malformed("the closing SOA is not the opening one")),
    # RFC 2136 section 1.1.1: records are the same whatever their TTLs.
    "a closing SOA with another TTL": Case("RFC 5936 2.2", on_transfers(
        lambda q, z: dns.answer(q, z.soa, z.ns, z.new, dns.record(z.name, dns.SOA, z.soa_rdata, ttl=7))), accepted()),
    "a closing SOA in upper case": Case("RFC 4343 3", on_transfers(
        lambda q, z: dns.answer(q, z.soa, z.ns, z.new, dns.record(
            z.name.upper(), dns.SOA, z.soa_rdata.replace(b"hostmaster", b"HOSTMASTER")))),
        accepted()),
    "no opening SOA": Case("RFC 5936 2.2", on_transfers(
        lambda q, z: dns.answer(q, z.ns, z.new, z.soa)), malformed("instead of the opening SOA")),
    "an opening SOA of another zone": Case("RFC 5936 2.2", on_transfers(
        lambda q, z: dns.answer(q, dns.soa("innocent0.example", z.serial), *z.whole)),
        malformed("innocent0.example SOA is outside the zone")),
    "a SOA below the apex": Case("RFC 1035 5.2", on_transfers(
        with_record(lambda z: dns.soa(f"sub.{z.name}", 1))), malformed("below the zone's apex")),
    "no records": Case("RFC 5936 2.2", on_transfers(lambda q, z: dns.answer(q)),
        malformed("the answer section is empty")),
    # As a transfer it is whole. That a zone has NS records (RFC 2181 section 6.1) is not checked: nobody is sent to them.
    "two SOAs and nothing between": Case("RFC 5936 2.2", on_transfers(of(soa, soa)), Accepted(())),
    "a record of a sibling zone": Case("RFC 5936 2.2.3", on_transfers(
        with_record(lambda z: dns.srv("_sip._udp.innocent0.example", EDGE))),
        malformed("_sip._udp.innocent0.example SRV is outside the zone")),
    "a record of the parent zone": Case("RFC 5936 2.2.3", on_transfers(
        with_record(lambda z: dns.srv("_sip._udp.example", EDGE))),
        malformed("_sip._udp.example SRV is outside the zone")),
    "a record of the root": Case("RFC 5936 2.2.3", on_transfers(
        with_record(lambda z: dns.record("", dns.A, A_RECORD))), malformed("is outside the zone")),
    "a record whose owner ends like the zone within a label": Case("RFC 5936 2.2.3", on_transfers(
        with_record(lambda z: dns.srv(f"_sip._udp.not-{z.name}", EDGE))), malformed("is outside the zone")),
    "a record whose owner is the zone with a dot in a label": Case("RFC 5936 2.2.3", on_transfers(
        with_record(lambda z: dns.record(bytes([len(z.name)]) + z.name.encode() + b"\0", dns.A, A_RECORD))),
        malformed("is outside the zone")),
    "a zone cut with glue": Case("RFC 5936 3.3", on_transfers(
        lambda q, z: dns.answer(q, z.soa, z.ns, dns.record(f"sub.{z.name}", dns.NS, dns.name(f"ns.sub.{z.name}")),
                                dns.record(f"ns.sub.{z.name}", dns.A, A_RECORD), z.new, z.soa)), accepted()),
    "what a zone cut occludes": Case("RFC 5936 3.5", on_transfers(
        lambda q, z: dns.answer(q, z.soa, z.ns, dns.record(f"sub.{z.name}", dns.NS, dns.name("ns.example")),
                                z.point("a.sub"), z.new, z.soa)), accepted()),
    # The zone is wrong, its transfer is not. Nothing says to refuse it; look-ups at the name meet the CNAME.
    "a CNAME beside other data": Case("RFC 2181 10.1", on_transfers(
        lambda q, z: dns.answer(q, z.soa, z.ns,
                                dns.record(f"_sip._udp.alias.{z.name}", dns.CNAME, dns.name(f"_sip._udp.new.{z.name}")),
                                dns.srv(f"_sip._udp.alias.{z.name}", "elsewhere.example"), z.new, z.soa)),
        accepted("new", "alias")),
    "every record twice": Case("RFC 5936 2.2", on_transfers(
        lambda q, z: dns.answer(q, z.soa, z.ns, z.ns, z.new, z.new, z.soa)), accepted()),
    "records in no order": Case("RFC 5936 2.2", on_transfers(
        lambda q, z: dns.answer(q, z.soa, z.new, z.point("second"),
                                dns.srv(f"_sip._udp.new.{z.name}", EDGE, priority=20), z.ns, z.soa)),
        accepted("new", "second")),
    "owners in upper case": Case("RFC 4343 3", on_transfers(
        with_record(lambda z: dns.srv(f"_SIP._UDP.SHOUTED.{z.name.upper()}", EDGE.upper()))),
        accepted("new", "shouted")),
    "one RRset with several TTLs": Case("RFC 2181 5.2", on_transfers(
        with_record(lambda z: dns.srv(f"_sip._udp.new.{z.name}", EDGE, priority=20, ttl=7))), accepted()),
}

DIFFERENCES = {
    "a difference": Case("RFC 1995 4", on_ixfr(lambda q, z: dns.answer(q, *z.difference)), accepted()),
    "a difference in messages of one record": Case("RFC 1995 4", on_ixfr(
        lambda q, z: [dns.answer(q, record) for record in z.difference]), accepted()),
    "a chain of three differences": Case("RFC 1995 4", Attack(
        {dns.SOA: lambda q, z: dns.answer(q, z.soa_of(4)),
         dns.IXFR: lambda q, z: dns.answer(q, *(z.soa_of(serial) for serial in (4, 1)), z.old, z.soa_of(2), z.point("two"),
                                           z.soa_of(2), z.soa_of(3), z.point("three"),
                                           z.soa_of(3), z.point("two"), z.soa_of(4), z.new, z.soa_of(4))}, ("ixfr",)),
        accepted("three", "new")),
    "a condensed difference that skips serials": Case("RFC 1995 6", Attack(
        {dns.SOA: lambda q, z: dns.answer(q, z.soa_of(9)),
         dns.IXFR: lambda q, z: dns.answer(q, z.soa_of(9), z.held_soa, z.old, z.soa_of(9), z.new, z.soa_of(9))}, ("ixfr",)),
        accepted()),
    "a difference of nothing but the serial": Case("RFC 1995 4", on_ixfr(
        difference(lambda z: (z.held_soa, z.soa, z.soa))), accepted("old")),
    "the whole zone in place of a difference": Case("RFC 1995 4", on_ixfr(whole), accepted()),
    "a newer SOA alone, and the rest in the next message": Case("RFC 1995 4", on_ixfr(
        lambda q, z: [dns.answer(q, z.soa), dns.answer(q, *z.difference[1:])]), accepted()),
    "a bad difference, and a good zone": Case("RFC 1995 4", Attack(
        {dns.IXFR: difference(lambda z: (z.soa_of(7), z.old, z.soa, z.new, z.soa)), dns.AXFR: whole}, ("ixfr", "axfr")),
        accepted(fails=[("ixfr", "malformed")])),
    # RFC 1995 section 2 would have it mean that nothing is newer, which the primary's own SOA contradicts.
    "the SOA that is held alone": Case("RFC 1995 2", on_ixfr(
        lambda q, z: dns.answer(q, z.held_soa)), Rejected("older", "it offers no more than serial 1")),
    "an older SOA alone": Case("RFC 1995 2", on_ixfr(
        lambda q, z: dns.answer(q, z.soa_of(0))), Rejected("older", "it offers no more than serial 0")),
    "records behind the SOA that is held": Case("RFC 1995 2", on_ixfr(
        lambda q, z: dns.answer(q, z.held_soa, z.new, z.held_soa)), malformed("which is not newer than 1")),
    "a difference to a serial that is not held": Case("RFC 1995 4", on_ixfr(
        difference(lambda z: (z.soa_of(0), z.old, z.soa, z.new, z.soa))),
        malformed("differences from serial 0, but 1 was reached")),
    "differences that do not follow one another": Case("RFC 1995 4", on_ixfr(
        lambda q, z: dns.answer(q, z.soa_of(9), z.held_soa, z.old, z.soa_of(3),
                                z.soa_of(4), z.soa_of(9), z.new, z.soa_of(9))),
        malformed("differences from serial 4, but 3 was reached")),
    "differences that end before the serial that was announced": Case("RFC 1995 4", on_ixfr(
        lambda q, z: dns.answer(q, z.soa_of(9), z.held_soa, z.old, z.soa_of(3), z.new, z.soa_of(9))),
        malformed("differences from serial 9, but 3 was reached")),
    "differences that lead past the serial that was announced": Case("RFC 1995 4", on_ixfr(
        lambda q, z: dns.answer(q, z.soa_of(9), z.held_soa, z.old, z.soa_of(12),
                                z.soa_of(12), z.soa_of(9), z.new, z.soa_of(9))),
        malformed("from serial 1 to 12")),
    "differences that lead back": Case("RFC 1995 4", on_ixfr(
        lambda q, z: dns.answer(q, z.soa, z.held_soa, z.old, z.soa_of(0), z.soa_of(0), z.soa, z.new, z.soa)),
        malformed("from serial 1 to 0")),
    "differences that lead nowhere": Case("RFC 1995 4", on_ixfr(
        lambda q, z: dns.answer(q, z.soa, z.held_soa, z.old, z.held_soa, z.held_soa, z.soa, z.new, z.soa)),
        malformed("from serial 1 to 1")),
    "a closing SOA that is another one, behind differences": Case("RFC 1995 4", on_ixfr(
        lambda q, z: dns.answer(q, z.soa, z.held_soa, z.old, z.soa, z.new, otherwise(z, refresh=7))),
        malformed("the closing SOA is not the opening one")),
    "two SOAs of the new serial": Case("RFC 1995 4", on_ixfr(
        lambda q, z: dns.answer(q, z.soa, z.held_soa, z.old, otherwise(z, refresh=7), z.new, z.soa)),
        malformed("two different SOAs of serial 2")),
    "a record behind the closing SOA of differences": Case("RFC 1995 4", on_ixfr(
        lambda q, z: dns.answer(q, *z.difference, z.point("late"))), malformed("behind the closing SOA")),
    "a deletion of a name that is not there": Case("RFC 1995 4", on_ixfr(
        difference(lambda z: (z.held_soa, z.point("nobody"), z.soa, z.new, z.soa))),
        malformed("is to be removed and is not there")),
    "a deletion of another record at a name that is there": Case("RFC 1995 4", on_ixfr(
        difference(lambda z: (z.held_soa, dns.srv(f"_sip._udp.old.{z.name}", "elsewhere.example"), z.soa, z.new, z.soa))),
        malformed("is to be removed and is not there")),
    "a deletion of the same record twice": Case("RFC 1995 4", on_ixfr(
        difference(lambda z: (z.held_soa, z.old, z.old, z.soa, z.new, z.soa))),
        malformed("is to be removed and is not there")),
    "a deletion of another SOA of the serial that is held": Case("RFC 1995 4", on_ixfr(
        difference(lambda z: (dns.soa(z.name, z.held, refresh=7), z.old, z.soa, z.new, z.soa))),
        malformed("is to be removed and is not there")),
    "a deletion outside the zone": Case("RFC 1995 4", on_ixfr(
        difference(lambda z: (z.held_soa, dns.srv("_sip._udp.v1.innocent0.example", EDGE), z.soa, z.new, z.soa))),
        malformed("is outside the zone")),
    "an addition outside the zone": Case("RFC 1995 4", on_ixfr(
        difference(lambda z: (z.held_soa, z.old, z.soa, dns.srv("_sip._udp.innocent0.example", EDGE), z.soa))),
        malformed("_sip._udp.innocent0.example SRV is outside the zone")),
    "an addition of class CH": Case("RFC 1035 5.2", on_ixfr(
        difference(lambda z: (z.held_soa, z.old, z.soa, chaos(z), z.soa))),
        malformed("of class 3")),
    # It asks for a state that is reached, and RFC 1995 has no error for it.
    "an addition of what is there": Case("RFC 1995 4", on_ixfr(
        difference(lambda z: (z.held_soa, z.soa, z.old, z.new, z.soa))), accepted("old", "new")),
    "an addition of the same record twice": Case("RFC 1995 4", on_ixfr(
        difference(lambda z: (z.held_soa, z.old, z.soa, z.new, z.new, z.soa))), accepted()),
    "a record removed and added again": Case("RFC 1995 4", on_ixfr(
        difference(lambda z: (z.held_soa, z.old, z.soa, z.old, z.new, z.soa))), accepted("old", "new")),
}


class HostileTransfers(HostilePrimary):
    def test_whole_zones(self):
        self.attack_one_after_the_other(WHOLE_ZONES)

    def test_differences(self):
        self.attack_one_after_the_other(DIFFERENCES)


if __name__ == "__main__":
    unittest.main()

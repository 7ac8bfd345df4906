"""Answers that are signed wrongly (RFC 8945), from a primary that signs others rightly.

A transfer's messages are whole and a zone's in all of these: only what vouches for them is not in order.
"""

import unittest

from hostile import Case, HostilePrimary, Rejected, accepted, on_soa, on_transfers, whole
from setting import dns, parts, tsig

KEY = parts.tsig_key("transfer")
SAME_NAME = parts.tsig_key("transfer", algorithm="hmac-sha512")
SAME_SECRET = parts.tsig_key("nobody")
OTHER_SECRET = parts.tsig_key("transfer", b"another secret of 32 octets.....")


def tsig_failure(text):
    return Rejected("tsig", f"TSIG: {text}")


UNSIGNED = tsig_failure("message is not signed")
MALFORMED = tsig_failure("TSIG record is misplaced or malformed (FORMERR)")
BADKEY = tsig_failure("signed with another key or algorithm (BADKEY)")
BADSIG = tsig_failure("signature is wrong (BADSIG)")
BADTIME = tsig_failure("signed at another time (BADTIME)")
BADTRUNC = tsig_failure("signature is truncated (BADTRUNC)")
LAST_UNSIGNED = Rejected("tsig", "the last message is not signed")


def signed_with(**lies):
    """The whole zone in one message."""
    return lambda q, z: tsig.Signer(KEY, q).sign(whole(q, z), **lies)


def then(change):
    """The same, and then change(message)."""
    return lambda q, z: change(tsig.Signer(KEY, q).sign(whole(q, z)))


def in_messages(*plan):
    """The zone's SOA, messages without records, and the rest of the zone: as many as the plan says how to sign, by
    lies, which may be none, or not at all."""
    def make(q, z):
        signer = tsig.Signer(KEY, q)
        spread = [z.whole[:1], *[()] * (len(plan) - 2), z.whole[1:]]
        messages = (dns.answer(q, *records) for records in spread)
        return [signer.leave_unsigned(message) if lies is None else signer.sign(message, **lies)
                for message, lies in zip(messages, plan, strict=True)]
    return make


def swapped(q, z):
    first, second, third = in_messages({}, {}, {})(q, z)
    return [first, third, second]


def signed_as_a_request(q, z):
    """Its MAC does not cover the request's."""
    return tsig.signed(whole(q, z), KEY)


def error_alone(rcode, error):
    """Section 5.3.2: an answer about a bad key or signature has a TSIG record with an empty MAC."""
    return lambda q, z: tsig.with_record(dns.answer(q, rcode=rcode), KEY, tsig.time_signed(0), b"", error)


def with_class_in(message):
    """The TSIG record's class stands between its type and its TTL."""
    mark = dns.name("transfer") + dns.TSIG.to_bytes(2, "big")
    return message.replace(mark + b"\0\xff", mark + b"\0\1")


SIGNATURES = {
    "a transfer that is signed": Case("RFC 8945 5.3.1", on_transfers(signed_with()), accepted()),
    "all messages signed": Case("RFC 8945 5.3.1", on_transfers(in_messages({}, {}, {}, {})), accepted()),
    "99 messages unsigned between two signed ones": Case("RFC 8945 5.3.1", on_transfers(
        in_messages({}, *[None] * 99, {})), accepted()),
    "100 messages unsigned between two signed ones": Case("RFC 8945 5.3.1", on_transfers(
        in_messages({}, *[None] * 100, {})), UNSIGNED),
    "no signature": Case("RFC 8945 5.4", on_transfers(lambda q, z: whole(q, z)), UNSIGNED),
    "a SOA answer without a signature": Case("RFC 8945 5.4", on_soa(lambda q, z: dns.answer(q, z.soa)), UNSIGNED),
    "a SOA answer with a bad signature": Case("RFC 8945 5.2.2", on_soa(
        lambda q, z: tsig.Signer(KEY, q).sign(dns.answer(q, z.soa), spoil=True)), BADSIG),
    "a first message unsigned": Case("RFC 8945 5.3.1", on_transfers(in_messages(None, {}, {})), UNSIGNED),
    "a last message unsigned": Case("RFC 8945 5.3.1", on_transfers(in_messages({}, None)), LAST_UNSIGNED),
    "unsigned messages from the second to the last": Case("RFC 8945 5.3.1", on_transfers(
        in_messages({}, None, None, None)), LAST_UNSIGNED),
    "a bad signature": Case("RFC 8945 5.2.2", on_transfers(signed_with(spoil=True)), BADSIG),
    "a bad signature on the last message": Case("RFC 8945 5.3.1", on_transfers(in_messages({}, {}, {"spoil": True})), BADSIG),
    "a bad signature on the last message behind unsigned ones": Case("RFC 8945 5.3.1", on_transfers(
        in_messages({}, None, None, {"spoil": True})), BADSIG),
    "a signature with another secret": Case("RFC 8945 5.2.2", on_transfers(signed_with(key=OTHER_SECRET)), BADSIG),
    "a signature that does not cover the request's": Case("RFC 8945 5.3", on_transfers(signed_as_a_request), BADSIG),
    "signed messages in another order": Case("RFC 8945 5.3.1", on_transfers(swapped), BADSIG),
    "an octet changed after signing": Case("RFC 8945 5.2.2", on_transfers(
        then(lambda message: message.replace(b"\3new", b"\3neu"))), BADSIG),
    "another key": Case("RFC 8945 5.2.1", on_transfers(signed_with(key=SAME_SECRET)), BADKEY),
    "another algorithm": Case("RFC 8945 5.2.1", on_transfers(signed_with(key=SAME_NAME)), BADKEY),
    "another key on the last message": Case("RFC 8945 5.2.1", on_transfers(
        in_messages({}, None, {"key": SAME_SECRET})), BADKEY),
    "a clock that is 400 seconds behind": Case("RFC 8945 5.2.3", on_transfers(signed_with(seconds=-400)), BADTIME),
    "a clock that is 400 seconds ahead": Case("RFC 8945 5.2.3", on_transfers(signed_with(seconds=400)), BADTIME),
    "a clock that is 400 seconds behind at the last message": Case("RFC 8945 5.2.3", on_transfers(
        in_messages({}, {}, {"seconds": -400})), BADTIME),
    "a clock that is 200 seconds behind": Case("RFC 8945 10", on_transfers(signed_with(seconds=-200)), accepted()),
    # Section 5.2.2.1 leaves it to local policy how much of a MAC is enough: here, all of it.
    "16 octets of a MAC of 32": Case("RFC 8945 5.2.4", on_transfers(signed_with(keep=16)), BADTRUNC),
    "15 octets of a MAC of 32": Case("RFC 8945 5.2.2.1", on_transfers(signed_with(keep=15)), MALFORMED),
    "no MAC and no error": Case("RFC 8945 5.2.2.1", on_transfers(signed_with(keep=0)), MALFORMED),
    "a TSIG before another record": Case("RFC 8945 5.1", on_transfers(
        then(lambda message: tsig.with_additional(message, dns.opt()))), MALFORMED),
    "two TSIGs": Case("RFC 8945 5.1", on_transfers(then(lambda message: tsig.signed(message, KEY))), MALFORMED),
    "a TSIG of class IN": Case("RFC 8945 4.2", on_transfers(then(with_class_in)), MALFORMED),
    "a TSIG among the answers": Case("RFC 8945 5.1", on_transfers(
        lambda q, z: dns.answer(q, *z.whole[:-1], dns.record("transfer", dns.TSIG, b"", rrclass=dns.ANY), z.soa)), MALFORMED),
    "an error for a key that is not known": Case("RFC 8945 5.3.2", on_transfers(
        error_alone(dns.NOTAUTH, tsig.BADKEY)), Rejected("tsig", "NOTAUTH, TSIG: peer does not know the key")),
    "an error for a signature that is wrong": Case("RFC 8945 5.3.2", on_transfers(
        error_alone(dns.NOTAUTH, tsig.BADSIG)), Rejected("tsig", "NOTAUTH, TSIG: peer finds our signature wrong")),
    "a signed error for a time that is wrong": Case("RFC 8945 5.2.3", on_transfers(
        lambda q, z: tsig.Signer(KEY, q).sign(dns.answer(q, rcode=dns.NOTAUTH), error=tsig.BADTIME)),
        Rejected("tsig", "NOTAUTH, TSIG: peer finds our time wrong")),
    # Section 5.3.2 has nobody act on an error that is not signed; it is told, and the next try is not sooner for it.
    "an unsigned error": Case("RFC 8945 5.3.2", on_transfers(
        lambda q, z: dns.answer(q, rcode=dns.REFUSED)), Rejected("tsig", "REFUSED, TSIG: message is not signed")),
    "a signed error": Case("RFC 8945 5.3", on_transfers(
        lambda q, z: tsig.Signer(KEY, q).sign(dns.answer(q, rcode=dns.REFUSED))), Rejected("refused", "REFUSED")),
}


class HostileSignatures(HostilePrimary):
    key = KEY

    def sign(self, query, message):
        return tsig.Signer(KEY, query).sign(message)

    def test_signatures(self):
        self.attack_one_after_the_other(SIGNATURES)


if __name__ == "__main__":
    unittest.main()

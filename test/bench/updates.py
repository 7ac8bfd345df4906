"""RFC 2136 updates: edits that a named primary takes, one message each."""

import struct

import dns_messages as dns
import looking
from parts import PartFailed

UPDATE = 5


def replacement_of_text(number, zone, owner, text):
    """The message that puts a TXT record in the place of all that the owner has."""
    return (struct.pack(">HHHHHH", number, UPDATE << 11, 1, 0, 2, 0) +
            dns.name(zone) + struct.pack(">HH", dns.SOA, dns.IN) +
            dns.record(owner, dns.TXT, b"", ttl=0, rrclass=dns.ANY) +  # section 2.5.2: delete the RRset
            dns.txt(owner, text.encode()))


class Updater(looking.Asker):
    """Makes one edit after the other."""

    def replace_text(self, zone, owner, text):
        """Returns when the primary has answered, and so serves it."""
        answer = self.exchange(lambda number: replacement_of_text(number, zone, owner, text))
        if answer is None or answer[3] & 0xF:
            raise PartFailed(f"the update of {owner} was answered {answer and answer[3] & 0xF}")

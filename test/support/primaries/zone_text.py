"""Zones as text, one record a line, as the tests write them: what is the serial, what are they after an edit."""

import re

SERIAL = re.compile(r"(SOA\s+\S+\s+\S+\s+)(\d+)")


def serial(text):
    return int(SERIAL.search(text)[2])


def with_serial(text, number):
    return SERIAL.sub(rf"\g<1>{number}", text, count=1)


def edited(text, changes):
    """The zone after changes as in Primary.edit(), with the next serial."""
    lines = text.splitlines()
    for verb, owner, *words in changes:
        if verb == "set":
            ttl, rrtype, rdata = words
            lines.append(f"{owner} {ttl} IN {rrtype} {rdata}")
        else:
            rrtype, = words
            lines = [line for line in lines if not holds(line, owner, rrtype)]
    return with_serial("\n".join([*lines, ""]), serial(text) + 1)


def holds(line, owner, rrtype):
    """Whether the line is a record of that owner and type; its TTL may be left out."""
    words = line.split()
    return words[:1] == [owner] and rrtype in words[1:4]

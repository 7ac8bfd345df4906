"""The zones that are measured: domains as a provider's customers have them, each with its own attributes.

A domain is eight records: two NAPTR, its TXT claim, three SRV to the edge, A and AAAA.
"""

EDGE = "sip.provider.example."
BIG_ZONE = "sip.example"
RECORDS_PER_DOMAIN = 8
SERVICES = ("_sip._udp", "_sip._tcp", "_sips._tcp")


def apex(zone, serial=1):
    return (f"$ORIGIN {zone}.\n$TTL 3600\n"
            f"@ IN SOA ns1 hostmaster {serial} 3600 600 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\n")


def claim(number, greeting="Welcome"):
    """The text of a domain's TXT record; no two domains have the same."""
    return f"v=sipvhost1; greeting={greeting} to {number}; max_calls={number % 1000 + 1}"


def domain(owner, number):
    """The records of one domain; "@" is the zone's apex."""
    below = "" if owner == "@" else f".{owner}"
    return (f'{owner} IN NAPTR 10 10 "s" "SIP+D2U" "" _sip._udp{below}\n'
            f'{owner} IN NAPTR 20 10 "s" "SIP+D2T" "" _sip._tcp{below}\n'
            f'_sipvhost{below} IN TXT "{claim(number)}"\n'
            f"_sip._udp{below} IN SRV 10 5 5060 {EDGE}\n"
            f"_sip._tcp{below} IN SRV 10 5 5060 {EDGE}\n"
            f"_sips._tcp{below} IN SRV 10 5 5061 {EDGE}\n"
            f"{owner} IN A 198.51.{number >> 8 & 255}.{number & 255}\n"
            f"{owner} IN AAAA 2001:db8:{number >> 16:x}:{number & 65535:x}::1\n")


def big_zone(domains):
    """One zone with that many domains, d0 and on, eight records each."""
    return apex(BIG_ZONE) + "".join(domain(f"d{number}", number) for number in range(domains))


def small_zone(name):
    """A zone of 13 records, z<number>.example, whose apex is a domain."""
    number = int(name[1:name.index(".")])
    return apex(name) + domain("@", number) + "www IN A 192.0.2.80\n@ IN MX 10 www\n"

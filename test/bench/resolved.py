"""What zonecastd's questions meet: knotd with wildcards, so that there are as many domains as anybody asks about.

Below `hosted.` every name has SRV records that lead to the edge, below `elsewhere.` every name has an address that is
nobody's, and nothing else, which takes the most questions, and below `flood.` there is no name.
"""

import sys

import servers
import zones

from unbound import Unbound

FLOOD_PACE = 100_000
HOSTED, ELSEWHERE, FLOOD = "hosted", "elsewhere", "flood"
RECORDS = {HOSTED: f"* IN SRV 10 5 5060 {zones.EDGE}\n", ELSEWHERE: "* IN A 198.51.100.1\n", FLOOD: ""}


def authority(stand, ttl, apart=()):
    """`apart`: names that are zones of their own, as most domains are that nobody may transfer."""
    def text(zone):
        records = RECORDS.get(zone) or RECORDS[zone.rpartition(".")[2]]
        return (f"$ORIGIN {zone}.\n$TTL {ttl}\n@ IN SOA ns1 hostmaster 1 3600 600 1209600 {ttl}\n"
                f"@ IN NS ns1\nns1 IN A 192.0.2.53\n{records}")
    return servers.KnotPrimary(stand.folder / "authority", [*RECORDS, *apart], text, stand.patience(10))


def unbound(stand, authority_port):
    return Unbound(stand.folder / "unbound", {zone: authority_port for zone in RECORDS})


def names(zone, count):
    """Each of them a registrable domain of its own."""
    return [f"customer-{1_000_000 + number}.{zone}" for number in range(count)]


def main():
    """Floods a Redis with questions about random names, FLOOD_PACE a second, until it is told to end: resolved.py SOCKET KEY"""
    import random
    import signal
    import time

    from resp import RedisClient
    client = RedisClient(sys.argv[1])
    sent, ended, start = 0, [], time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    while not ended:
        client.socket.sendall(b"".join(
            b"*10\r\n$4\r\nXADD\r\n$%d\r\n%s\r\n$6\r\nMAXLEN\r\n$1\r\n~\r\n$5\r\n10000\r\n$1\r\n*\r\n$6\r\ndomain\r\n"
            b"$22\r\n%016x.flood\r\n$6\r\nworker\r\n$2\r\n%02d\r\n" % (
                len(sys.argv[2]), sys.argv[2].encode(), random.getrandbits(64), number % 100) for number in range(1000)))
        for _ in range(1000):
            client.reply()
        sent += 1000
        time.sleep(max(0.0, start + sent / FLOOD_PACE - time.monotonic()))
    print(sent)


if __name__ == "__main__":
    main()

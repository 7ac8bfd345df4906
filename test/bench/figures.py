"""The figures: what each says, its bound and its aim, and which scenario measures it. Every one stands here once."""

import dataclasses


PEERS = "peer's"       # the aim that is the peer's own value
ALONGSIDE = "any"      # measured along with whatever else runs zonecastd


@dataclasses.dataclass(frozen=True)
class Figure:
    name: str
    scenario: str
    what: str
    unit: str
    bounded: str        # "value", or "ratio": value divided by the peer's
    bound: float
    aim: float | str | None


TRANSFER = (
    Figure("axfr-time", "axfr", "1 M records, 125,000 domains: AXFR start to all of it in Redis", "s", "ratio", 1.0, 0.5),
    Figure("axfr-memory", "axfr", "peak memory for that", "MB", "ratio", 1.0, 0.5),
    Figure("record-octets", "axfr", "octets per stored record", "octets", "value", 100, 75),
    Figure("edit-time", "edit", "one record of 1 M changed: NOTIFY to visible in Redis", "ms", "value", 5, PEERS),
    Figure("edit-growth", "edit", "that, against a zone of 1,000 records", "ms", "ratio", 2, None),
    Figure("zones-time", "zones", "100,000 zones of 13 records: start to all of them in Redis", "s", "ratio", 0.25, 0.15),
    Figure("zones-memory", "zones", "peak memory for that", "MB", "ratio", 1.0, 0.5),
    Figure("restart-time", "zones", "restart with those zones unchanged: to all confirmed", "s", "ratio", 0.25, None),
    Figure("restart-transfers", "zones", "transfers made by that restart", "", "value", 0, None),
    Figure("wire-record", "wire", "wire reader: CPU time for one record", "ns", "value", 80, 50),
    Figure("notify-p99", "notify", "5,000 NOTIFYs/s, 1,000 edits/s, 10,000 zones: p99 edit to Redis", "s", "value", 1.0, 0.1),
    Figure("loop-callback", ALONGSIDE, "most CPU time of any one loop callback in all of this", "ms", "value", 20, 5),
)

WORKER = (
    Figure("lookup-cpu", "lookup", "1 M domains, 100 changes/s: CPU time of a look-up", "ns", "ratio", 1.0, 0.75),
    Figure("lookup-cpu-2", "lookup", "that, by each of two threads", "ns", "ratio", 1.0, 0.75),
    Figure("update-p99", "lookup", "p99 of a change of one domain, without compaction", "ms", "value", 1.0, 0.1),
    Figure("domain-octets", "lookup", "octets of the table per domain, each with 10 attributes", "octets", "value",
           500, 350),
    Figure("bootstrap-time", "bootstrap", "1 M domains: from an empty table to all of it served", "s", "ratio", 1.5, 1.0),
    Figure("edit-median", "seen", "edit at named to a worker's look-up seeing it, median", "ms", "value", 10, 3),
    Figure("edit-p99", "seen", "that, p99", "ms", "value", 50, 10),
    Figure("kamailio-cpu", "kamailio", "Kamailio's CPU time per request, 1 M domains", "us", "ratio", 1.1, 1.05),
)

RESOLVER = (
    Figure("watched-octets", "watched", "1 M watched domains, all answered: octets of each", "octets", "value", 1000, None),
    Figure("resolver-cpu", "adapter", "CPU time of the adapter for a look-up", "us", "ratio", 1.15, 1.0),
    Figure("refresh-p99", "refresh", "20,000 names at TTL 60, by Unbound: lateness of a refresh, p99", "s", "value", 1.0, 0.1),
    Figure("flood-p99", "refresh", "what a flood of random names adds to that", "ms", "value", 100, 10),
    Figure("wanted-median", "wanted", "a worker's question to its table having the domain, median", "ms", "value", 10, 3),
    Figure("loop-callback", ALONGSIDE, "most CPU time of any one loop callback in all of this", "ms", "value", 20, 5),
)
SUITES = {"transfer": TRANSFER, "worker": WORKER, "resolver": RESOLVER}


@dataclasses.dataclass
class Measured:
    """What a scenario found for a figure; a peer's value is in the same unit."""
    value: float
    peer: str = ""
    peer_value: float | None = None
    note: str = ""


def row(figure, measured):
    """A figure with what was measured, as it stands in bench.json."""
    ratio = measured.value / measured.peer_value if measured.peer_value else None
    judged = measured.value if figure.bounded == "value" else ratio

    def within(limit):
        limit = measured.peer_value if limit == PEERS else limit
        return None if limit is None or judged is None else judged <= limit
    return {"name": figure.name, "what": figure.what, "value": measured.value, "unit": figure.unit,
            "peer": measured.peer or None, "peer_value": measured.peer_value, "ratio": ratio,
            "bounded": figure.bounded, "bound": figure.bound, "bound_met": within(figure.bound),
            "aim": figure.aim, "aim_met": within(figure.aim), "note": measured.note}

"""The figures: what each says, its bound and its aim, and which scenario measures it. Every one stands here once."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Figure:
    name: str
    scenario: str
    what: str
    unit: str
    bounded: str        # "value", or "ratio": value divided by the peer's
    bound: float
    aim: float | None


FIGURES = (
    Figure("axfr-time", "axfr", "1 M records, 125,000 domains: AXFR start to all of it in Redis", "s", "ratio", 1.0, 0.5),
    Figure("axfr-memory", "axfr", "peak memory for that", "MB", "ratio", 1.0, 0.5),
    Figure("record-octets", "axfr", "octets per stored record", "octets", "value", 100, 75),
)


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
        return None if limit is None or judged is None else judged <= limit
    return {"name": figure.name, "what": figure.what, "value": measured.value, "unit": figure.unit,
            "peer": measured.peer or None, "peer_value": measured.peer_value, "ratio": ratio,
            "bounded": figure.bounded, "bound": figure.bound, "bound_met": within(figure.bound),
            "aim": figure.aim, "aim_met": within(figure.aim), "note": measured.note}

"""The authoritative servers that zones come from: one class each, all with the same methods (primary.py)."""

from .knot import Knot
from .named import Named
from .nsd import Nsd
from .pdns import Pdns

__all__ = ["Knot", "Named", "Nsd", "Pdns"]

"""The cases of primary_cases.py with knotd as the primary."""

import unittest

import primary_cases
from setting import primaries


class WithKnot(primary_cases.Cases):
    kind = primaries.Knot


if __name__ == "__main__":
    unittest.main()

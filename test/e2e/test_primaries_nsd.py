"""The cases of primary_cases.py with nsd as the primary."""

import unittest

import primary_cases
from setting import primaries


class WithNsd(primary_cases.Cases):
    kind = primaries.Nsd


if __name__ == "__main__":
    unittest.main()

"""The cases of primary_cases.py with named as the primary."""

import unittest

import primary_cases
from setting import primaries


class WithNamed(primary_cases.Cases):
    kind = primaries.Named


if __name__ == "__main__":
    unittest.main()

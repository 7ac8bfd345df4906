"""The cases of primary_cases.py with pdns_server as the primary."""

import unittest

import primary_cases
from setting import primaries


class WithPdns(primary_cases.Cases):
    kind = primaries.Pdns


if __name__ == "__main__":
    unittest.main()

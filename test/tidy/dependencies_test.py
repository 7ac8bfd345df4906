"""The rules of dependencies.py catch what they are for, and the tree keeps them."""

import unittest

import dependencies


def lines(path, text):
    return [number for number, _ in dependencies.breaches(path, text)]


class Rules(unittest.TestCase):
    def test_a_room_may_not_look_up(self):
        self.assertEqual(lines("reconciler/dns/name.cc", '#include "reconciler/xfr/secondary.h"'), [1])

    def test_siblings_do_not_see_each_other(self):
        self.assertEqual(lines("reconciler/view/zone.cc", '#include "reconciler/xfr/endpoint.h"'), [1])

    def test_the_core_has_no_outside_world(self):
        for header in ("uv.h", "hiredis/hiredis.h", "sys/socket.h", "thread", "fstream", "spdlog/spdlog.h"):
            self.assertEqual(lines("reconciler/loop/pass.cc", f"#include <{header}>"), [1], header)

    def test_the_core_reads_no_clock(self):
        self.assertEqual(lines("reconciler/loop/pass.cc", "auto t = std::chrono::steady_clock::now();"), [1])

    def test_adapters_do_not_see_the_loop(self):
        self.assertEqual(lines("adapters/redis/redis_store.cc", '#include "reconciler/loop/reconciler.h"'), [1])

    def test_downwards_is_allowed(self):
        self.assertEqual(lines("reconciler/plan/plan.cc", '#include "reconciler/identity/did.h"'), [])

    def test_the_tree_keeps_them(self):
        self.assertEqual(dependencies.main(), 0)


if __name__ == "__main__":
    unittest.main()

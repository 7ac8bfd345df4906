"""config/kamailio/ by way of the table that zonecast-mirror keeps, and what it does when that is old or missing."""

import os
import time
import unittest

import kamailio_cases as cases
from setting import parts

BUILT = all((parts.build_folder() / file).exists() for file in ("bin/zonecast-mirror", "lib/lua/zonecast.so"))


def setUpModule():
    if not BUILT:
        raise unittest.SkipTest("zonecast-mirror or the Lua module was not built")
    if os.environ.get("ZONECAST_SANITIZE"):
        raise unittest.SkipTest("Kamailio, which has no sanitizers, cannot load a module that has")


globals().update(cases.by_way_of(cases.Table, __name__))


class Outages(cases.Proxy):
    source_of = cases.Table
    settings = {"ZC_TABLE_MAX_AGE": 3}

    def setUp(self):
        super().setUp()
        self.source.host("iptel.example", "iptel", cases.OPEN)
        self.callee = self.registered()

    def status(self, uri="sip:iptel.example", transport="udp"):
        return self.phone(transport).ask("OPTIONS", uri).status

    def assert_too_old_in_the_end(self):
        begin = time.monotonic()
        self.assertEqual(200, self.status(), "it goes on with what it has")
        self.wait(lambda: self.status() == 503, "the table to be too old")
        self.assertGreater(time.monotonic() - begin, 1.5)
        for transport in ("udp", "tcp"):
            for host in ("iptel.example", "elsewhere.example", "new.example"):
                self.assertEqual(503, self.status(f"sip:joe@{host}", transport))

    def test_without_redis_it_goes_on_until_the_table_is_too_old(self):
        self.store.kill()
        self.assert_too_old_in_the_end()

    def test_without_the_mirror_it_goes_on_until_the_table_is_too_old(self):
        self.source.mirror.kill()
        self.assert_too_old_in_the_end()
        self.source.mirror.start()
        self.wait(lambda: self.status() == 200, "it comes back")
        self.assert_reaches(self.callee, self.phone(), "sip:joe@iptel.example")

    def test_without_a_table_nothing_is_served(self):
        self.kamailio.stop()
        self.source.mirror.stop()
        self.source.mirror.table.unlink()
        self.kamailio.start()
        for transport in ("udp", "tcp"):
            for host in ("iptel.example", "elsewhere.example", "new.example"):
                self.assertEqual(503, self.status(f"sip:joe@{host}", transport))
        self.source.mirror.start()
        self.wait(lambda: self.status() == 200, "the table")

    def test_without_the_module_nothing_is_served(self):
        self.kamailio.stop()
        self.kamailio.environment = {"LUA_CPATH": "/nonexistent/?.so"}
        self.kamailio.start()
        self.assertEqual(503, self.status())
        self.assertTrue(self.kamailio.said("module 'zonecast' not found"))


if __name__ == "__main__":
    unittest.main()

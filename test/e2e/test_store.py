"""Redis fails, forgets, is replaced, says no: what is published is right again, and never less meanwhile."""

import shutil
import unittest

from setting import QUICK_TIMERS, TEST, TO_EDGE, EndToEnd, hosted, parts, reader, sip, zone

TWO = {"acme.example": hosted("acme.example"), "globex.example": hosted("globex.example")}
PUBLISHER = ("on", ">secret", "resetkeys", "~zonecast:{test}:*", "resetchannels", "&zonecast:{test}:events",
             "-@all", *(TEST.parent / "config/redis/users.acl").read_text()
             .split("user zonecast ")[1].split("-@all ")[1].splitlines()[0].split())


class Store(EndToEnd):
    def set_up(self, redis, /, start=True, **sections):
        """Zones acme.example and globex.example, and a daemon that hears of their edits."""
        port = parts.free_port()
        zones = {name: zone(name, *sip("@")) for name in ("acme.example", "globex.example")}
        knot = self.knot(zones, notify=port)
        sections.setdefault("redis", {}).setdefault("lease", "1s")
        daemon = self.daemon(redis, {"acme": self.customer(zones, knot)}, notify=port, start=start, **sections)
        return knot, daemon

    def add(self, knot, *labels, name="acme.example"):
        knot.edit(name, *(("set", f"_sip._udp.{label}", "3600", "SRV", TO_EDGE) for label in labels))

    def with_more(self, *labels):
        return {**TWO, **{f"{label}.acme.example": hosted(f"{label}.acme.example") for label in labels}}


class Outages(Store):
    def test_redis_back_empty_gets_everything_under_a_new_lineage(self):
        redis = self.redis()
        _, daemon = self.set_up(redis)
        before = self.await_domains(redis, TWO)
        redis.kill()
        self.await_said(daemon, "store lost: Redis at ", "redis.sock")
        redis.start()
        after = self.await_domains(redis, TWO)
        self.assertNotEqual(before.meta["lineage"], after.meta["lineage"])
        self.assertGreater(int(after.meta["version"]), int(before.meta["version"]))
        self.assertGreater(int(after.meta["term"]), int(before.meta["term"]))
        self.assertEqual(before.hashes, after.hashes)

    def test_redis_back_with_its_data_gets_nothing_again(self):
        redis = self.redis(persistent=True)
        knot, daemon = self.set_up(redis)
        before = self.await_domains(redis, TWO)
        redis.kill()
        self.await_said(daemon, "store lost: Redis at ")
        redis.start()
        self.await_said(daemon, "store open: nothing changed while it was away")
        self.await_settled(daemon)
        self.assert_untouched(before, redis)
        self.add(knot, "lab")
        after = self.await_domains(redis, self.with_more("lab"))
        self.assertEqual(before.meta["lineage"], after.meta["lineage"])

    def test_edits_during_an_outage_are_gathered(self):
        redis = self.redis(persistent=True)
        knot, daemon = self.set_up(redis)
        before = self.await_domains(redis, TWO)
        redis.kill()
        for number in range(5):
            self.add(knot, f"lab{number}")
        self.await_said(daemon, "zone transferred", "zone=acme.example", "to=6")
        redis.start()
        after = self.await_domains(redis, self.with_more(*(f"lab{number}" for number in range(5))))
        self.assertEqual(before.meta["lineage"], after.meta["lineage"])
        self.assertEqual(int(before.meta["version"]) + 1, int(after.meta["version"]))

    def test_a_flushed_redis_is_noticed_with_the_next_renewal_of_the_lease(self):
        redis = self.redis()
        knot, daemon = self.set_up(redis)
        before = self.await_domains(redis, TWO)
        redis.ask("FLUSHALL")
        after = self.await_domains(redis, TWO, timeout=5)
        self.assertNotEqual(before.meta["lineage"], after.meta["lineage"])
        self.assertEqual(before.hashes, after.hashes)
        self.await_said(daemon, "store lost")
        redis.ask("FLUSHALL")
        self.add(knot, "lab")
        self.await_domains(redis, self.with_more("lab"))

    def test_redis_down_at_the_start_is_waited_for(self):
        redis = self.redis(start=False)
        _, daemon = self.set_up(redis)
        self.await_said(daemon, "store: Redis at ", "no such file or directory")
        self.wait(lambda: daemon.json("status")["zones_confirmed"] == "2", "the zones")
        self.assertEqual("opening", daemon.json("status")["store"])
        redis.start()
        self.await_domains(redis, TWO)

    def test_redis_that_hangs_is_given_up_and_taken_up_again(self):
        redis = self.redis()
        knot, daemon = self.set_up(redis, redis={"lease": "1s", "command_timeout": "300ms"})
        before = self.await_domains(redis, TWO)
        redis.freeze()
        self.add(knot, "lab")
        self.await_said(daemon, "store lost: Redis at ", "does not answer")
        redis.thaw()
        after = self.await_domains(redis, self.with_more("lab"))
        self.assertEqual(before.meta["lineage"], after.meta["lineage"])

    def test_an_older_dump_is_not_taken_for_a_continuation(self):
        redis = self.redis()
        knot, daemon = self.set_up(redis)
        self.await_domains(redis, TWO)
        redis.ask("SAVE")
        self.add(knot, "lab")
        before = self.await_domains(redis, self.with_more("lab"))
        redis.kill()
        self.await_said(daemon, "store lost")
        redis.start()
        after = self.await_domains(redis, self.with_more("lab"))
        self.await_said(daemon, "store open", "is older than our")
        self.assertNotEqual(before.meta["lineage"], after.meta["lineage"])
        self.assertGreater(int(after.meta["version"]), int(before.meta["version"]))

    def test_what_somebody_else_wrote_is_replaced_when_it_is_read_back(self):
        redis = self.redis(persistent=True)
        _, daemon = self.set_up(redis)
        self.await_domains(redis, TWO)
        daemon.stop()
        redis.ask("HSET", redis.key("domain"), "evil.example", hosted("acme.example"))
        daemon.start()
        self.await_domains(redis, TWO)
        self.await_said(daemon, "is damaged")


class Refusals(Store):
    """What is missing is said in one line, and once it is there all goes on without a restart."""

    def password_file(self, password):
        file = self.folder / "redis.password"
        file.write_text(password + "\n")
        return str(file)

    def user(self, *rules, password="secret"):
        """A Redis with a user of these rules, and what zonecast's configuration says about it."""
        redis = self.redis()
        redis.ask("ACL", "SETUSER", "zonecast", *rules)
        return redis, {"user": "zonecast", "password_file": self.password_file(password), "lease": "1s"}

    def test_a_wrong_password_is_told(self):
        redis, credentials = self.user(*PUBLISHER, password="wrong")
        _, daemon = self.set_up(redis, redis=credentials)
        self.await_said(daemon, "store: AUTH", "WRONGPASS")
        self.assertEqual({}, redis.domains())
        self.password_file("secret")
        self.await_domains(redis, TWO)

    def test_a_command_that_the_acl_denies_is_named(self):
        for command, said in (("hset", ("HSET", "zonecast:{test}:meta")), ("fcall", ("FCALL", "NOPERM")),
                              ("info", ("INFO", "NOPERM")), ("publish", ("PUBLISH", "zonecast:{test}:events"))):
            with self.subTest(command):
                redis = self.redis(f"redis-{command}")
                redis.ask("ACL", "SETUSER", "zonecast", *PUBLISHER, f"-{command}")
                credentials = {"user": "zonecast", "password_file": self.password_file("secret"), "lease": "1s"}
                port = parts.free_port()
                knot = self.knot({"acme.example": zone("acme.example", *sip("@"))}, name=f"knotd-{command}", notify=port)
                daemon = self.daemon(redis, {"acme": self.customer(["acme.example"], knot)}, notify=port,
                                     name=f"zonecastd-{command}", redis=credentials)
                self.await_said(daemon, *said, "config/redis/users.acl")
                self.assertEqual({}, redis.domains())
                redis.ask("ACL", "SETUSER", "zonecast", f"+{command}")
                self.await_domains(redis, {"acme.example": hosted("acme.example")})
                for part in (daemon, knot, redis):
                    part.stop()

    def test_a_permission_that_is_taken_away_removes_nothing(self):
        redis, credentials = self.user(*PUBLISHER)
        knot, daemon = self.set_up(redis, redis=credentials)
        before = self.await_domains(redis, TWO)
        redis.ask("ACL", "SETUSER", "zonecast", "-xadd")
        self.add(knot, "lab")
        self.await_said(daemon, "XADD", "zonecast:{test}:log", "config/redis/users.acl")
        self.assert_untouched(before, redis)
        redis.ask("ACL", "SETUSER", "zonecast", "+xadd")
        after = self.await_domains(redis, self.with_more("lab"))
        self.assertEqual(before.meta["lineage"], after.meta["lineage"])

    def test_a_key_of_another_type_is_told(self):
        redis = self.redis()
        redis.ask("SET", redis.key("domain"), "mine")
        _, daemon = self.set_up(redis)
        self.await_said(daemon, "zonecast:{test}:domain is a string, which is not ours: remove it")
        redis.ask("DEL", redis.key("domain"))
        self.await_domains(redis, TWO)

    def test_a_redis_that_may_evict_is_refused(self):
        redis = self.redis()
        redis.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        _, daemon = self.set_up(redis)
        self.await_said(daemon, "maxmemory-policy is allkeys-lru: set noeviction")
        redis.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
        self.await_domains(redis, TWO)

    def test_the_users_that_we_ship_can_do_what_they_need_and_no_more(self):
        acl = (TEST.parent / "config/redis/users.acl").read_text().replace("{main}", "{test}")
        (self.folder / "users.acl").write_text(acl)
        redis = self.redis(options=("--aclfile", self.folder / "users.acl"), user="admin", password="CHANGE-ME-ADMIN")
        credentials = {"user": "zonecast", "password_file": self.password_file("CHANGE-ME-PUBLISHER"), "lease": "1s"}
        knot, daemon = self.set_up(redis, redis=credentials, limits={"publish_batch": 5})
        self.await_domains(redis, TWO)
        self.add(knot, "lab")
        self.await_domains(redis, self.with_more("lab"))
        labels = [f"lab{number}" for number in range(20)]  # more than publish_batch: staged and swapped
        self.add(knot, *labels)
        before = self.await_domains(redis, self.with_more("lab", *labels))
        self.assertEqual([], daemon.said("NOPERM"))
        anybody = parts.RedisClient(redis.socket)
        self.addCleanup(anybody.close)
        domain = redis.key("domain")
        self.assertEqual(hosted("acme.example").encode(), anybody.command("HGET", domain, "acme.example"))
        for forbidden in (("FLUSHALL",), ("HSET", domain, "a", "b"), ("DEL", domain), ("HGET", "other", "a"), ("KEYS", "*")):
            with self.assertRaisesRegex(parts.RedisError, "NOPERM"):
                anybody.command(*forbidden)
        mirror = parts.RedisClient(redis.socket, "mirror", "CHANGE-ME-MIRROR")
        self.addCleanup(mirror.close)
        follower = reader.Reader(mirror, redis.key(""))
        follower.follow()
        self.assertEqual(before.hashes, follower.hashes)


class Restarts(Store):
    def test_a_restart_with_nothing_changed_publishes_nothing(self):
        redis = self.redis()
        _, daemon = self.set_up(redis)
        before = self.await_domains(redis, TWO)
        entries = redis.ask("XLEN", redis.key("log"))
        daemon.stop()
        self.assert_untouched(before, redis)
        daemon.start()
        self.await_settled(daemon)
        self.assert_untouched(before, redis)
        self.assertEqual(entries, redis.ask("XLEN", redis.key("log")))
        self.assertGreater(int(redis.content().meta["term"]), int(before.meta["term"]))
        self.assertEqual(2, len(daemon.said("shape=axfr")), "the stored copies were transferred again")

    def test_what_changed_while_it_was_away_is_published_and_only_that(self):
        redis = self.redis()
        knot, daemon = self.set_up(redis)
        before = self.await_domains(redis, TWO)
        daemon.stop()
        self.add(knot, "lab")
        knot.edit("globex.example", ("unset", "_sip._udp", "SRV"))
        daemon.start()
        after = self.await_domains(redis, {"acme.example": hosted("acme.example"), "lab.acme.example": hosted("lab.acme.example")})
        self.assertEqual(before.meta["lineage"], after.meta["lineage"])
        self.assertTrue(daemon.said("zone transferred", "zone=acme.example", "shape=ixfr"))

    def test_a_restart_beside_a_dead_primary_removes_nothing(self):
        redis = self.redis()
        knot, daemon = self.set_up(redis)
        before = self.await_domains(redis, TWO)
        daemon.stop()
        knot.kill()
        daemon.start()
        self.await_said(daemon, "zone acme.example from ns1", "connection refused")
        self.wait(lambda: daemon.json("status")["store"] == "idle", "the store")
        self.assert_untouched(before, redis)

    def test_a_lost_state_directory_and_a_full_redis_publish_nothing(self):
        redis = self.redis()
        _, daemon = self.set_up(redis)
        before = self.await_domains(redis, TWO)
        daemon.stop()
        shutil.rmtree(daemon.folder / "state")
        daemon.start()
        # The lease is another instance's, as long as it lasts.
        self.await_settled(daemon)
        self.assert_untouched(before, redis)

    def test_killed_again_and_again_in_the_middle_of_edits_it_converges(self):
        redis = self.redis()
        knot, daemon = self.set_up(redis, limits={**QUICK_TIMERS, "publish_batch": 8})
        self.await_domains(redis, TWO)
        labels = []
        for round_ in range(6):
            for number in range(4):
                labels.append(f"r{round_}n{number}")
                self.add(knot, labels[-1])
            if round_ % 2:  # more than a batch: staged and swapped
                labels += (bulk := [f"b{round_}x{number}" for number in range(20)])
                self.add(knot, *bulk)
            daemon.kill()
            content = redis.content()
            if "staging" not in content.meta:
                self.check(content)
            knot.edit("acme.example", ("unset", f"_sip._udp.{labels.pop(0)}", "SRV"))
            daemon.start()
        self.await_domains(redis, self.with_more(*labels))
        self.await_settled(daemon)

    def test_a_second_daemon_waits_for_the_lease_and_takes_over(self):
        redis = self.redis()
        knot, first = self.set_up(redis)
        before = self.await_domains(redis, TWO)
        second = self.daemon(redis, {"acme": self.customer(TWO, knot)}, name="second", redis={"lease": "1s"},
                             limits={**QUICK_TIMERS, "refresh_max": "1s"})
        self.await_said(second, "holds the lease: waiting for it")
        self.wait(lambda: second.json("status")["zones_confirmed"] == "2", "its zones")
        self.assert_untouched(before, redis)
        self.assertEqual(before.meta["term"], redis.content().meta["term"])
        first.kill()
        self.add(knot, "lab")
        after = self.await_domains(redis, self.with_more("lab"))
        self.assertEqual(before.meta["lineage"], after.meta["lineage"])
        self.assertGreater(int(after.meta["term"]), int(before.meta["term"]))


class Large(Store):
    def test_a_zone_of_2500_domains_is_swapped_in_and_edited(self):
        redis = self.redis()
        port = parts.free_port()
        labels = [f"d{number}" for number in range(2499)]
        text = zone("big.example", *sip("@"),
                    *(f'_sipvhost.d{number} IN TXT "v=sipvhost1; greeting=Hello {number}; max_calls={number % 1000 + 1}"'
                      for number in range(0, 2499, 2)), *sip(*labels))
        knot = self.knot({"big.example": text}, notify=port)
        daemon = self.daemon(redis, {"acme": self.customer(["big.example"], knot)}, notify=port)
        names = ["big.example", *(f"{label}.big.example" for label in labels)]
        content = self.await_domains(redis, {name: hosted(name) for name in names}, timeout=60)
        attributes = {name: "max_calls=30" for name in names}
        for number in range(0, 2499, 2):
            attributes[f"d{number}.big.example"] = f"greeting=Hello%20{number};max_calls={number % 1000 + 1}"
        self.assertEqual(attributes, content.attributes())
        self.assertEqual({name: ("acme", name, [name]) for name in names}, content.members())

        generation = int(content.meta["generation"])
        knot.edit("big.example", ("unset", "_sip._udp.d7", "SRV"))
        content = self.await_domains(redis, {name: hosted(name) for name in names if name != "d7.big.example"})
        self.assertEqual(generation, int(content.meta["generation"]), "one edit replaced everything")

        knot.edit("big.example", *(("unset", f"_sip._udp.d{number}", "SRV") for number in range(1000, 1100)))
        knot.replace("big.example", zone("big.example", *sip("@", *labels[:500]), serial=50))
        kept = ["big.example", *(f"d{number}.big.example" for number in range(500))]
        content = self.await_domains(redis, {name: hosted(name) for name in kept}, timeout=60)
        self.assertEqual({name: "max_calls=30" for name in kept}, content.attributes())
        self.assertGreater(int(content.meta["generation"]), generation)
        self.assertTrue(daemon.said("published", "-1900") or daemon.said("published", "-1899"), "one swap")

    def test_a_reader_that_follows_the_log_has_what_the_hashes_have(self):
        redis = self.redis()
        knot, daemon = self.set_up(redis, limits={"publish_batch": 10})
        self.await_domains(redis, TWO)
        client = parts.RedisClient(redis.socket)
        self.addCleanup(client.close)
        follower = reader.Reader(client, redis.key(""))
        expected = dict(TWO)
        record = ("_sipvhost.lab0", "3600", "TXT")
        edits = [
            [("set", f"_sip._udp.lab{number}", "3600", "SRV", TO_EDGE) for number in range(5)],
            [("set", *record, '"v=sipvhost1; greeting=Gr%C3%BC%C3%9Fe, 100%25; max_calls=7"')],
            [("set", "_sip._tcp.lab1", "3600", "SRV", TO_EDGE)],
            [("unset", "_sip._udp.lab2", "SRV"), ("unset", "_sip._udp.lab3", "SRV")],
            [("unset", *record[::2])],
            [("set", f"_sip._udp.bulk{number}", "3600", "SRV", TO_EDGE) for number in range(30)],
            [("unset", "_sip._udp.bulk7", "SRV")],
        ]
        seen = set()
        for edit in edits:
            version = redis.version()
            knot.edit("acme.example", *edit)
            self.wait(lambda: redis.version() > version, "a publication")
            self.await_settled(daemon)
            follower.follow()
            content = redis.content()
            self.assertEqual(content.hashes, follower.hashes)
            self.assertEqual(content.meta["chain"], follower.chain.hex())
            seen.add(content.meta["version"])
        self.assertEqual(2, follower.loads, "it began anew, other than for the one swap")
        expected |= {f"{name}.acme.example": hosted(f"{name}.acme.example") for name in ("lab0", "lab4")}
        expected["lab1.acme.example"] = hosted("lab1.acme.example", "udp,tcp")
        expected |= {f"bulk{number}.acme.example": hosted(f"bulk{number}.acme.example") for number in range(30) if number != 7}
        self.await_domains(redis, expected)


if __name__ == "__main__":
    unittest.main()

"""The mirror beside a real Redis and a real zonecastd: whatever happens to either, its table is one whole state
that was published, and the newest as soon as there is one.
"""

import subprocess
import time
import unittest

from setting import TEST, TO_EDGE, EndToEnd, hosted, hostile_redis, parts, reader, redis_proxy, sip, table_reader, zone

TWO = {"acme.example": hosted("acme.example"), "globex.example": hosted("globex.example")}


class Mirrored(EndToEnd):
    def publisher(self, redis, /, **sections):
        """Zones acme.example and globex.example, and a daemon that hears of their edits."""
        port = parts.free_port()
        zones = {name: zone(name, *sip("@")) for name in TWO}
        zones["acme.example"] += '_sipvhost IN TXT "v=sipvhost1; greeting=Hello World; max_calls=7"\n'
        self.knotd = self.knot(zones, notify=port)
        sections.setdefault("redis", {}).setdefault("lease", "1s")
        self.zonecastd = self.daemon(redis, {"acme": self.customer(zones, self.knotd)}, notify=port, **sections)
        self.await_domains(redis, TWO)

    def add(self, *labels):
        self.knotd.edit("acme.example", *(("set", f"_sip._udp.{label}", "3600", "SRV", TO_EDGE) for label in labels))

    def remove(self, *labels):
        self.knotd.edit("acme.example", *(("unset", f"_sip._udp.{label}", "SRV") for label in labels))

    @staticmethod
    def with_more(*labels):
        return {**TWO, **{f"{label}.acme.example": hosted(f"{label}.acme.example") for label in labels}}

    def await_served(self, mirror, redis, timeout=10):
        """Waits until the table is what Redis has."""
        try:
            self.wait(lambda: mirror.serves(redis.content()), "the table to be what Redis has", timeout)
        except parts.PartFailed as failure:
            self.fail(f"{failure}: {mirror.reader and mirror.reader.differences(redis.content())}")
        self.check(redis.content())

    def worker(self, redis, name="mirror"):
        flat = redis.ask("HGETALL", redis.key(f"worker:{name}"))
        return {field.decode(): value.decode() for field, value in reader.pairs(flat).items()}

    def state(self, mirror):
        status = mirror.look().status()
        return status.lineage, status.version, status.domains

    def forge(self, redis, hashes, **meta):
        """What a Redis would hold whose publisher had put these entries: they are in content and counts."""
        content = redis.content()
        commands = []
        for name, entries in hashes.items():
            for field, value in entries.items():
                content.hashes[name][field.encode()] = value
                commands.append(("HSET", redis.key(name), field, value))
        told = {"content": reader.content_sum(content.hashes), "domains": len(content.hashes["domain"]),
                "virtual_domains": len(content.hashes["vdomain"]), **meta}
        commands += [("HSET", redis.key("meta"), field, value) for field, value in told.items()]
        redis.connected().transaction(*commands)


class Following(Mirrored):
    def test_what_is_published_is_loaded_and_each_edit_followed(self):
        redis = self.redis()
        self.publisher(redis)
        mirror = self.mirror(redis)
        self.await_served(mirror, redis)
        self.assertEqual(("acme", "acme.example", ["acme.example"], "greeting=Hello%20World;max_calls=7"),
                         mirror.look().virtual_domain("acme.example"))
        self.add("lab", "pub")
        self.await_domains(redis, self.with_more("lab", "pub"))
        self.await_served(mirror, redis)
        self.knotd.edit("acme.example", ("unset", "_sipvhost", "TXT"),
                        ("set", "_sipvhost", "3600", "TXT", '"v=sipvhost1; max_calls=8"'))
        self.await_attributes(redis, "acme.example", "max_calls=8")
        self.await_served(mirror, redis)
        self.assertEqual(1, mirror.loads(), "it follows by the log")
        self.assertLessEqual(mirror.look().status().age, 2)

    def test_a_mirror_that_is_there_first_waits(self):
        redis = self.redis(start=False)
        mirror = self.mirror(redis)
        self.wait(lambda: mirror.said("the table stays as it is", "no such file"), "trouble")
        redis.start()
        self.wait(lambda: mirror.said("nothing is published"), "trouble")
        self.publisher(redis)
        self.await_served(mirror, redis)

    def test_an_edit_is_in_the_table_a_moment_after_it_is_in_redis(self):
        redis = self.redis()
        self.publisher(redis)
        mirror = self.mirror(redis)
        self.await_served(mirror, redis)
        late_ms = []
        for number in range(20):
            version = redis.version()
            self.add(f"edit{number}")
            while redis.version() == version:
                pass
            there = time.monotonic()
            while mirror.look().status().version == version:
                pass
            late_ms.append((time.monotonic() - there) * 1000)
        late_ms.sort()
        print(f"after Redis had it: {late_ms[10]:.2f} ms, at most {late_ms[-1]:.2f} ms", flush=True)
        self.assertLess(late_ms[10], 20)

    def test_a_mirror_that_is_started_again_goes_on_from_its_table(self):
        redis = self.redis()
        self.publisher(redis)
        mirror = self.mirror(redis)
        self.await_served(mirror, redis)
        for end in (mirror.stop, mirror.kill):
            with self.subTest(end.__name__):
                status = end()
                self.assertIn(status, (0, None))
                self.assertEqual(table_reader.HOSTED, mirror.look().answer("acme.example"), "the table stays")
                label = end.__name__
                self.add(label)
                self.wait(lambda label=label: f"{label}.acme.example" in redis.domains(), "the edit")
                mirror.start()
                self.await_served(mirror, redis)
        self.assertEqual(1, mirror.loads())
        self.assertEqual(2, len(mirror.said("the table goes on")))

    def test_once_tells_by_its_exit_status(self):
        redis = self.redis()
        mirror = self.mirror(redis, start=False)
        self.assertEqual(3, mirror.once("--once-timeout", "0.5"))
        self.publisher(redis)
        self.assertEqual(0, mirror.once())
        self.await_served(mirror, redis)
        ran = len(mirror.said("is running"))
        mirror.start()
        self.wait(lambda: len(mirror.said("is running")) > ran, "the mirror to have the table")
        second = self.mirror(redis, table=mirror.table, name="second", start=False)
        self.assertEqual(1, second.once())
        self.assertTrue(second.said("cannot start", "another mirror writes this table"))

    def test_a_command_line_that_is_wrong_is_explained(self):
        program = parts.build_folder() / "bin/zonecast-mirror"
        for words in (("--redis", "nowhere"), ("--redis", "unix:"), ("--redis", "localhost:6379"), ("--redis", "192.0.2.1:0"),
                      ("--redis", "[192.0.2.1]:6379"), ("--redis", "2001:db8::1:6379"), ("--redis", "192.0.2.1:65536"), ("--primary", "nowhere"),
                      ("--deployment", "a b"), ("--id", ""), ("--table-mode", "9"), ("--wanted-mode", "rw"), ("--what",)):
            with self.subTest(words):
                done = subprocess.run([program, *words, "--once"], capture_output=True, text=True, check=False, timeout=20)
                self.assertEqual(2, done.returncode, done.stderr)
                self.assertTrue(done.stderr.strip())

    def test_a_folder_that_is_anyones_is_refused(self):
        redis = self.redis()
        folder = self.folder / "anyones"
        folder.mkdir()
        folder.chmod(0o777)
        mirror = self.mirror(redis, table=folder / "table", start=False)
        self.assertEqual(1, mirror.once())
        self.assertTrue(mirror.said("cannot start", "everybody may write there"))

    def test_the_user_that_we_ship_can_do_all_that_a_mirror_does(self):
        acl = (TEST.parent / "config/redis/users.acl").read_text().replace("{main}", "{test}")
        (self.folder / "users.acl").write_text(acl)
        redis = self.redis(options=("--aclfile", self.folder / "users.acl"), user="admin", password="CHANGE-ME-ADMIN")
        (self.folder / "publisher").write_text("CHANGE-ME-PUBLISHER\n")
        (self.folder / "mirror.password").write_text("CHANGE-ME-MIRROR\n")
        self.publisher(redis, redis={"user": "zonecast", "password_file": str(self.folder / "publisher")})
        mirror = self.mirror(redis, "--user", "mirror", "--password-file", self.folder / "mirror.password")
        self.await_served(mirror, redis)
        redis.ask("SET", redis.key("answer:other.example"), "no", "PX", 60000)
        mirror.look().wanted("other.example")
        self.wait(lambda: mirror.look().answer("other.example") == table_reader.FOREIGN, "the answer")
        self.wait(lambda: self.worker(redis), "the report")
        self.assertEqual([], mirror.said("NOPERM"))


class Troubles(Mirrored):
    def set_up(self, persistent=True):
        redis = self.redis(persistent=persistent)
        self.publisher(redis)
        mirror = self.mirror(redis)
        self.await_served(mirror, redis)
        return redis, mirror

    def test_redis_killed_and_back_costs_no_load(self):
        redis, mirror = self.set_up()
        before = self.state(mirror)
        redis.kill()
        self.wait(lambda: mirror.said("the table stays as it is: Redis at"), "trouble")
        self.add("lab")
        self.assertEqual(before, self.state(mirror))
        self.wait(lambda: mirror.look().status().age > 1, "the age to grow")
        redis.start()
        self.await_domains(redis, self.with_more("lab"))
        self.await_served(mirror, redis)
        self.wait(lambda: mirror.look().status().age <= 1, "the age")
        self.assertEqual(1, mirror.loads())

    def test_a_flushed_redis_empties_no_table(self):
        redis, mirror = self.set_up()
        self.zonecastd.stop()
        before = self.state(mirror)
        redis.ask("FLUSHALL")
        self.wait(lambda: mirror.said("nothing is published, or Redis has lost it"), "trouble")
        self.wait(lambda: "nothing is published" in self.worker(redis).get("trouble", ""), "a report")
        self.assertEqual(before, self.state(mirror))
        self.zonecastd.start()
        self.await_domains(redis, TWO)
        self.await_served(mirror, redis)
        self.assertNotEqual(before[0], self.state(mirror)[0], "another lineage")

    def test_an_older_dump_takes_nothing_back(self):
        redis = self.redis()
        self.publisher(redis)
        mirror = self.mirror(redis)
        self.await_served(mirror, redis)
        redis.ask("SAVE")
        self.add("lab")
        self.await_domains(redis, self.with_more("lab"))
        self.await_served(mirror, redis)
        self.zonecastd.stop()
        before = self.state(mirror)
        redis.kill()
        redis.start()
        self.wait(lambda: mirror.said("Redis went back from version"), "trouble")
        self.assertEqual(before, self.state(mirror))
        self.assertEqual(table_reader.HOSTED, mirror.look().answer("lab.acme.example"))
        self.zonecastd.start()
        self.await_domains(redis, self.with_more("lab"))
        self.await_served(mirror, redis)

    def test_another_history_of_the_same_version_is_noticed_and_loaded(self):
        redis, mirror = self.set_up()
        self.zonecastd.stop()
        self.forge(redis, {"domain": {"fork.example": hosted("acme.example").encode()}}, chain="ab" * 32)
        self.wait(lambda: mirror.look().answer("fork.example") == table_reader.HOSTED, "the fork")
        self.assertTrue(mirror.said("another history"))

    def test_a_mirror_that_slept_while_the_log_was_trimmed_loads_again(self):
        redis, mirror = self.set_up()
        mirror.freeze()
        for label in ("one", "two"):  # it was waiting for the first, and has that already
            self.add(label)
            self.wait(lambda label=label: f"{label}.acme.example" in redis.domains(), "the edit")
        redis.ask("XTRIM", redis.key("log"), "MAXLEN", 0)
        self.add("three")
        self.await_domains(redis, self.with_more("one", "two", "three"))
        mirror.thaw()
        self.await_served(mirror, redis)
        self.assertEqual(2, mirror.loads())

    def test_a_log_that_is_trimmed_empty_is_no_trouble_for_who_is_current(self):
        redis, mirror = self.set_up()
        redis.ask("XTRIM", redis.key("log"), "MAXLEN", 0)
        self.add("lab")
        self.await_domains(redis, self.with_more("lab"))
        self.await_served(mirror, redis)
        self.assertEqual(1, mirror.loads())

    def test_a_replica_that_lost_its_master_is_served_and_not_called_current(self):
        redis = self.redis()
        self.publisher(redis)
        copy = self.redis("copy")
        port = parts.free_port()
        redis.ask("CONFIG", "SET", "port", port)
        copy.ask("REPLICAOF", "127.0.0.1", port)
        self.wait(lambda: copy.domains() == TWO, "the replica")
        mirror = self.mirror(copy, "--primary", f"unix:{redis.socket}")
        self.await_served(mirror, copy)
        mirror.look().wanted("other.example")
        self.wait(lambda: redis.ask("XLEN", redis.key("wanted")) == 1, "the question, at the primary")
        self.wait(lambda: self.worker(redis), "the report, at the primary")
        self.add("lab")
        self.wait(lambda: mirror.look().answer("lab.acme.example") == table_reader.HOSTED, "the edit")
        redis.kill()
        self.wait(lambda: mirror.said("a replica that has lost its master"), "trouble")
        self.wait(lambda: mirror.look().status().age > 2, "the age to grow")
        self.assertEqual(table_reader.HOSTED, mirror.look().answer("lab.acme.example"))


class Loading(Mirrored):
    """Things that happen while the mirror scans: it reads through a proxy, which stops it at a step."""

    def set_up(self, **sections):
        redis = self.redis(persistent=True)
        self.publisher(redis, **sections)
        self.add(*(f"fixed{number}" for number in range(600)))
        self.await_domains(redis, self.with_more(*(f"fixed{number}" for number in range(600))))
        proxy = redis_proxy.RedisProxy(self.folder / "proxy.sock", redis.socket)
        self.addCleanup(proxy.stop)
        return redis, proxy, self.mirror(redis, start=False, socket=self.folder / "proxy.sock")

    def meanwhile(self, redis, proxy, mirror, step, act):
        proxy.arm(redis_proxy.Step(*step), redis_proxy.ANSWERED, act)
        mirror.start()
        self.assertTrue(proxy.tripped.wait(20), proxy.taken())
        self.await_served(mirror, redis)

    def edit(self, redis, *labels):
        def act():
            client = parts.RedisClient(redis.socket)
            version = client.command("HGET", redis.key("meta"), "version")
            self.add(*labels)
            self.wait(lambda: client.command("HGET", redis.key("meta"), "version") != version, "the edit")
            client.close()
            return redis_proxy.GO_ON
        return act

    def test_an_edit_in_the_middle_of_a_scan_is_in_what_is_served_first(self):
        redis, proxy, mirror = self.set_up()
        for step in (("HSCAN vdomain", 1), ("HSCAN domain", 1), ("HGETALL meta", 3)):
            with self.subTest(step):
                mirror.table.unlink(missing_ok=True)
                self.meanwhile(redis, proxy, mirror, step, self.edit(redis, f"at{step[1]}{step[0].replace(' ', '')}".lower()))
                self.assertEqual(1, len(mirror.said("loaded")), "at the first try")
                mirror.stop()
                mirror.log.unlink()

    def test_a_swap_in_the_middle_of_a_scan_makes_it_begin_anew(self):
        redis, proxy, mirror = self.set_up(limits={"publish_batch": 5, "refresh_min": "1s"})
        labels = [f"swap{number}" for number in range(10)]
        self.meanwhile(redis, proxy, mirror, ("HSCAN domain", 1), self.edit(redis, *labels))
        self.assertTrue(mirror.said("everything was replaced while it was read"))
        self.add(*(f"again{number}" for number in range(10)))
        self.wait(lambda: "again9.acme.example" in redis.domains(), "another swap")
        self.await_served(mirror, redis)

    def test_a_connection_that_is_lost_in_the_middle_of_a_load_shows_nothing_of_it(self):
        redis, proxy, mirror = self.set_up()
        for step in (("HSCAN vdomain", 2), ("HSCAN domain", 2), ("XRANGE log", 1)):
            with self.subTest(step):
                mirror.table.unlink(missing_ok=True)
                proxy.arm(redis_proxy.Step(*step), redis_proxy.UNANSWERED, lambda: redis_proxy.GONE)
                mirror.start()
                self.assertTrue(proxy.tripped.wait(20), proxy.taken())
                self.wait(lambda: mirror.said("the table stays as it is: Redis at"), "trouble")
                self.assertIsNone(mirror.look())
                proxy.reopen()
                self.await_served(mirror, redis)
                mirror.stop()
                mirror.log.unlink()


class Garbage(Mirrored):
    def set_up(self):
        redis = self.redis(persistent=True)
        self.publisher(redis)
        self.zonecastd.stop()
        return redis

    def test_what_somebody_else_wrote_is_not_loaded(self):
        redis = self.set_up()
        mirror = self.mirror(redis)
        self.await_served(mirror, redis)
        before = self.state(mirror)
        mirror.stop()
        for name, field, value in (("domain", "evil.example", hosted("acme.example")), ("domain", b"\xff\0\r\n", b"\0" * 3000),
                                   ("vdomain", "acme.example", b"\xff" * 100), ("vdomain", "x" * 10000, b"")):
            with self.subTest((name, field)):
                old = redis.ask("HGET", redis.key(name), field)
                redis.ask("HSET", redis.key(name), field, value)
                fresh = self.mirror(redis, name="fresh")
                self.wait(lambda fresh=fresh: fresh.said("somebody else wrote there"), "trouble")
                self.assertIsNone(fresh.look())
                redis.ask(*(("HSET", redis.key(name), field, old) if old is not None else ("HDEL", redis.key(name), field)))
                self.await_served(fresh, redis)
                fresh.stop()
                fresh.table.unlink()
                fresh.log.unlink()
        mirror.start()
        self.await_served(mirror, redis)
        self.assertEqual(before, self.state(mirror))

    def test_meta_and_log_that_are_garbage_change_nothing(self):
        redis = self.set_up()
        mirror = self.mirror(redis)
        self.await_served(mirror, redis)
        before = self.state(mirror)
        meta = redis.content().meta
        def told(words):
            return len(mirror.said(words))
        for field, value in (("schema", "2"), ("version", "-1"), ("version", "9" * 30), ("chain", "zz"), ("content", "0"),
                             ("lineage", "x" * 1000), ("domains", "")):
            with self.subTest((field, value)):
                troubles, currents = told("the table stays as it is: meta: "), told("the table is current")
                redis.ask("HSET", redis.key("meta"), field, value)
                self.wait(lambda: told("the table stays as it is: meta: ") > troubles, "trouble")  # noqa: B023
                self.assertEqual(before, self.state(mirror))
                redis.ask("HSET", redis.key("meta"), field, meta[field])
                self.wait(lambda: told("the table is current") > currents, "all well")  # noqa: B023
        version = int(meta["version"])
        for number, entry in enumerate((("changes", b"\xff\xff"), ("mystery", b""), ("rebase", b""), ("changes", b"")), 1):
            redis.ask("XADD", redis.key("log"), f"{version + number}-1", *entry)
        self.wait(lambda: mirror.said("loading everything: log entry"), "the garbage")
        self.wait(lambda: mirror.said("the table stays as it is: log entry"), "trouble")
        self.assertEqual(before, self.state(mirror))
        redis.ask("DEL", redis.key("meta"))
        redis.ask("SET", redis.key("meta"), "mine")
        self.wait(lambda: mirror.said("WRONGTYPE"), "trouble")
        self.assertEqual(before, self.state(mirror))
        self.zonecastd.stop()
        redis.ask("FLUSHALL")
        self.zonecastd.start()
        self.await_domains(redis, TWO)
        self.await_served(mirror, redis)

    def test_an_entry_of_a_newer_publisher_is_not_served_and_told_and_the_rest_goes_on(self):
        redis = self.set_up()
        new = {"domain": {"new.example": b"did=new;state=frozen;transports=quic;role=primary"},
               "vdomain": {"new": b"\x0a\x03new\x12\x04acme\x1a\x0bnew.example\x22\x0bnew.example\x2a\x07\x0a\x01a\x12\x02\x78\x01"},
               "attribute": {"new": b"a=something%20new"}}
        self.forge(redis, new)
        mirror = self.mirror(redis)
        self.wait(lambda: mirror.look() and mirror.look().answer("acme.example") == table_reader.HOSTED, "the rest")
        self.assertEqual(table_reader.UNKNOWN, mirror.look().answer("new.example"))
        self.wait(lambda: self.worker(redis).get("refused") == "2", "the report")
        self.assertIn("no such state: frozen", self.worker(redis)["refused_reason"])
        self.assertEqual("2", self.worker(redis)["domains"])
        self.assertEqual("", self.worker(redis)["trouble"])
        mirror.stop()
        mirror.start()
        self.wait(lambda: self.worker(redis).get("refused") == "2", "the report after a restart")
        self.wait(lambda: len(mirror.said("the table is current")) == 2, "current again")


    def test_a_redis_that_answers_anything_does_a_mirror_no_harm(self):
        beside = []
        for seed in range(6):
            redis = self.redis(f"redis{seed}", start=False)
            server = hostile_redis.HostileRedis(self.folder / f"hostile{seed}.sock", seed)
            self.addCleanup(server.stop)
            beside.append((server, self.mirror(redis, name=f"mirror{seed}", socket=self.folder / f"hostile{seed}.sock")))
        for server, mirror in beside:
            self.wait(lambda server=server: server.commands > 30, "thirty questions", 60)
            self.assertEqual(0, mirror.stop())


class Wanted(Mirrored):
    def set_up(self, *options):
        redis = self.redis()
        self.publisher(redis)
        mirror = self.mirror(redis, *options)
        self.await_served(mirror, redis)
        return redis, mirror

    def asked(self, redis):
        return [reader.pairs(fields) for _, fields in redis.ask("XRANGE", redis.key("wanted"), "-", "+")]

    def test_a_question_goes_to_redis_once_and_its_answer_into_the_table(self):
        redis, mirror = self.set_up()
        table = mirror.look()
        for host in ("Other.Example", "other.example.", "other.example"):
            self.assertTrue(table.wanted(host))
        self.wait(lambda: self.asked(redis), "the question")
        self.assertEqual([{b"domain": b"other.example", b"worker": b"mirror"}], self.asked(redis))
        self.assertEqual(table_reader.UNKNOWN, table.answer("other.example"))
        redis.ask("SET", redis.key("answer:other.example"), "foreign", "PX", 2500)
        self.wait(lambda: table.answer("other.example") == table_reader.FOREIGN, "the answer")
        self.await_served(mirror, redis)
        self.add("lab")
        self.await_domains(redis, self.with_more("lab"))
        self.await_served(mirror, redis)
        self.wait(lambda: table.answer("other.example") == table_reader.UNKNOWN, "its end")

    def test_an_answer_takes_no_domain_away(self):
        redis, mirror = self.set_up()
        redis.ask("SET", redis.key("answer:acme.example"), "foreign", "PX", 60000)
        mirror.look().wanted("acme.example")
        mirror.look().wanted("other.example")
        redis.ask("SET", redis.key("answer:other.example"), "foreign", "PX", 60000)
        self.wait(lambda: mirror.look().answer("other.example") == table_reader.FOREIGN, "the other answer")
        self.assertEqual(table_reader.HOSTED, mirror.look().answer("acme.example"))

    def test_garbage_and_floods_are_dropped(self):
        redis, mirror = self.set_up("--wanted-rate", "10", "--wanted-burst", "20")
        with parts.socket.socket(parts.socket.AF_UNIX, parts.socket.SOCK_DGRAM) as sender:
            for datagram in (b"", b"\0", b"a b", b"x" * 254, b"x" * 60000, b"_sip.example", b"evil\r\nFLUSHALL", b"\xff.example"):
                sender.sendto(datagram, f"{mirror.table}.wanted")
            for number in range(200):
                sender.sendto(b"flood%d.example" % number, f"{mirror.table}.wanted")
        self.wait(lambda: len(self.asked(redis)) >= 20, "those that may pass")
        self.assertLess(len(self.asked(redis)), 40)
        self.assertTrue(all(question[b"domain"].startswith(b"flood") for question in self.asked(redis)))
        self.add("lab")
        self.await_domains(redis, self.with_more("lab"))
        self.await_served(mirror, redis)


if __name__ == "__main__":
    unittest.main()

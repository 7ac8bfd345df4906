"""zonecast export beside a real Redis, zonecastd and Kamailio: Kamailio's own module domain follows DNS, and what the
database holds is one version that was published, whatever happens to anybody.
"""

import csv
import io
import pathlib
import random
import sqlite3
import subprocess
import threading
import unittest

from setting import TEST, exported, hostile_redis, parts, publisher
from test_mirror import Mirrored

PROGRAM = parts.build_folder() / "bin/zonecast"
TABLES = tuple(exported.QUERIES)


class Exported(Mirrored):
    def export(self, redis, *options, name="export", start=True, **where):
        return self.adopt(exported.Export(self.folder / name, redis, *options, name=name, **where), start)

    def await_exported(self, export, redis):
        """Waits until the database is what Redis has."""
        def is_there():
            held, content = export.held(), redis.content()
            return held is not None and content.meta and held.tables == exported.expected_tables(content)
        self.wait(is_there, "the database to be what Redis has")

    def printed(self, redis, *options, status=0):
        done = subprocess.run([PROGRAM, "export", "--redis", f"unix:{redis.socket}", "--deployment", redis.deployment, *options],
                              capture_output=True, check=False, timeout=60)
        self.assertEqual(status, done.returncode, done.stderr)
        return done.stdout.decode() if status == 0 else done.stderr.decode()


HOSTILE = ["'", "\\", "\\'; DROP TABLE domain; --", "a,b", 'say "so"', "line\r\nline", "\x01\x1b[31m", "\u00e9\u202e\U0001f600", "", " ", "NULL",
           "=cmd()", "x" * 5000]


class Printing(Exported):
    def publish(self):
        redis = self.redis()
        by_hand = publisher.Publisher(redis)
        values = ";".join(f"value={publisher.urllib.parse.quote(value, safe='')}" for value in HOSTILE)
        by_hand.attributes["one"] = f"{values};flag=true;time=3600s;calls=7;large=3000000000"
        by_hand.dids = {"a.example": "one", "b.example": "one", "192.0.2.1": "two~2", "2001:db8::1": "two~2"}
        by_hand.publish()
        return redis

    def test_csv_is_what_is_published(self):
        redis = self.publish()
        expected = exported.expected_tables(redis.content())
        for table in TABLES:
            with self.subTest(table):
                text = self.printed(redis, "--format", "csv", "--table", table)
                header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
                self.assertEqual(exported.HEADERS[table], header)
                self.assertEqual([tuple(map(str, row)) for row in expected[table]], [tuple(row) for row in rows])
        folder = self.folder / "csv"
        self.printed(redis, "--format", "csv", "--output", folder)
        self.assertEqual(sorted(f"{table}.csv" for table in TABLES), sorted(file.name for file in folder.iterdir()))
        self.assertEqual(text.encode(), (folder / "uid_domain_attrs.csv").read_bytes())

    def test_sql_makes_kamailios_tables_what_is_published(self):
        redis = self.publish()
        expected = exported.expected_tables(redis.content())
        file = self.folder / "export.sql"
        self.printed(redis, "--output", file)
        text = self.printed(redis)
        self.assertEqual(text.encode(), file.read_bytes())
        created = "".join(pathlib.Path(f"/usr/share/kamailio/db_sqlite/{name}-create.sql").read_text()
                          for name in ("standard", "domain", "uid_domain"))
        database = sqlite3.connect(self.folder / "stock.db")
        self.addCleanup(database.close)
        database.executescript(created)
        database.executescript("INSERT INTO domain (domain) VALUES ('old.example')")
        database.executescript(text)
        for table, query in exported.QUERIES.items():
            self.assertEqual(expected[table], database.execute(query).fetchall(), table)
        only = self.printed(redis, "--table", "domain")
        self.assertNotIn("uid_domain", only)
        database.executescript(only)

    def test_what_cannot_be_exported_is_explained(self):
        redis = self.redis(start=False)
        self.assertIn("nothing to export: ", self.printed(redis, "--timeout", "300", status=3))
        redis.start()
        self.assertIn("nothing to export: nothing is published", self.printed(redis, "--timeout", "300", status=3))
        publisher.Publisher(redis).host("a.example", "a")
        redis.ask("HSET", redis.key("domain"), "evil.example", "did=a;state=hosted;transports=udp;role=primary")
        self.assertIn("somebody else wrote there", self.printed(redis, "--timeout", "1500", status=3))
        redis.ask("HDEL", redis.key("domain"), "evil.example")
        nowhere = self.folder / "nowhere/file"
        self.assertIn(str(nowhere), self.printed(redis, "--output", nowhere, status=3))
        self.assertIn(str(nowhere), self.printed(redis, "--format", "csv", "--output", nowhere, status=3))
        with open("/dev/full", "wb") as out:
            full = subprocess.run([PROGRAM, "export", "--redis", f"unix:{redis.socket}", "--deployment", redis.deployment],
                                  stdout=out, stderr=subprocess.PIPE, check=False, timeout=20)
        self.assertEqual((3, b"zonecast: standard output: it cannot be written\n"), (full.returncode, full.stderr))

    def test_a_command_line_that_is_wrong_is_explained(self):
        database = f"sqlite:{self.folder}/x.db"
        for words in (("--format", "xml"), ("--format", "csv"), ("--format", "csv", "--table", "domain", "--table", "uid_domain"),
                      ("--table", "users"), ("--follow",), ("--db", database), ("--follow", "--db", "mysql://x"),
                      ("--follow", "--db", "sqlite:"), ("--follow", "--db", database, "--format", "sql"),
                      ("--follow", "--db", database, "--table", "domain"), ("--redis", "nowhere"), ("--deployment", "a b"),
                      ("--follow", "--db", database, "--kamailio-rpc", "nowhere"),
                      ("--follow", "--db", database, "--reload-interval", "0")):
            with self.subTest(words):
                done = subprocess.run([PROGRAM, "export", *words], capture_output=True, text=True, check=False, timeout=20)
                self.assertEqual(2, done.returncode, done.stderr)
                self.assertTrue(done.stderr.strip())


class Kamailio(Exported):
    """Kamailio's own module, with a script that never changes."""

    def set_up(self):
        redis = self.redis(persistent=True)
        self.publisher(redis)
        rpc = self.folder / "kamailio/kamailio_rpc.sock"
        export = self.export(redis, "--reload-interval", "0.2", rpc=rpc)
        self.await_exported(export, redis)
        kamailio = self.adopt(exported.StockKamailio(self.folder / "kamailio", export.database), start=True)
        self.assertEqual(rpc, kamailio.rpc)
        return redis, export, kamailio

    def await_status(self, kamailio, status, domain):
        self.wait(lambda: kamailio.status(domain) == status, f"{status} for {domain}")

    def test_lookup_domain_follows_dns(self):
        redis, export, kamailio = self.set_up()
        answer = kamailio.look_up("ACME.example")
        self.assertEqual((200, "acme.example", "Hello World", "7"),
                         (answer.status, answer.get("X-DID"), answer.get("X-Greeting"), answer.get("X-Calls")))
        self.assertEqual(404, kamailio.status("lab.acme.example"))
        self.add("lab")
        self.await_status(kamailio, 200, "lab.acme.example")
        self.assertEqual("lab.acme.example", kamailio.look_up("lab.acme.example").get("X-DID"))
        self.knotd.edit("acme.example", ("unset", "_sipvhost", "TXT"),
                        ("set", "_sipvhost", "3600", "TXT", '"v=sipvhost1; max_calls=8"'))
        self.wait(lambda: kamailio.look_up("acme.example").get("X-Calls") == "8", "the attribute")
        # That there is no such service is positive evidence: it goes at once.
        self.knotd.edit("acme.example", ("unset", "_sip._udp.lab", "SRV"), ("set", "_sip._udp.lab", "3600", "SRV", "0 0 0 ."))
        self.await_status(kamailio, 404, "lab.acme.example")
        self.assertEqual(200, kamailio.status("globex.example"))
        self.await_exported(export, redis)
        self.assertEqual(1, export.loads(), "it follows by the log")
        self.assertEqual([], export.said("refuses"))

    def test_a_redis_that_restarts_changes_nothing_and_is_followed_on(self):
        redis, export, kamailio = self.set_up()
        redis.kill()
        self.wait(lambda: export.said("the database stays as it is: Redis at"), "trouble")
        self.assertEqual(200, kamailio.status("acme.example"))
        self.add("lab")
        redis.start()
        self.await_status(kamailio, 200, "lab.acme.example")
        self.await_exported(export, redis)
        self.assertEqual(1, export.loads())

    def test_a_kamailio_that_is_gone_or_refuses_is_told_when_it_is_back(self):
        redis, export, kamailio = self.set_up()
        kamailio.kill()
        self.add("lab")
        self.wait(lambda: export.said("Kamailio goes on with the domains it has: socket"), "the trouble")
        self.await_domains(redis, self.with_more("lab"))
        self.await_exported(export, redis)
        kamailio.start()
        self.assertEqual(200, kamailio.status("lab.acme.example"))
        # A row that it does not understand: it refuses.
        with sqlite3.connect(export.database) as database:
            database.execute("INSERT INTO domain_attrs (did, name, type, value) VALUES ('globex.example', 'bad', 0, 'x')")
        database.close()
        self.add("pub")
        self.wait(lambda: export.said("Kamailio goes on", "Kamailio refuses domain.reload: Reload of domain tables failed"), "refusal")
        self.assertEqual(404, kamailio.status("pub.acme.example"))
        with sqlite3.connect(export.database) as database:
            database.execute("DELETE FROM domain_attrs WHERE name = 'bad'")
        database.close()
        self.await_status(kamailio, 200, "pub.acme.example")

    def test_attributes_are_what_kamailio_can_hold(self):
        redis = self.redis()
        by_hand = publisher.Publisher(redis)
        by_hand.host("a.example", "a~2", "qop=auth;qop=auth-int;digest.realm=Realm;max_calls=7;greeting=;large=3000000000;low=-5")
        export = self.export(redis, "--reload-interval", "0.2", rpc=self.folder / "kamailio/kamailio_rpc.sock")
        self.await_exported(export, redis)
        kamailio = self.adopt(exported.StockKamailio(self.folder / "kamailio", export.database), start=True)
        answer = kamailio.look_up("a.example")
        self.assertEqual(("a~2", "", "7", "auth, auth-int first auth", "Realm"),
                         tuple(answer.get(name) for name in ("X-DID", "X-Greeting", "X-Calls", "X-QoP", "X-Dotted")))
        by_hand.set("a~2", f"greeting={'y' * 1000};largest=9223372036854775807")
        self.wait(lambda: kamailio.look_up("a.example").get("X-Greeting") == "y" * 1000, "the value")
        by_hand.remove("a.example")
        self.await_status(kamailio, 404, "a.example")


class Following(Exported):
    def test_retiring_domains_stay_and_are_disabled_for_uid_domain(self):
        redis = self.redis()
        by_hand = publisher.Publisher(redis)
        by_hand.dids = {"a.example": "one", "b.example": "one"}
        by_hand.publish()
        export = self.export(redis)
        for retiring in ({"b.example"}, {"a.example", "b.example"}, set()):
            by_hand.retiring = retiring
            by_hand.publish()
            self.await_exported(export, redis)
            tables = export.held().tables
            self.assertEqual([("a.example", "one"), ("b.example", "one")], tables["domain"])
            self.assertEqual(retiring, {domain for _, domain, flags in tables["uid_domain"] if flags & exported.DISABLED})

    def test_the_user_that_we_ship_for_mirrors_can_export(self):
        acl = (TEST.parent / "config/redis/users.acl").read_text().replace("{main}", "{test}")
        (self.folder / "users.acl").write_text(acl)
        redis = self.redis(options=("--aclfile", self.folder / "users.acl"), user="admin", password="CHANGE-ME-ADMIN")
        (self.folder / "mirror.password").write_text("CHANGE-ME-MIRROR\n")
        by_hand = publisher.Publisher(redis)
        by_hand.host("a.example", "a")
        export = self.export(redis, "--user", "mirror", "--password-file", self.folder / "mirror.password")
        self.await_exported(export, redis)
        by_hand.host("b.example", "b")
        self.await_exported(export, redis)
        self.assertEqual([], export.said("NOPERM"))

    def test_a_gap_a_swap_and_a_lineage_replace_everything_at_once(self):
        redis = self.redis()
        by_hand = publisher.Publisher(redis)
        by_hand.host("a.example", "a")
        export = self.export(redis)
        self.await_exported(export, redis)
        export.stop()
        by_hand.host("b.example", "b")
        by_hand.host("c.example", "c")
        redis.ask("XDEL", redis.key("log"), "2-1")
        export.start()
        self.await_exported(export, redis)
        another = publisher.Publisher(redis)
        redis.ask("DEL", redis.key("log"))
        another.host("z.example", "z")
        self.await_exported(export, redis)
        self.assertEqual((another.lineage, 1), export.held()[:2])
        self.assertEqual(3, export.loads())

    def test_a_database_that_somebody_writes_to_is_waited_for(self):
        redis = self.redis()
        by_hand = publisher.Publisher(redis)
        by_hand.host("a.example", "a")
        export = self.export(redis)
        self.await_exported(export, redis)
        before = export.held()
        other = sqlite3.connect(export.database, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        by_hand.host("b.example", "b")
        self.wait(lambda: export.said("the database stays as it is", "is locked"), "trouble")
        self.assertEqual(before, export.held())
        other.execute("ROLLBACK")
        self.await_exported(export, redis)

    def test_what_cannot_be_written_to_is_refused_at_once(self):
        redis = self.redis()
        publisher.Publisher(redis).host("a.example", "a")
        export = self.export(redis)
        self.await_exported(export, redis)
        foreign = self.folder / "foreign.db"
        with sqlite3.connect(foreign) as database:
            database.executescript("CREATE TABLE domain (id INTEGER PRIMARY KEY, domain VARCHAR(64) UNIQUE, did VARCHAR(64),"
                                   " last_modified TEXT); INSERT INTO domain (domain) VALUES ('mine.example')")
        database.close()
        for name, path, why in (("second", export.database, "another export writes it"),
                                ("foreign", foreign, "rows that zonecast did not write"),
                                ("nowhere", "/nonexistent/x.db", "/nonexistent/x.db")):
            with self.subTest(name):
                refused = self.export(redis, name=name, database=path, start=False)
                refused.spawn(*refused.command)
                self.assertEqual(3, refused.process.wait(20))
                self.assertTrue(refused.said("cannot start: ", why))
        self.assertEqual([("mine.example", None)], sqlite3.connect(foreign).execute("SELECT domain, did FROM domain").fetchall())

    def test_killed_at_any_time_the_database_is_one_published_version(self):
        """What Redis holds is noted at each version, by number: whatever the database holds must be one of them."""
        redis = self.redis()
        by_hand = publisher.Publisher(redis)
        published = {}
        seed = random.randrange(2 ** 32)
        print(f"seed {seed}", flush=True)
        dice = random.Random(seed)

        def publish():
            for _ in range(dice.randrange(1, 40)):
                name = f"d{dice.randrange(60)}.example"
                if name in by_hand.dids and dice.random() < 0.5:
                    del by_hand.dids[name]
                else:
                    by_hand.dids[name] = did = f"did{dice.randrange(20)}"
                    by_hand.attributes[did] = f"calls={dice.randrange(1000)};name=it%27s%20{dice.randrange(9)}"
            by_hand.publish()
            published[by_hand.version] = exported.expected_tables(redis.content())

        def assert_whole(held):
            if held is not None:
                self.assertEqual(by_hand.lineage, held.lineage)
                self.assertEqual(published[held.version], held.tables, f"version {held.version}")
            return held

        publish()
        export = self.export(redis)
        self.wait(export.held, "a version")
        versions = set()
        for _ in range(25):
            stop = threading.Event()
            killer = threading.Timer(dice.uniform(0, 0.15), lambda: (export.process.kill(), stop.set()))
            killer.start()
            while not stop.is_set():
                publish()
            killer.join()
            export.stop()
            if dice.random() < 0.2:
                redis.ask("XTRIM", redis.key("log"), "MAXLEN", 0)
                publish()
            held = assert_whole(export.held())
            versions.add(held and held.version)
            export.spawn(*export.command)
        self.wait(lambda: (held := assert_whole(export.held())) and held.version == by_hand.version, "the newest")
        self.assertGreater(len(versions), 5)

    def test_a_redis_that_answers_anything_does_an_export_no_harm(self):
        beside = []
        for seed in range(4):
            redis = self.redis(f"redis{seed}", start=False)
            server = hostile_redis.HostileRedis(self.folder / f"hostile{seed}.sock", seed)
            self.addCleanup(server.stop)
            beside.append((server, self.export(redis, name=f"export{seed}", socket=self.folder / f"hostile{seed}.sock")))
        for server, export in beside:
            self.wait(lambda server=server: server.commands > 12, "a dozen questions", 60)
            self.assertEqual(0, export.stop())

    def test_help_tells_of_every_option(self):
        text = subprocess.run([PROGRAM, "export", "--help"], capture_output=True, text=True, check=True, timeout=20).stdout
        for word in ("--redis", "--format", "--table", "--output", "--follow", "--db", "--kamailio-rpc", "--reload-interval",
                     "EXIT STATUS", "EXAMPLES", *TABLES):
            self.assertIn(word, text)


if __name__ == "__main__":
    unittest.main()

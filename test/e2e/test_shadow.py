"""`publish: shadow` and `zonecast compare`: what zonecastd would publish is seen, and nothing of it happens."""

import copy
import json
import sqlite3
import subprocess
import unittest
import urllib.error
import urllib.request

from setting import TEST, TO_EDGE, EndToEnd, hosted, parts, primaries, sip, zone

from unbound import Unbound

SAME, DIFFERENT, UNTOLD, UNREACHABLE = 0, 1, 2, 3


class Shadowed(EndToEnd):
    def shadow(self, store, customers, /, name="shadow", **sections):
        """Beside another one, with a state directory of its own; it may only read."""
        rules = next(line for line in (TEST.parent / "config/redis/users.acl").read_text().splitlines() if line.startswith("user shadow "))
        store.ask("ACL", "SETUSER", "shadow", *rules.replace("{main}", f"{{{store.deployment}}}").replace("CHANGE-ME-SHADOW", "secret").split()[2:])
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "redis.password").write_text("secret\n")
        sections = {"publish": "shadow", "redis": {"user": "shadow", "password_file": "redis.password"}} | sections
        return self.daemon(store, customers, name=name, metrics=True, **sections)

    def primary_of(self, port=None, **zones):
        return self.knot({name.replace("_", "."): zone(name.replace("_", "."), *records) for name, records in zones.items()},
                         notify=port)

    def compare(self, daemon, store, *options):
        to = options or ("--redis", f"unix:{store.socket}", "--deployment", store.deployment)
        done = daemon.ask("compare", *to, check=False)
        as_json = daemon.ask("--json", "compare", *to, check=False)
        self.assertEqual(done.returncode, as_json.returncode)
        told = json.loads(as_json.stdout) if as_json.returncode in (SAME, DIFFERENT) else as_json.stderr
        return done.returncode, done.stdout + done.stderr, told

    def await_compared(self, code, daemon, store, *options):
        self.wait(lambda: self.compare(daemon, store, *options)[0] == code, f"compare to end with {code}")
        return self.compare(daemon, store, *options)[1:]

    @staticmethod
    def keyspace(store):
        """Every key with its whole content."""
        return {key: store.ask("DUMP", key) for key in sorted(store.ask("KEYS", "*"))}


class Beside(Shadowed):
    def setUp(self):
        self.store = self.redis()
        self.port = parts.free_port()
        self.primary = self.primary_of(self.port, acme_example=sip("@", "a") + ['_sipvhost TXT "v=sipvhost1; max_calls=7"'],
                                       globex_example=sip("@"))
        self.customers = {name: self.customer([f"{name}.example"], self.primary) for name in ("acme", "globex")}
        self.live = self.daemon(self.store, self.customers, notify=self.port)
        self.domains = {"acme.example": hosted("acme.example"), "a.acme.example": hosted("a.acme.example"),
                        "globex.example": hosted("globex.example")}
        self.await_domains(self.store, self.domains)

    def test_it_may_only_read_and_says_so_everywhere(self):
        self.live.stop()  # so that nobody else writes
        before = self.keyspace(self.store)
        self.store.ask("CONFIG", "RESETSTAT")
        shadow = self.shadow(self.store, self.customers, attributes={})
        self.await_settled(shadow)
        status = shadow.json("status")
        self.assertTrue(status["shadow"])
        self.assertEqual("0", status["term"])
        self.assertIn("SHADOW", shadow.ask("status").stdout)
        self.await_said(shadow, "publish: shadow", "nothing is published")
        self.await_metric(shadow, 1, "zonecast_shadow")
        url = f"http://127.0.0.1:{shadow.metrics_port}"
        with urllib.request.urlopen(f"{url}/v1/status", timeout=10) as page:
            self.assertIs(True, json.load(page)["shadow"])
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{url}/readyz", timeout=10)
        with refused.exception as answer:
            self.assertEqual(503, answer.code)
            self.assertIn("publish: shadow", json.load(answer)["reason"])
        with urllib.request.urlopen(f"{url}/healthz", timeout=10) as page:
            self.assertEqual(200, page.status)
        self.assertEqual(SAME, self.compare(shadow, self.store)[0])
        shadow.stop()
        self.assertEqual(before, self.keyspace(self.store))
        called = {line.split(":")[0] for line in self.store.cli("INFO", "commandstats").splitlines() if line.startswith("cmdstat_")}
        ours = {"acl|setuser", "keys", "dump", "info", "config|resetstat", "auth"}
        reads = {"hgetall", "hlen", "hscan", "xinfo|stream", "time", "xread", "ping"}
        self.assertEqual(set(), {name.removeprefix("cmdstat_") for name in called} - ours - reads)
        self.assertEqual([], shadow.said("NOPERM"))

    def test_the_difference_of_a_configuration_is_seen_and_goes_with_the_edit(self):
        customers = copy.deepcopy(self.customers)
        customers["acme"]["attributes"] = {"max_calls": "9"}
        static = [{"did": "office", "domains": ["office.example"], "customer": "acme"}]
        del customers["globex"]
        shadow = self.shadow(self.store, customers, static=static)
        self.await_settled(shadow)
        said, told = self.await_compared(DIFFERENT, shadow, self.store)
        self.assertRegex(said, r"(?m)^only here: 1\n  \+ office\.example  hosted udp,tcp primary did=office$")
        self.assertRegex(said, r"(?m)^only there: 1\n  - globex\.example  was hosted udp primary did=globex\.example$")
        self.assertRegex(said, r"(?m)^  ~ DID acme\.example  max_calls=7 -> max_calls=9$")
        self.assertRegex(said, r"2 domains alike, 1 only here, 1 only there, 0 different; 2 virtual domains different")
        self.assertIs(True, told["shadow"])
        self.assertEqual(["globex.example"], [one["domain"] for one in told["only_there"]])
        # The live one gets the same configuration; it goes on from there, and nothing of it was the shadow's doing.
        self.live.stop()
        config = json.loads(self.live.config_text)
        again = self.daemon(self.store, customers, name="again", notify=self.port, static=static,
                            state_directory=str(self.live.folder / config["state_directory"]))
        self.await_settled(again)
        said, _ = self.await_compared(SAME, shadow, self.store)
        self.assertNotIn("only", said.splitlines()[0])
        self.assertEqual(SAME, self.compare(again, self.store)[0])

    def test_an_edit_is_followed_by_both(self):
        shadow = self.shadow(self.store, self.customers)
        self.await_settled(shadow)
        self.assertEqual(SAME, self.compare(shadow, self.store)[0])
        self.primary.edit("acme.example", ("unset", "_sip._udp.a", "SRV"), ("set", "_sip._udp.b", 3600, "SRV", TO_EDGE))
        self.await_domains(self.store, {"acme.example": hosted("acme.example"), "b.acme.example": hosted("b.acme.example"),
                                        "globex.example": hosted("globex.example")})
        self.assertEqual(DIFFERENT, self.compare(shadow, self.store)[0])
        shadow.ask("zone-refresh", "acme.example")
        self.await_compared(SAME, shadow, self.store)
        self.assertEqual("shadow", shadow.json("status")["lineage"])
        self.assertTrue(shadow.said("would be published"))

    def test_nothing_is_kept_of_it_and_the_switch_to_live_is_a_first_start(self):
        self.live.stop()
        before = self.store.content()
        shadow = self.shadow(self.store, self.customers, brake={"customer_min": 0, "total_min": 0})
        self.await_settled(shadow)
        self.primary.edit("globex.example", ("set", "_sip._udp.new", 3600, "SRV", TO_EDGE))
        shadow.ask("zone-refresh", "globex.example")
        self.wait(lambda: shadow.json("status")["domains"] == "4", "the edit")
        refused = shadow.ask("history", "new.globex.example", check=False)
        self.assertIn("no history is kept", refused.stderr)
        shadow.stop()
        self.assert_untouched(before, self.store)
        live = self.daemon(self.store, self.customers, name="switched", state_directory=str(shadow.folder / "state"))
        after = self.await_domains(self.store, self.domains | {"new.globex.example": hosted("new.globex.example")})
        self.await_settled(live)
        self.assertEqual(before.meta["lineage"], after.meta["lineage"])
        self.assertEqual(int(before.meta["version"]) + 1, int(after.meta["version"]))
        self.assertEqual("0", live.json("status")["dids_disputed"])

    def test_a_reload_does_not_begin_to_publish(self):
        shadow = self.shadow(self.store, self.customers)
        self.await_settled(shadow)
        config = json.loads(shadow.config_text)
        config["publish"] = "live"
        shadow.config.write_text(json.dumps(config))
        done = shadow.ask("reload", check=False)
        self.assertEqual(5, done.returncode)
        self.assertIn("publish: shadow -> live", done.stdout + done.stderr)

    def test_redis_that_is_away_is_waited_for(self):
        self.live.stop()  # else it gives back what Redis lost
        self.store.stop()
        shadow = self.daemon(self.store, self.customers, name="waiting", publish="shadow")
        self.wait(lambda: shadow.said("store:"), "trouble to be told")
        self.assertEqual(UNTOLD, self.compare(shadow, self.store)[0])
        self.store.start()  # and it is empty
        self.await_settled(shadow)
        said, _ = self.await_compared(DIFFERENT, shadow, self.store)
        self.assertIn("only here: 3\n", said)
        self.assertIn("there: Redis, where nothing is published", said)
        self.assertEqual([], self.store.ask("KEYS", "*"))
        shadow.stop()
        self.assertEqual(UNREACHABLE, self.compare(shadow, self.store)[0])


class Pages(Shadowed):
    def test_of_many_domains_each_is_compared_once(self):
        count = 1200
        # Some 3 KiB of attributes each, so that a page ends by its octets, too.
        claim = " ".join(f'"a{k}={"x" * 180}; "' for k in range(2, 18))
        records = [line for n in range(count) for line in (*sip(f"d{n}"), f'_sipvhost.d{n} TXT "v=sipvhost1; a1={n}; " {claim}')]
        attributes = {f"a{k}": {"type": "string", "max": 200, "setter": "customer"} for k in range(1, 18)}
        claims = {"octets_max": 8192}
        store = self.redis()
        customers = {"acme": self.customer(["acme.example"], self.primary_of(acme_example=records))}
        live = self.daemon(store, customers, attributes=attributes, claims=claims)
        self.wait(lambda: live.json("status")["domains"] == str(count), "the domains")
        self.await_settled(live)
        code, said, told = self.compare(live, store)
        self.assertEqual((SAME, str(count)), (code, told["alike"]), said)
        content = store.content()
        did = f"d{count - 1}.acme.example"
        self.assertIn(f"a1={count - 1}", str(content.attributes()[did]))
        store.ask("DEL", *store.ask("KEYS", "*"))
        live.stop()
        shadow = self.shadow(store, customers, attributes=attributes, claims=claims)
        self.wait(lambda: shadow.json("status")["domains"] == str(count), "the domains")
        told = self.compare(shadow, store)[2]
        self.assertEqual(count, len({one["domain"] for one in told["only_here"]}))


class Discovered(Shadowed):
    def test_domains_that_workers_meet_are_seen_and_nobody_is_answered(self):
        authority = self.primary(primaries.Nsd, {"new.example": zone("new.example", *sip("@")), "far.example": zone("far.example")}, "nsd")
        unbound = self.adopt(Unbound(self.folder / "unbound", dict.fromkeys(authority.zones, authority.port)), True)
        store = self.redis()
        shadow = self.shadow(store, {}, resolver={"servers": [f"127.0.0.1:{unbound.port}"]}, discovery={"mode": "open"})
        self.await_settled(shadow)
        for name in ("far.example", "new.example"):
            store.ask("XADD", store.key("wanted"), "*", "domain", name, "worker", "w")
        self.wait(lambda: "new.example" in shadow.ask("domain-list").stdout, "the domain")
        self.wait(lambda: shadow.json("status")["domains_wanted"] == "0", "both to be looked up")
        self.assertEqual([store.key("wanted").encode()], store.ask("KEYS", "*"))
        self.assertIn("only here: 1\n  + new.example ", self.compare(shadow, store)[1])
        self.assertEqual([], shadow.said("NOPERM"))  # it did not even try


class DomainTable(Shadowed):
    """Kamailio's own table, which somebody keeps by hand."""

    def setUp(self):
        self.store = self.redis()
        primary = self.primary_of(acme_example=sip("@", "a") + ['_sipvhost TXT "v=sipvhost1; max_calls=7; greeting=hello"'])
        self.shadowed = self.shadow(self.store, {"acme": self.customer(["acme.example"], primary)},
                                    static=[{"did": "office", "domains": ["2001:db8::1"], "customer": "acme"}])
        self.wait(lambda: self.shadowed.json("status")["domains"] == "3", "the domains")
        self.database = self.folder / "kamailio.db"

    def stock(self, *statements):
        self.database.unlink(missing_ok=True)
        with sqlite3.connect(self.database) as database:
            for name in ("standard", "domain"):
                with open(f"/usr/share/kamailio/db_sqlite/{name}-create.sql", encoding="utf-8") as script:
                    database.executescript(script.read())
            for statement in statements:
                database.execute(statement)
        database.close()

    def table(self, where):
        return self.compare(self.shadowed, self.store, "--domain-table", where)

    def test_sqlite_with_attributes(self):
        self.stock("INSERT INTO domain (domain, did) VALUES ('ACME.example', NULL), ('old.example', 'old'), "
                   "('a.acme.example', 'acme'), ('[2001:DB8::1]', 'office')",
                   "INSERT INTO domain_attrs (did, name, type, value) VALUES ('acme.example', 'max_calls', 0, '8'), "
                   "('acme.example', 'greeting', 2, 'hello'), ('office', 'max_calls', 0, '30'), ('nobody', 'x', 2, 'y')")
        code, said, told = self.table(f"sqlite:{self.database}")
        self.assertEqual(DIFFERENT, code)
        self.assertRegex(said, r"(?m)^only there: 1\n  - old\.example  was did=old$")
        self.assertRegex(said, r"(?m)^  ~ a\.acme\.example  did=acme -> did=a\.acme\.example$")
        self.assertRegex(said, r"(?m)^  ~ DID acme\.example  greeting=hello max_calls=8 -> greeting=hello max_calls=7$")
        self.assertEqual(([], "2"), (told["only_here"], told["alike"]))
        self.assertIn("with attributes", told["there"])

    def test_a_table_that_agrees(self):
        self.stock("INSERT INTO domain (domain, did) VALUES ('acme.example', NULL), ('a.acme.example', ''), ('[2001:db8::1]', 'office')",
                   "DROP TABLE domain_attrs")
        before = self.database.read_bytes()
        self.assertEqual(SAME, self.table(f"sqlite:{self.database}")[0])
        self.assertEqual(before, self.database.read_bytes())

    def test_what_zonecast_exports_is_alike(self):
        live = self.daemon(self.store, json.loads(self.shadowed.config_text)["customers"], name="live")
        self.wait(lambda: live.json("status")["domains"] == "2", "the domains")
        at = ("--redis", f"unix:{self.store.socket}", "--deployment", self.store.deployment)
        self.stock()
        with sqlite3.connect(self.database) as database:
            database.executescript("\n".join(live.ask("export", *at, "--table", table).stdout for table in ("domain", "domain_attrs")))
        database.close()
        told = self.compare(live, self.store, "--domain-table", f"sqlite:{self.database}")
        self.assertEqual((SAME, "2"), (told[0], told[2]["alike"]), told[1])
        text = self.folder / "domain.csv"
        text.write_text(live.ask("export", *at, "--format", "csv", "--table", "domain").stdout)
        self.assertEqual(SAME, self.compare(live, self.store, "--domain-table", text)[0])

    def test_text_that_mysql_prints(self):
        text = self.folder / "domains.txt"
        text.write_text("id\tdomain\tdid\n1\tacme.example\tNULL\n2\ta.acme.example\ta.acme.example\n3\t[2001:db8::1]\toffice\n")
        self.assertEqual(SAME, self.table(text)[0])

    def test_what_cannot_be_read_is_explained(self):
        text = self.folder / "domains.csv"
        for content, why in (("", "domains.csv:1: it is empty"), ("a,b\n", "domains.csv:1: a line of columns"),
                             ("domain,did\nx.example\n", "domains.csv:2: 2 cells"),
                             ("domain\na.example\nA.example\n", "domains.csv:3: domain a.example stands there twice"),
                             ('domain\n"a.example\n\n', "domains.csv:2: a quote is opened"),
                             ("domain\n" + "x" * 300 + "\n", "domains.csv:2: the domain has 300 octets"),
                             ("domain\n" + "x" * 70000 + "\n", "domains.csv:2: a row of more than 65536 octets")):
            text.write_text(content)
            code, said, _ = self.table(text)
            self.assertEqual(UNTOLD, code, said)
            self.assertIn(why, said)
        code, said, _ = self.table(self.folder / "nowhere.csv")
        self.assertEqual((UNTOLD, True), (code, "No such file" in said))
        code, said, _ = self.table(self.folder)
        self.assertEqual((UNTOLD, True), (code, ":1: it cannot be read on" in said), said)
        done = self.shadowed.ask("compare", "--domain-table", text, "--redis", f"unix:{self.store.socket}", check=False)
        self.assertEqual((UNTOLD, True), (done.returncode, "excludes" in done.stderr), done.stderr)
        code, said, _ = self.table(f"sqlite:{self.folder}/nowhere.db")
        self.assertEqual((UNTOLD, True), (code, "nowhere.db" in said))
        self.assertFalse((self.folder / "nowhere.db").exists())
        code, said, _ = self.table(f"sqlite:{text}")
        self.assertEqual((UNTOLD, True), (code, "not a database" in said), said)


if __name__ == "__main__":
    unittest.main()

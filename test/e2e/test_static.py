"""Static virtual domains: what stands in the configuration is published, found by proxies and comes and goes by a
reload, beside what DNS says and without it.
"""

import json
import subprocess
import unittest

from setting import EDGE, EndToEnd, exported, hosted, parts, sip, zone

PROGRAM = parts.build_folder() / "bin/zonecast"
BOTH = "udp,tcp"
OFFICE = {"did": "office", "domains": ["192.0.2.1", "[2001:DB8:0::1]", "desk.iptel.example"], "customer": "acme"}
OFFICES = {host: hosted("office", BOTH) for host in ("192.0.2.1", "2001:db8::1", "desk.iptel.example")}
CLAIM = '_sipvhost IN TXT "v=sipvhost1; did=office; greeting=hello"'


class Static(EndToEnd):
    def set_up(self, statics, records=(), serves=True, **sections):
        self.store = self.redis()
        self.port = parts.free_port()
        zones = {"iptel.example": zone("iptel.example", *sip("@"), *records)}
        self.server = self.knot(zones, notify=self.port, start=serves)
        return self.daemon(self.store, {"acme": self.customer(zones, self.server)}, notify=self.port, static=statics,
                           **sections)

    def reload(self, daemon, statics):
        config = json.loads(daemon.config_text)
        config["static"] = statics
        daemon.config_text = json.dumps(config, indent=1)
        daemon.config.write_text(daemon.config_text)
        done = daemon.ask("reload", check=False)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def looked_up(self, mirror, host):
        done = subprocess.run([PROGRAM, "--json", "lookup", "--table", mirror.table, host], capture_output=True,
                              check=False, timeout=60)
        told = json.loads(done.stdout)
        return told["domain"]["did"] if told["answer"] == "hosted" else told["answer"]

    def test_names_and_addresses_are_one_virtual_domain_for_every_reader(self):
        daemon = self.set_up([{**OFFICE, "domains": OFFICE["domains"][:2]}], [CLAIM, *sip("desk"), CLAIM.replace("_sipvhost", "_sipvhost.desk", 1)])
        addresses = {host: OFFICES[host] for host in ("192.0.2.1", "2001:db8::1")}
        names = dict.fromkeys(("iptel.example", "desk.iptel.example"), hosted("office"))
        content = self.await_domains(self.store, {**names, **addresses})
        self.assertEqual("greeting=hello;max_calls=30", content.attributes()["office"])
        self.assertEqual("iptel.example", daemon.json("domain-show", "[2001:DB8::1]")["virtual_domain"]["canonical"])
        mirror = self.mirror(self.store)
        self.wait(lambda: mirror.serves(self.store.content()), "the table to be what Redis has")
        for host in ("iptel.example", "desk.iptel.example", "192.0.2.1", "2001:db8::1", "[2001:DB8:0:0::1]"):
            self.assertEqual("office", self.looked_up(mirror, host), host)
        self.assertEqual("unknown", self.looked_up(mirror, "192.0.2.2"))
        export = self.adopt(exported.Export(self.folder / "export", self.store, "--reload-interval", "0.2",
                                            rpc=self.folder / "kamailio/kamailio_rpc.sock"), start=True)
        self.wait(lambda: export.held() is not None, "the database")
        kamailio = self.adopt(exported.StockKamailio(self.folder / "kamailio", export.database), start=True)
        for host in ("iptel.example", "192.0.2.1", "[2001:db8::1]"):
            self.wait(lambda host=host: kamailio.status(host) == 200, f"Kamailio to find {host}")

    def test_they_are_published_while_no_zone_is_there(self):
        daemon = self.set_up([{**OFFICE, "attributes": {"max_calls": 7}, "transports": ["tls"], "role": "backup"}], serves=False)
        expected = hosted("office", "tls", "backup")
        content = self.await_domains(self.store, dict.fromkeys(OFFICES, expected))
        self.assertEqual("max_calls=7", content.attributes()["office"])
        self.server.start()
        daemon.ask("zone-refresh", "iptel.example")
        self.await_domains(self.store, {"iptel.example": hosted("iptel.example"), **dict.fromkeys(OFFICES, expected)})

    def test_a_reload_adds_changes_and_removes_them(self):
        daemon = self.set_up([], sip("desk"), retire={"zone_gone": "1h"})
        learned = {name: hosted(name) for name in ("iptel.example", "desk.iptel.example")}
        self.await_domains(self.store, learned)
        self.assertIn("static office is new: 192.0.2.1", self.reload(daemon, [OFFICE]))
        self.await_domains(self.store, {**learned, **OFFICES})
        told = daemon.ask("explain", "desk.iptel.example").stdout
        self.assertIn("static, did office", told)
        self.assertIn("which customer acme speaks for, does not count", told)
        self.assertIn(f"10 5 5060 {EDGE.rstrip('.')}", told)
        said = self.reload(daemon, [{**OFFICE, "domains": OFFICE["domains"][1:], "transports": "udp"}])
        self.assertIn("static office: other domains or settings", said)
        self.wait(lambda: self.store.domains().get("2001:db8::1") == hosted("office"), "the other transports")
        self.wait(lambda: "state=retiring" in self.store.domains()["192.0.2.1"], "the address retiring")
        self.assertIn("cause=zone_gone", self.store.domains()["192.0.2.1"])
        self.assertIn("its domains leave", self.reload(daemon, []))
        self.wait(lambda: self.store.domains()["desk.iptel.example"] == hosted("desk.iptel.example"), "DNS's again")
        self.wait(lambda: "state=retiring" in self.store.domains()["2001:db8::1"], "the other address retiring")
        self.reload(daemon, [OFFICE])
        self.await_domains(self.store, {**learned, **OFFICES})

    def test_a_restart_without_them_retires_them_too(self):
        daemon = self.set_up([OFFICE])
        self.await_domains(self.store, {"iptel.example": hosted("iptel.example"), **OFFICES})
        daemon.stop()
        config = json.loads(daemon.config_text)
        del config["static"]
        daemon.config_text = json.dumps(config)
        daemon.start()
        self.await_domains(self.store, {"iptel.example": hosted("iptel.example")})


if __name__ == "__main__":
    unittest.main()

"""What became of domains: `zonecast history`, `zonecast diff` and /v1/history, from edits at a primary."""

import json
import unittest

from setting import TO_EDGE, EndToEnd, hosted, parts, sip, zone

DONE, NOT_FOUND, USAGE = 0, 1, 2


class History(EndToEnd):
    def setUp(self):
        self.store = self.redis()
        port = parts.free_port()
        self.primary = self.knot({"acme.example": zone("acme.example", *sip("@", "sales"))}, notify=port)
        self.serve(port)
        self.content = self.await_domains(self.store, {"acme.example": hosted("acme.example"),
                                                       "sales.acme.example": hosted("sales.acme.example")})

    def serve(self, port, **sections):
        self.secondary = self.daemon(self.store, {"acme": {**self.customer(["acme.example"], self.primary), "dids": ["shop"]}},
                                     notify=port, metrics=True, **sections)

    def ask(self, status, *command):
        done = self.secondary.ask(*command, check=False)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        return done.stdout or done.stderr

    def entries(self, domain):
        done = self.secondary.ask("--json", "history", domain, check=False)
        return json.loads(done.stdout)["entries"] if done.returncode == DONE else []

    def await_history(self, domain, *what):
        """Its entries, once they are these: history is written a moment after what it tells."""
        self.wait(lambda: [entry["what"] for entry in self.entries(domain)] == list(what), f"{domain}: {what}")
        return self.entries(domain)

    def edit(self, domains, *changes):
        self.primary.edit("acme.example", *changes)
        self.content = self.await_domains(self.store, domains)

    def test_a_domains_life(self):
        apex = {"acme.example": hosted("acme.example")}
        first = self.content.meta["version"]
        self.edit(apex | {"sales.acme.example": hosted("shop")},
                  ("set", "_sipvhost.sales", "3600", "TXT", '"v=sipvhost1; did=shop"'))
        moved = self.content.meta["version"]
        self.edit(apex, ("unset", "_sip._udp.sales", "SRV"), ("set", "_sip._udp.sales", "3600", "SRV", "10 5 5060 pbx"),
                  ("set", "pbx", "3600", "A", "198.51.100.7"))
        self.edit(apex | {"sales.acme.example": hosted("shop")}, ("unset", "_sip._udp.sales", "SRV"),
                  ("set", "_sip._udp.sales", "3600", "SRV", TO_EDGE))
        entries = self.await_history("sales.acme.example", "hosted", "moved", "removed", "returned")
        self.assertEqual([f"zone acme.example serial {serial}" for serial in (1, 2, 3, 4)], [e["source"] for e in entries])
        self.assertEqual(["_sip._udp.sales.acme.example SRV: 10 5 5060 sip.provider.example",
                          '_sipvhost.sales.acme.example TXT: "v=sipvhost1; did=shop"', "pbx.acme.example A: 198.51.100.7",
                          "_sip._udp.sales.acme.example SRV: 10 5 5060 sip.provider.example"], [e["record"] for e in entries])
        self.assertEqual((first, moved), (entries[0]["version"], entries[1]["version"]))

        text = self.ask(DONE, "history", "sales.acme.example")
        self.assertRegex(text, rf"(?m)^\d{{4}}-.*Z  version {moved}  moved from did=sales\.acme\.example: hosted udp primary did=shop$")
        self.assertRegex(text, r"(?m)^    pbx\.acme\.example A: 198\.51\.100\.7  \[zone acme\.example serial 3\]$")
        self.assertEqual(entries, self.web("/v1/history/sales.acme.example")["entries"])
        self.assertIn("nothing is kept of never.example", self.ask(NOT_FOUND, "history", "never.example"))
        self.ask(USAGE, "history", "not a domain")

        last = self.content.meta["version"]
        self.assertRegex(self.ask(DONE, "diff", first, moved),
                         r"^~ sales\.acme\.example  .*did=sales\.acme\.example -> .*did=shop\n    version \d+: _sipvhost\.sales.*\n$")
        self.assertEqual("nothing changed\n", self.ask(DONE, "diff", moved, last))
        self.assertEqual(["+ acme.example", "+ sales.acme.example"],
                         [line.split("  ")[0] for line in self.ask(DONE, "diff", "0", last).splitlines()[::2]])
        self.assertEqual(["sales.acme.example"], [line["domain"] for line in json.loads(self.ask(DONE, "--json", "diff", first, moved))])
        self.ask(USAGE, "diff", last, first)
        self.assertIn("not published yet", self.ask(NOT_FOUND, "diff", first, "1000000"))

    def web(self, path):
        import urllib.request
        with urllib.request.urlopen(f"http://127.0.0.1:{self.secondary.metrics_port}{path}", timeout=10) as answer:
            return json.load(answer)

    def test_it_survives_a_restart_and_keeps_so_many(self):
        self.await_history("sales.acme.example", "hosted")
        self.assertEqual(0, self.secondary.stop())
        config = json.loads(self.secondary.config_text)
        config["history"] = {"per_domain": 2}
        self.secondary.config_text = json.dumps(config)
        self.secondary.start()
        self.await_history("sales.acme.example", "hosted")
        apex = {"acme.example": hosted("acme.example")}
        for _ in range(2):
            self.edit(apex, ("unset", "_sip._udp.sales", "SRV"))
            self.edit(apex | {"sales.acme.example": hosted("sales.acme.example")}, ("set", "_sip._udp.sales", "3600", "SRV", TO_EDGE))
        self.await_history("sales.acme.example", "removed", "returned")
        self.assertIn("(what was before is not kept any more)", self.ask(DONE, "history", "sales.acme.example"))
        self.assertRegex(self.ask(DONE, "diff", "1", self.content.meta["version"]),
                         r"(?m)^\? sales\.acme\.example  what it was is not kept any more; now hosted")


if __name__ == "__main__":
    unittest.main()

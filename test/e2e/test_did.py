"""DIDs are for ever: what Redis or the state directory has lost comes back from the other, nobody gets another's, and
who comes back too late, or as somebody else, has a fresh one."""

import shutil
import unittest

from setting import EndToEnd, hosted, parts, sip, zone

CLAIM = '_sipvhost{} IN TXT "v=sipvhost1; did={}"'


class Dids(EndToEnd):
    def set_up(self, **sections):
        port = parts.free_port()
        self.knotd = self.knot({
            "acme.example": zone("acme.example", *sip("@", "sip"), CLAIM.format("", "iptel"), CLAIM.format(".sip", "iptel")),
            "globex.example": zone("globex.example", *sip("@"))}, notify=port)
        self.store = self.redis(persistent=True)
        self.customers = {"acme": {**self.customer(["acme.example"], self.knotd), "dids": ["iptel"]},
                          "globex": self.customer(["globex.example"], self.knotd)}
        daemon = self.daemon(self.store, self.customers, notify=port, metrics=True, **sections)
        self.wait(lambda: len(self.store.domains()) == 3, "all domains")
        return daemon

    def wipe_disk(self, daemon):
        shutil.rmtree(daemon.folder / "state")

    def await_saved(self, daemon):
        """Until the disk has what Redis has: a clean end writes all that waits."""
        daemon.stop()

    def dids(self, daemon):
        return {did["did"]: (did["customer"], did["state"]) for did in daemon.json("did", "list")}

    def remove(self, domain, label=""):
        self.knotd.edit(domain, ("unset", "_sip._udp" + label, "SRV"))

    def add(self, domain, label=""):
        self.knotd.edit(domain, ("set", "_sip._udp" + label, 3600, "SRV", "10 5 5060 sip.provider.example."))

    def value(self, domain):
        return self.store.domains().get(domain)

    def test_redis_wiped_and_disk_wiped_each_alone_give_the_same_dids(self):
        daemon = self.set_up()
        self.remove("globex.example")
        self.wait(lambda: self.value("globex.example") is None, "its removal")
        before = self.store.domains()
        known = {"iptel": ("acme", "in use"), "globex.example": ("globex", "kept")}
        self.assertEqual(known, self.dids(daemon))
        canonical = daemon.json("did", "show", "iptel")["canonical"]
        for lose in (lambda: self.store.ask("FLUSHALL"), lambda: self.wipe_disk(daemon)):
            self.await_saved(daemon)
            lose()
            daemon.start()
            self.await_settled(daemon)
            self.wait(lambda: self.store.domains() == before, "the same domains under the same DIDs")
            self.assertEqual(known, self.dids(daemon))
            self.assertEqual(canonical, daemon.json("did", "show", "iptel")["canonical"])

    def test_another_customer_gets_a_fresh_one_and_by_a_transfer_the_old_one(self):
        daemon = self.set_up()
        daemon.stop()
        taken = {"acme": {**self.customers["acme"], "zones": []},
                 "globex": self.customer(["globex.example", "acme.example"], self.knotd)}
        other = self.daemon(self.store, taken, name="other", start=False, metrics=True,
                            state_directory=str(daemon.folder / "state"))
        other.start()
        self.wait(lambda: self.value("acme.example") == hosted("acme.example"), "a domain of globex")
        self.assertEqual(("acme", "kept"), self.dids(other)["iptel"])
        self.assertIn("did=iptel is contested", other.ask("explain", "acme.example", check=False).stdout)
        self.await_metric(other, 2, "zonecast_domains_contested")
        self.assertIn("2 contested", other.ask("status").stdout)
        # globex may claim what it is handed, when it is granted to it too.
        other.stop()
        taken["globex"]["dids"] = ["iptel"]
        third = self.daemon(self.store, taken, name="third", start=False, metrics=True,
                            state_directory=str(daemon.folder / "state"))
        third.start()
        self.await_settled(third)
        self.assertEqual(hosted("acme.example"), self.value("acme.example"))
        self.assertEqual(1, third.ask("did", "transfer", "iptel", "nobody", check=False).returncode)
        self.assertIn('is kept for customer "globex"', third.ask("did", "transfer", "iptel", "globex").stdout)
        self.wait(lambda: self.value("acme.example") == self.value("sip.acme.example") == hosted("iptel"), "the DID")
        self.await_metric(third, 0, "zonecast_domains_contested")
        self.assertEqual({"iptel": ("globex", "in use"), "acme.example": ("globex", "kept"),
                          "sip.acme.example": ("globex", "kept"), "globex.example": ("globex", "in use")}, self.dids(third))

    def test_who_comes_back_in_time_is_who_it_was_and_later_somebody_else(self):
        daemon = self.set_up(did={"keep": "1h"})
        self.remove("globex.example")
        self.wait(lambda: self.value("globex.example") is None, "its removal")
        self.add("globex.example")
        self.wait(lambda: self.value("globex.example") == hosted("globex.example"), "the domain as it was")
        daemon.stop()
        hasty = self.daemon(self.store, self.customers, name="hasty", start=False, did={"keep": "0s"},
                            state_directory=str(daemon.folder / "state"))
        hasty.start()
        self.await_settled(hasty)
        self.remove("globex.example")
        hasty.ask("zone-refresh", "globex.example")
        self.wait(lambda: self.value("globex.example") is None, "its removal")
        self.wait(lambda: self.dids(hasty)["globex.example"] == ("globex", "reserved"), "the whole second to be over")
        self.add("globex.example")
        hasty.ask("zone-refresh", "globex.example")
        self.wait(lambda: self.value("globex.example") == hosted("globex.example~2"), "a fresh DID")

    def test_a_dispute_stops_that_did_alone_until_it_is_settled(self):
        daemon = self.set_up()
        self.await_saved(daemon)
        # A Redis from elsewhere: there iptel is globex's.
        elsewhere = self.redis("elsewhere", persistent=True)
        swapped = {"globex": {**self.customers["acme"], "dids": ["iptel"]}, "acme": self.customers["globex"]}
        first = self.daemon(elsewhere, swapped, name="first")
        self.wait(lambda: len(elsewhere.domains()) == 3, "all domains")
        first.stop()
        mixed = self.daemon(elsewhere, self.customers, name="mixed", start=False, metrics=True,
                            state_directory=str(daemon.folder / "state"))
        mixed.start()
        # Everything is somebody else's there.
        self.await_metric(mixed, 2, "zonecast_dids_disputed")
        self.await_said(mixed, "disk and store name different customers for a DID", "did=iptel")
        self.assertEqual("acme", mixed.json("did", "show", "iptel")["on_disk"])
        self.assertEqual(hosted("iptel"), elsewhere.domains()["acme.example"])
        mixed.ask("did", "transfer", "iptel", "acme")
        self.await_metric(mixed, 1, "zonecast_dids_disputed")
        self.wait(lambda: mixed.json("did", "show", "iptel")["customer"] == "acme", "iptel to be acme's")
        self.assertEqual(hosted("iptel"), elsewhere.domains()["acme.example"])


if __name__ == "__main__":
    unittest.main()

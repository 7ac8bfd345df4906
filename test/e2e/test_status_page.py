"""The status page in Chromium: what it shows, the search, what changes while it is open, and no error in its console.

With ZONECAST_SCREENSHOTS=FOLDER it leaves pictures there, to be looked at.
"""

import os
import pathlib
import unittest

from setting import TO_EDGE, EndToEnd, hosted, sip, zone  # and the path to the next
from browser import Browser
from web import Web

TOKEN = "an-example-token-0123456789"
MARKUP = "<img src=x onerror=document.title=1>"
WIDE, PHONE = (1200, 900), (390, 844)


class StatusPage(EndToEnd):
    def setUp(self):
        acme = zone("acme.example", *sip("@", "sales"), f'_sipvhost IN TXT "v=sipvhost1; greeting={MARKUP}"')
        away = zone("away.example", "_sip._udp IN SRV 1 1 5060 pbx", "pbx IN A 192.0.2.99")
        self.store = self.redis()
        self.primary = self.knot({"acme.example": acme, "away.example": away})
        self.customers = {"acme": self.customer(["acme.example", "away.example"], self.primary),
                          "down": {"primaries": {"ns1": {"address": "127.0.0.1", "port": 1}}, "zones": ["down.example"]}}
        self.browser = Browser(self.folder / "chromium")
        self.addCleanup(self.browser.stop)
        self.addCleanup(lambda: self.browser.errors and self.fail(f"in the console: {self.browser.errors}"))

    def open(self, path="/", look=WIDE, **http):
        self.secondary = self.daemon(self.store, self.customers, metrics=True, http=http, redis={"workers_interval": "100ms"})
        self.await_domains(self.store, {name: hosted(name) for name in ("acme.example", "sales.acme.example")})
        self.web = Web(self.secondary.metrics_port)
        self.wait(lambda: self.web.get("/readyz").status == 200, "readiness")
        self.browser.look(*look)
        self.browser.go(f"http://127.0.0.1:{self.secondary.metrics_port}{path}")
        self.browser.until("document.readyState === 'complete' && document.getElementById('host')")
        return self.browser

    def picture(self, name):
        if folder := os.environ.get("ZONECAST_SCREENSHOTS"):
            self.browser.screenshot(pathlib.Path(folder) / f"{name}.png")

    def await_text(self, selector, *words):
        for text in words:
            self.browser.until(f"document.querySelector({selector!r})?.innerText.includes({text!r})", f"{text} in {selector}")

    def edit(self, *changes):
        self.primary.edit("acme.example", *changes)
        self.secondary.ask("zone-refresh", "acme.example")

    def search(self, domain):
        self.browser.evaluate("document.getElementById('host').value = ''; document.getElementById('host').focus()")
        self.browser.type(domain)
        self.browser.press("Enter", text="\r")

    def test_what_there_is(self):
        page = self.open()
        self.mirror(self.store, name="proxy-1")
        self.await_text("#summary", "ready")
        self.await_text("#live", "live")
        self.await_text("#attention", "Zone down.example", "cannot connect")
        self.await_text("#domains", "acme.example", "sales.acme.example")
        self.await_text("#zones", "acme.example", "away.example", "down.example", "cannot connect")
        self.await_text("#workers", "proxy-1")
        self.await_text("#changes", "acme.example")
        self.assertEqual(2, page.evaluate("document.querySelectorAll('#domains tbody tr').length"))
        self.assertEqual("(1) zonecast", page.evaluate("document.title"))

    def test_a_live_change_arrives(self):
        page = self.open()
        self.await_text("#live", "live")
        page.evaluate("window.here = true")
        self.edit(("set", "_sip._udp.new", "3600", "SRV", TO_EDGE))
        self.await_text("#changes > li:first-child", "new.acme.example", "added")
        self.await_text("#domains", "new.acme.example")
        self.edit(("unset", "_sipvhost", "TXT"), ("set", "_sipvhost", "3600", "TXT", '"v=sipvhost1; max_calls=100"'))
        self.await_text("#changes > li:first-child", "max_calls 30 → 100")
        self.edit(("unset", "_sip._udp.sales", "SRV"))
        self.await_text("#changes > li:first-child", "sales.acme.example", "removed")
        self.browser.until("!document.querySelector('#domains').innerText.includes('sales')")
        self.assertTrue(page.evaluate("window.here"), "without being loaded again")

    def test_the_search_draws_the_evidence(self):
        page = self.open()
        self.search("away.example")
        self.await_text(".verdict", "✗ away.example is not hosted")
        self.await_text("#explanation pre", "_sip._udp.away.example.", "sip.provider.example.")
        self.await_text(".tree > li", "away.example NAPTR")
        self.assertEqual("pbx.away.example A", page.text(".tree ul li code"), "what an answer led to stands below it")
        self.search("acme.example")
        self.await_text(".verdict", "✓ acme.example is hosted")
        self.await_text("#explanation", "reaches the edge", MARKUP)
        self.assertEqual(0, page.evaluate("document.querySelectorAll('#explanation img, #explanation script').length"))
        self.search("müller.example")
        self.await_text(".verdict", "xn--mller-kva.example is not hosted")
        self.search("not..a.name")
        self.await_text("#explanation .trouble", "not..a.name")
        page.errors = [error for error in page.errors if "/v1/explain/not..a.name" not in error]  # Chromium tells of the 400

    def test_a_link_leads_to_a_search_and_the_keyboard_to_everything(self):
        page = self.open("/#explain/sales.acme.example")
        self.await_text(".verdict", "sales.acme.example is hosted")
        self.await_text("#domains", "acme.example")
        page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        reached = []
        for _ in range(30):
            page.press("Tab")
            reached.append(page.evaluate("document.activeElement.id || document.activeElement.innerText"))
            self.assertNotEqual("none", page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))
            if "acme.example" in reached:
                break
        self.assertEqual(["Skip to the search", "host", "Explain"], reached[:3])
        page.press("Enter", text="\r")
        self.await_text(".verdict", "✓ acme.example is hosted")

    def test_values_of_zones_stay_text(self):
        page = self.open()
        # What a zone owner may write anywhere: markup, and what turns the direction of what stands beside it.
        value = r'"v=sipvhost1; greeting=<script>boom()</script>\226\128\174evil"'
        self.edit(("unset", "_sipvhost", "TXT"), ("set", "_sipvhost", "3600", "TXT", value))
        self.await_text("#changes > li:first-child", "<script>boom()</script>", r"\u{202e}evil")
        self.search("<script>alert(1)</script>")
        self.await_text("#explanation .trouble", "<script>alert(1)</script>")
        self.assertEqual(1, page.evaluate("document.scripts.length"))
        page.errors = [error for error in page.errors if "/v1/explain/" not in error]

    def test_sizes_and_schemes(self):
        for name, look, dark in (("wide", WIDE, False), ("wide-dark", WIDE, True), ("phone", PHONE, False), ("phone-dark", PHONE, True)):
            with self.subTest(name):
                if name == "wide":
                    page = self.open("/#explain/away.example")
                    longest = ".".join(letter * 60 for letter in "abc")
                    self.edit(("set", f"_sip._udp.{longest}", "3600", "SRV", TO_EDGE))
                    self.await_text("#domains", longest)
                    self.mirror(self.store, name="proxy-1")
                    self.await_text("#workers", "proxy-1")
                    self.await_text(".verdict", "away.example")
                page.look(*look, dark=dark)
                page.until(f"innerWidth === {look[0]}")
                self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), look[0], "it fits")
                self.assertEqual([], page.evaluate(POOR_CONTRASTS), "texts that are hard to read")
                self.picture(name)
        page.look(*WIDE, colourless=True)
        self.picture("colourless")

    def test_with_a_token(self):
        page = self.open_with_token()
        self.browser.until("!document.getElementById('sign-in').hidden")
        self.assertNotIn("acme.example", page.text())
        self.picture("token")
        page.type("a wrong token")  # the focus is there already
        page.press("Enter", text="\r")
        self.await_text("#summary", "not accepted")
        page.evaluate("document.getElementById('token').focus()")
        page.type(TOKEN)
        page.press("Enter", text="\r")
        self.await_text("#domains", "acme.example")
        self.await_text("#live", "live")
        self.await_text("#changes", "acme.example")
        page.errors = [error for error in page.errors if "401" not in error]  # Chromium tells of those before

    def open_with_token(self):
        return self.open(token_file=self.key_file("token", TOKEN))

    def test_it_comes_back_with_the_daemon(self):
        page = self.open()
        self.await_text("#live", "live")
        self.secondary.stop()
        self.await_text("#live", "not live")
        self.await_text("#attention", "does not answer")
        self.secondary.start()
        self.await_text("#live", "● live")
        self.await_text("#attention", "Zone down.example")
        page.errors = [error for error in page.errors if "ERR_" not in error]  # Chromium tells of what it could not load


# The texts whose contrast is below WCAG's 4.5:1.
POOR_CONTRASTS = """(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = numbers(getComputedStyle(node).backgroundColor);
      if (colour[3] !== 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    if (![...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()) || !node.checkVisibility()) continue;
    const [a, b] = [luminance(numbers(getComputedStyle(node).color)), luminance(ground(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(node.textContent.slice(0, 40));
  }
  return poor;
})()"""


if __name__ == "__main__":
    unittest.main()

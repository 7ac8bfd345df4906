"""What a zone would mean here before it is published: `zonecast lint-zone`, with no daemon running."""

import json
import os
import subprocess
import unittest

from setting import EDGE, TO_EDGE, EndToEnd, parts, sip, zone

GOOD, WARNED, UNUSABLE, CONFIGURATION = 0, 1, 2, 4


class Lint(EndToEnd):
    def setUp(self):
        config = self.configuration(self.redis(start=False), {
            "acme": {"primaries": {"ns1": {"address": "127.0.0.1", "port": 53}}, "zones": ["acme.example"]},
            "globex": {"primaries": {"ns1": {"address": "127.0.0.1", "port": 53}}, "zones": ["globex.example"]}})
        self.config = self.folder / "zonecast.yaml"
        self.config.write_text(json.dumps(config))

    def lint(self, status, *arguments, text=None):
        """What it printed, its exit status being this."""
        command = [str(parts.build_folder() / "bin/zonecast"), "lint-zone", "-c", str(self.config), *arguments]
        done = subprocess.run(command, input=text, capture_output=True, timeout=120, check=False,
                              text=not isinstance(text, bytes))
        self.assertEqual(status, done.returncode, done)
        return done.stdout if status in (GOOD, WARNED) else done.stderr

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def test_a_file(self):
        file = self.file("acme", zone("acme.example", *sip("@", "sales"), "_sip._udp.lab SRV 1 1 5060 pbx", "pbx A 198.51.100.7",
                                      "_sip._udp.far SRV 1 1 5060 sip.far.example.",
                                      '_sipvhost TXT "v=sipvhost1; greeting=hello"'))
        text = self.lint(GOOD, file)
        for line in (r"zone acme\.example serial 1, \d+ records, customer acme", r"  sales\.acme\.example +hosted udp primary did=sales\.acme\.example",
                     r"    greeting = hello", r"    max_calls = 30", rf"  {file}:8: lab\.acme\.example is foreign: .*198\.51\.100\.7.*",
                     r".*far\.acme\.example is unknown: .*sip\.far\.example.*not known without asking"):
            self.assertRegex(text, rf"(?m)^{line}$")
        found = json.loads(self.lint(GOOD, "--json", file))
        self.assertEqual(["acme.example", "far.acme.example", "lab.acme.example", "sales.acme.example"],
                         [domain["domain"] for domain in found["domains"]])

    def test_standard_input_and_a_zone_that_is_not_configured(self):
        text = f"@ SOA ns1 h 1 2 3 4 5\n NS ns1\n_sip._udp SRV {TO_EDGE}\n"
        self.assertIn("say --customer", self.lint(UNUSABLE, "--zone", "new.example", "-", text=text))
        self.assertIn("did=new.example", self.lint(GOOD, "--zone", "new.example", "--customer", "globex", "-", text=text))
        self.assertIn("zone acme.example is customer acme's",
                      self.lint(UNUSABLE, "--zone", "acme.example", "--customer", "globex", "-", text=text))

    def test_warnings_with_line_and_remedy(self):
        file = self.file("acme", zone("acme.example", *sip("@"), '_sipvhost TXT "v=sipvhost1; max_calls=many"',
                                      '_sipvhost.lab TXT "v=sipvhost1"'))
        text = self.lint(WARNED, file)
        self.assertRegex(text, rf"(?m)^  {file}:7: acme\.example: tag max_calls is ignored: ")
        self.assertRegex(text, rf"(?m)^  {file}:8: lab\.acme\.example: it has a _sipvhost record, and DNS does not point it here")
        self.assertRegex(text, rf"(?m)^    _sip\._udp\.lab\.acme\.example\. 3600 IN SRV 10 10 5060 {EDGE}$")

    def test_from_a_primary(self):
        key = parts.tsig_key("lint")
        knot = self.knot({"acme.example": zone("acme.example", *sip("@"), serial=4)}, notify=parts.free_port(), key=key)
        at = ["--from", f"127.0.0.1#{knot.port}", "--zone", "acme.example"]
        key_file = self.key_file("lint.key", key)
        self.assertIn("zone acme.example serial 4", self.lint(GOOD, *at, "--key-file", key_file))
        self.assertIn("acme.example", self.lint(UNUSABLE, *at))  # no key
        self.assertIn("globex.example", self.lint(UNUSABLE, *at[:2], "--zone", "globex.example", "--key-file", key_file))
        knot.stop()
        self.assertNotEqual("", self.lint(UNUSABLE, *at, "--key-file", key_file))

    def test_the_command_line(self):
        self.assertIn("takes a FILE, or --from", self.lint(UNUSABLE))
        self.lint(UNUSABLE, "--from", "127.0.0.1")
        self.lint(UNUSABLE, "--from", "127.0.0.1", "--zone", "acme.example", "file")
        for place in ("localhost", "127.0.0.1#", "127.0.0.1#0", "127.0.0.1#65536"):
            self.assertIn("ADDRESS[#PORT]", self.lint(UNUSABLE, "--from", place, "--zone", "acme.example"))
        self.assertIn("no such file: it cannot be read", self.lint(UNUSABLE, "no such file"))
        self.assertIn("it cannot be read", self.lint(UNUSABLE, str(self.folder)))
        self.config.write_text("nonsense: 1\n")
        self.assertIn("unknown option `nonsense`", self.lint(CONFIGURATION, "-", text=""))

    def test_files_that_are_no_zones(self):
        begin = "$ORIGIN acme.example.\n@ SOA ns1 h 1 2 3 4 5\n"
        for text, trouble in ((b"", ":1: there is no record"), (b"\0" * 1000, ":1: a NUL octet"),
                              ((begin + "$INCLUDE /etc/passwd\n").encode(), ":3: $INCLUDE is not followed here"),
                              ((begin + "$GENERATE 1-9999999 a$ A 192.0.2.1\n").encode(), ":3: $GENERATE is not followed"),
                              ((begin + "b.example. A 192.0.2.1\n").encode(), ":3: "),
                              ((begin + "a TXT \"" + "x" * 1000000).encode(), ":3: "),
                              (("(" * 1000000).encode(), ":1: "), (os.urandom(100000), "stdin:"),
                              ((begin + "a A 192.0.2.1\n" * 3 + "a" * 64 + " A 192.0.2.1").encode(), ":6: ")):
            with self.subTest(text[:60]):
                done = self.lint(UNUSABLE, "-", text=text).decode()
                self.assertIn(trouble, done)
                self.assertTrue(done.isprintable() or done.rstrip("\n").isprintable(), done)


if __name__ == "__main__":
    unittest.main()

"""What zonecastd does not start on: it says where the fault is, exits, and leaves everything as it was."""

import re
import socket
import subprocess
import unittest

from setting import EndToEnd, hosted, parts, sip, zone

EXIT_FAILED, EXIT_CONFIGURATION = 1, 4

GOOD = """\
state_directory: state
control_socket: control.sock
http: {listen: "off"}
redis: {unix: redis.sock, deployment: test}
edge:
  - hosts: [sip.provider.example]
    udp: 5060
customers:
  acme:
    primaries: {ns1: {address: 127.0.0.1}}
    zones: [acme.example, acme.test]
  globex:
    primaries: {ns1: {address: 127.0.0.1}}
    zones: [globex.example]
"""


class Configuration(EndToEnd):
    def check(self, text):
        """What conf-check and zonecastd say of it, which is the same: exit status and text."""
        self.checks = getattr(self, "checks", 0) + 1
        daemon = parts.Zonecastd(self.folder / f"zonecastd{self.checks}", text)
        status, said = daemon.refused()
        daemon.process = None
        checked = subprocess.run([daemon.bin / "zonecast", "conf-check", daemon.config], capture_output=True,
                                 text=True, check=False)
        self.assertEqual((status, said), (checked.returncode, checked.stderr))
        self.assertEqual("", checked.stdout)
        self.assertFalse((daemon.folder / "state").exists(), "it made its state directory before it knew")
        return status, said.replace(str(daemon.config), "FILE")

    def assert_error(self, before, after, line):
        """The configuration with the text in place of another is refused with this one line."""
        self.assertIn(before, GOOD)
        self.assertEqual((EXIT_CONFIGURATION, line + "\n"), self.check(GOOD.replace(before, after)))

    def test_a_good_file_passes_the_check(self):
        daemon = parts.Zonecastd(self.folder / "zonecastd", GOOD)
        daemon.config.write_text(GOOD)
        checked = daemon.ask("conf-check", str(daemon.config))
        self.assertIn("good: 2 customers, 3 zones, 2 primaries", checked.stdout)

    def test_a_zone_that_stands_twice_is_told_with_both_places(self):
        self.assert_error("zones: [globex.example]", "zones: [globex.example, ACME.example.]",
                          "FILE:14:29: expected every name once, but `acme.example` stands at 11:13 already, for customer `acme`")

    def test_an_unknown_key_is_told_with_the_nearest_one(self):
        self.assert_error('{listen: "off"}', '{lisen: "off"}', "FILE:3:8: unknown option `lisen`; did you mean `listen`?")

    def test_a_value_of_another_type_is_told_with_what_was_expected(self):
        status, said = self.check(GOOD.replace("udp: 5060", "udp: many"))
        self.assertEqual(EXIT_CONFIGURATION, status)
        self.assertRegex(said, r"^FILE:7:10: .*expected .*not `many`\n$")

    def test_all_errors_are_told_at_once_in_the_order_of_the_file(self):
        status, said = self.check(GOOD.replace("udp: 5060", "udp: 70000").replace("acme.test", "a..test")
                                  .replace("deployment: test", "deployment: a b"))
        self.assertEqual(EXIT_CONFIGURATION, status)
        self.assertEqual(["4", "7", "11"], re.findall(r"^FILE:(\d+):\d+: ", said, re.MULTILINE))

    def test_what_is_no_yaml_is_told_with_its_place(self):
        status, said = self.check(GOOD.replace("zones: [globex.example]", "zones: [globex.example"))
        self.assertEqual(EXIT_CONFIGURATION, status)
        self.assertRegex(said, r"^FILE:\d+:\d+: ")

    def test_a_key_file_that_is_missing_or_nonsense_is_told_and_its_content_is_not(self):
        (self.folder / "bad.key").write_text("hmac-md5:x:c2VjcmV0c2VjcmV0\n")
        for path, said in (("../missing.key", "No such file"), ("../bad.key", "expected a TSIG key")):
            with self.subTest(path):
                status, text = self.check(GOOD.replace("{address: 127.0.0.1}}\n    zones: [globex",
                                                       f"{{address: 127.0.0.1, key_file: {path}}}}}\n    zones: [globex"))
                self.assertEqual(EXIT_CONFIGURATION, status)
                self.assertRegex(text, rf"^FILE:13:\d+: .*{said}")
                self.assertNotIn("c2Vjcm", text)

    def test_a_file_that_is_not_there_is_told(self):
        bin_folder = parts.Zonecastd(self.folder, "").bin
        for command in (["zonecastd", "-c"], ["zonecast", "conf-check"]):
            done = subprocess.run([bin_folder / command[0], *command[1:], self.folder / "none.yaml"], capture_output=True,
                                  text=True, check=False)
            self.assertEqual(EXIT_CONFIGURATION, done.returncode)
            self.assertRegex(done.stderr, r"none\.yaml: .*No such file")


class Places(EndToEnd):
    """A place that it needs is taken, or cannot be written to."""

    def set_up(self, **sections):
        self.store = self.redis()
        self.primary = self.knot({"acme.example": zone("acme.example", *sip("@"))})
        self.customers = {"acme": self.customer(["acme.example"], self.primary)}
        return self.daemon(self.store, self.customers, start=False, **sections)

    def assert_refused(self, daemon, *words):
        status, said = daemon.refused()
        daemon.process = None
        self.assertEqual(EXIT_FAILED, status, said)
        (line,) = [line for line in said.splitlines() if "cannot start: " in line]
        for word in words:
            self.assertIn(word, line)
        self.assertEqual({}, self.store.domains())

    def test_a_state_directory_that_cannot_be_made_or_written_to(self):
        (self.folder / "file").write_text("")
        daemon = self.set_up(state_directory=str(self.folder / "file" / "state"))
        self.assert_refused(daemon, str(self.folder / "file" / "state"), "Not a directory")

    def test_a_notify_port_that_is_in_use(self):
        self.set_up()
        for protocol, kind in (("UDP", socket.SOCK_DGRAM), ("TCP", socket.SOCK_STREAM)):
            with self.subTest(protocol), socket.socket(socket.AF_INET, kind) as taken:
                port = parts.free_port()
                taken.bind(("127.0.0.1", port))
                if protocol == "TCP":
                    taken.listen()
                daemon = self.daemon(self.store, self.customers, name=protocol, start=False, notify=port)
                self.assert_refused(daemon, f"cannot listen for NOTIFY on 127.0.0.1:{port} ({protocol})", "address already in use")

    def test_an_http_port_that_is_in_use(self):
        with socket.create_server(("127.0.0.1", parts.free_port())) as taken:
            port = taken.getsockname()[1]
            self.assert_refused(self.set_up(metrics=port), f"http.listen 127.0.0.1:{port}", "in use")

    def test_a_second_daemon_on_the_same_state_directory(self):
        first = self.set_up()
        first.start()
        before = self.await_domains(self.store, {"acme.example": hosted("acme.example")})
        second = self.daemon(self.store, self.customers, name="second", start=False,
                             state_directory=str(first.folder / "state"))
        status, said = second.refused()
        second.process = None
        self.assertEqual(EXIT_FAILED, status)
        self.assertRegex(said, rf"cannot start: .*is locked by process {first.process.pid}: ")
        self.assert_untouched(before, self.store)

    def test_a_control_socket_that_another_one_listens_at(self):
        first = self.set_up()
        first.start()
        before = self.await_domains(self.store, {"acme.example": hosted("acme.example")})
        second = self.daemon(self.store, self.customers, name="second", start=False, control_socket=str(first.control))
        status, said = second.refused()
        second.process = None
        self.assertEqual(EXIT_FAILED, status)
        self.assertIn("another zonecastd listens there", said)
        first.ask("status")
        self.assert_untouched(before, self.store)


if __name__ == "__main__":
    unittest.main()

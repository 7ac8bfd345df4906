"""What is refused, by a table: each with one sentence that names the place, the documented exit status, and nothing
lost. What is no reason not to start, a Redis or a disk that gives nothing, is said once and got over.

What zonecastd's configuration may say wrong, and ports that are taken, are in test_refused_starts.py.
"""

import os
import pathlib
import pwd
import random
import string
import subprocess
import unittest

from setting import EndToEnd, exported, hosted, parts, publisher, sip, table_reader, zone

EXIT_FAILED, EXIT_CONFIGURATION = 1, 4
IS_ROOT = os.geteuid() == 0
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
DISK = 4 << 20
KEY = "hmac-sha256:acme.key:c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"

# What it is -> the sections of the configuration, {} being the test's folder; the words of the one line.
STARTS = {
    "a state directory in a directory that is missing": (
        {"state_directory": "{}/none/state"}, ("cannot make the state directory {}/none/state: ", "No such file")),
    "a state directory that is a file": ({"state_directory": "{}/file"}, ("{}/file", "Not a directory")),
    "a control socket in a directory that is missing": (
        {"control_socket": "{}/none/control.sock"}, ("control socket {}/none/control.sock: ", "no such file")),
    "a control socket whose name a file has": ({"control_socket": "{}/file"}, ("control socket {}/file: ", "in use")),
    "an HTTP socket in a directory that is missing": (
        {"http": {"listen": "off", "socket": "{}/none/http.sock"}}, ("{}/none/http.sock", "o such file")),
    "a NOTIFY address that is not this host's": ({"notify_policy": {"listen": ["192.0.2.1:5300"]}}, ("192.0.2.1:5300", "ot available")),
    "a log file in a directory that is missing": ({"log": {"file": "{}/none/log"}}, ("log file {}/none/log: ", "No such file")),
    "a log file that is a directory": ({"log": {"file": "{}"}}, ("log file {}: ", "Is a directory")),
    "a PID file in a directory that is missing": ({"pid_file": "{}/none/pid"}, ("PID file {}/none/pid: ", "No such file")),
}
# Likewise for the mirror: options.
MIRROR_STARTS = {
    "a table in a folder whose folder is missing": (("--table", "{}/none/folder/table"), ("folder {}/none/folder: ", "No such file")),
    "a table whose folder is a file": (("--table", "{}/file/table"), ("folder {}/file: ", "is none")),
    "a table that is a directory": (("--table", "{}/place/taken"), ("{}/place/taken",)),
    "a socket whose name a directory has": (("--table", "{}/place/table"), ("{}/place/table.wanted",)),
    "a log file in a directory that is missing": (("--log-file", "{}/none/log"), ("log file {}/none/log: ", "No such file")),
    "a PID file in a directory that is missing": (("--pid-file", "{}/none/pid"), ("PID file {}/none/pid: ", "No such file")),
    "a user that there is none of": (("--run-as", "no-such-user"), ("there is no user no-such-user",)),
}


def placed(what, folder):
    """The value with the folder in the place of {}."""
    if isinstance(what, dict):
        return {name: placed(value, folder) for name, value in what.items()}
    if isinstance(what, (list, tuple)):
        return type(what)(placed(value, folder) for value in what)
    return what.replace("{}", str(folder))


class Refusals(EndToEnd):
    def one_line(self, text, words):
        """It says one sentence, with these words; other lines only tell what went well before."""
        lines = [line for line in text.splitlines() if "cannot start: " in line]
        self.assertEqual(1, len(lines), text)
        self.assertEqual(lines, [line for line in text.splitlines() if " info " not in line], text)
        for word in words:
            self.assertIn(word, lines[0])
        self.assertLess(len(lines[0]), 400)

    def refused(self, part, command):
        """Starts it where it must not start: its exit status and what it said."""
        part.spawn(*command)
        try:
            return part.process.wait(20), part.log.read_text(errors="replace")
        except subprocess.TimeoutExpired:
            raise part.fail("runs, though it should not have started") from None
        finally:
            part.kill()

    def files(self):
        return sorted(str(path) for path in self.folder.rglob("*")
                      if not path.is_relative_to(self.folder / "redis") and path.suffix not in (".log", ".yaml"))


class Starts(Refusals):
    def without_zones(self, name="zonecastd", **sections):
        listens = 1 if "notify_policy" in sections else None
        return self.daemon(self.redis(start=False), {}, name=name, start=False, notify=listens, **sections)

    def daemon_refused(self, daemon):
        daemon.config.write_text(daemon.config_text)
        return self.refused(daemon, (daemon.bin / "zonecastd", "-c", daemon.config))

    def test_the_daemon(self):
        (self.folder / "file").write_text("precious")
        for number, (what, (sections, words)) in enumerate(STARTS.items()):
            with self.subTest(what):
                daemon = self.without_zones(f"zonecastd{number}", **placed(sections, self.folder))
                status, said = self.daemon_refused(daemon)
                self.assertEqual(EXIT_FAILED, status, said)
                self.one_line(said, placed(words, self.folder))
                self.assertEqual("precious", (self.folder / "file").read_text())

    def test_the_mirror(self):
        (self.folder / "file").write_text("precious")
        (self.folder / "place/table.wanted").mkdir(parents=True)
        (self.folder / "place/taken").mkdir()
        redis = self.redis(start=False)
        for number, (what, (options, words)) in enumerate(MIRROR_STARTS.items()):
            with self.subTest(what):
                mirror = self.mirror(redis, name=f"mirror{number}", start=False)
                chosen = placed(options, self.folder)
                command = [word for word in mirror.command if "--table" not in options or word not in ("--table", mirror.table)]
                status, said = self.refused(mirror, [*command, *chosen])
                self.assertEqual(EXIT_FAILED, status, said)
                self.one_line(said, placed(words, self.folder))
                self.assertEqual("precious", (self.folder / "file").read_text())

    def test_a_second_mirror_on_the_same_table(self):
        redis = self.redis()
        publisher.Publisher(redis).host("acme.example", "acme")
        first = self.mirror(redis)
        self.wait(lambda: first.look() and first.look().status().version == 1, "the table")
        second = self.mirror(redis, name="second", table=first.table, start=False)
        status, said = self.refused(second, second.command)
        self.assertEqual(EXIT_FAILED, status)
        self.one_line(said, ("another mirror writes this table", str(first.table)))
        self.assertEqual(table_reader.HOSTED, first.look().answer("acme.example"))

    @unittest.skipIf(not IS_ROOT, "only root can become somebody whom a directory is closed to")
    def test_directories_that_may_not_be_written_to(self):
        self.folder.chmod(0o755)
        closed = self.folder / "closed"
        closed.mkdir(mode=0o755)
        for what, sections in (("state directory", {"state_directory": str(closed / "state")}),
                               ("state directory that is there", {"state_directory": str(closed)}),
                               ("control socket", {"control_socket": str(closed / "control.sock")})):
            with self.subTest(what):
                daemon = self.without_zones(what.replace(" ", "-"), user="nobody", **sections)
                os.chown(daemon.folder, pwd.getpwnam("nobody").pw_uid, -1)
                status, said = self.daemon_refused(daemon)
                self.assertEqual(EXIT_FAILED, status, said)
                self.one_line(said, (str(closed), "ermission denied"))
        mirror = self.mirror(self.redis(start=False), table=closed / "table", start=False)
        status, said = self.refused(mirror, (*mirror.command, "--run-as", "nobody"))
        self.assertEqual(EXIT_FAILED, status, said)
        self.one_line(said, (str(closed),))
        self.assertEqual([], list(closed.iterdir()))


class Secrets(Refusals):
    """Key and password files. What stands in them is never told."""

    def set_up(self, key=KEY, mode=0o600, **sections):
        self.key = self.folder / "acme.key"
        self.key.write_text(key + "\n")
        self.key.chmod(mode)
        customers = {"acme": {"primaries": {"ns1": {"address": "127.0.0.1", "port": 1, "key_file": str(self.key)}},
                              "zones": ["acme.example"]}}
        self.daemons = getattr(self, "daemons", 0) + 1
        return self.daemon(self.redis(start=False), customers, name=f"zonecastd{self.daemons}", start=False, **sections)

    def assert_refused(self, daemon, *words, user=None):
        daemon.config.write_text(daemon.config_text)
        as_user = ("setpriv", f"--reuid={user}", "--clear-groups") if user else ()
        status, said = self.refused(daemon, (*as_user, daemon.bin / "zonecastd", "-c", daemon.config))
        self.assertEqual(EXIT_CONFIGURATION, status, said)
        (line,) = said.splitlines()
        self.assertRegex(line, rf"^{daemon.config}:\d+:\d+: ")
        for word in words:
            self.assertIn(word, line)
        self.assertNotIn("c2Vjcm", line)
        self.assertFalse((daemon.folder / "state").exists())

    def test_a_key_file_that_is_missing(self):
        daemon = self.set_up()
        self.key.unlink()
        self.assert_refused(daemon, "expected a key file that can be read", "No such file")

    def test_a_key_file_that_is_malformed(self):
        for key in ("", "hmac-sha256:acme.key", "hmac-md5:acme.key:c2VjcmV0", "hmac-sha256:acme.key:c2Vjcm!!", "\0\xff" * 50, "x" * 100_000):
            with self.subTest(key[:30]):
                self.assert_refused(self.set_up(key), "key")

    @unittest.skipIf(not IS_ROOT, "only root can become somebody whom a file is closed to")
    def test_a_key_file_that_may_not_be_read(self):
        daemon = self.set_up()
        self.folder.chmod(0o755)
        os.chown(daemon.folder, pwd.getpwnam("nobody").pw_uid, -1)
        self.assert_refused(daemon, "expected a key file that can be read", "Permission denied", user="nobody")

    def test_a_password_file_that_is_missing(self):
        daemon = self.set_up(redis={"unix": "redis.sock", "deployment": "test", "password_file": str(self.folder / "none")})
        self.assert_refused(daemon, "expected a password file that can be read", "No such file")

    def test_a_secret_that_everybody_may_read_is_told_of_and_used(self):
        (self.folder / "password").write_text("secret\n")
        (self.folder / "password").chmod(0o644)
        daemon = self.set_up(mode=0o644, redis={"password_file": str(self.folder / "password")})
        daemon.start()
        for file in (self.key, self.folder / "password"):
            (line,) = daemon.said("everybody may read", str(file))
            self.assertIn(" warning ", line)
        checked = daemon.ask("conf-check", str(daemon.config))
        self.assertEqual(2, checked.stderr.count("everybody may read"))
        self.assertEqual(0, daemon.stop())
        self.key.chmod(0o640)
        daemon.log.write_text("")
        daemon.start()
        self.assertEqual([], daemon.said("everybody may read", str(self.key)))


class Garbage(Refusals):
    GOOD = '{state_directory: state, control_socket: control.sock, http: {listen: "off"}, edge: [{hosts: [a.example], udp: 5060}]}\n'

    def check(self, octets):
        file = self.folder / "garbage.yaml"
        file.write_bytes(octets)
        done = subprocess.run([parts.build_folder() / "bin/zonecast", "conf-check", file], capture_output=True, check=False, timeout=20)
        self.assertIn(done.returncode, (0, EXIT_CONFIGURATION), octets)
        self.assertEqual(done.returncode == 0, not done.stderr, octets)
        self.assertEqual(b"", done.stderr.translate(None, string.printable.encode()), octets)
        for line in done.stderr.decode().splitlines():
            self.assertTrue(line.startswith(f"{file}:") and len(line) < 500, line)
        return done

    def test_any_octets_are_a_configuration_with_errors(self):
        dice = random.Random(14)
        for length in (1, 2, 3, 10, 100, 1000, 100_000):
            with self.subTest(length):
                self.assertEqual(EXIT_CONFIGURATION, self.check(dice.randbytes(length)).returncode)

    def test_a_configuration_with_octets_that_were_hit(self):
        dice = random.Random(15)
        for _ in range(60):
            octets = bytearray(self.GOOD.encode())
            for _ in range(dice.randrange(1, 4)):
                octets[dice.randrange(len(octets))] = dice.randrange(256)
            self.check(bytes(octets))

    def test_the_daemon_says_the_same_and_touches_nothing(self):
        daemon = self.daemon(self.redis(start=False), {}, start=False)
        daemon.config.write_bytes(random.Random(16).randbytes(300))
        before = self.files()
        status, said = self.refused(daemon, (daemon.bin / "zonecastd", "-c", daemon.config))
        self.assertEqual(EXIT_CONFIGURATION, status)
        self.assertEqual(self.check(daemon.config.read_bytes()).stderr.decode().replace(str(self.folder / "garbage.yaml"), str(daemon.config)),
                         said)
        self.assertEqual(before, [path for path in self.files() if path != str(self.folder / "garbage.yaml")])


class GotOver(Refusals):
    """What may come right is no reason to end: it is said once, and gone on when it has."""

    def test_a_redis_that_needs_a_password(self):
        redis = self.redis(options=("--requirepass", "secret"), password="secret")
        primary = self.knot({"acme.example": zone("acme.example", *sip("@"))})
        password = self.folder / "password"
        password.write_text("wrong\n")
        password.chmod(0o600)
        customers = {"acme": self.customer(["acme.example"], primary)}
        without = self.daemon(redis, customers, name="without")
        wrong = self.daemon(redis, customers, name="wrong", redis={"password_file": str(password)})
        mirror = self.mirror(redis, "--password-file", password)
        bare = self.mirror(redis, name="bare")
        export = self.adopt(exported.Export(self.folder / "export", redis), start=True)
        for part, word in ((without, "NOAUTH"), (wrong, "WRONGPASS"), (mirror, "WRONGPASS"), (bare, "NOAUTH"), (export, "NOAUTH")):
            with self.subTest(part.name):
                self.wait(lambda part=part, word=word: part.said(word), word)
                self.assertIsNone(part.process.poll())
        self.assertEqual("opening", without.json("status")["store"])
        self.wait(lambda: wrong.json("status")["zones_confirmed"] == "1", "the zone, which needs no Redis")
        self.assertEqual([1] * 5, [len(part.said("NOAUTH") + part.said("WRONGPASS")) for part in (without, wrong, mirror, bare, export)],
                         "each says it once")
        without.stop()
        password.write_text("secret\n")
        self.wait(lambda: redis.content().domains() == {"acme.example": hosted("acme.example")}, "what DNS says")
        self.wait(lambda: mirror.look() and mirror.look().answer("acme.example") == table_reader.HOSTED, "the table")
        redis.ask("CONFIG", "SET", "requirepass", "")
        self.wait(lambda: bare.look() and bare.look().answer("acme.example") == table_reader.HOSTED, "the other table")
        self.wait(lambda: export.said("the database is current"), "the export")

    def test_a_password_file_that_is_gone_is_missed_once_and_read_when_it_is_back(self):
        redis = self.redis(options=("--requirepass", "secret"), password="secret")
        publisher.Publisher(redis).host("acme.example", "acme")
        password = self.folder / "password"
        mirror = self.mirror(redis, "--password-file", password)
        self.wait(lambda: mirror.said("the table stays as it is", str(password), "o such file"), "the trouble")
        password.write_text("secret\n")
        password.chmod(0o600)
        self.wait(lambda: mirror.look() and mirror.look().answer("acme.example") == table_reader.HOSTED, "the table")
        self.assertEqual(1, len(mirror.said(str(password))))


class FullDisk(Refusals):
    """The state directory is a tmpfs in a mount namespace of the daemon's own."""

    def setUp(self):
        if subprocess.run([*NAMESPACE, "true"], check=False).returncode != 0:
            self.skipTest("this kernel lets nobody have a mount namespace")
        self.port = parts.free_port()
        self.primary = self.knot({"acme.example": zone("acme.example", *sip("@"))}, notify=self.port)
        self.store = self.redis()
        self.secondary = self.daemon(self.store, {"acme": self.customer(["acme.example"], self.primary)}, start=False, notify=self.port,
                                     metrics=True)
        (self.secondary.folder / "state").mkdir(mode=0o700)
        self.secondary.config.write_text(self.secondary.config_text)

    def confined(self, size, filled=""):
        return (*NAMESPACE, "sh", "-c", f'mount -t tmpfs -o size={size} tmpfs "$0" && {filled} exec "$@"', self.secondary.folder / "state",
                self.secondary.bin / "zonecastd", "-c", self.secondary.config)

    def within(self):
        return pathlib.Path(f"/proc/{self.secondary.process.pid}/root{self.secondary.folder / 'state'}")

    def fill(self):
        with open(self.within() / "ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                pass

    def test_one_that_is_full_at_the_start_is_refused(self):
        status, said = self.refused(self.secondary, self.confined("64k", 'dd if=/dev/zero of="$0/ballast" bs=4k 2>/dev/null;'))
        self.secondary.process = None
        self.assertEqual(EXIT_FAILED, status, said)
        self.one_line(said, ("No space left on device",))
        self.assertEqual({}, self.store.domains())

    def test_one_that_fills_up_is_told_and_costs_no_publication(self):
        daemon = self.secondary
        daemon.spawn(*self.confined(DISK))
        expected = {"acme.example": hosted("acme.example")}
        self.await_domains(self.store, expected)
        self.fill()
        for label in ("lab", "pub"):
            self.primary.edit("acme.example", *(("set", f"_sip._udp.{label}{number}", "3600", "SRV", "10 5 5060 sip.provider.example.")
                                                for number in range(100)))
            expected |= {f"{label}{number}.acme.example": hosted(f"{label}{number}.acme.example") for number in range(100)}
            self.await_domains(self.store, expected)
        self.await_said(daemon, " warning disk: ", "No space left on device")
        self.assertEqual(daemon.said(" warning disk: "), daemon.said(" warning disk: ", "is not saved: No space left on device"))
        self.assertTrue(self.metric(daemon, "zonecast_disk_troubles_total"))
        (self.within() / "ballast").unlink()
        self.primary.edit("acme.example", ("set", "_sip._udp.last", "3600", "SRV", "10 5 5060 sip.provider.example."))
        expected["last.acme.example"] = hosted("last.acme.example")
        content = self.await_domains(self.store, expected)
        self.assertEqual(0, daemon.stop())
        self.assertEqual(content.hashes, self.store.content().hashes)


if __name__ == "__main__":
    unittest.main()

"""Lines of text, JSON, or records of systemd's journal: zonecastd, the mirror and the export write one fact a line
in each, with the same fields.
"""

import json
import pathlib
import socket
import subprocess
import unittest

from setting import EndToEnd, exported, parts, publisher, sip, zone

NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
JOURNAL = pathlib.Path("/run/systemd/journal/socket")
WITH_JOURNAL = ("mount -t tmpfs none /run && mkdir -p /run/systemd/journal && "
                'mount --bind "$0" /run/systemd/journal && exec "$@"')
NEWLINE = "ex\nFORGED level=error"


class Forms(EndToEnd):
    def zonecastd(self, **sections):
        primary = self.knot({"acme.example": zone("acme.example", *sip("@"))})
        return self.daemon(self.redis(), {"acme": self.customer(["acme.example"], primary)}, start=False, **sections)

    def published(self):
        redis = self.redis("published")
        publisher.Publisher(redis).host("acme.example", "acme")
        return redis

    def export(self, redis, *options, name="export"):
        return self.adopt(exported.Export(self.folder / name, redis, *options, name=name), start=False)

    def spawn(self, part, environment=None):
        if isinstance(part, parts.Zonecastd):
            part.config.write_text(part.config_text)
            command = (part.bin / "zonecastd", "-c", part.config)
        else:
            command = part.command
        part.spawn(*getattr(part, "within", ()), *command, environment=environment)

    def objects(self, part):
        return [json.loads(line) for line in part.log.read_text().splitlines()]

    def await_object(self, part, message):
        self.wait(lambda: message in part.log.read_text(), message)
        part.stop()
        objects = self.objects(part)
        for each in objects:
            self.assertEqual(["time", "level", "message"], list(each)[:3])
        return next(each for each in objects if each["message"] == message)

    def test_json_of_the_daemon(self):
        daemon = self.zonecastd(log={"format": "json"})
        self.spawn(daemon)
        transferred = self.await_object(daemon, "zone transferred")
        self.assertEqual(("info", "acme.example", "ns1", 1),
                         tuple(transferred[name] for name in ("level", "zone", "primary", "to")))

    def test_json_of_the_mirror(self):
        mirror = self.mirror(self.published(), "--log-format", "json", "--log-level", "debug", start=False)
        self.spawn(mirror)
        current = self.await_object(mirror, "the table is current")
        self.assertEqual((1, 1, str(mirror.table)), tuple(current[name] for name in ("version", "domains", "table")))
        self.assertRegex(current["lineage"], r"^[0-9a-f-]{36}$")

    def test_json_of_the_export(self):
        export = self.export(self.published(), "--log-format", "json")
        self.spawn(export)
        current = self.await_object(export, "the database is current")
        self.assertEqual((1, 1), tuple(current[name] for name in ("version", "domains")))
        stops = self.objects(export)[-1]
        self.assertEqual((1, str(export.database)), tuple(stops[name] for name in ("version", "database")))

    def test_what_somebody_else_published_is_one_line_in_each_form(self):
        """A refusal quotes an entry: what stands in it must not look like another line, or another field."""
        redis = self.published()
        redis.ask("HSET", redis.key("meta"), "schema", NEWLINE)
        for form in ("text", "json"):
            for part in (self.mirror(redis, "--log-format", form, name=f"{form}-mirror", start=False),
                         self.export(redis, "--log-format", form, name=f"{form}-export")):
                with self.subTest(form=form, part=part.name):
                    self.spawn(part)
                    self.wait(lambda part=part: "stays as it is" in part.log.read_text(), "the trouble")
                    part.stop()
                    self.assertFalse([line for line in part.log.read_text().splitlines() if line.startswith("FORGED")])
                    if form == "json":
                        self.objects(part)

    def test_the_journal_gets_records_with_fields(self):
        if subprocess.run([*NAMESPACE, "true"], check=False).returncode != 0:
            self.skipTest("no namespace of our own here")
        redis = self.published()
        for part, name, message, fields in (
                (self.zonecastd(), "zonecastd", "zone transferred", {"ZONE": "acme.example", "PRIMARY": "ns1", "TO": "1"}),
                (self.mirror(redis, start=False), "zonecast-mirror", "the table is current", {"VERSION": "1", "DOMAINS": "1"}),
                (self.export(redis), "zonecast export", "the database is current", {"VERSION": "1", "DOMAINS": "1"})):
            with self.subTest(name):
                record = self.record_in_journal(part, message)
                expected = {"PRIORITY": "6", "SYSLOG_IDENTIFIER": name, **fields}
                self.assertEqual(expected, {field: record[field] for field in expected})

    def record_in_journal(self, part, message):
        """What the journal is sent of this message, by a part whose standard error is the journal's."""
        folder = part.folder / "journal"
        folder.mkdir(parents=True)
        part.within = (*NAMESPACE, "sh", "-c", WITH_JOURNAL, folder)
        part.log.touch()
        found = part.log.stat()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
            journal.bind(str(folder / "socket"))
            journal.settimeout(20)
            self.spawn(part, {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
            record = {}
            while record.get("MESSAGE") != message:
                record = dict(line.split("=", 1) for line in journal.recv(65536).decode().splitlines())
            part.stop()
        self.assertEqual("", part.log.read_text(), "standard error has nothing of it")
        return record

    @unittest.skipIf(JOURNAL.exists(), "there is a journal")
    def test_a_journal_that_is_not_there_is_told_at_the_start(self):
        said = f"cannot start: log format journald: there is no {JOURNAL}\n"
        redis = self.published()
        for part, line, status in ((self.zonecastd(log={"format": "journald"}), "zonecastd: " + said, 1),
                                   (self.mirror(redis, "--log-format", "journald", start=False), "zonecast-mirror: " + said, 1),
                                   (self.export(redis, "--log-format", "journald"), "zonecast: " + said, 3)):
            with self.subTest(part.name):
                self.spawn(part)
                self.assertEqual((status, line), (part.process.wait(20), part.log.read_text()))
                part.process = None


if __name__ == "__main__":
    unittest.main()

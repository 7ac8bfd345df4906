"""Every command that README.md and doc/ show is run, and prints what they say; every program and zone in them works.

How a page says what to do with a block stands at the head of pages.py. ZONECAST_DOCS_SHOW=1 prints what each command
printed, for whoever writes a page.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest

import yaml

import checked
import pages
import stage as stages
from stage import ROOT, parts, tour

PATIENCE = 20.0
SHOW = os.environ.get("ZONECAST_DOCS_SHOW")
TOUR_ZONES = {name: (ROOT / f"tour/zones/{name}.zone").read_text() for name in (*tour.ZONES, tour.NEWCOMER)}
SECRET = tour.KEY.rpartition(":")[2]
INLINE = r"(?:zonecast|zonecastd|zonecast-mirror|systemctl|journalctl|docker compose|\./dev)"
DEPARTED = re.compile(r"zonecast (approve|reject|lookup-now)|XADD|systemctl|zone-(begin|set|unset|commit)|FLUSHALL|^(cp|rm) ")


def page(name):
    return next(found for found in pages.PAGES if found.name == name)


class Played(unittest.TestCase):
    """A page, block after block, on one stage."""

    def with_the_library(self, stage):
        if os.environ.get("ZONECAST_SANITIZE"):
            self.skipTest("a library with a sanitizer cannot be loaded by a program without")
        stage.install_library()

    def play(self, name, stage):
        self.watching = None
        found = pages.blocks(page(name))
        if any("zonecast watch" in [command for command, _ in block.exchanges()]
               for block in found if block.language == "console" and not block.is_checked):
            self.watching = stage.watch()
        for block in found:
            with self.subTest(block.place):
                self.play_block(block, stage)

    def play_block(self, block, stage):
        if block.is_checked:
            return  # Shown.test_what_is_only_checked_exists
        if block.language in pages.FILES and block.words:
            stage.write(block.words[0], block.text)
        elif block.language == "sh":
            status, printed = stage.run(block.text)
            self.show(block.text, printed)
            self.assertEqual(0, status, printed)
        elif block.language == "console":
            for command, expected in block.exchanges():
                self.converse(stage, command, expected)

    def converse(self, stage, command, expected):
        """What is only asked may be asked again until it is so: what an edit leads to comes a moment later."""
        deadline = time.monotonic() + (0.5 if SHOW else PATIENCE)
        while True:
            status, printed = (0, self.watched(stage)) if command == "zonecast watch" else stage.run(command)
            if pages.matches(expected, printed.splitlines()) and (expected or status == 0):
                return self.show(command, printed)
            if DEPARTED.search(command) or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        if SHOW:
            return self.show(command, printed)
        self.assertEqual("\n".join(map(pages.alike, expected)), "\n".join(map(pages.alike, printed.splitlines())),
                         f"{command}\n{printed}")
        self.assertEqual(0, status, command)

    def show(self, command, printed):
        if SHOW:
            print(f"\n$ {command.rstrip()}\n{printed.rstrip()}", file=sys.stderr)

    def watched(self, stage):
        return stage.there(self.watching.read_text())

    def await_published(self, stage, *domains):
        parts.wait_for(lambda: set(domains) <= set(stage.redis.domains()), PATIENCE, f"{domains} in Redis")
        table = stage.env["ZONECAST_TABLE"]
        for domain in domains:
            parts.wait_for(lambda: stage.run(f"zonecast lookup --table {table} {domain}")[0] == 0, PATIENCE,
                           f"{domain} in the table")

    def settle(self, stage):
        def settled():
            status = json.loads(stage.run("zonecast --json status")[1])
            return status["zones_confirmed"] == status["zones"] and status["store"] == "idle"
        parts.wait_for(settled, PATIENCE, "all confirmed")


class Readme(Played):
    def test_the_tour_in_another_terminal(self):
        with stages.Terminal() as terminal:
            self.with_the_library(terminal)
            self.play("README.md", terminal)


class ZoneOwners(Played):
    def zones(self, name):
        """{zone: text} of the page's records, each below a SOA of its own."""
        found = {}
        for block in pages.blocks(page(name)):
            if block.language == "zone":
                zone = block.words[0]
                found[zone] = found.get(zone, f"$ORIGIN {zone}.\n{stages.HEAD}") + block.text
        return found

    def served(self, zones, stage):
        stage.publish()
        self.await_published(stage, *zones)
        self.settle(stage)
        warned = [line for zone in zones for line in stage.run(f"zonecast explain {zone}")[1].splitlines() if "warning" in line]
        self.assertEqual([], warned)

    def test_every_zone_that_is_shown_is_hosted_and_every_command_says_so(self):
        zones = self.zones("zone-owners.md")
        with stages.Stage(zones) as stage:
            self.served(zones, stage)
            self.play("zone-owners.md", stage)

    def test_so_is_the_one_in_the_readme(self):
        zones = self.zones("README.md")
        with stages.Stage(zones) as stage:
            self.served(zones, stage)


class Operators(Played):
    def test_from_the_first_file_to_the_restored_backup(self):
        with stages.Stage(TOUR_ZONES) as stage:
            self.play("operators.md", stage)


class ProxyDevelopers(Played):
    def test_every_program_finds_what_the_page_says(self):
        with stages.Stage(TOUR_ZONES, customers="the tour's") as stage:
            self.with_the_library(stage)
            stage.publish()
            self.await_published(stage, "acme.example", "sales.acme.example", "globex.example")
            self.settle(stage)
            self.play("proxy-developers.md", stage)


class Shown(unittest.TestCase):
    """What holds of all pages."""

    def all_blocks(self):
        return [block for each in pages.PAGES for block in pages.blocks(each)]

    def test_every_block_says_what_it_is(self):
        known = pages.FILES | {"console", "zone", "text"}
        for block in self.all_blocks():
            with self.subTest(block.place):
                self.assertIn(block.language, known)
                if block.language in ("c", "cpp", "lua", "python", "conf", "zone"):
                    self.assertTrue(block.words, "it needs a name")
        for each in pages.PAGES:
            indented = re.findall(r"(?m)^\n    \S.*$", re.sub(r"(?ms)^\s*```.*?^\s*```$", "", each.read_text()))
            self.assertEqual([], indented, f"{each.name} has blocks that nobody runs")

    def test_every_page_is_played(self):
        self.assertEqual({"README.md", "zone-owners.md", "operators.md", "proxy-developers.md"},
                         {each.name for each in pages.PAGES})

    def test_what_is_only_checked_exists(self):
        checker = checked.Checker(parts.build_folder() / "bin")
        for block in self.all_blocks():
            if block.language in ("sh", "console") and block.is_checked:
                with self.subTest(block.place):
                    checker.check(block.commands())

    def test_so_does_what_a_sentence_or_table_names(self):
        checker = checked.Checker(parts.build_folder() / "bin")
        others = ("config/prometheus/remedies/*.md", "config/kamailio/*.md", "test/*/README.md")
        for each in (*pages.PAGES, *(found for pattern in others for found in ROOT.glob(pattern))):
            text = re.sub(r"(?ms)^\s*```.*?^\s*```$", "", each.read_text())
            for command in re.findall(f"`({INLINE} [^`]+)`", text):
                with self.subTest(f"{each.name}: {command}"):
                    checker.check(command.replace("\n", " "))

    def test_every_part_of_a_configuration_is_accepted(self):
        least = {"redis": {"unix": "/run/redis/redis-server.sock", "deployment": "main"},
                 "edge": [{"addresses": ["192.0.2.10"], "udp": 5060}]}
        for block in self.all_blocks():
            if block.language == "yaml" and not block.words:
                with self.subTest(block.place):
                    self.accept({**least, **yaml.safe_load(block.text)})

    def accept(self, configuration):
        with stages.tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "zonecast.yaml"
            file.write_text(json.dumps(configuration))
            for word in re.findall(r'"(\w+\.(?:key|password|token))"', file.read_text()):
                (file.parent / word).write_text(tour.KEY if word.endswith("transfer.key") else f"{SECRET}\n")
            done = subprocess.run([parts.build_folder() / "bin/zonecast", "conf-check", file], capture_output=True, text=True,
                                  check=False)
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_every_link_leads_somewhere(self):
        for each in pages.PAGES:
            text = re.sub(r"(?ms)^\s*```.*?^\s*```$", "", each.read_text())
            for target in re.findall(r"\]\(([^)#]*)(?:#[^)]*)?\)", text):
                if target and "://" not in target:
                    with self.subTest(f"{each.name}: {target}"):
                        self.assertTrue((each.parent / target).exists())

    def test_every_alert_has_its_remedy_in_the_operators_page(self):
        text = page("operators.md").read_text()
        for remedy in (ROOT / "config/prometheus/remedies").glob("*.md"):
            self.assertIn(f"remedies/{remedy.name})", text)


class Checked(unittest.TestCase):
    """That the checks can fail."""

    def refuse(self, command):
        with self.assertRaises(checked.NotThere, msg=command):
            checked.Checker(parts.build_folder() / "bin").check(command)

    def test_what_is_not_there_is_refused(self):
        for command in ("zonecast zone-statsu", "zonecast export --folow", "zonecastd --conf x", "./dev tset", "kamctlx add",
                        "systemctl start zonecast", "docker compose exec nobody ls", "apt install ./build/package/zonecas_*.deb",
                        "cp config/kamailio/none.cfg x", "zonecast status | zonecats", "sudo zonecast-mirror --tabel x",
                        "./dev bench transfer --scal 1"):
            with self.subTest(command):
                self.refuse(command)

    def test_what_is_there_is_not(self):
        checked.Checker(parts.build_folder() / "bin").check(
            "zonecast --json zone-status example.com | tee x\nsudo systemctl restart zonecastd\n./dev bench worker --scale 0.1")

    def test_nothing_is_done_to_the_host(self):
        stage = stages.Stage({})
        self.addCleanup(stage.__exit__)
        stage.names = {}
        with self.assertRaises(parts.PartFailed):
            stage.shell("rm -rf /var/lib/zonecast/*")
        stage.name("/var/lib/zonecast", stage.path("/var/lib/zonecast"))
        self.assertEqual(f"rm -rf {stage.folder}/var/lib/zonecast/*", stage.shell("rm -rf /var/lib/zonecast/*")[-1])
        with self.assertRaises(parts.PartFailed):
            stage.shell("rm -rf /var/lib/redis")

    def test_a_line_matches_as_announced_only(self):
        self.assertTrue(pages.matches(["a  version 7", "...", "took 1.2 ms"], ["a version 12", "b", "c", "took 300 us"]))
        self.assertTrue(pages.matches(["x ... z"], ["x y z"]))
        self.assertFalse(pages.matches(["x ... z"], ["x y", "z"]))
        self.assertFalse(pages.matches(["calls 100"], ["calls 10"]))
        self.assertFalse(pages.matches(["a"], ["a", "b"]))


if __name__ == "__main__":
    unittest.main()

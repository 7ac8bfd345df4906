"""The systemd units: systemd finds nothing wrong with them, and their sandbox stays as closed as it is."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNITS = ["zonecastd", "zonecast-mirror"]
EXPOSURE_MAX = 1.6  # of 10, as `systemd-analyze security` counts


class Units(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="zonecast-units-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        bin_folder = pathlib.Path(os.environ["ZONECAST_BUILD"]) / "bin"
        for unit in UNITS:
            text = (ROOT / f"config/systemd/{unit}.service.in").read_text()
            text = text.replace("@CMAKE_INSTALL_FULL_BINDIR@", str(bin_folder))
            self.file(unit).write_text(text)

    def file(self, unit):
        return self.folder / f"{unit}.service"

    def said(self, unit, key):
        return re.findall(rf"^{key}=(.*)$", self.file(unit).read_text(), re.MULTILINE)

    @staticmethod
    def analyze(*words):
        done = subprocess.run(["systemd-analyze", *map(str, words)], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_systemd_finds_nothing_wrong(self):
        for unit in UNITS:
            with self.subTest(unit):
                self.assertEqual((0, ""), self.analyze("verify", "--man=no", self.file(unit)))

    def test_what_would_be_wrong_is_found(self):
        self.file("zonecastd").write_text(self.file("zonecastd").read_text().replace("ProtectHome=", "ProtectHouse="))
        self.assertIn("ProtectHouse", self.analyze("verify", "--man=no", self.file("zonecastd"))[1])

    def test_the_sandbox_is_as_closed_as_it_was(self):
        for unit in UNITS:
            with self.subTest(unit):
                status, said = self.analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX * 10:.0f}",
                                            "--no-pager", self.file(unit))
                self.assertEqual(0, status, said)

    def test_neither_is_root_and_both_are_watched(self):
        for unit in UNITS:
            with self.subTest(unit):
                self.assertEqual((["notify"], ["zonecast"], ["on-failure"]),
                                 tuple(self.said(unit, key) for key in ("Type", "User", "Restart")))
                self.assertTrue(self.said(unit, "WatchdogSec"))

    def test_the_configuration_is_checked_first(self):
        (before,), (start,) = self.said("zonecastd", "ExecStartPre"), self.said("zonecastd", "ExecStart")
        self.assertRegex(before, r"/zonecast conf-check (\S+)$")
        self.assertEqual(before.split()[-1], start.split()[-1])

    def test_no_stop_takes_the_tables_away(self):
        """RemoveIPC empties /dev/shm of what the user has, whichever of the two units stops."""
        for unit in UNITS:
            self.assertEqual(["no"], self.said(unit, "RemoveIPC"))


if __name__ == "__main__":
    unittest.main()

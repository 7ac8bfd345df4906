"""The five-minute tour does what it says, and leaves nothing behind."""

import os
import pathlib
import signal
import subprocess
import sys
import unittest

from setting import TEST, EndToEnd, parts


class Tour(EndToEnd):
    def launch(self, *options):
        build = os.environ.get("ZONECAST_BUILD", str(TEST.parent / "build/dev"))
        tour = subprocess.Popen([sys.executable, TEST.parent / "tour/tour.py", "--build", build, *options],
                                env={**os.environ, "TMPDIR": str(self.folder)}, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)
        self.parts.callback(lambda: tour.poll() is None and tour.kill())
        self.addCleanup(tour.stdout.close)
        return tour

    def assert_nothing_left(self):
        self.assertEqual([], list(self.folder.iterdir()))
        left = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes()
                if str(self.folder).encode() in command or os.readlink(process / "cwd").startswith(str(self.folder)):
                    left.append(command)
            except OSError:  # it has ended, or is not ours
                continue
        self.assertEqual([], left)

    def test_once_makes_an_edit_and_sees_it_published(self):
        tour = self.launch("--once")
        said, _ = tour.communicate(timeout=60)
        self.assertEqual(0, tour.returncode, said)
        self.assertRegex(said, r"(?m)^Redis has it \d+ ms after the commit .*: version \d+ -> \d+$")
        self.assertIn("did=lab.acme.example;state=hosted;transports=udp;role=primary", said)
        self.assertRegex(said, r"(?m)^the proxy's table has it \d+ ms after the question\.$")
        self.assert_nothing_left()

    def test_interrupted_or_terminated_it_leaves_nothing_behind(self):
        for how, statuses in ((signal.SIGINT, (0,)), (signal.SIGTERM, (143,))):
            with self.subTest(how.name):
                tour = self.launch()
                lines = iter(tour.stdout.readline, "")
                self.assertTrue(any("HGETALL" in line for line in lines), "it did not get to its end")
                tour.send_signal(how)
                tour.communicate(timeout=60)
                self.assertIn(tour.returncode, statuses)
                self.assert_nothing_left()

    def test_killed_it_leaves_no_process_behind(self):
        tour = self.launch()
        self.assertTrue(any("HGETALL" in line for line in iter(tour.stdout.readline, "")))
        tour.kill()
        tour.wait(10)
        parts.wait_for(lambda: not self.processes(), 10, "its parts to end")

    def processes(self):
        return [process for process in pathlib.Path("/proc").glob("[0-9]*/cmdline")
                if str(self.folder).encode() in self.read(process)]

    @staticmethod
    def read(file):
        try:
            return file.read_bytes()
        except OSError:
            return b""


if __name__ == "__main__":
    unittest.main()

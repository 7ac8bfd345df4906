"""The bench at a thousandth of its size: every scenario runs and every row is there. It says nothing about time."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import figures

HERE = pathlib.Path(__file__).resolve().parent


def bench(*arguments):
    return subprocess.run([sys.executable, str(HERE / "bench.py"), "--build", os.environ["ZONECAST_BUILD"], *arguments],
                          capture_output=True, text=True, check=False)


class Smoke(unittest.TestCase):
    def test_every_figure_has_its_row_in_the_table_and_in_the_file(self):
        for suite, rows in figures.SUITES.items():
            with self.subTest(suite):
                self.every_figure_has_its_row(suite, rows)

    def every_figure_has_its_row(self, suite, expected):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "bench.json"
            done = bench(suite, "--scale", "0.001", "--runs", "1", "--json", str(file))
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            rows = json.loads(file.read_text())
        self.assertEqual([figure.name for figure in expected], [row["name"] for row in rows])
        for figure, row in zip(expected, rows):
            with self.subTest(figure.name):
                self.assertIn(f"\n{figure.name} ", done.stdout)
                self.assertGreaterEqual(row["value"], 0)
                self.assertIsInstance(row["bound_met"], bool)
                if figure.bounded == "ratio":
                    self.assertAlmostEqual(row["value"], row["ratio"] * row["peer_value"])

    def test_a_figure_that_does_not_exist_is_refused(self):
        done = bench("transfer", "--only", "axfr-tiem")
        self.assertNotEqual(0, done.returncode)
        self.assertIn("no figure axfr-tiem; there are: axfr, axfr-memory", done.stderr)


class Rows(unittest.TestCase):
    RATIO = figures.Figure("r", "s", "what", "s", "ratio", 1.0, 0.5)
    VALUE = figures.Figure("v", "s", "what", "ms", "value", 5, figures.PEERS)

    def judged(self, figure, *measured):
        row = figures.row(figure, figures.Measured(*measured))
        return row["bound_met"], row["aim_met"]

    def test_a_ratio_is_judged_by_the_peer(self):
        self.assertEqual((False, False), self.judged(self.RATIO, 2.2, "nsd", 2.0))
        self.assertEqual((True, False), self.judged(self.RATIO, 2.0, "nsd", 2.0))
        self.assertEqual((True, True), self.judged(self.RATIO, 1.0, "nsd", 2.0))

    def test_a_value_is_judged_by_itself_and_its_aim_may_be_the_peers(self):
        self.assertEqual((False, False), self.judged(self.VALUE, 5.1, "named", 1.0))
        self.assertEqual((True, False), self.judged(self.VALUE, 1.1, "named", 1.0))
        self.assertEqual((True, True), self.judged(self.VALUE, 1.0, "named", 1.0))


if __name__ == "__main__":
    unittest.main()

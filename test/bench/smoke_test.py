"""The bench at a thousandth of its size: every scenario runs and every row is there. It says nothing about time."""

import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import chart  # noqa: E402
import figures  # noqa: E402
import parts  # noqa: E402
import progress  # noqa: E402


def bench(*arguments):
    return subprocess.run([sys.executable, str(HERE / "bench.py"), "--build", os.environ["ZONECAST_BUILD"], *arguments],
                          capture_output=True, text=True, check=False)


class Smoke(unittest.TestCase):
    def test_every_figure_has_its_row_in_the_table_in_the_file_and_in_the_chart(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "bench.json"
            done = bench("--scale", "0.001", "--runs", "1", "--json", str(file))
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            rows = json.loads(file.read_text())
            drawn = " ".join(xml.etree.ElementTree.parse(file.with_suffix(".svg")).getroot().itertext())
        expected = [(suite, figure) for suite, figures_of_it in figures.SUITES.items() for figure in figures_of_it]
        self.assertEqual([(suite, figure.name) for suite, figure in expected], [(row["suite"], row["name"]) for row in rows])
        for (suite, figure), row in zip(expected, rows):
            with self.subTest(f"{suite} {figure.name}"):
                self.assertRegex(done.stdout, rf"(?m)^{re.escape(figure.what)}  .*(met|MISSED)$")
                self.assertIn(figure.what, drawn)
                self.assertGreaterEqual(row["value"], 0)
                self.assertIsInstance(row["bound_met"], bool)
                if figure.bounded == "ratio":
                    self.assertAlmostEqual(row["value"], row["ratio"] * row["peer_value"])

    def test_one_suite_tells_more_of_each_figure(self):
        with tempfile.TemporaryDirectory() as folder:
            done = bench("transfer", "--only", "wire", "--scale", "0.001", "--runs", "1", "--json", f"{folder}/bench.json")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"(?m)^FIGURE +VALUE +UNIT +PEER")
        self.assertIn("\nwire-record ", done.stdout)

    def test_a_figure_that_does_not_exist_is_refused(self):
        done = bench("transfer", "--only", "axfr-tiem")
        self.assertNotEqual(0, done.returncode)
        self.assertIn("no figure axfr-tiem; there are: axfr, axfr-memory", done.stderr)


class Stream(io.StringIO):
    def __init__(self, is_terminal):
        super().__init__()
        self.isatty = lambda: is_terminal


class ProgressLine(unittest.TestCase):
    def test_it_is_rewritten_on_a_terminal_and_goes_away(self):
        stream = Stream(True)
        running = progress.Progress(["transfer axfr", "transfer edit"], stream, interval=0.01)
        running.step()
        parts.wait_for(lambda: "1 of 2 done, now transfer edit, 0 s so far, some 0 s left" in stream.getvalue(), what="the line")
        running.step()
        running.end()
        self.assertTrue(stream.getvalue().endswith(progress.CLEAR))

    def test_it_is_nothing_where_there_is_no_terminal(self):
        stream = Stream(False)
        running = progress.Progress(["transfer axfr"], stream, interval=0.01)
        running.step()
        running.end()
        self.assertEqual("", stream.getvalue())


class Chart(unittest.TestCase):
    def row(self, value, bound=10, **more):
        return {"suite": "s", "what": "a < b", "unit": "ms", "value": value, "ratio": None, "peer": None, "bounded": "value",
                "bound": bound, "bound_met": value <= bound, **more}

    def test_a_bar_is_as_long_as_its_share_of_the_bound_and_what_is_missed_says_so(self):
        drawn = chart.drawn([self.row(5), self.row(15), self.row(40), self.row(0, bound=0)])
        bars = re.findall(r'<rect class="(met|missed)" .*?width="([\d.]+)"', drawn)
        line = chart.BAR / chart.SHARE_MAX
        self.assertEqual([("met", line / 2), ("missed", line * 1.5), ("missed", chart.BAR), ("met", 1)],
                         [(kind, float(width)) for kind, width in bars])
        self.assertEqual(2, drawn.count("(missed)"))
        self.assertEqual(1, drawn.count("l9 9"), "one bar is cut")
        self.assertIn("a &lt; b", drawn)
        xml.etree.ElementTree.fromstring(drawn)


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

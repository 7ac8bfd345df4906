"""Alert rules, remedies and the dashboard: promtool finds nothing wrong, and all of them speak of metrics that there are."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

TEST = pathlib.Path(__file__).resolve().parents[1]
CONFIG = TEST.parent / "config"
PROMETHEUS = CONFIG / "prometheus"
sys.path[:0] = [str(TEST / "e2e")]

from setting import EndToEnd, hosted, sip, zone  # noqa: E402

ALERTS = (PROMETHEUS / "alerts.yaml").read_text()


def promtool(*words, folder=PROMETHEUS, stdin=None):
    done = subprocess.run(["promtool", *map(str, words)], cwd=folder, input=stdin, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def documented():
    """The metrics that METRICS.md has, each with the values of its labels; None: not all are known."""
    found = {}
    for name, labels in re.findall(r"^\| `(\w+)` \| \w+ \| (.*?) \| ", (PROMETHEUS / "METRICS.md").read_text(), re.MULTILINE):
        found[name] = {label: set(values.split(", ")) if values else None
                       for label, values in re.findall(r"`(\w+)`(?:: (.*?))?(?=, `|$)", labels)}
    return found


def used(expression):
    """(metric, label, value) of each selector of ours in an expression."""
    for name, selector in re.findall(r"\b(zonecast_\w+)(?:\{(.*?)\})?", expression):
        yield re.sub(r"_(bucket|sum|count)$", "", name), dict(re.findall(r'(\w+)="([^"]*)"', selector))


class Expressions(unittest.TestCase):
    def check(self, expression, where):
        known = documented()
        for name, labels in used(expression):
            self.assertIn(name, known, where)
            for label, value in labels.items():
                if label not in ("job", "instance"):
                    self.assertIn(value, known[name][label], where)


class Rules(Expressions):
    def alerts(self):
        return dict(re.findall(r"- alert: (\w+)\n(.*?)(?=\n      - alert|\Z)", ALERTS, re.DOTALL))

    def test_promtool_takes_the_rules_and_the_scrape_configuration(self):
        for words in (("rules", "alerts.yaml"), ("config", "--syntax-only", "scrape.yaml")):
            status, said = promtool("check", *words)
            self.assertEqual(0, status, said)

    def test_each_fires_when_it_should_and_only_then(self):
        status, said = promtool("test", "rules", "alerts_test.yaml")
        self.assertEqual(0, status, said)
        lives = (PROMETHEUS / "alerts_test.yaml").read_text()
        for alert in self.alerts():
            self.assertIn(f'"{alert}: quiet"', lives)
            self.assertIn(f'"{alert}: fires"', lives)

    def test_each_has_a_remedy_and_each_remedy_an_alert(self):
        for alert, text in self.alerts().items():
            self.assertIn(f"remedy: remedies/{alert}.md", text)
            self.assertRegex(text, "severity: (critical|warning)}")
        pages = {page.stem for page in (PROMETHEUS / "remedies").glob("*.md")}
        self.assertEqual(set(self.alerts()), pages)

    def test_remedies_are_about_options_and_alerts_that_there_are(self):
        options = (CONFIG / "REFERENCE.md").read_text()
        for page in (PROMETHEUS / "remedies").glob("*.md"):
            text = page.read_text()
            for section, option in re.findall(r"`(log|metrics|notify|redis|resolver|derive|claims|discovery|limits)\.(\w+)`", text):
                self.assertIn(f"| `{option}` |", options.split(f"## `{section}`")[1].split("\n## ")[0], page.name)
            for alert in re.findall(r"\bZonecast\w+", text):
                self.assertIn(alert, self.alerts(), page.name)
            self.check(text, page.name)

    def test_expressions_are_of_metrics_that_there_are(self):
        for alert, text in self.alerts().items():
            self.check(text, alert)


class Dashboard(Expressions):
    def setUp(self):
        self.dashboard = json.loads((CONFIG / "grafana/zonecast.json").read_text())
        self.expressions = [(panel["title"], target["expr"]) for panel in self.dashboard["panels"]
                            for target in panel.get("targets", [])]

    def test_every_metric_is_on_it_and_no_other(self):
        for title, expression in self.expressions:
            self.check(expression, title)
        shown = {name for _, expression in self.expressions for name, _ in used(expression)}
        self.assertEqual(set(documented()), shown)

    def test_prometheus_takes_every_expression(self):
        rules = "groups:\n- name: dashboard\n  rules:\n"
        for number, (_, expression) in enumerate(self.expressions):
            expression = expression.replace("$__rate_interval", "5m").replace("$instance", ".*")
            rules += f"  - record: panel:{number}\n    expr: {json.dumps(expression)}\n"
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "rules.yaml").write_text(rules)
            status, said = promtool("check", "rules", "rules.yaml", folder=folder)
        self.assertEqual(0, status, said)

    def test_panels_do_not_overlap(self):
        taken = set()
        ids = [panel["id"] for panel in self.dashboard["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        for panel in self.dashboard["panels"]:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(cells & taken, panel["title"])
            self.assertLessEqual(at["x"] + at["w"], 24)
            taken |= cells


class Reference(unittest.TestCase):
    def test_the_daemon_prints_it(self):
        daemon = pathlib.Path(os.environ["ZONECAST_BUILD"]) / "bin/zonecastd"
        printed = subprocess.run([daemon, "--help-metrics"], capture_output=True, text=True, check=True).stdout
        self.assertEqual((PROMETHEUS / "METRICS.md").read_text(), printed)


class Scrape(EndToEnd):
    def test_promtool_finds_nothing_to_say_about_metrics_and_all_are_documented(self):
        primary = self.knot({"acme.example": zone("acme.example", *sip("@"))})
        store = self.redis()
        daemon = self.daemon(store, {"acme": self.customer(["acme.example"], primary)}, metrics=True)
        self.await_domains(store, {"acme.example": hosted("acme.example")})
        self.await_metric(daemon, 1, "zonecast_domains")
        text = self.scrape(daemon)
        self.assertEqual((0, ""), promtool("check", "metrics", stdin=text))
        self.assertNotEqual("", promtool("check", "metrics", stdin="# TYPE a_total gauge\na_total 1\n")[1], "it looks")
        ours = set(re.findall(r"^# TYPE (zonecast_\w+) ", text, re.MULTILINE))
        self.assertGreater(len(ours), 20)
        self.assertEqual(set(), ours - set(documented()))


if __name__ == "__main__":
    unittest.main()

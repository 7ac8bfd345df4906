"""Man pages say what the commands say, and groff has nothing to say about them."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ["ZONECAST_BUILD"]) / "bin"


def shown(page):
    """As a reader sees it, in one line."""
    done = subprocess.run(["man", "--warnings", "-l", str(page)], capture_output=True, text=True, check=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "500"})
    return re.sub(r"\s+", " ", done.stdout), done.stderr


def said(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="zonecast-man-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        subprocess.run([sys.executable, ROOT / "packaging/man.py", BIN, cls.folder], check=True)

    def test_there_are_four_and_groff_does_not_complain(self):
        pages = sorted(self.folder.iterdir())
        self.assertEqual(["zonecast-mirror.8", "zonecast.1", "zonecast.yaml.5", "zonecastd.8"], [page.name for page in pages])
        for page in pages:
            self.assertEqual("", shown(page)[1], page.name)

    def words_of(self, text):
        """Each option and each piece of prose that --help has."""
        for line in text.splitlines():
            option = re.match(r"^  (-{1,2}[a-z][\w,-]*)", line)
            if option:
                yield option.group(1)
            elif line and not line.startswith(("Usage:", " ")) and not line.endswith(":"):
                yield re.sub(r"\s+", " ", line).rstrip(".")

    def test_what_help_says_is_in_the_page(self):
        for page, commands in (("zonecastd.8", [["zonecastd"]]), ("zonecast-mirror.8", [["zonecast-mirror"]]),
                               ("zonecast.1", [["zonecast"], ["zonecast", "export"], ["zonecast", "lookup"]])):
            text, _ = shown(self.folder / page)
            for command in commands:
                for words in self.words_of(said(BIN / command[0], *command[1:], "--help")):
                    if words.startswith("-h,"):
                        continue
                    self.assertIn(words[1:].lower(), text.lower(), f"{' '.join(command)} in {page}")

    def test_every_option_of_the_configuration_is_in_its_page(self):
        text, _ = shown(self.folder / "zonecast.yaml.5")
        options = re.findall(r"^  (\S+)$", said(BIN / "zonecast", "conf-help"), re.MULTILINE)
        self.assertGreater(len(options), 100)
        for option in options:
            self.assertIn(f" {option} ", text)


if __name__ == "__main__":
    unittest.main()

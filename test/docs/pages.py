"""README.md and doc/*.md as a reader sees them: their fenced blocks, by what the first line of each says.

    sh                 commands; each block succeeds
    console            "$ COMMAND", "> " where it goes on, and what it prints. "..." stands for anything in a line, and alone
                       for any lines; amounts of time, ages, versions and digests may be others (see `alike`)
    sh checked,        what needs root, systemd, Docker or hours: programs, verbs, options, units and files are looked up
    console checked    (checked.py), nothing is run
    zone NAME          records that are added to the zone; it is served, and its domains are hosted
    yaml               a part of a configuration, which conf-check takes
    LANGUAGE FILE      the content of a file, which is written before what follows is run
    text               an illustration
"""

import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "doc").glob("*.md"))]
FILES = {"c", "cpp", "lua", "yaml", "conf", "sh", "python"}  # what may be written into a file that is named
AMOUNT = re.compile(r"\b\d[\d.,]*( ?(ns|us|ms|s|m|h|d|octets|MiB|KiB|B)\b| (?=ms|s\b))+")
HEX = re.compile(r"\b(?=[0-9a-f]*[0-9])[0-9a-f]{8,}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?\b")
COUNTED = re.compile(r"\b(version|serial|ttl|term|generation|commit) +\d+")
INSTANT = re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| UTC)?")


@dataclasses.dataclass
class Block:
    page: pathlib.Path
    line: int
    language: str
    words: list[str]
    text: str

    @property
    def place(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def is_checked(self):
        return self.words == ["checked"]

    def exchanges(self):
        """(command, the lines it prints) of a console."""
        found = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append([line[2:], []])
            elif not found:
                raise ValueError(f"{self.place}: a console begins with a command")
            elif line.startswith("> ") and not found[-1][1]:
                found[-1][0] += "\n" + line[2:]
            else:
                found[-1][1].append(line)
        for _, printed in found:  # an empty line before the next command, or the end, is for the eye
            while printed and not printed[-1].strip():
                printed.pop()
        return found

    def commands(self):
        return "\n".join(command for command, _ in self.exchanges()) if self.language == "console" else self.text


def blocks(page):
    found, open_block = [], None
    for number, line in enumerate(page.read_text().splitlines(), 1):
        fence = re.match(r"^\s*```(.*)$", line)
        if not fence:
            if open_block:
                open_block[1].append(line)
        elif open_block is None:
            language, *words = fence.group(1).split() or [""]
            open_block = Block(page, number, language, words, ""), []
        else:
            block, lines = open_block
            block.text = "\n".join(lines) + "\n"
            found.append(block)
            open_block = None
    if open_block:
        raise ValueError(f"{open_block[0].place}: this block has no end")
    return found


def alike(text):
    """What of a line must be the same each time it is printed."""
    for pattern, word in ((INSTANT, "INSTANT"), (COUNTED, r"\1 N"), (HEX, "HEX"), (AMOUNT, "AMOUNT")):
        text = pattern.sub(word, text)
    return re.sub(r"( AMOUNT)+", " AMOUNT", re.sub(r"\s+", " ", text)).strip()


def matches(expected, printed):
    """Whether lines are as they were announced."""
    printed = "\n".join(printed).rstrip().splitlines()
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(.*\n)*?"
        else:
            pattern += ".*".join(re.escape(alike(piece) if piece.strip() else piece) for piece in split(line)) + "\n"
    return re.fullmatch(pattern, "".join(alike(line) + "\n" for line in printed)) is not None


def split(line):
    """A line at its "...", with the blanks that stood around them."""
    return re.split(r"\s*\.\.\.\s*", alike(line))

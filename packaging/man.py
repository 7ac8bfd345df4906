"""Man pages from what the commands say of themselves: `--help`, and `zonecast conf-help`.

usage: man.py BIN FOLDER: runs BIN/zonecastd, BIN/zonecast-mirror and BIN/zonecast, and writes FOLDER/*.1, *.5 and *.8.

Of a help text it knows what CLI11 prints (a line on what it is, "Usage:", groups of options) and how our footers are
written: paragraphs, then headings in capitals with entries "  WHAT  what it is" or indented text below.
"""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
GROUP = re.compile(r"^[A-Z][A-Za-z' ]+:$")
HEADING = re.compile(r"^[A-Z]{2}[A-Z ]*(\(.*\))?$")
ENTRY = re.compile(r"^  (\S(?:.*?\S)?)  +(\S.*)$")
NAMES = {"zonecast.yaml": 5, "zonecastd": 8, "zonecast-mirror": 8, "zonecast": 1}


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text)


def bold(text):
    return f"\\fB{escape(text)}\\fR"


class Page:
    """One page: sections of paragraphs, entries and literal lines."""

    def __init__(self, name, what, version, date):
        self.name, self.section = name, NAMES[name]
        what = what[:1].lower() + what[1:].rstrip(".")
        self.lines = [f'.TH {name.upper()} {self.section} "{date}" "zonecast {version}" "zonecast"', ".SH NAME",
                      f"{escape(name)} \\- {escape(what)}"]

    def head(self, title, level="SH"):
        self.lines.append(f".{level} {escape(title)}")

    def paragraph(self, text):
        self.lines += [".PP", escape(text)]

    def entry(self, tag, text):
        self.lines += [".TP", bold(tag), escape(text)]

    def literal(self, lines):
        self.lines += [".PP", ".nf", *map(escape, lines), ".fi"]

    def see_also(self):
        self.head("SEE ALSO")
        others = [f"{bold(name)}({section})" for name, section in sorted(NAMES.items()) if name != self.name]
        self.lines.append(", ".join(others))

    def write(self, folder):
        self.see_also()
        (folder / f"{self.name}.{self.section}").write_text("\n".join(self.lines) + "\n")


class Help:
    """What --help printed: `what`, `usage`, groups of entries, paragraphs, and sections of the footer."""

    def __init__(self, command):
        lines = subprocess.run([*map(str, command), "--help"], capture_output=True, text=True,
                               check=True).stdout.splitlines()
        self.what = lines[0]
        self.usage = next(line for line in lines if line.startswith("Usage: ")).removeprefix("Usage: ")
        self.groups, self.prose, self.sections = [], [], []
        into = None
        for line in lines[lines.index("Usage: " + self.usage) + 1:]:
            if GROUP.match(line):
                into = []
                self.groups.append((line[:-1], into))
            elif HEADING.match(line):
                into = []
                self.sections.append((line, into))
            elif line and not line.startswith(" ") and not (self.sections and into is self.sections[-1][1]):
                into = self.prose  # an indented line would go on with a group
                into.append(line)
            elif into is not None:
                into.append(line)


def blocks(lines):
    """Runs of lines between empty ones."""
    block = []
    for line in [*lines, ""]:
        if line:
            block.append(line)
        elif block:
            yield block
            block = []


def entries(lines):
    """(tag, text) of each entry; the text may begin on the next line, and goes on where it is indented further."""
    found = []
    for line in lines:
        match = ENTRY.match(line)
        if match:
            found.append([*match.groups()])
        elif re.match(r"^  \S", line):
            found.append([line.strip(), ""])
        elif found:
            found[-1][1] = f"{found[-1][1]} {line.strip()}".strip()
    return found


def add_groups(page, text, level):
    for title, lines in text.groups:
        if title == "Subcommands":
            continue
        page.head(title.upper() if level == "SH" and title == "Options" else title, level if title == "Options" else "SS")
        for tag, what in entries(lines):
            page.entry(tag, what)


def add_sections(page, text):
    for title, lines in text.sections:
        page.head(title)
        for block in blocks(lines):
            if title == "EXAMPLES":
                page.literal([line[2:] for line in block])
            elif ENTRY.match(block[0]):
                for tag, what in entries(block):
                    page.entry(tag, what)
            else:
                page.paragraph(" ".join(line.strip() for line in block))


def command_page(bin_folder, name, version, date):
    text = Help([bin_folder / name])
    page = Page(name, text.what, version, date)
    page.head("SYNOPSIS")
    page.lines.append(bold(name) + escape(text.usage.removeprefix(name)))
    page.head("DESCRIPTION")
    for block in blocks(text.prose or [text.what]):
        page.paragraph(" ".join(block))
    add_groups(page, text, "SH")
    subcommands = [tag for title, lines in text.groups if title == "Subcommands" for tag, _ in entries(lines)]
    if subcommands:
        page.head("SUBCOMMANDS")
    for subcommand in subcommands:
        add_subcommand(page, Help([bin_folder / name, subcommand]), text.sections)
    add_sections(page, text)
    return page


def add_subcommand(page, text, of_all):
    page.head(text.usage.replace(" [OPTIONS]", ""), "SS")
    page.paragraph(text.what[:1].upper() + text.what[1:].rstrip(".") + ".")
    for block in blocks(text.prose):
        page.paragraph(" ".join(block))
    for title, lines in text.groups:
        for tag, what in entries(lines):
            if tag != "-h,--help":
                page.entry(tag, f"{title.capitalize()}: {what}" if title not in ("Options", "Positionals") else what)
    for title, lines in text.sections if text.sections != of_all else []:
        for block in blocks(lines):
            page.paragraph(f"{title.capitalize()}:")
            page.literal([line[2:] for line in block])


def options_page(bin_folder, version, date):
    page = Page("zonecast.yaml", "configuration of zonecastd", version, date)
    page.head("DESCRIPTION")
    page.paragraph("A YAML file, which zonecastd is given by its option -c. What is in conf.d/*.yaml beside it is added, in "
                   "the order of the files' names: keys to mappings, items to lists; a single value stands once in all "
                   "files. Paths are relative to the folder of the configuration file.")
    page.paragraph("Durations are a number and ms, s, m, h or d; sizes a number of octets, or one with KiB, MiB or GiB. A "
                   "single item of a list may stand without brackets.")
    page.paragraph("zonecast conf-check FILE checks a file without starting anything; an example is in "
                   "/usr/share/doc/zonecast/examples/zonecast.sample.yaml.")
    page.head("OPTIONS")
    said = subprocess.run([bin_folder / "zonecast", "conf-help"], capture_output=True, text=True, check=True).stdout
    option = []
    for line in [*said.splitlines(), ""]:
        if line.startswith("      "):
            option.append(line.strip())
            continue
        if option:
            page.entry(option[0], f"{option[1][:1].upper() + option[1][1:]}.")
            page.lines += [".br", escape(f"{option[2][:1].upper() + option[2][1:]}.")]
        option = [line.strip()] if line.startswith("  ") else []
        if line and not option:
            page.head(line, "SS")
    return page


def main():
    bin_folder, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    changelog = (HERE / "changelog").read_text()
    version = re.search(r"\((.*?)\)", changelog).group(1)
    date = re.search(r"^ -- .*  \w+, (.*?) \d\d:", changelog, re.MULTILINE).group(1)
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        page = options_page(bin_folder, version, date) if name == "zonecast.yaml" else \
            command_page(bin_folder, name, version, date)
        page.write(folder)


if __name__ == "__main__":
    main()

"""Commands that are shown and cannot be run here: that what they name is there.

Of programs of this project, verbs and options are looked up in what --help says, of ./dev in its usage; units, packages,
services and files of the repository are looked up where they come from. Other programs are those of the list: a
misspelt one is in none.
"""

import re
import shlex
import shutil
import subprocess

import yaml

from pages import ROOT

OTHERS = {"adduser", "apt", "apt-get", "apt-mark", "bash", "cd", "chgrp", "chmod", "chown", "cp", "curl", "docker", "editor",
          "git", "install", "journalctl", "ls", "mv", "openssl", "redis-cli", "rm", "sqlite3", "ssh", "systemctl",
          "systemd-analyze", "tar", "kamailio", "kamcmd", "mysql", "jq"}
OWN = ("zonecast", "zonecastd", "zonecast-mirror")
UNITS = {"zonecastd", "zonecast-mirror", "redis-server", "kamailio", "prometheus", "unbound"}


class NotThere(Exception):
    pass


def require(condition, what):
    if not condition:
        raise NotThere(what)


class Checker:
    def __init__(self, bin_folder):
        self.bin = bin_folder
        self.helps = {}

    def help(self, *command):
        """The options and subcommands that a program tells of."""
        if command not in self.helps:
            done = subprocess.run([str(self.bin / command[0]), *command[1:], "--help"], capture_output=True, text=True,
                                  check=False)
            options = set(re.findall(r"(?<![\w-])--?[\w-]+", done.stdout))
            listed = done.stdout.partition("Subcommands:")[2].partition("\n\n")[0]
            self.helps[command] = options, set(re.findall(r"(?m)^  ([\w-]+)", listed))
        return self.helps[command]

    def check(self, text):
        """Each command of a block."""
        for line in text.replace("\\\n", " ").splitlines():
            for command in commands(line):
                self.check_command(command)

    def check_command(self, words):
        program, arguments = words[0], words[1:]
        if program == "sudo":
            return self.check_command(arguments)
        if program in OWN:
            self.check_own(program, arguments)
        elif program == "./dev":
            self.check_dev(arguments)
        elif program.startswith("./") or "/" in program:
            require((ROOT / program).exists(), f"no file {program} in the repository")
        else:
            require(program in OTHERS or shutil.which(program), f"an unknown program: {program}")
        if program == "systemctl":
            units = [word.removesuffix(".service") for word in arguments[1:] if not word.startswith("-")]
            require(set(units) <= UNITS, f"an unknown unit among {units}")
        if program == "journalctl":
            named = {unit for flag, unit in zip(arguments, arguments[1:]) if flag == "-u"}
            require(named <= UNITS, f"an unknown unit among {named}")
        if program == "docker":
            self.check_compose(arguments)
        for word in arguments:
            self.check_file(word)

    def check_own(self, program, arguments):
        options, verbs = self.help(program)
        verb = next((word for word in arguments if word in verbs), None)
        if verbs:
            require(verb or not [word for word in arguments if not word.startswith("-")], f"{program} has no {arguments}")
        if verb:
            options = options | self.help(program, verb)[0]
        for word in arguments:
            if word.startswith("-"):
                require(word.partition("=")[0] in options, f"{program} {verb or ''} has no option {word}")

    @staticmethod
    def check_dev(arguments):
        usage = subprocess.run([str(ROOT / "dev"), "help"], capture_output=True, text=True, check=True).stdout
        said = re.findall(r"(?m)^  ([\w-]+) ?(.*)$", usage)
        verb = arguments[0] if arguments else "help"
        lines = [line for name, line in said if name == verb]
        require(lines or verb == "help", f"./dev has no {verb}")
        if verb in ("bench", "sim", "run", "package"):
            told = usage + (ROOT / "test/bench/bench.py").read_text()
            for word in arguments[1:]:
                known = re.search(rf"(?<![\w-]){re.escape(word.partition('=')[0])}(?![\w-])", told)
                require(known or re.fullmatch(r"[\d.]+", word), f"./dev {verb} has no {word}")

    @staticmethod
    def check_compose(arguments):
        if arguments[:1] != ["compose"]:
            return
        services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
        rest = [word for word in arguments[1:] if not word.startswith("-")]
        verb = rest[0]
        require(verb in ("up", "down", "exec", "logs", "ps", "build", "restart", "stop"), f"docker compose {verb}")
        if verb in ("exec", "logs", "restart", "stop") and rest[1:]:
            require(rest[1] in services, f"docker-compose.yml has no service {rest[1]}")

    @staticmethod
    def check_file(word):
        """A file of the repository, or one that ./dev package makes."""
        if match := re.fullmatch(r"(?:\./)?build/package/([\w-]+)_\*\.deb", word):
            packaged = (ROOT / "packaging/CMakeLists.txt").read_text()
            require(f"describe({match.group(1)} " in packaged, f"no package {match.group(1)}")
        elif re.match(r"(config|schema|test|tour|doc)/[\w./-]+$", word):
            require((ROOT / word).exists(), f"no file {word} in the repository")
        elif match := re.match(r"/usr/share/doc/(zonecast|lua-zonecast)/examples/([\w./-]+)$", word):
            require((ROOT / "config" / match.group(2)).exists(), f"no example {match.group(2)}")


def commands(line):
    """The commands of a line: what stands between pipes, && and ;, without assignments in front."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split = True
    command, is_target = [], False
    for word in lexer:
        if set(word) <= set("|&;()"):
            if command:
                yield command
            command = []
        elif set(word) <= set("<>"):
            is_target = True
        elif is_target:
            is_target = False
        elif command or not re.match(r"\w+=", word):
            command.append(word)
    if command:
        yield command

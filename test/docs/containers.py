"""docker-compose.yml and the Dockerfile without an engine: what they say, and the processes that it comes to.

A service becomes a process of this host: its image's ENTRYPOINT with its command, the files that are mounted or that
the Dockerfile copies, volumes and tmpfs as folders. Addresses 192.0.2.x become 127.a.b.x, which are all this host's,
and so do 0.0.0.0 and 127.0.0.1 within a service; users and capabilities are not looked at.
"""

import getpass
import os
import random
import re
import shlex
import shutil
import subprocess

import yaml

import stage  # and the path to the next
import parts

ROOT = stage.ROOT
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]


class Image:
    """A stage of the Dockerfile."""

    def __init__(self, text):
        text = text.replace("\\\n", " ")
        self.name = re.search(r"^FROM \S+ AS (\w+)", text, re.MULTILINE).group(1)
        self.base = re.search(r"^FROM (\S+)", text, re.MULTILINE).group(1)
        self.user = self.last(r"^USER (\S+)$", text)
        self.entrypoint = yaml.safe_load(self.last(r"^ENTRYPOINT (.*)$", text) or "[]")
        self.command = yaml.safe_load(self.last(r"^CMD (.*)$", text) or "[]")
        self.copies = re.findall(r"^COPY (?:--chown=\S+ )?((?!--)\S+) (\S+)$", text, re.MULTILINE)
        self.packages = {word for run in re.findall(r"apt-get install (.*?)&&", text) for word in run.split() if word[0] != "-"}
        self.commands = re.findall(r"^RUN (.*)$", text, re.MULTILINE)

    @staticmethod
    def last(pattern, text):
        found = re.findall(pattern, text, re.MULTILINE)
        return found[-1] if found else None


def images():
    text = (ROOT / "Dockerfile").read_text()
    found = [Image(part) for part in re.split(r"(?m)^(?=FROM )", text)[1:]]
    return {image.name: image for image in found}


def mounts(service):
    """(what, where) of each volume."""
    return [tuple(volume.split(":")[:2]) for volume in SERVICES[service].get("volumes", [])]


def folders(service):
    return [place.partition(":")[0] for place in SERVICES[service].get("tmpfs", [])]


def tour():
    """The commands of the file's head: (service, words)."""
    found = []
    for line in re.findall(r"(?m)^#   (docker compose .*)$", (ROOT / "docker-compose.yml").read_text()):
        words = shlex.split(line)
        if words[2] == "exec":
            found.append((words[3], words[4:]))
    return found


class Network:
    """The addresses of one rehearsal."""

    def __init__(self):
        self.prefix = f"127.{random.randrange(1, 255)}.{random.randrange(1, 255)}."

    def of(self, service):
        shared = SERVICES[service].get("network_mode", "").partition(":")[2]
        name = shared or service
        given = (SERVICES[name].get("networks") or {})
        given = given.get("sip", {}) if isinstance(given, dict) else {}
        return given.get("ipv4_address", f"192.0.2.{200 + list(SERVICES).index(name)}").replace("192.0.2.", self.prefix)


class Container(parts.Part):
    def __init__(self, name, folder, network):
        super().__init__(name, folder / "services" / name)
        self.image = images()[SERVICES[name]["build"]["target"]]
        self.network, self.volumes = network, folder / "volumes"
        self.places = {}  # a path in the container: here
        for place in folders(name):
            self.places[place] = self.folder / "root" / place.lstrip("/")
        for what, where in self.image.copies:
            self.copy(what, where.rstrip("/"))
        for what, where in mounts(name):
            if what.startswith("."):
                self.copy(what, where)
            else:
                self.fill_volume(what, where)
        for place in self.places.values():
            if not place.exists():
                place.mkdir(parents=True, exist_ok=True)
        if name == "zonecast":
            self.say_defaults()
        self.translate_files()

    def say_defaults(self):
        """What its configuration leaves at the default, which is a path or an address."""
        fragment = self.folder / "root/etc/zonecast/conf.d/defaults.yaml"
        fragment.parent.mkdir(parents=True, exist_ok=True)
        fragment.write_text("state_directory: /var/lib/zonecast\ncontrol_socket: /run/zonecast/control.sock\n"
                            "http: {listen: 127.0.0.1:9464}\n")

    def copy(self, what, where):
        place = self.folder / "root" / where.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / what).is_dir():
            shutil.copytree(ROOT / what, place, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / what, place)
        self.places[where] = place

    def fill_volume(self, name, where):
        """With what the image has there, as an engine does."""
        place = self.volumes / name
        inside = self.folder / "root" / where.lstrip("/")
        if inside.exists() and not place.exists():
            shutil.copytree(inside, place)
        for path in [path for path in self.places if path.startswith(where + "/")]:
            del self.places[path]
        self.places[where] = place

    def here(self, text):
        known = "|".join(map(re.escape, sorted(self.places, key=len, reverse=True))) or "(?!)"
        text = re.sub(rf"(?<![\w.-])(?<!\w/)({known})(?![\w.-])", lambda found: str(self.places[found.group(1)]), text)
        text = text.replace("192.0.2.", self.network.prefix)
        return re.sub(r"\b(0\.0\.0\.0|127\.0\.0\.1)\b", self.network.of(self.name), text)

    def translate_files(self):
        roots = [self.folder / "root", *(place for where, place in self.places.items() if where == "/var/lib/knot")]
        for file in {file for root in roots for file in root.rglob("*") if file.is_file() and file.suffix != ".db"}:
            file.write_text(self.as_one_host(self.here(file.read_text())))

    def as_one_host(self, text):
        """What is another on one host: who owns the table, and that what says nothing else comes from 127.0.0.1."""
        text = text.replace("!ZC_TABLE_OWNER!zonecast!", f"!ZC_TABLE_OWNER!{getpass.getuser()}!")
        zonecast = f"address: {self.network.of('zonecast')}"
        text = text.replace(f"{zonecast}@5353\n", f"{zonecast}@5353\n    via: {self.network.of(self.name)}\n")
        text = text.replace("server:\n    interface:", "server:\n    do-not-query-localhost: no\n    interface:")
        return text.replace(f"{zonecast}\n", "address: 127.0.0.0/8\n")

    def command(self):
        said = SERVICES[self.name]
        words = said.get("entrypoint", self.image.entrypoint) + said.get("command", self.image.command)
        return [self.here(word) for word in words]

    @property
    def surroundings(self):
        build = parts.build_folder()
        bins = [self.places[where].parent for where in self.places if where.startswith("/usr/local/bin/")]
        return {"PATH": ":".join([*map(str, bins), str(build / "bin"), os.environ["PATH"], "/usr/sbin", "/sbin"]),
                "LUA_CPATH": f"{build}/lib/lua/?.so;;", "ZONECAST_SOCKET": self.here("/run/zonecast/control.sock")}

    def start(self):
        self.spawn(*self.command(), environment=self.surroundings)
        if "healthcheck" in SERVICES[self.name]:
            self.wait_until(lambda: self.execute(*SERVICES[self.name]["healthcheck"]["test"][1:]).returncode == 0,
                            "it is healthy", timeout=60)

    def execute(self, *words):
        return subprocess.run([self.here(word) for word in words], capture_output=True, text=True, check=False, timeout=20,
                              cwd=self.folder, env={**os.environ, **self.surroundings})

"""The Debian packages in a root of their own: installed, set up as their pages say, run as their units would, purged.

The folder of the packages is in ZONECAST_PACKAGES. Debian comes by mmdebstrap and apt; redis-server and knotd run outside
of the root. There is no systemd in it: what the units say is carried out here.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

TEST = pathlib.Path(__file__).resolve().parents[1]
ROOT = TEST.parent
sys.path[:0] = [str(TEST / "support"), str(TEST / "e2e"), str(ROOT / "tour")]

import parts  # noqa: E402
import primaries  # noqa: E402
import tour  # noqa: E402

PACKAGES = ["zonecast", "libzonecast1", "libzonecast-dev", "lua-zonecast"]
# What Debian's own tools write where packages come and go.
NOT_OURS = re.compile(r"/(proc|packages|var/cache|var/lib/(apt|dpkg|systemd)|var/log|run/(lock|adduser)|tmp|dev/shm$"
                      r"|etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|etc/ld\.so\.cache|etc/\.pwd\.lock)")


def run(*command, check=True, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{shlex.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


class Root:
    """A minimal Debian 12, and ways into it."""

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "root"
        run("mmdebstrap", "--quiet", "--variant=apt", "bookworm", self.path)
        (self.path / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (self.path / "usr/sbin/policy-rc.d").chmod(0o755)
        (self.path / "dev/shm").mkdir(mode=0o1777, exist_ok=True)
        (self.path / "dev/shm").chmod(0o1777)

    def enter(self, *command, user=None):
        """The command that runs this one in the root; the process is the same, for signals."""
        become = ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--no-new-privs"] if user else []
        return ["unshare", "--mount", f"--mount-proc={self.path}/proc", "chroot", str(self.path), *become, *map(str, command)]

    def run(self, *command, user=None, check=True):
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
        return run(*self.enter(*command, user=user), check=check, env=environment)

    def ask(self, *command):
        return self.run("zonecast", *command).stdout

    def file(self, path):
        return self.path / path.lstrip("/")

    def files(self):
        found = set()
        for folder, folders, files in os.walk(self.path):
            inside = "/" + os.path.relpath(folder, self.path).removeprefix(".").lstrip("/")
            for name in [*folders, *files]:
                path = os.path.join(inside, name)
                if not NOT_OURS.match(path):
                    found.add(path)
            folders[:] = [name for name in folders if not NOT_OURS.match(os.path.join(inside, name))]
        return found


class Unit:
    """What of an installed unit concerns a process that is started without systemd."""

    def __init__(self, root, name):
        self.root, self.name = root, name
        text = root.file(f"/usr/lib/systemd/system/{name}.service").read_text()
        self.said = {}
        for key, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
            self.said.setdefault(key, []).append(value)

    def make_folders(self):
        user = self.said["User"][0]
        for key, place in (("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run"), ("LogsDirectory", "/var/log")):
            for name in self.said.get(key, []):
                mode = self.said[f"{key}Mode"][0]
                self.root.run("install", "-d", "-m", mode, "-o", user, "-g", user, f"{place}/{name}")

    def command(self):
        words = []
        for word in shlex.split(self.said["ExecStart"][0]):
            if not word.startswith("$"):
                words.append(word)
                continue
            for file in self.said["EnvironmentFile"]:
                value = re.search(rf'^{word[1:]}="(.*)"$', self.root.file(file).read_text(), re.MULTILINE).group(1)
                words += value.split()
        return words

    def start(self, part):
        """In the place of systemd, which makes the folders, asks conf-check first, and becomes the user."""
        self.make_folders()
        for before in self.said.get("ExecStartPre", []):
            self.root.run(*shlex.split(before), user=self.said["User"][0])
        part.spawn(*self.root.enter(*self.command(), user=self.said["User"][0]))
        part.wait_until(lambda: "is running" in part.log.read_text(), "it runs")


class Lintian(unittest.TestCase):
    def test_it_finds_no_error(self):
        found = sorted(pathlib.Path(os.environ["ZONECAST_PACKAGES"]).glob("*.deb"))
        self.assertEqual(len(PACKAGES), len(found), found)
        run("lintian", "--allow-root", "--fail-on", "error", *found)

    def test_their_maintainer_is_who_built_them(self):
        named = f"{os.environ.get('DEBFULLNAME', '')} <{os.environ.get('DEBEMAIL', '')}>"
        if "@" not in named:
            named = "unnamed builder <nobody@packages.invalid>"
        for package in pathlib.Path(os.environ["ZONECAST_PACKAGES"]).glob("*.deb"):
            self.assertEqual(named, run("dpkg-deb", "--field", package, "Maintainer").stdout.strip())


class Packages(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="zonecast-root-"))
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder)
        self.root = Root(self.folder)

    def adopt(self, part):
        self.addCleanup(part.stop)
        return part

    def install(self):
        place = self.root.file("/packages")
        place.mkdir()
        for package in PACKAGES:
            (found,) = pathlib.Path(os.environ["ZONECAST_PACKAGES"]).glob(f"{package}_*.deb")
            shutil.copy(found, place)
        self.root.run("sh", "-c", "apt-get update -qq && apt-get install -y -qq --no-install-recommends /packages/*.deb")

    def check_installed(self):
        self.assertEqual("750 root zonecast", self.root.run("stat", "-c", "%a %U %G", "/etc/zonecast").stdout.strip())
        for unit in ("zonecastd", "zonecast-mirror"):
            self.assertTrue(self.root.file(f"/etc/systemd/system/multi-user.target.wants/{unit}.service").is_symlink(), unit)
        for page in ("man1/zonecast.1", "man5/zonecast.yaml.5", "man8/zonecastd.8", "man8/zonecast-mirror.8"):
            self.assertTrue(self.root.file(f"/usr/share/man/{page}.gz").exists(), page)
        for command in ("zonecast", "zonecastd", "zonecast-mirror"):
            self.assertIn(command, self.root.run(command, "--version").stdout)

    def configure(self, redis, primary):
        """As an operator would: from the samples, customers in conf.d, the key where only the daemon reads it."""
        text = tour.configuration("/etc/zonecast", redis, primary, parts.free_port(), parts.free_port())
        text = text.replace(str(redis.socket), "/run/redis/redis.sock")
        text = re.sub(r"^(state_directory|control_socket):.*\n", "", text, flags=re.MULTILINE)
        rules, customers = text.split("customers:\n")
        etc = self.root.file("/etc/zonecast")
        (etc / "zonecast.yaml").write_text(rules)
        (etc / "conf.d/tour.yaml").write_text("customers:\n" + customers)
        (etc / "transfer.key").write_text(tour.KEY + "\n")
        self.root.run("chgrp", "zonecast", "/etc/zonecast/transfer.key")
        (etc / "transfer.key").chmod(0o640)
        sample = self.root.file("/usr/share/doc/zonecast/examples/mirror.sample.env").read_text()
        self.assertIn("--redis unix:/run/redis/redis-server.sock --deployment main", sample)
        (etc / "mirror.env").write_text(sample.replace("redis-server.sock", "redis.sock").replace("main", "tour"))

    def start_servers(self):
        redis = parts.Redis(self.root.file("/run/redis"), deployment="tour", options=("--unixsocketperm", "777"))
        redis.folder.chmod(0o755)
        zones = {name: (ROOT / "tour/zones" / f"{name}.zone").read_text() for name in tour.ZONES}
        primary = primaries.Knot(self.folder / "knotd", zones, key=tour.KEY)
        self.adopt(redis).start()
        self.adopt(primary).start()
        return redis, primary

    def take_the_tour(self, mirror):
        table = "/dev/shm/zonecast-tour/table"
        shown = self.root.ask("domain-show", "acme.example")
        for words in (r"published +hosted udp,tcp primary did=acme", r"digest\.qop +auth, auth-int", r"max_calls +100"):
            self.assertRegex(shown, words)
        self.assertIn("Not hosted: pbx.lab.acme.example A: 198.51.100.7: not an address of the edge there.",
                      self.root.run("zonecast", "explain", "lab.acme.example", check=False).stdout)
        self.assertRegex(self.root.ask("status"), r"zones +2: 2 loaded, 2 confirmed")
        mirror.wait_until(lambda: "the table is current" in mirror.log.read_text(), "the mirror is current")
        looked_up = self.root.run("zonecast", "lookup", "--table", table, "--owner", "zonecast", "Sales.ACME.example.",
                                  user="daemon").stdout
        self.assertRegex(looked_up, r"domain +hosted udp primary did=acme")
        script = (f'local z = require "zonecast"; local t = assert(z.open("{table}", {{owner = "zonecast"}})); '
                  'print(t:lookup("sales.acme.example"))')
        self.root.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "lua5.1")
        self.assertIn("hosted", self.root.run("lua5.1", "-e", script, user="daemon").stdout)

    def test_they_install_run_and_go_without_a_trace(self):
        users, before = self.root.run("getent", "passwd").stdout, self.root.files()
        self.install()
        self.check_installed()
        redis, primary = self.start_servers()
        self.configure(redis, primary)
        daemon = self.adopt(parts.Part("zonecastd", self.folder / "zonecastd"))
        mirror = self.adopt(parts.Part("mirror", self.folder / "mirror"))
        Unit(self.root, "zonecastd").start(daemon)
        Unit(self.root, "zonecast-mirror").start(mirror)
        daemon.wait_until(lambda: len(redis.domains()) >= 4, "the first domains in Redis")
        self.take_the_tour(mirror)
        for part in (daemon, mirror, redis, primary):
            self.assertEqual(0, part.stop(), part.name)
        shutil.rmtree(redis.folder)

        self.root.run("apt-get", "remove", "-y", "-qq", "zonecast")
        self.assertTrue(self.root.file("/etc/zonecast/zonecast.yaml").exists(), "removing keeps what was configured")
        self.root.run("apt-get", "purge", "-y", "-qq", "--autoremove", "lua5.1", *PACKAGES)
        self.root.run("rm", "-rf", "/run/zonecast")  # which systemd removes with the service
        self.assertEqual(set(), self.root.files() - before)
        self.assertEqual(users, self.root.run("getent", "passwd").stdout)
        self.assertEqual([], list(self.root.file("/dev/shm").iterdir()))


if __name__ == "__main__":
    unittest.main()

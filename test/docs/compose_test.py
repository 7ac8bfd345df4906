"""docker-compose.yml: what it names is there, its containers are kept small, and what it comes to works.

There may be no engine here, so Rehearsal starts what the services come to as processes of this host (containers.py),
waits for their health checks and takes the tour of the file's head. test/compose.sh does the same in an engine.
"""

import ipaddress
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

import yaml

import containers
from containers import COMPOSE, ROOT, SERVICES
import parts

PLAIN = {"libc6", "libstdc++6", "libgcc-s1"}  # in every Debian with a C++ program


class File(unittest.TestCase):
    def test_compose_itself_takes_it(self):
        for compose in (("docker", "compose"), ("docker-compose",)):
            if shutil.which(compose[0]) and subprocess.run([*compose, "version"], capture_output=True, check=False).returncode == 0:
                done = subprocess.run([*compose, "config", "-q"], cwd=ROOT, capture_output=True, text=True, check=False)
                self.assertEqual(0, done.returncode, done.stderr)
                return
        self.skipTest("there is no docker compose here")

    def test_every_image_is_a_stage_of_the_dockerfile(self):
        images = containers.images()
        for name, service in SERVICES.items():
            with self.subTest(name):
                self.assertNotIn("image", service, "images are this repository's own")
                self.assertIn(service["build"]["target"], images)
                image = images[service["build"]["target"]]
                self.assertEqual("${BASE}", image.base)
                self.assertTrue(service.get("entrypoint") or image.entrypoint)
                self.assertNotIn(image.user, (None, "root", "0"))

    def test_every_container_is_kept_small(self):
        for name, service in SERVICES.items():
            with self.subTest(name):
                self.assertIs(True, service["read_only"])
                self.assertEqual(["ALL"], service["cap_drop"])
                self.assertEqual(["no-new-privileges:true"], service["security_opt"])
                self.assertNotIn("privileged", service)
                for port in service.get("ports", []):
                    self.assertRegex(port, r"^127\.0\.0\.1:", "only this machine")
                if name != "page":
                    self.assertIn("healthcheck", service)

    def test_what_is_mounted_is_there(self):
        for name in SERVICES:
            for what, where in containers.mounts(name):
                with self.subTest(f"{name}: {what}"):
                    self.assertTrue(where.startswith("/"))
                    if what.startswith("."):
                        self.assertTrue((ROOT / what).is_file())
                    else:
                        self.assertIn(what, COMPOSE["volumes"])
        used = {what for name in SERVICES for what, _ in containers.mounts(name) if not what.startswith(".")}
        self.assertEqual(used, set(COMPOSE["volumes"]))

    def test_addresses_and_dependencies_fit(self):
        (network,) = COMPOSE["networks"]["sip"]["ipam"]["config"]
        taken = [service["networks"]["sip"]["ipv4_address"] for service in SERVICES.values()
                 if isinstance(service.get("networks"), dict)]
        self.assertEqual(len(taken), len(set(taken)))
        for address in taken:
            self.assertIn(ipaddress.ip_address(address), ipaddress.ip_network(network["subnet"]))
        for name, service in SERVICES.items():
            for other in service.get("depends_on", {}):
                self.assertIn("healthcheck", SERVICES[other], f"{name} waits for it")

    def test_the_proxy_and_the_mirror_share_a_memory_that_holds_the_table(self):
        for name in ("mirror", "kamailio"):
            self.assertIn(("shm", "/dev/shm"), containers.mounts(name))
        options = COMPOSE["volumes"]["shm"]["driver_opts"]
        self.assertEqual("tmpfs", options["type"])
        # Half a million domains at some 500 octets, and as much again while they are copied.
        self.assertGreaterEqual(int(re.search(r"size=(\d+)m", options["o"]).group(1)) << 20, 2 * 500_000 * 500)

    def test_local_cfg_has_the_settings_of_the_one_that_is_shipped(self):
        def names(file):
            return re.findall(r'(?m)^#!substdef "!(\w+)!', (ROOT / file).read_text())
        self.assertEqual(names("config/kamailio/local.cfg"), names("config/compose/kamailio.local.cfg"))

    def test_the_images_have_the_libraries_that_the_programs_need(self):
        images, build = containers.images(), parts.build_folder()
        programs = [build / "bin" / name for name in ("zonecastd", "zonecast", "zonecast-mirror")]
        for image, files in (("zonecast", programs), ("kamailio", [build / "lib/lua/zonecast.so"])):
            paths = set()
            for file in files:
                names = re.findall(r"NEEDED.*\[(.*)\]", self.said("readelf", "-d", file))
                found = dict(re.findall(r"(\S+) => (/\S+)", self.said("ldd", file)))
                paths |= {found[name] for name in names if name in found and not re.match("lib[aut]*san", name)}
            self.assertEqual(set(), self.packages_of(paths) - PLAIN - images[image].packages, image)

    @staticmethod
    def said(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def packages_of(self, paths):
        """dpkg may know one as in /lib, or as in /usr/lib, which are one folder."""
        real = {path: str(pathlib.Path(path).resolve()) for path in paths}
        names = {name: path for path in paths for name in (path, real[path], real[path].removeprefix("/usr"), f"/usr{path}")}
        listed = subprocess.run(["dpkg", "-S", *names], capture_output=True, text=True, check=False).stdout
        owners = {names[name]: package for package, name in re.findall(r"(?m)^([\w.+-]+)(?::\w+)?: (.*)$", listed) if name in names}
        self.assertEqual(set(paths), set(owners), "each is of a package")
        return set(owners.values())

    def test_what_the_dockerfile_copies_is_there(self):
        for image in containers.images().values():
            for what, _ in image.copies:
                self.assertTrue((ROOT / what).exists(), what)


class Configurations(unittest.TestCase):
    """Each by its own program."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="zonecast-compose-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.network = containers.Network()

    def accepts(self, service, *command):
        container = containers.Container(service, self.folder, self.network)
        done = container.execute(*command)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_knotd(self):
        self.accepts("primary", "knotc", "-c", "/etc/knot/knot.conf", "conf-check")

    def test_unbound(self):
        self.accepts("unbound", "unbound-checkconf", "/etc/unbound/unbound.conf")

    def test_zonecastd_with_the_attributes_of_kamailio(self):
        self.accepts("zonecast", "zonecast", "conf-check", "/etc/zonecast/zonecast.yaml")

    def test_kamailio(self):
        self.accepts("kamailio", "kamailio", "-c", "-f", "/etc/kamailio/kamailio.cfg", "-Y", "/run/kamailio")

    def test_prometheus(self):
        self.accepts("prometheus", "promtool", "check", "config", "/etc/prometheus/prometheus.yml")


def may_listen(address, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


class Rehearsal(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="zonecast-compose-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.network = containers.Network()
        if os.environ.get("ZONECAST_SANITIZE"):
            self.skipTest("a module with a sanitizer cannot be loaded by a Kamailio without")
        if not may_listen(f"{self.network.prefix}53", 53):
            self.skipTest("only root may listen on port 53 here, as docker-compose.yml's name servers do")

    def start(self, name, started):
        for other in SERVICES[name].get("depends_on", {}):
            if other not in started:
                self.start(other, started)
        container = containers.Container(name, self.folder, self.network)
        for command in container.image.commands:
            if match := re.search(r"for name in (.*?); do (sqlite3.*?); done", command):
                for database in match.group(1).split():
                    subprocess.run(["bash", "-c", container.here(match.group(2)).replace("$name", database)], check=True)
        self.addCleanup(container.stop)
        container.start()
        started[name] = container

    def test_the_tour(self):
        started = {}
        for name in SERVICES:
            if name not in started and (name != "page" or shutil.which("socat")):
                self.start(name, started)
        said = []
        for service, words in containers.tour():
            done = parts.wait_for(lambda: self.succeeds(started[service], words), 20, f"{service}: {words}")
            said.append(done.stdout)
        self.assertIn("acme.example", said[0])
        self.assertEqual(3, sum(line.startswith("SIP/2.0 200 ") for line in said))
        self.assertIn("initech.example", said[-1])
        self.assertEqual("SIP/2.0 403 Not a Domain of Ours\n", started["kamailio"].execute("options", "lab.acme.example").stdout)
        self.assertNotIn("ERROR", started["kamailio"].log.read_text())
        self.scraped(started["prometheus"])
        if "page" in started:
            page = f"http://{self.network.of('zonecast')}:9465/readyz"
            self.assertIn('"ready":true', File.said("curl", "-s", page, "-H", "Host: localhost:9464"))

    @staticmethod
    def succeeds(container, words):
        done = container.execute(*words)
        return done if done.returncode == 0 else None

    def scraped(self, prometheus):
        def up():
            done = prometheus.execute("promtool", "query", "instant", "http://127.0.0.1:9090", 'up{job="zonecast"} == 1')
            return done.returncode == 0 and "=> 1 " in done.stdout
        parts.wait_for(up, 40, "zonecastd's metrics in Prometheus")


class Script(unittest.TestCase):
    """test/compose.sh, with a docker that answers as told."""

    def run_with(self, docker):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("docker", docker), ("curl", """echo '"1"'""")):
                program = pathlib.Path(folder) / name
                program.write_text(f"#!/bin/sh\n{text}\n")
                program.chmod(0o755)
            return subprocess.run([ROOT / "test/compose.sh"], capture_output=True, text=True, check=False,
                                  env={"PATH": f"{folder}:/usr/bin:/bin"})

    def test_without_an_engine_it_says_so(self):
        done = self.run_with("echo 'Cannot connect to the Docker daemon' >&2; exit 1")
        self.assertEqual((0, "compose.sh: skipped: no Docker engine answers here\n"), (done.returncode, done.stdout))

    def test_it_builds_waits_takes_every_step_of_the_tour_and_tidies_up(self):
        with tempfile.TemporaryDirectory() as folder:
            said = pathlib.Path(folder) / "said"
            done = self.run_with(f'echo "$@" >>{said}\n'
                                 'case "$*" in *inspect*State*) echo running healthy ;; *"ps -q") echo id ;; esac')
            asked = said.read_text()
        self.assertEqual(0, done.returncode, done.stderr)
        for service, words in containers.tour():
            self.assertIn(f"exec -T {service} {' '.join(words)}", asked)
        self.assertLess(asked.index("build --build-arg BASE=debian:12-slim"), asked.index("up -d"))
        self.assertIn("down --volumes", asked)


if __name__ == "__main__":
    unittest.main()

"""libzonecast as it is installed: for C by pkg-config, for C++ by CMake's package, for Lua by require; and what
`zonecast lookup` and `zonecast table` print. Each looks into the table of a real mirror.
"""

import json
import os
import subprocess

from setting import EndToEnd, parts, publisher

C_PROGRAM = r"""
#include <stdio.h>
#include <string.h>
#include <zonecast.h>

int main(int argc, char **argv) {
  char error[200];
  zonecast_domain domain;
  zonecast_virtual_domain of;
  zonecast_value value;
  zonecast_table *table = zonecast_open(argv[1], NULL, error, sizeof error);
  if (argc != 3 || table == NULL) return fprintf(stderr, "%s\n", error), 2;
  if (zonecast_lookup(table, argv[2], strlen(argv[2]), &domain) != ZONECAST_HOSTED) return 1;
  printf("%.*s", (int)domain.did.length, domain.did.octets);
  if (zonecast_virtual_domain_of(table, &domain, &of) &&
      zonecast_attribute_find(table, &of, "motd", 4, 0, &value))
    printf(" %.*s", (int)value.text.length, value.text.octets);
  printf("\n");
  zonecast_close(table);
  return 0;
}
"""

CPP_PROGRAM = r"""
#include <iostream>
#include <zonecast.hpp>

int main(int, char** argv) {
  std::string error;
  zonecast::Table table = zonecast::Table::open(argv[1], error);
  if (!table) return std::cerr << error << '\n', 2;
  zonecast::Domain domain;
  if (table.lookup(argv[2], domain) != ZONECAST_HOSTED) return 1;
  std::cout << domain.did();
  if (const auto of = table.virtualDomain(domain)) {
    of->eachAttribute([](std::string_view name, const zonecast::AttributeValue& value) {
      if (const auto* text = std::get_if<std::string_view>(&value)) std::cout << ' ' << name << '=' << *text;
    });
    std::cout << ' ' << of->domains() << ' ' << of->domain(0);
  }
  std::cout << '\n';
}
"""

CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(proxy CXX)
set(CMAKE_CXX_STANDARD 17)
find_package(zonecast REQUIRED)
add_executable(proxy proxy.cc)
target_link_libraries(proxy PRIVATE zonecast::{library})
"""

LUA_PROGRAM = """
local zonecast = require "zonecast"
local handle, why = zonecast.open(arg[1], {max_age = 60})
if not handle then print(why) os.exit(2) end
handle:refresh()
local answer, did = handle:lookup(arg[2])
print(answer, did)
if did then
  local domain = handle:domain(arg[2])
  print(domain.name, domain.state, domain.role, domain.transports)
  print(handle:attribute(did, "MOTD"), handle:attribute(did, "max"), handle:attribute(did, "open"),
        handle:attribute(did, "codec", 2), handle:attribute(did, "codec", 3))
  print(#handle:attributes(did).codec, table.concat(handle:members(did), " "), handle:status().version)
end
print(pcall(handle.lookup, handle))
handle:close()
print(pcall(handle.refresh, handle))
"""


class Library(EndToEnd):
    def setUp(self):
        self.store = self.redis()
        published = publisher.Publisher(self.store)
        published.host("example.com", "ex", "codec=opus;codec=g722;max=7;motd=Welcome%20all;open=true")
        published.host("sip.example.com", "ex")
        self.served = self.mirror(self.store)
        self.wait(lambda: self.served.look() and self.served.reader.status().version == published.version, "the table")
        self.build = parts.build_folder()

    def install(self):
        prefix = self.folder / "prefix"
        self.run_it("cmake", "--install", self.build, "--prefix", prefix)
        return prefix

    def run_it(self, *command, status=0, **options):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, cwd=self.folder,
                              **options)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def without_sanitizers(self):
        if os.environ.get("ZONECAST_SANITIZE"):
            self.skipTest("a library with a sanitizer cannot be loaded by a program without")

    def test_c_by_pkg_config(self):
        prefix = self.install()
        (self.folder / "proxy.c").write_text(C_PROGRAM)
        found = {"env": {**os.environ, "PKG_CONFIG_PATH": next(prefix.rglob("zonecast.pc")).parent.as_posix(),
                         "LD_LIBRARY_PATH": next(prefix.rglob("libzonecast.so")).parent.as_posix()}}
        flags = self.run_it("pkg-config", "--cflags", "--libs", "zonecast", **found).split()
        self.run_it("cc", "-Wall", "-Wextra", "-Werror", "-pedantic", "-o", "proxy", "proxy.c", *flags)
        self.without_sanitizers()
        self.assertEqual("ex Welcome all\n", self.run_it("./proxy", self.served.table, "SIP.example.com.", **found))
        self.run_it("./proxy", self.served.table, "nobody.example", status=1, **found)
        self.run_it("./proxy", self.folder / "none", "example.com", status=2, **found)

    def test_cpp_by_cmake(self):
        self.without_sanitizers()
        prefix = self.install()
        (self.folder / "proxy.cc").write_text(CPP_PROGRAM)
        for library in ("libzonecast", "libzonecast_static"):
            (self.folder / "CMakeLists.txt").write_text(CMAKE.format(library=library))
            self.run_it("cmake", "-S", self.folder, "-B", library, f"-DCMAKE_PREFIX_PATH={prefix}")
            self.run_it("cmake", "--build", library)
            self.assertEqual("ex codec=opus codec=g722 motd=Welcome all 2 example.com\n",
                             self.run_it(f"{library}/proxy", self.served.table, "example.com"))

    def test_the_library_shows_nothing_but_its_interface(self):
        names = self.run_it("nm", "-D", "--defined-only", self.build / "lib/libzonecast.so").split("\n")
        foreign = [name for name in names if name and "zonecast_" not in name.split()[-1] and " A " not in name]
        self.assertEqual([], foreign)
        needed = self.run_it("readelf", "-d", self.build / "lib/libzonecast.so")
        for stranger in ("hiredis", "protobuf", "libuv", "absl", "spdlog"):
            self.assertNotIn(stranger, needed)

    def test_lua(self):
        self.without_sanitizers()
        script = self.folder / "proxy.lua"
        script.write_text(LUA_PROGRAM)
        found = {"env": {**os.environ, "LUA_CPATH": f"{self.build}/lib/lua/?.so"}}
        told = self.run_it("lua5.1", script, self.served.table, "Example.COM", **found).splitlines()
        self.assertEqual(["hosted\tex", "example.com\thosted\tprimary\tudp,tcp", "Welcome all\t7\ttrue\tg722\tnil",
                          "2\texample.com sip.example.com\t2"], told[:4])
        self.assertIn("bad argument", told[4])
        self.assertIn("this table is closed", told[5])
        self.assertEqual("unknown\tnil", self.run_it("lua5.1", script, self.served.table, "a.example", **found).splitlines()[0])
        self.assertEqual("invalid\tnil", self.run_it("lua5.1", script, self.served.table, "a b", **found).splitlines()[0])
        for max_age in ("-1", "0.5", "2^32", "0/0"):
            opening = f'print(pcall(require("zonecast").open, "/nowhere", {{max_age = {max_age}}}))'
            self.assertIn("max_age is out of range", self.run_it("lua5.1", "-e", opening, **found))

    def zonecast(self, *words, status=0):
        return self.run_it(self.build / "bin/zonecast", *words, status=status)

    def test_the_command_reads_the_table_as_a_worker_does(self):
        told = self.zonecast("lookup", "--table", self.served.table, "SIP.example.com")
        self.assertRegex(told, r"answer +hosted\n")
        self.assertRegex(told, r"codec +opus, g722\n")
        told = json.loads(self.zonecast("--json", "lookup", "--table", self.served.table, "sip.example.com"))
        self.assertEqual(("hosted", "ex", "example.com"),
                         (told["answer"], told["domain"]["did"], told["virtual_domain"]["canonical"]))
        for host, answer in (("nobody.example", "unknown"), ("a b", "invalid"), ("x" * 300, "invalid"), ("", "invalid"),
                             ("%65xample.com", "invalid"), ("ex\u00e4mple.com", "invalid")):
            with self.subTest(host):
                told = self.zonecast("lookup", "--table", self.served.table, host, status=1)
                self.assertRegex(told, rf"answer +{answer}\n")
        self.zonecast("lookup", "--table", self.folder / "none", "example.com", status=3)

    def test_the_command_shows_generations_and_who_reads_them(self):
        report = json.loads(self.zonecast("--json", "table", self.served.table))
        self.assertEqual(("2", 1), (report["domains"], report["generations"][0]["readers"]))
        self.assertGreater(int(report["octets_free"]), 0)
        again = self.mirror(self.redis(name="other"), name="again", start=False, table=self.served.table)
        self.assertNotEqual(0, again.once("--once-timeout", "0.1"), "one mirror writes a table")
        self.assertIn("another mirror writes this table", again.log.read_text())
        # A load writes the next generation; our reader stays with the old one as long as it does not refresh.
        self.served.stop()
        reader = self.served.look()
        moved = publisher.Publisher(self.store)
        moved.version = 10  # the log's entries do not go back
        moved.host("example.com", "ex")
        self.served.start()
        self.wait(lambda: "superseded" in self.zonecast("table", self.served.table), "another generation")
        old = json.loads(self.zonecast("--json", "table", self.served.table))["generations"][1]
        self.assertEqual(1, old["readers"])
        self.assertEqual(1, int(old["generation"]))
        reader.refresh()
        self.assertNotIn("superseded", self.zonecast("table", self.served.table))

"""What zonecastd and zonecast-mirror are to their host: a service, a PID file, a user, a log file."""

import json
import os
import pathlib
import pwd
import signal
import socket
import unittest

from setting import EndToEnd, hosted, parts, sip, zone

from service_manager import ServiceManager


class Process(EndToEnd):
    def daemon_without_zones(self, name="zonecastd", **sections):
        """One that finds no Redis, and runs all the same."""
        sections["redis"] = {"unix": str(self.folder / "none.sock"), "deployment": "test"}
        return self.daemon(self.redis(start=False), {}, name=name, start=False, **sections)

    def mirror_without_redis(self, *options):
        return self.mirror(self.redis(start=False), *options, start=False)

    def service_manager(self, part, watchdog_seconds=None):
        manager = ServiceManager(self.folder, watchdog_seconds)
        self.addCleanup(manager.close)
        part.environment = manager.environment
        return manager


class Service(Process):
    def test_the_daemon_says_when_it_answers_how_it_stands_and_when_it_stops(self):
        primary = self.knot({"acme.example": zone("acme.example", *sip("@"))})
        daemon = self.daemon(self.redis(), {"acme": self.customer(["acme.example"], primary)}, start=False)
        manager = self.service_manager(daemon)
        daemon.launch()
        daemon.wait_until(lambda: manager.count("READY=1"), "it is ready")
        self.assertEqual(0, daemon.ask("status").returncode)
        daemon.wait_until(lambda: manager.count("STATUS=1 domains published, 1 of 1 zones confirmed, Redis is open"),
                          "its status is told")
        self.assertEqual(0, daemon.stop())
        told = manager.messages()
        self.assertEqual(1, told.count("READY=1"))
        self.assertEqual("STOPPING=1", told[-1])
        self.assertNotIn("WATCHDOG=1", told, "nobody asked for that")

    def test_a_daemon_that_does_not_start_is_never_ready(self):
        (self.folder / "file").write_text("")
        daemon = self.daemon_without_zones(state_directory=str(self.folder / "file" / "state"))
        manager = self.service_manager(daemon)
        self.assertEqual(1, daemon.refused()[0])
        daemon.process = None
        self.assertEqual([], manager.messages())

    def test_the_daemon_is_ready_without_redis_and_says_so(self):
        daemon = self.daemon_without_zones()
        manager = self.service_manager(daemon)
        daemon.start()
        daemon.wait_until(lambda: manager.count("STATUS=0 domains published, 0 of 0 zones confirmed, Redis is not open"),
                          "its status is told")
        self.assertEqual(1, manager.count("READY=1"))

    def test_both_tell_the_watchdog_that_they_are_alive_as_long_as_their_loop_turns(self):
        for part in (self.daemon_without_zones(), self.mirror_without_redis()):
            with self.subTest(part.name):
                manager = self.service_manager(part, watchdog_seconds=0.2)
                part.start()
                part.wait_until(lambda: manager.count("WATCHDOG=1") >= 5, "it tells the watchdog")
                self.assertLess(manager.messages().index("READY=1"), manager.messages().index("WATCHDOG=1"))
                part.stop()
                manager.close()
                manager.path.unlink()

    def test_the_mirror_says_when_workers_may_ask_whether_it_is_current_and_when_it_stops(self):
        store = self.redis()
        mirror = self.mirror(store, start=False)
        manager = self.service_manager(mirror)
        mirror.start()
        mirror.wait_until(lambda: manager.count("READY=1"), "it is ready")
        self.assertTrue(pathlib.Path(f"{mirror.table}.wanted").is_socket())
        mirror.wait_until(lambda: any(told.startswith("STATUS=the table stays as it is: ")
                                      for told in manager.messages()), "it says that there is nothing better")
        primary = self.knot({"acme.example": zone("acme.example", *sip("@"))})
        self.daemon(store, {"acme": self.customer(["acme.example"], primary)})
        self.await_domains(store, {"acme.example": hosted("acme.example")})
        mirror.wait_until(lambda: manager.count("STATUS=the table is current"), "it is current")
        self.assertEqual(0, mirror.stop())
        self.assertEqual("STOPPING=1", manager.messages()[-1])


class LogFile(Process):
    def parts_that_log(self):
        log = self.folder / "log"
        yield self.daemon_without_zones(log={"file": str(log)}), log
        log = self.folder / "mirror.log"
        yield self.mirror_without_redis("--log-file", str(log)), log

    def launch(self, part, log):
        part.launch() if isinstance(part, parts.Zonecastd) else part.spawn(*part.command)
        self.wait(lambda: log.exists() and "is running" in log.read_text(), "it runs and logs")

    def test_sigusr1_opens_it_anew_after_it_was_moved_away(self):
        for part, log in self.parts_that_log():
            with self.subTest(part.name):
                self.launch(part, log)
                moved = log.rename(log.with_suffix(".1"))
                part.process.send_signal(signal.SIGUSR1)
                self.wait(lambda log=log: log.exists() and "log file opened anew" in log.read_text(), "a new file")
                before = moved.read_text()
                self.assertEqual(0, part.stop())
                self.assertIn(" stops: ", log.read_text())
                self.assertEqual(before, moved.read_text())
                self.assertEqual("", part.log.read_text(), "and nothing on standard error")

    def test_a_file_that_cannot_be_opened_anew_is_written_on(self):
        for part, log in self.parts_that_log():
            with self.subTest(part.name):
                self.launch(part, log)
                moved = log.rename(log.with_suffix(".1"))
                log.mkdir()
                part.process.send_signal(signal.SIGUSR1)
                self.wait(lambda moved=moved, log=log: f"the log goes on where it was: log file {log}: Is a directory"
                          in moved.read_text(), "a warning in the old file")
                self.assertEqual(0, part.stop())

    def test_without_a_file_the_signal_changes_nothing(self):
        part = self.daemon_without_zones()
        part.start()
        part.process.send_signal(signal.SIGUSR1)
        self.assertEqual(0, part.ask("status").returncode)
        self.assertEqual(0, part.stop())

    def test_the_journal_gets_levels_in_place_of_times(self):
        part = self.daemon_without_zones(log={"format": "text"})
        part.log.touch()
        found = part.log.stat()
        for stream, start in ((f"{found.st_dev}:{found.st_ino}", "<6>zonecastd "), ("1:2", "20")):
            with self.subTest(stream):
                part.log.write_text("")
                part.environment = {"JOURNAL_STREAM": stream}
                part.start()
                (line,) = part.said("is running")
                self.assertTrue(line.startswith(start), line)
                part.stop()


class PidFile(Process):
    def test_it_has_the_id_and_goes_with_the_process(self):
        pid = self.folder / "pid"
        for part in (self.daemon_without_zones(pid_file=str(pid)), self.mirror_without_redis("--pid-file", pid)):
            with self.subTest(part.name):
                part.start()
                self.assertEqual(f"{part.process.pid}\n", pid.read_text())
                self.assertEqual(0, part.stop())
                self.assertFalse(pid.exists())

    def test_what_a_killed_one_left_is_taken_over_and_a_running_ones_is_not(self):
        pid = self.folder / "pid"
        first = self.daemon_without_zones(pid_file=str(pid))
        first.start()
        first.kill()
        self.assertTrue(pid.exists())
        first.start()
        second = self.daemon_without_zones(name="second", pid_file=str(pid))
        status, said = second.refused()
        second.process = None
        self.assertEqual((1, f"zonecastd: cannot start: PID file {pid}: a process that runs holds it\n"), (status, said))
        self.assertEqual(f"{first.process.pid}\n", pid.read_text())

    def test_a_symbolic_link_is_not_followed(self):
        (self.folder / "target").write_text("precious")
        (self.folder / "pid").symlink_to(self.folder / "target")
        daemon = self.daemon_without_zones(pid_file=str(self.folder / "pid"))
        self.assertEqual(1, daemon.refused()[0])
        daemon.process = None
        self.assertEqual("precious", (self.folder / "target").read_text())


class User(Process):
    NET_BIND_SERVICE = 1 << 10

    def low_port(self):
        for port in range(1023, 600, -1):
            with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
                try:
                    tcp.bind(("127.0.0.1", port))
                    udp.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue
        raise self.skipTest("no free port below 1024")

    @staticmethod
    def standing(part):
        lines = pathlib.Path(f"/proc/{part.process.pid}/status").read_text().splitlines()
        return dict(line.split(":\t", 1) for line in lines)

    @unittest.skipIf(os.geteuid() != 0, "only root can become somebody else")
    def test_the_daemon_becomes_the_user_and_may_still_bind_low_ports(self):
        nobody = pwd.getpwnam("nobody")
        self.folder.chmod(0o755)
        pid, log = self.folder / "pid", self.folder / "zonecastd" / "log"
        daemon = self.daemon_without_zones(user="nobody", pid_file=str(pid), log={"file": str(log)},
                                           notify=self.low_port())
        os.chown(daemon.folder, nobody.pw_uid, nobody.pw_gid)
        daemon.start()
        standing = self.standing(daemon)
        self.assertEqual([str(nobody.pw_uid)] * 4, standing["Uid"].split())
        self.assertEqual([str(nobody.pw_gid)] * 4, standing["Gid"].split())
        self.assertEqual([str(nobody.pw_gid)], standing["Groups"].split())
        self.assertEqual(self.NET_BIND_SERVICE, int(standing["CapEff"], 16))
        self.assertEqual(0, int(standing["CapInh"], 16) | int(standing["CapAmb"], 16))
        self.assertEqual(nobody.pw_uid, log.stat().st_uid)
        self.assertEqual(nobody.pw_uid, (daemon.folder / "state").stat().st_uid)
        self.assertEqual(0, pid.stat().st_uid)
        self.assertEqual(0, daemon.stop())
        self.assertEqual("", pid.read_text(), "which only root could remove")

    @unittest.skipIf(os.geteuid() != 0, "only root can become somebody else")
    def test_the_mirror_becomes_the_user_and_group(self):
        self.folder.chmod(0o755)
        mirror = self.mirror_without_redis("--run-as", "nobody:daemon")
        os.chown(mirror.folder, pwd.getpwnam("nobody").pw_uid, 0)
        mirror.start()
        self.assertEqual(["65534", "1"], [self.standing(mirror)[what].split()[0] for what in ("Uid", "Gid")])
        self.assertEqual(0, mirror.stop())

    def test_nobody_that_there_is_none_of(self):
        for section, said in (({"user": "no-such-user"}, "there is no user no-such-user"),
                              ({"user": "nobody", "group": "no-such-group"}, "there is no group no-such-group"),
                              ({"group": "nogroup"}, "a group is given, but no user")):
            with self.subTest(said):
                daemon = self.daemon_without_zones(**section)
                self.assertEqual((1, f"zonecastd: cannot start: {said}\n"), daemon.refused())
                daemon.process = None
                daemon.log.write_text("")


class Fragments(Process):
    def test_conf_d_is_part_of_the_configuration_for_daemon_and_check(self):
        daemon = self.daemon_without_zones()
        (daemon.folder / "conf.d").mkdir()
        more = daemon.folder / "conf.d/customers.yaml"
        more.write_text(json.dumps({"customers": {"acme": {"primaries": {"ns1": {"address": "127.0.0.1", "port": 1}},
                                                           "zones": ["acme.example"]}}}))
        daemon.start()
        self.assertIn("acme.example", daemon.ask("zone-status").stdout)
        self.assertIn("good: 1 customers, 1 zones", daemon.ask("conf-check", str(daemon.config)).stdout)
        more.write_text("log: {level: loud}\n")
        checked = daemon.ask("conf-check", str(daemon.config), check=False)
        self.assertEqual((4, f"{more}:1:14: expected debug, info, warning or error, not `loud`\n"),
                         (checked.returncode, checked.stderr))


if __name__ == "__main__":
    unittest.main()

"""Long work shows itself: in the log, to the service manager, to whoever asks, and as metrics; short work does not."""

import contextlib
import json
import os
import pty
import select
import socket
import subprocess
import threading
import time
import unittest
import urllib.error
import urllib.request

from setting import EndToEnd, dns, exported, hosted, parts, publisher, scripted_primary, sip, zone

from service_manager import ServiceManager

ZONE = "slow.example"
PIECES, PAUSE = 16, 0.5
MANY = 4_000  # domains: so many look-ups of 200 as take a slow Redis some seconds


def slow_transfer(query):
    """Honest, but a message every half second: in all longer than what is short."""
    soa = dns.soa(ZONE, 1)
    if query.qtype == dns.SOA:
        yield dns.framed(dns.answer(query, soa))
        return
    yield dns.framed(dns.answer(query, soa, dns.srv(f"_sip._udp.{ZONE}", "sip.provider.example")))
    for number in range(PIECES):
        yield PAUSE
        yield dns.framed(dns.answer(query, *(dns.srv(f"_sip._udp.n{number}x{i}.{ZONE}", "sip.provider.example") for i in range(10))))
    yield dns.framed(dns.answer(query, soa))


class SlowRedis:
    """Stands before a redis-server, and holds each piece of an answer back for a while."""

    def __init__(self, folder, redis, delay):
        self.redis, self.delay = redis, delay
        self.socket = folder / "slow.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.socket))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self.redis.socket))
                for pair in ((client, server, 0), (server, client, self.delay)):
                    threading.Thread(target=self.relay, args=pair, daemon=True).start()

    @staticmethod
    def relay(source, sink, delay):
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                time.sleep(delay)
                sink.sendall(octets)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def stop(self):
        self.listener.close()


class Progress(EndToEnd):
    def service_manager(self, part):
        manager = ServiceManager(part.folder)
        self.addCleanup(manager.close)
        part.environment = manager.environment
        return manager

    def told(self, manager, words):
        return [message for message in manager.messages() if message.startswith("STATUS=") and words in message]

    def published(self):
        redis = self.redis()
        many = publisher.Publisher(redis)
        many.dids = {f"customer-{number}.example": f"did-{number}" for number in range(MANY)}
        many.publish()
        slow = SlowRedis(self.folder, redis, 0.2)
        self.addCleanup(slow.stop)
        return redis, slow


class Daemon(Progress):
    def test_a_first_transfer_that_is_long(self):
        primary = scripted_primary.ScriptedPrimary(slow_transfer)
        self.addCleanup(primary.stop)
        store = self.redis()
        daemon = self.daemon(store, {"slow": self.customer([ZONE], primary)}, start=False, metrics=True)
        manager = self.service_manager(daemon)
        daemon.start()
        self.wait(lambda: int(daemon.json("status")["records_arriving"]) >= 20, "records")
        self.assertEqual("1", daemon.json("status")["transfers_under_way"])
        self.assertRegex(daemon.ask("status").stdout, r"under way +1 transfers, \d+ records so far")
        with self.assertRaises(urllib.error.HTTPError) as unready:
            urllib.request.urlopen(f"http://127.0.0.1:{daemon.metrics_port}/readyz", timeout=10)
        self.assertRegex(json.load(unready.exception)["reason"], r"^1 of 1 zones have neither been confirmed nor failed yet "
                         r"\(0 of 1 zones loaded, 1 transfers with \d+ records so far under way\)$")
        self.wait(lambda: self.metric(daemon, "zonecast_transfer_records_arriving") >= 20, "the metric")
        self.assertEqual(1, self.metric(daemon, "zonecast_transfers_under_way"))
        self.wait(lambda: self.told(manager, "0 of 1 zones loaded, 1 transfers with "), "the status")
        line = self.await_said(daemon, "transfers go on", "zones_loaded=0 zones=1 transfers=1 records_arriving=")
        self.assertIn(" info ", line)
        names = [ZONE, *(f"n{number}x{i}.{ZONE}" for number in range(PIECES) for i in range(10))]
        self.await_domains(store, {name: hosted(name) for name in names})
        self.assertLessEqual(len(daemon.said(" go on ")), 2, "every five seconds")
        self.await_metric(daemon, 0, "zonecast_transfers_under_way")
        self.assertNotIn("under way", daemon.ask("status").stdout)

    def test_short_work_is_not_told(self):
        primary = self.knot({"acme.example": zone("acme.example", *sip("@"))})
        store = self.redis()
        daemon = self.daemon(store, {"acme": self.customer(["acme.example"], primary)})
        self.await_domains(store, {"acme.example": hosted("acme.example")})
        self.await_settled(daemon)
        self.assertEqual([], daemon.said(" go on ") + daemon.said(" goes on ", "in_all"))


class Mirror(Progress):
    def test_a_load_that_is_long(self):
        redis, slow = self.published()
        mirror = self.mirror(redis, socket=slow.socket, start=False)
        manager = self.service_manager(mirror)
        mirror.start()
        self.wait(lambda: self.told(manager, f" of {2 * MANY} entries"), "the status")
        self.wait(lambda: b"everything is being read: " in (redis.ask("HGET", redis.key("worker:mirror"), "trouble") or b""), "the report")
        line = self.await_said(mirror, "reading everything goes on", f"in_all={2 * MANY}")
        self.assertIn(f"table={mirror.table}", line)
        self.await_said(mirror, "the table is current", f"domains={MANY}", timeout=60)
        self.assertFalse(self.told(manager, f" of {2 * MANY} entries")[-1:] == manager.messages()[-1:])
        self.wait(lambda: redis.ask("HGET", redis.key("worker:mirror"), "trouble") == b"", "a report without trouble")

    def test_a_load_that_is_short(self):
        redis = self.redis()
        publisher.Publisher(redis).host("acme.example", "acme")
        mirror = self.mirror(redis)
        self.await_said(mirror, "the table is current")
        self.assertEqual([], mirror.said("reading everything goes on"))


class Export(Progress):
    def test_one_that_follows(self):
        redis, slow = self.published()
        export = self.adopt(exported.Export(self.folder / "export", redis, socket=slow.socket), start=True)
        self.await_said(export, "reading everything goes on", f"in_all={2 * MANY}")
        self.await_said(export, "the database is current", f"domains={MANY}", timeout=60)

    def test_one_that_prints_has_a_line_on_a_terminal_alone(self):
        redis, slow = self.published()
        command = [parts.build_folder() / "bin/zonecast", "--timeout", "60000", "export", "--redis", f"unix:{slow.socket}",
                   "--deployment", redis.deployment, "--format", "csv", "--table", "domain"]
        screen, terminal = pty.openpty()
        shown = b""
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=terminal) as process:
            os.close(terminal)
            printed = threading.Thread(target=lambda: setattr(self, "printed", process.stdout.read()))
            printed.start()
            with contextlib.suppress(OSError):  # it has ended
                while select.select([screen], [], [], 60)[0]:
                    shown += os.read(screen, 4096)
            printed.join()
        os.close(screen)
        self.assertEqual(0, process.returncode)
        self.assertEqual(MANY + 1, len(self.printed.splitlines()))
        self.assertRegex(shown.decode(), rf"reading Redis: \d+ of {2 * MANY}, \d+ s left")
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown[-80:])
        done = subprocess.run(command, capture_output=True, check=True, timeout=60)
        self.assertEqual((self.printed, b""), (done.stdout, done.stderr))


if __name__ == "__main__":
    unittest.main()

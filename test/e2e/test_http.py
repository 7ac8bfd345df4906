"""HTTP: every path as schema/openapi.yaml has it, who is let in, and what hostile clients do not achieve."""

import os
import socket
import stat
import unittest

from setting import TEST, TO_EDGE, EndToEnd, hosted, parts, sip, zone  # and the path to the next
from openapi import OpenApi
from web import Web, read_all

TOKEN = "an-example-token-0123456789"
HOSTILE_TEXT = "<script>alert(1)</script>\\\"'&"


class Http(EndToEnd):
    def setUp(self):
        self.api = OpenApi()
        self.store = self.redis()
        acme = zone("acme.example", *sip("@", "sales"),
                    r'_sipvhost IN TXT "v=sipvhost1; greeting=<script>alert(1)</script>\\\"' + "'" + r'&; max_calls=7"')
        self.primary = self.knot({"acme.example": acme, "foreign.example": zone("foreign.example", "_sip._udp IN SRV 1 1 5060 ns1")})
        self.customers = {"acme": self.customer(["acme.example", "foreign.example"], self.primary),
                          "down": {"primaries": {"ns1": {"address": "127.0.0.1", "port": 1}}, "zones": ["down.example"]}}

    def run_daemon(self, **http):
        self.secondary = self.daemon(self.store, self.customers, metrics=True, http=http, redis={"workers_interval": "100ms"})
        self.web = Web(self.secondary.metrics_port)
        self.await_domains(self.store, {name: hosted(name) for name in ("acme.example", "sales.acme.example")})
        return self.web

    def edit(self, label):
        self.primary.edit("acme.example", ("set", f"_sip._udp.{label}", "3600", "SRV", TO_EDGE))
        self.secondary.ask("zone-refresh", "acme.example")

    def assert_alive(self):
        """It answers, and nothing that it is there for was lost."""
        self.assertEqual(200, self.web.get("/healthz").status)
        self.edits = getattr(self, "edits", 0) + 1
        self.edit(f"alive{self.edits}")
        self.wait(lambda: f"alive{self.edits}.acme.example" in self.store.domains(), "an edit to be published")


class Paths(Http):
    def see(self, path, target=None, status=200, **headers):
        answer = self.web.get(target or path, **headers)
        self.assertEqual(status, answer.status, answer.body)
        self.api.check(path, answer.status, answer.type, answer.body)
        self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
        self.assertEqual("nosniff", answer.headers["X-Content-Type-Options"])
        return answer

    def test_every_path(self):
        self.run_daemon()
        self.mirror(self.store, name="proxy-1")
        self.wait(lambda: self.web.get("/v1/workers").json()["workers"], "a worker")
        seen = set()

        def check(path, target=None, status=200):
            seen.add(path)
            return self.see(path, target, status)
        for path in ("/", "/page.js", "/page.css", "/icon.svg"):
            check(path)
        self.assertIn("zonecast_domains 2", check("/metrics").body)
        self.assertEqual("ok\n", check("/healthz").body)
        self.wait(lambda: self.web.get("/readyz").status == 200, "readiness")
        self.assertEqual({"ready": True, "reason": ""}, check("/readyz").json())
        self.assertEqual("3", check("/v1/status").json()["zones"])

        self.assertEqual(["acme.example", "down.example", "foreign.example"], [z["zone"] for z in check("/v1/zones").json()["zones"]])
        self.assertEqual(["down.example"], [z["zone"] for z in check("/v1/zones", "/v1/zones?troubled=true").json()["zones"]])
        page = check("/v1/zones", "/v1/zones?limit=2").json()
        self.assertEqual((True, "down.example"), (page["more"], page["next"]))
        self.assertEqual(["foreign.example"], [z["zone"] for z in check("/v1/zones", f"/v1/zones?after={page['next']}").json()["zones"]])
        self.assertEqual(1, len(check("/v1/zones", "/v1/zones?zone=ACME.example.").json()["zones"]))
        check("/v1/zones", "/v1/zones?zone=nowhere.example", 404)
        check("/v1/zones", "/v1/zones?zone=a..b", 400)

        page = check("/v1/domains", "/v1/domains?limit=1").json()
        self.assertEqual((["acme.example"], True), ([d["domain"] for d in page["domains"]], page["more"]))
        page = check("/v1/domains", "/v1/domains?after=acme.example").json()
        self.assertEqual((["sales.acme.example"], False), ([d["domain"] for d in page["domains"]], page["more"]))
        report = check("/v1/domains/{domain}", "/v1/domains/Acme.example.").json()
        attributes = {a["name"]: a["values"] for a in report["virtual_domain"]["attributes"]}
        self.assertEqual({"greeting": [{"text": HOSTILE_TEXT}], "max_calls": [{"integer": "7"}]}, attributes)
        check("/v1/domains/{domain}", "/v1/domains/foreign.example", 404)
        check("/v1/domains/{domain}", "/v1/domains/not..a.name", 400)

        explanation = check("/v1/explain/{domain}", "/v1/explain/foreign.example").json()
        self.assertEqual("foreign", explanation["report"]["standing"])
        self.assertTrue(explanation["steps"] and explanation["first_failure"] and explanation["remedy"])
        check("/v1/explain/{domain}", "/v1/explain/nowhere.test")
        check("/v1/explain/{domain}", "/v1/explain/%3Cscript%3E", 400)

        self.wait(lambda: self.web.get("/v1/history/acme.example").status == 200, "the history on disk")
        history = check("/v1/history/{domain}", "/v1/history/acme.example").json()
        self.assertEqual((["hosted"], False), ([entry["what"] for entry in history["entries"]], history["cut"]))
        check("/v1/history/{domain}", "/v1/history/nowhere.test", 404)
        check("/v1/history/{domain}", "/v1/history/not..a.name", 400)

        dids = check("/v1/dids").json()["dids"]
        self.assertEqual([("acme.example", "in use"), ("sales.acme.example", "in use")], [(d["did"], d["state"]) for d in dids])
        self.assertTrue(check("/v1/dids", "/v1/dids?limit=1").json()["more"])
        self.assertEqual(dids[0]["customer"], check("/v1/dids/{did}", "/v1/dids/acme.example").json()["customer"])
        check("/v1/dids/{did}", "/v1/dids/nobody.had.it", 404)
        check("/v1/dids/{did}", "/v1/dids/not%20a%20did", 400)

        self.assertEqual([], check("/v1/pins").json()["pins"])
        check("/v1/pins", "/v1/pins?after=not..a.name", 400)
        self.assertEqual([], check("/v1/plan").json()["plans"])
        worker = check("/v1/workers").json()["workers"][0]
        self.assertEqual(("proxy-1", ""), (worker["worker"], worker["trouble"]))
        self.wait(lambda: self.web.get("/v1/workers").json()["workers"][0].get("versions_behind") == "0", "the worker to be current")
        self.await_metric(self.secondary, 1, "zonecast_workers", state="current")
        self.assertRegex(self.secondary.ask("workers").stdout, r"(?m)^WORKER .*\nproxy-1 +\d+ +0 ")
        self.assertEqual("proxy-1", self.secondary.json("workers")[0]["worker"])

        seen.add("/v1/events")  # below
        self.assertEqual(set(self.api.paths), seen, "every path of the file was tried")

    def test_events_were_are_and_go_on_where_one_left_off(self):
        web = self.run_daemon()
        self.wait(lambda: web.get("/readyz").status == 200, "readiness")
        events = web.events()
        self.addCleanup(events.close)
        self.assertEqual("text/event-stream", events.response.headers["Content-Type"])
        schema = self.api.paths["/v1/events"]["get"]["responses"]["200"]["content"]["text/event-stream"]["schema"]
        newest = web.get("/v1/status").json()["version"]
        seen = events.next()
        self.assertLess(0, int(seen[1]["published"]))
        while seen[0] != newest:
            seen = events.next()
        self.edit("new")
        number, event = events.next()
        self.api.check_value("event", schema, event)
        self.assertEqual(["new.acme.example"], [change["after"]["domain"] for change in event["domains"]])
        self.assertEqual(number, event["version"])
        later = web.events(last=newest)
        self.addCleanup(later.close)
        self.assertEqual((number, event), later.next())

    def test_ready_is_who_has_published_and_has_redis(self):
        self.store.stop()
        self.secondary = self.daemon(self.store, self.customers, metrics=True)
        self.web = Web(self.secondary.metrics_port)
        self.assertIn("Redis is not open", self.see("/readyz", status=503).json()["reason"])
        self.assertEqual(200, self.web.get("/healthz").status)
        self.store.start()
        self.wait(lambda: self.web.get("/readyz").status == 200, "readiness, with a primary that is down")
        self.assertEqual(2, len(self.store.domains()))
        self.store.stop()
        self.wait(lambda: self.web.get("/readyz").status == 503, "unreadiness")

    def test_only_read_and_only_by_its_names(self):
        web = self.run_daemon(hosts=["status.provider.example"])
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
            self.assertEqual((405, "GET, HEAD"), ((answer := web.get("/v1/status", method)).status, answer.headers["Allow"]), method)
        head = web.get("/v1/status", "HEAD")
        self.assertEqual((200, ""), (head.status, head.body))
        for host, status in (("evil.example", 421), ("status.provider.example", 200), ("127.0.0.1:80", 200), ("[::1]", 200)):
            for target in ("/", "/v1/domains", "/metrics"):
                self.assertEqual(status, web.get(target, host=host).status, (host, target))
        self.assertEqual(404, web.get("/v1/nothing").status)
        self.assertEqual(400, web.get("/v1/domains?limit=many").status)


class LetIn(Http):
    def test_by_ipv6_with_the_permissions_of_the_sample(self):
        sample = (TEST.parent / "config/redis/users.acl").read_text().replace("{main}", f"{{{self.store.deployment}}}")
        for line in sample.replace("CHANGE-ME-PUBLISHER", "secret").splitlines():
            if line.startswith("user zonecast "):
                self.store.ask("ACL", "SETUSER", *line.split()[1:])
        port = parts.free_port()
        self.secondary = self.daemon(self.store, self.customers, http={"listen": f"[::1]:{port}"}, redis={
            "user": "zonecast", "password_file": self.key_file("password", "secret"), "workers_interval": "100ms"})
        self.mirror(self.store, name="proxy-1")
        with socket.create_connection(("::1", port), 20) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n")
            self.assertIn(b"200 OK", read_all(connection))
        self.wait(lambda: self.secondary.json("workers"), "the worker to be seen")
        self.assertEqual("", self.secondary.ask("workers").stderr)

    def test_who_has_the_token(self):
        web = self.run_daemon(token_file=self.key_file("token", TOKEN))
        let_in = Web(self.secondary.metrics_port, TOKEN)
        self.wait(lambda: let_in.get("/v1/history/acme.example").status == 200, "the history on disk")
        for path in self.api.paths:
            target = path.replace("{domain}", "acme.example").replace("{did}", "acme.example")
            if not self.api.needs_token(path):
                self.assertIn(web.get(target).status, (200, 503), path)
                continue
            for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}, {"Authorization": f"Bearer {TOKEN}x"}):
                answer = web.get(target, **wrong)
                self.assertEqual(401, answer.status, (path, wrong))
                self.api.check(path, answer.status, answer.type, answer.body)
                self.assertNotIn(TOKEN, answer.body)
            if path != "/v1/events":
                self.assertEqual(200, Web(self.secondary.metrics_port, TOKEN).get(target).status, path)
        events = Web(self.secondary.metrics_port, TOKEN).events()
        self.addCleanup(events.close)
        events.next()
        self.assertEqual([], self.secondary.said(TOKEN))

    def test_who_may_open_the_socket(self):
        path = self.folder / "http.sock"
        self.run_daemon(socket=str(path))
        self.assertEqual(0o660, stat.S_IMODE(path.stat().st_mode))
        local = Web(path)
        self.assertEqual(200, local.get("/v1/status").status)
        self.assertEqual(200, local.get("/v1/status", host="whatever.example").status, "no browser comes this way")
        self.secondary.kill()
        self.assertTrue(path.exists(), "a killed daemon leaves it behind")
        self.secondary.start()
        self.assertEqual(200, local.get("/v1/status").status)
        second = self.daemon(self.store, self.customers, name="second", start=False, http={"socket": str(path)})
        status, said = second.refused()
        second.process = None
        self.assertEqual(1, status)
        self.assertRegex(said, rf"cannot start: http.socket {path}: another program listens there\n")
        self.secondary.stop()
        self.assertFalse(path.exists())

    def test_a_token_file_that_cannot_be_read_is_told(self):
        daemon = self.daemon(self.store, self.customers, start=False, http={"listen": "127.0.0.1:1", "token_file": "nowhere"})
        status, said = daemon.refused()
        daemon.process = None
        self.assertEqual(4, status)
        self.assertRegex(said, r"^\S+:\d+:\d+: expected a token file that can be read: No such file or directory\n$")


class Hostile(Http):
    def descriptors(self):
        return len(os.listdir(f"/proc/{self.secondary.process.pid}/fd"))

    def test_broken_requests(self):
        web = self.run_daemon()
        good = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
        for octets, answers in (
                (b"\x00\xff\x16\x03\x01" * 100 + b"\r\n\r\n", ("400", "")),
                (b"GET\r\n\r\n", ("400", "")),
                (b"GET /healthz\r\n\r\n", ("400", "200", "")),
                (b"GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n", ("400", "505", "")),
                (b"GET /healthz HTTP/1.1\r\n\r\n", ("400",)),
                (good + b"Host: evil.example\r\n\r\n", ("400",)),
                (b"GET healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", ("400",)),
                (b"GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", ("400",)),
                (b"GET /v1/domains/%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n", ("400",)),
                (b"GET /" + b"../" * 50 + b"etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", ("404",)),
                (good + b"Content-Length: 5\r\n\r\nhello", ("400",)),
                (good + b"Content-Length: -5\r\n\r\n", ("400",)),
                (good + b"Content-Length: 99999999999999999999999\r\n\r\n", ("400", "413")),
                (good + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", ("400",)),
                (b"POST /v1/status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 1_000_000, ("405", "")),
                (b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", ("400", "405")),
                (good + b" folded: x\r\n\r\n", ("200", "400")),
                (good + b"No colon\r\n\r\n", ("400", "200"))):
            with self.subTest(octets=octets[:60]), web.connect() as connection:
                try:
                    connection.sendall(octets)
                    connection.shutdown(socket.SHUT_WR)
                except OSError:
                    pass  # it has answered already, and closed
                answer = read_all(connection).decode(errors="replace")
                self.assertIn(answer[9:12], answers, answer[:300])
        self.assert_alive()

    def test_huge_headers(self):
        web = self.run_daemon(header_octets_max=2048)
        self.assertEqual(200, web.get("/v1/status", X="x" * 1500).status)
        self.assertEqual(431, web.get("/v1/status", X="x" * 2048).status)
        for octets in (b"X: " + b"x" * 10_000_000, b"".join(b"X%d: y\r\n" % n for n in range(100_000)), b"y" * 1_000_000):
            answer = web.raw(b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n" + octets + b"\r\n\r\n")
            self.assertIn(answer[9:12], (b"431", b"413", b"400", b""), answer[:200])
        answer = web.raw(b"GET /" + b"x" * 10_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertIn(answer[9:12], (b"414", b"431", b""), answer[:200])
        self.assert_alive()

    def test_slow_clients_are_cut_and_cost_nobody_else(self):
        web = self.run_daemon(request_timeout="1s", connections_max=40)
        slow = [web.connect() for _ in range(19)]
        self.addCleanup(lambda: [connection.close() for connection in slow])
        octets = iter(b"GET /v1/status HTTP/1.1\r\nX: " + b"x" * 1_000_000)

        def all_are_cut():
            octet = bytes([next(octets)])
            for connection in slow:
                try:
                    connection.send(octet)  # never silent for long
                except OSError:
                    pass
            self.assertEqual(200, web.get("/healthz").status)
            return self.metric(self.secondary, "zonecast_http_cuts_total", reason="slowness") >= len(slow)
        self.wait(all_are_cut, "slow clients to be cut")
        self.assert_alive()

    def test_a_thousand_connections(self):
        web = self.run_daemon(connections_max=16, watchers_max=4)
        before = self.descriptors()
        crowd = []
        self.addCleanup(lambda: [connection.close() for connection in crowd])
        for number in range(1000):
            crowd.append(web.connect())
            crowd[-1].sendall(b"GET /v1/st")
            if number % 100 == 99:
                self.assertEqual(200, web.get("/v1/status").status, f"with {number + 1} others")
                self.assertLess(self.descriptors(), before + 16 + 64)
        self.assertLessEqual(900, self.metric(self.secondary, "zonecast_http_cuts_total", reason="crowd"))
        self.assert_alive()

    def test_a_thousand_requests_at_once_are_answered(self):
        web = self.run_daemon()
        clients = [web.connect() for _ in range(20)]
        self.addCleanup(lambda: [client.close() for client in clients])
        request = b"GET /v1/explain/acme.example HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for client in clients:
            client.sendall(request * 50)
        for client in clients:
            received = b""
            while received.count(b"HTTP/1.1 200 OK") < 50 or not received.rstrip().endswith(b"}"):
                received += client.recv(1 << 16)
        self.assert_alive()

    def test_watchers_beyond_their_number_are_told(self):
        web = self.run_daemon(watchers_max=2)
        watchers = [web.events() for _ in range(2)]
        self.addCleanup(lambda: [watcher.close() for watcher in watchers])
        answer = web.get("/v1/events")
        self.assertEqual(503, answer.status)
        self.api.check("/v1/events", 503, answer.type, answer.body)
        self.assertIn("raise http.watchers_max", answer.json()["text"])
        watchers.pop().close()
        self.wait(lambda: self.try_to_watch(web), "a place that became free")

    @staticmethod
    def try_to_watch(web):
        events = web.events()
        events.close()
        return events.response.status == 200


if __name__ == "__main__":
    unittest.main()

"""config/kamailio/ under a real Kamailio: what is published is what it does, at once and without a reload.

The cases, for each of the ways in which it looks domains up: test_kamailio_redis.py and test_kamailio_table.py.
"""

import contextlib
import os
import pwd
import socket
import threading
import time

from setting import EndToEnd, kamailio, parts, publisher, telephony as sip

JOE, PASSWORD = "joe", "secret"
OPEN = "digest.required=false;peering=open"
DIDS = ("one", "One", "two:2", "two~2", "a_b", "-", "6f6e65", ".")


class Redis:
    """What is published, and Kamailio that asks Redis for it."""

    defines = ["WITH_REDIS"]
    worker = socket.gethostname()

    def __init__(self, test):
        self.redis = test.store
        self.publisher = publisher.Publisher(self.redis)
        self.settings = {"ZC_REDIS": f"unix={self.redis.socket}", "ZC_DEPLOYMENT": self.redis.deployment}

    def host(self, domain, did, attributes=None):
        self.publisher.host(domain, did, attributes)
        self.await_readers()

    def set(self, did, attributes):
        self.publisher.set(did, attributes)
        self.await_readers()

    def remove(self, domain):
        self.publisher.remove(domain)
        self.await_readers()

    def answer_negative(self, domain):
        """As zonecastd does when it was asked for the domain."""
        self.redis.ask("SET", self.redis.key(f"answer:{domain}"), "foreign", "EX", 60)

    def wanted(self):
        return [fields[1].decode() for _, fields in self.redis.ask("XRANGE", self.redis.key("wanted"), "-", "+")]

    def askers(self):
        """Whose quotas the questions are on."""
        return {bytes(fields[fields.index(b"worker") + 1]).decode() if b"worker" in fields else None
                for _, fields in self.redis.ask("XRANGE", self.redis.key("wanted"), "-", "+")}

    def await_readers(self):
        pass


class Table(Redis):
    """The same by way of zonecast-mirror and its table."""

    defines = []
    worker = "mirror"

    def __init__(self, test):
        super().__init__(test)
        self.mirror = test.mirror(self.redis, "--wanted-interval", "0.1")
        self.settings = {"ZC_TABLE": self.mirror.table, "ZC_TABLE_OWNER": pwd.getpwuid(os.geteuid()).pw_name}

    def await_readers(self):
        parts.wait_for(lambda: self.mirror.look() and self.mirror.reader.status().version == self.publisher.version, 10,
                       "the table to be the newest")

    def answer_negative(self, domain):
        super().answer_negative(domain)
        self.mirror.hear_of(domain)


class Proxy(EndToEnd):
    source_of = None  # Redis or Table
    defines = ()
    settings = {}

    def setUp(self):
        self.store = self.redis()
        self.source = self.source_of(self)
        self.source.host("first.example", "first")
        self.kamailio = self.adopt(kamailio.Kamailio(
            self.folder / "kamailio", [*self.source.defines, *self.defines], **self.source.settings, **self.settings),
            start=True)
        for domain in ("elsewhere.example", "caller.invalid"):
            self.answer_negative(domain)

    def answer_negative(self, domain):
        """DNS was asked about it, and every proxy knows."""
        def known():
            phone = self.phone(timeout=0.2)
            with contextlib.suppress(TimeoutError):
                return phone.ask("OPTIONS", f"sip:x@{domain}").status
        self.source.answer_negative(domain)
        self.wait(known, f"{domain} to be known as foreign")

    def phone(self, transport="udp", timeout=5.0, host="127.0.0.1"):
        phone = sip.Phone(self.kamailio.port, transport, timeout, host)
        self.parts.callback(phone.close)
        return phone

    def registered(self, aor="sip:joe@iptel.example", **more):
        phone = self.phone()
        self.assert_status(200, phone.ask("REGISTER", "sip:" + aor.split("@")[1], to=aor, caller=aor, **more))
        return phone

    def assert_status(self, status, response):
        self.assertEqual(status, response.status, str(response))
        return response

    def assert_reaches(self, callee, caller, uri, method="MESSAGE", **more):
        """A request of the one arrives at the other, whose answer comes back."""
        call_id = sip.token()
        caller.send(caller.request(method, uri, call_id=call_id, **more))
        request = callee.next_request()
        callee.respond(request, 202)
        self.assert_status(202, caller.final_response(call_id, f"1 {method}"))
        return request


class Domains(Proxy):
    def test_a_hosted_domain_is_served(self):
        self.source.host("iptel.example", "iptel", OPEN)
        callee = self.registered()
        self.assert_status(200, self.phone().ask("OPTIONS", "sip:iptel.example"))
        for method in ("INVITE", "MESSAGE", "OPTIONS"):
            request = self.assert_reaches(callee, self.phone(), "sip:joe@iptel.example", method,
                                          headers=["P-Asserted-Identity: <sip:president@iptel.example>"])
            self.assertEqual([], request.all("P-Asserted-Identity"))
        self.assert_status(480, self.phone().ask("INVITE", "sip:nobody@iptel.example"))

    def test_case_and_a_final_dot_make_no_other_domain(self):
        self.source.host("iptel.example", "iptel", OPEN)
        callee = self.registered()
        self.assert_reaches(callee, self.phone(), "sip:joe@IPtel.Example")
        self.assert_reaches(callee, self.phone(), "sip:joe@iptel.example.")

    def test_all_domains_of_a_virtual_domain_have_the_same_users(self):
        self.source.host("iptel.example", "iptel", OPEN)
        callee = self.registered()
        for alias in ("sip.iptel.example", "127.0.0.1", "[2001:db8::1]"):
            self.source.host(alias.strip("[]"), "iptel")
            self.assert_reaches(callee, self.phone(), f"sip:joe@{alias}")
        other = self.registered("sip:joe@sip.iptel.example")
        self.kamailio.wait_until(lambda: self.contacts("sip:joe@iptel.example") == 2, "two contacts")
        self.assertNotEqual(callee.port, other.port)

    def contacts(self, aor):
        answer = self.phone().ask("REGISTER", "sip:" + aor.split("@")[1], to=aor, caller=aor, contact="")
        return sum(contact.count("<sip:") for contact in answer.all("Contact"))

    def test_users_of_another_virtual_domain_are_others(self):
        for did in DIDS:
            self.source.host(f"{sip.digest('MD5', did)}.example", did, OPEN)
        phones = {did: self.registered(f"sip:joe@{sip.digest('MD5', did)}.example")
                  for did in DIDS}
        for did, phone in phones.items():
            self.assert_reaches(phone, self.phone(), f"sip:joe@{sip.digest('MD5', did)}.example")
            self.assertEqual(1, self.contacts(f"sip:joe@{sip.digest('MD5', did)}.example"))

    def test_a_bare_address_of_ours_may_stand_for_a_domain(self):
        self.assert_status(403, self.phone().ask("MESSAGE", "sip:joe@127.0.0.1"))

    def test_a_removed_domain_is_refused_at_once(self):
        self.source.host("iptel.example", "iptel", OPEN)
        callee = self.registered()
        self.assert_reaches(callee, self.phone(), "sip:joe@iptel.example")
        self.source.remove("iptel.example")
        self.answer_negative("iptel.example")
        self.assert_status(403, self.phone().ask("MESSAGE", "sip:joe@iptel.example"))
        self.assert_status(403, self.phone().ask("REGISTER", "sip:iptel.example", to="sip:joe@iptel.example"))

    def test_a_user_cannot_be_registered_at_another_virtual_domain(self):
        self.source.host("iptel.example", "iptel", OPEN)
        self.source.host("other.example", "other", OPEN)
        self.assert_status(404, self.phone().ask("REGISTER", "sip:iptel.example", to="sip:joe@other.example"))
        self.assert_status(404, self.phone().ask("REGISTER", "sip:iptel.example", to="sip:joe@elsewhere.example"))

    def test_hosts_that_are_none_do_no_harm(self):
        self.source.host("iptel.example", "iptel", OPEN)
        callee = self.registered()
        before = self.store.ask("DBSIZE")
        hostile = ["x" * 300 + ".example", "a b", "a%20b", "%s%s%n", "a\"b", "a'b", "a;b", "a\\b", "a$(rd)b", "a{b}",
                   "HGET", "a\tb", "\u00e9.example", "..", "*", "[::1", "a_b", "-"]
        for host in hostile:
            with self.subTest(host):
                phone = self.phone(timeout=0.3)
                octets = phone.request("MESSAGE", f"sip:joe@{host}", to="sip:joe@iptel.example")
                with contextlib.suppress(TimeoutError):
                    self.assertNotIn(phone.answer_to(octets).status // 100, (2, 0))
        for host in hostile:
            with self.subTest(caller=host):
                phone = self.phone(timeout=0.3)
                with contextlib.suppress(TimeoutError):
                    phone.ask("MESSAGE", "sip:nobody@iptel.example", caller=f"sip:joe@{host}")
        for uri in ("tel:+12125551234", "sip:", "sip:@", "sip:joe@", "mailto:joe@iptel.example", "sip:%00@iptel.example",
                    "sip:%@iptel.example", "sip:" + "j" * 400 + "@iptel.example"):
            with self.subTest(uri=uri):
                phone = self.phone(timeout=0.3)
                with contextlib.suppress(TimeoutError):
                    self.assertNotEqual(2, phone.ask("MESSAGE", uri, to="sip:x@iptel.example").status // 100)
                with contextlib.suppress(TimeoutError):
                    phone.ask("MESSAGE", "sip:nobody@iptel.example", caller=uri)
                with contextlib.suppress(TimeoutError):
                    self.assertNotEqual(2, phone.ask("REGISTER", "sip:iptel.example", to=uri).status // 100)
        self.assert_reaches(callee, self.phone(), "sip:joe@iptel.example")
        self.assertIn(self.store.ask("DBSIZE"), (before, before + 1))  # `wanted`


class OwnAddress(Proxy):
    settings = {"OWN_ADDRESS_DOMAIN": "iptel.example"}

    def test_a_bare_address_of_ours_stands_for_the_domain(self):
        self.source.host("iptel.example", "iptel", OPEN)
        callee = self.registered()
        self.assert_reaches(callee, self.phone(), f"sip:joe@127.0.0.1:{self.kamailio.port}")
        self.assert_status(403, self.phone().ask("MESSAGE", "sip:joe@127.0.0.9"))


class Foreign(Proxy):
    def setUp(self):
        super().setUp()
        self.source.host("iptel.example", "iptel", "foreign=reject")
        self.kamailio.add_user(JOE, "iptel", PASSWORD)

    def ask(self, method="MESSAGE", uri="sip:ann@elsewhere.example", **more):
        return self.phone().ask(method, uri, caller="sip:joe@iptel.example", **more)

    def test_foreign_domains_are_refused_redirected_to_or_relayed_to_as_the_domain_of_the_caller_says(self):
        for method in ("MESSAGE", "INVITE", "OPTIONS", "REGISTER"):
            self.source.set("iptel", "foreign=reject")
            self.assert_status(403, self.ask(method))
            self.source.set("iptel", "foreign=redirect")
            answer = self.assert_status(302, self.ask(method))
            self.assertEqual(["<sip:ann@elsewhere.example>"], answer.all("Contact"))
            self.source.set("iptel", "foreign=proxy")
            self.assert_status(407, self.ask(method))

    def test_only_users_of_ours_are_relayed_for(self):
        self.source.set("iptel", "foreign=proxy;digest.required=false")
        far = self.phone(host="127.0.0.2")
        uri = f"sip:ann@127.0.0.2:{far.port}"
        self.assert_status(407, self.ask(uri=uri))
        self.assert_status(407, self.ask(uri=uri, credentials=(JOE, "wrong")))
        self.assertTrue(far.hears_nothing(0.3))
        call_id = sip.token()
        caller = self.phone()
        challenge = caller.ask("MESSAGE", uri, caller="sip:joe@iptel.example", call_id=call_id)
        caller.send(caller.request("MESSAGE", uri, caller="sip:joe@iptel.example", call_id=call_id, cseq=2,
                                   headers=[sip.answer_challenge(challenge, "MESSAGE", uri, JOE, PASSWORD)]))
        request = far.next_request()
        self.assertEqual([], request.all("Proxy-Authorization"), "they are nobody else's business")
        far.respond(request, 200)
        self.assert_status(200, caller.final_response(call_id, "2 MESSAGE"))

    def test_callers_from_elsewhere_are_never_relayed_for(self):
        self.source.set("iptel", "foreign=proxy;digest.required=false;peering=open")
        self.assert_status(403, self.phone().ask("MESSAGE", "sip:ann@elsewhere.example"))

    def test_a_route_or_a_to_tag_made_up_leads_nowhere(self):
        far = self.phone()
        target = f"sip:ann@127.0.0.1:{far.port}"
        ours = f"Route: <sip:127.0.0.1:{self.kamailio.port};lr>"
        marked = f"Route: <sip:127.0.0.1:{self.kamailio.port};lr;zc=0123456789abcdef0123456789abcdef>"
        for headers in ([], [ours], [marked], [f"Route: <{target};lr>"], [ours, f"Route: <{target};lr>"]):
            for tags in (("", ""), ("x", "y")):
                self.assertIn(self.phone().ask("MESSAGE", target, headers=headers, tags=tags).status, (403, 404))
        self.assertTrue(far.hears_nothing(0.3))


class ForeignCallersRedirected(Proxy):
    settings = {"FOREIGN_CALLERS": "redirect"}

    def test_callers_from_elsewhere_are_redirected(self):
        answer = self.assert_status(302, self.phone().ask("INVITE", "sip:ann@elsewhere.example"))
        self.assertEqual("<sip:ann@elsewhere.example>", answer.get("Contact"))


class Attributes(Proxy):
    def setUp(self):
        super().setUp()
        self.source.host("iptel.example", "iptel", "")
        self.kamailio.add_user(JOE, "iptel", PASSWORD)
        self.aor = "sip:joe@iptel.example"

    def register(self, phone=None, credentials=(JOE, PASSWORD), **more):
        more = {"to": self.aor, "caller": self.aor, **more}
        return (phone or self.phone()).ask("REGISTER", "sip:iptel.example", credentials=credentials, **more)

    def challenge(self):
        return sip.challenge_of(self.assert_status(401, self.register(credentials=None)))

    def test_credentials_are_required_unless_the_domain_says_otherwise(self):
        self.assert_status(401, self.register(credentials=None))
        self.assert_status(401, self.register(credentials=(JOE, "wrong")))
        self.assert_status(401, self.register(credentials=("ann", PASSWORD)))
        self.assert_status(200, self.register())
        self.source.set("iptel", "digest.required=false")
        self.assert_status(200, self.register(credentials=None))
        self.source.set("iptel", "digest.required=true")
        self.assert_status(401, self.register(credentials=None))

    def test_one_user_may_not_speak_for_another(self):
        self.kamailio.add_user("ann", "iptel", PASSWORD)
        self.assert_status(401, self.register(to="sip:ann@iptel.example"))

    def test_a_third_party_may_register_with_its_own_credentials_where_the_domain_says_so(self):
        self.source.set("iptel", "registration.third_party=true")
        callee = self.phone()
        self.assert_status(200, self.register(callee, to="sip:ann@iptel.example"))
        self.assert_status(401, self.register(caller="sip:eve@iptel.example"))
        self.assert_status(403, self.register(caller="sip:joe@elsewhere.example"))

    def test_realm_and_qop_are_those_of_the_domain(self):
        self.assertEqual(("iptel", None), tuple(map(self.challenge().get, ("realm", "qop"))))
        self.source.set("iptel", "digest.qop=auth;digest.realm=The%20Realm")
        self.assertEqual(("The Realm", "auth"), tuple(map(self.challenge().get, ("realm", "qop"))))
        self.source.set("iptel", "digest.qop=auth;digest.qop=auth-int")
        self.assertEqual(("iptel", "auth"), tuple(map(self.challenge().get, ("realm", "qop"))))
        self.assert_status(200, self.register())
        self.source.set("iptel", "digest.realm=other")
        self.assert_status(401, self.register())  # the password was stored for another realm

    def test_what_the_proxy_cannot_do_is_refused_and_not_replaced(self):
        self.source.set("iptel", "digest.algorithm=SHA-256")
        self.assert_status(500, self.register())
        self.assertTrue(self.kamailio.said("iptel wants digest.algorithm SHA-256"))
        self.source.set("iptel", "digest.qop=auth-int")
        self.assert_status(500, self.register())

    def test_a_nonce_count_is_good_for_one_request(self):
        self.source.set("iptel", "digest.qop=auth")
        phone = self.phone()
        ask = {"to": self.aor, "caller": self.aor}
        response = phone.ask("REGISTER", "sip:iptel.example", **ask)
        header = sip.answer_challenge(response, "REGISTER", "sip:iptel.example", JOE, PASSWORD)
        octets = phone.request("REGISTER", "sip:iptel.example", headers=[header], cseq=2, **ask)
        self.assert_status(200, phone.answer_to(octets))
        self.assert_status(200, phone.answer_to(octets))  # a retransmission
        self.assert_status(401, phone.ask("REGISTER", "sip:iptel.example", headers=[header], cseq=3, **ask))
        header = sip.answer_challenge(response, "REGISTER", "sip:iptel.example", JOE, PASSWORD, nc=2)
        self.assert_status(200, phone.ask("REGISTER", "sip:iptel.example", headers=[header], cseq=4, **ask))

    def test_expiry_is_bounded_by_the_domain(self):
        def granted(expires):
            answer = self.assert_status(200, self.register(contact=f"<sip:joe@127.0.0.1:9>{expires}"))
            return int(answer.get("Contact").split("expires=")[1].split(";")[0])
        self.source.set("iptel", "registration.expires=1800s;registration.min=300s;registration.max=7200s")
        self.assertAlmostEqual(1800, granted(""), delta=2)
        self.assertAlmostEqual(3000, granted(";expires=3000"), delta=2)
        self.assertAlmostEqual(7200, granted(";expires=999999"), delta=2)
        self.assertAlmostEqual(7200, granted(";expires=4294967296999"), delta=2)
        answer = self.assert_status(423, self.register(contact="<sip:joe@127.0.0.1:9>;expires=299"))
        self.assertEqual("300", answer.get("Min-Expires"))
        answer = self.assert_status(423, self.register(headers=["Expires: 10"]))
        self.source.set("iptel", "registration.expires=1800s;registration.min=100s;registration.max=200s")
        self.assertAlmostEqual(200, granted(""), delta=2)
        answer = self.assert_status(200, self.register(contact="<sip:joe@127.0.0.1:9>;expires=0"))
        self.assertEqual("", answer.get("Contact"))

    def test_all_registrations_can_be_removed(self):
        self.assert_status(200, self.register())
        answer = self.assert_status(200, self.register(contact="*", headers=["Expires: 0"]))
        self.assertEqual("", answer.get("Contact"))

    def test_there_are_at_most_so_many_contacts(self):
        self.source.set("iptel", "registration.contacts=1")
        self.assert_status(200, self.register())
        self.assert_status(503, self.register())

    def test_mode_redirect_tells_the_caller_where_the_user_is(self):
        callee = self.phone()
        self.source.set("iptel", "mode=redirect;peering=open")
        self.assert_status(200, self.register(callee))
        answer = self.assert_status(302, self.phone().ask("INVITE", self.aor))
        self.assertIn(callee.contact, answer.get("Contact"))
        self.source.set("iptel", "mode=proxy;peering=open")
        self.assert_reaches(callee, self.phone(), self.aor)

    def test_peering_says_who_may_call_without_credentials(self):
        callee = self.phone()
        self.assert_status(200, self.register(callee))
        self.assert_status(403, self.phone().ask("INVITE", self.aor))
        self.source.set("iptel", "peering=open")
        self.assert_reaches(callee, self.phone(), self.aor, "INVITE")
        # Who says that he is of ours must show it.
        self.assert_status(407, self.phone().ask("INVITE", self.aor, caller="sip:ann@iptel.example"))
        # A domain that asks for no credentials does not speak for its users elsewhere.
        self.source.host("lax.example", "lax", "digest.required=false;peering=closed")
        self.source.set("iptel", "peering=closed")
        self.assert_status(403, self.phone().ask("INVITE", self.aor, caller="sip:ann@lax.example"))
        self.assert_status(480, self.phone().ask("INVITE", "sip:bob@lax.example", caller="sip:ann@lax.example"))

    def test_record_route_is_done_unless_the_domain_says_otherwise(self):
        callee = self.phone()
        self.source.set("iptel", "peering=open")
        self.assert_status(200, self.register(callee))
        request = self.assert_reaches(callee, self.phone(), self.aor, "INVITE")
        self.assertIn(f"127.0.0.1:{self.kamailio.port};lr", request.get("Record-Route"))
        self.source.set("iptel", "peering=open;record_route=false")
        request = self.assert_reaches(callee, self.phone(), self.aor, "INVITE")
        self.assertEqual([], request.all("Record-Route"))

    def test_numbers_go_to_the_gateway_of_the_domain_for_its_own_users(self):
        gateway = self.phone()
        uri = "sip:+12125551234@iptel.example"
        for number, enum in enumerate(("", ";enum.suffix=enum.invalid")):  # which has never heard of it
            self.source.set("iptel", f"peering=open;gateway=127.0.0.1:{gateway.port}{enum}")
            self.assert_status(480, self.phone().ask("INVITE", uri))
            caller = self.phone(timeout=10)
            call = {"caller": self.aor, "call_id": f"number{number}"}
            challenge = self.assert_status(407, caller.ask("MESSAGE", uri, **call))
            caller.send(caller.request("MESSAGE", uri, cseq=2, **call,
                                       headers=[sip.answer_challenge(challenge, "MESSAGE", uri, JOE, PASSWORD)]))
            request = gateway.next_request(10)
            self.assertEqual(uri, request.uri)
            gateway.respond(request, 200)
            self.assert_status(200, caller.final_response(call["call_id"], "2 MESSAGE"))

    def test_a_users_own_attribute_stands_in_place_of_the_domains(self):
        callee = self.phone()
        self.source.set("iptel", "peering=open;mode=proxy")
        self.assert_status(200, self.register(callee))
        self.kamailio.set_attribute(JOE, "iptel", "mode", "redirect")
        self.assert_status(302, self.phone().ask("INVITE", self.aor))
        self.kamailio.set_attribute(JOE, "iptel", "peering", "closed")
        self.assert_status(403, self.phone().ask("INVITE", self.aor))
        self.assert_status(403, self.phone().ask("INVITE", "sip:%6aoe@iptel.example"))
        self.assert_status(480, self.phone().ask("INVITE", "sip:ann@iptel.example"))
        self.kamailio.set_attribute(JOE, "iptel", "registration.max", "77s")
        self.assertIn("expires=77", self.register(contact="<sip:joe@127.0.0.1:9>;expires=3600").get("Contact"))
        for attribute in ("registration.max", "registration.min", "registration.expires", "registration.contacts"):
            self.kamailio.set_attribute(JOE, "iptel", attribute, "nonsense")
        self.assertIn("expires=3600", self.register(contact="<sip:joe@127.0.0.1:9>").get("Contact"))

    def test_names_of_users_are_never_taken_for_sql(self):
        self.source.set("iptel", "peering=open;digest.required=false")
        for user in ("joe'--", "'%20OR%20'1'='1", "x'%3B%20DROP%20TABLE%20subscriber%3B--", "a\\'b", "%00"):
            with contextlib.suppress(TimeoutError):
                self.assertNotEqual(2, self.phone(timeout=1).ask("MESSAGE", f"sip:{user}@iptel.example").status // 100)
        self.source.set("iptel", "")
        self.assert_status(200, self.register())

    def test_a_call_is_accounted_with_the_dids(self):
        self.source.host("ann.example", "annas", "digest.required=false;peering=open")
        callee = self.registered("sip:ann@ann.example")
        self.source.set("iptel", "")
        caller = self.phone()
        uri = "sip:ann@ann.example"
        challenge = self.assert_status(407, caller.ask("INVITE", uri, caller=self.aor, call_id="call"))
        caller.send(caller.request("INVITE", uri, caller=self.aor, call_id="call", cseq=2, tags=("one", ""),
                                   headers=[sip.answer_challenge(challenge, "INVITE", uri, JOE, PASSWORD)]))
        request = callee.next_request()
        callee.respond(request, 200, tag="two")
        answer = self.assert_status(200, caller.final_response("call", "2 INVITE"))
        self.kamailio.wait_until(lambda: self.kamailio.said("ACC", "did=annas", "caller_did=iptel", "code=200"),
                                 "the line of the call")
        # The dialog goes on through us, and from both sides.
        route = f"Route: {answer.get('Record-Route')}"
        within = {"caller": self.aor, "to": uri, "call_id": "call", "tags": ("one", "two")}
        caller.send(caller.request("ACK", callee.contact, cseq=2, headers=[route], **within))
        self.assertEqual("ACK", callee.next_request().method)
        caller.send(caller.request("BYE", callee.contact, cseq=3, headers=[route], **within))
        callee.respond(callee.next_request(), 200)
        self.assert_status(200, caller.final_response("call", "3 BYE"))
        self.kamailio.wait_until(lambda: self.kamailio.said("ACC", "method=BYE", "code=200"), "the line of its end")


class Sha256(Proxy):
    settings = {"DIGEST_ALGORITHM": "SHA-256"}

    def test_sha_256(self):
        self.source.host("iptel.example", "iptel", "digest.algorithm=SHA-256;digest.qop=auth")
        self.kamailio.add_user(JOE, "iptel", PASSWORD, algorithm="SHA-256")
        aor = "sip:joe@iptel.example"
        ask = ("REGISTER", "sip:iptel.example")
        challenge = sip.challenge_of(self.phone().ask(*ask, to=aor, caller=aor))
        self.assertEqual("SHA-256", challenge["algorithm"])
        self.assert_status(200, self.phone().ask(*ask, to=aor, caller=aor, credentials=(JOE, PASSWORD)))
        self.source.set("iptel", "digest.algorithm=MD5;digest.qop=auth")
        self.assert_status(500, self.phone().ask(*ask, to=aor, caller=aor))


class Unknown(Proxy):
    """A domain that nobody asked about before."""

    def test_a_udp_caller_gets_through_by_its_own_retransmission(self):
        self.source.host("iptel.example", "iptel", OPEN)
        callee = self.registered()
        caller = self.phone()
        octets = caller.request("MESSAGE", "sip:joe@new.example")
        caller.send(octets)
        self.wait(lambda: "new.example" in self.source.wanted(), "the question")
        self.assertEqual({self.source.worker}, self.source.askers())
        self.assertTrue(caller.hears_nothing(0.3))
        self.source.host("new.example", "iptel")
        caller.send(octets)
        callee.respond(callee.next_request(), 202)
        self.assertEqual(202, caller.receive().status)

    def test_a_udp_caller_of_a_domain_that_stays_unknown_is_told_so_in_the_end(self):
        caller = self.phone()
        octets = caller.request("INVITE", "sip:joe@new.example")
        begin = time.monotonic()
        while time.monotonic() < begin + 10:
            caller.send(octets)
            with contextlib.suppress(TimeoutError):
                answer = caller.receive(0.5)
                break
        self.assert_status(503, answer)
        self.assertTrue(answer.get("Retry-After"))
        self.assertGreater(time.monotonic() - begin, 1.5)
        self.assertEqual(["new.example"], [name for name in self.source.wanted() if name == "new.example"])

    def test_a_tcp_caller_gets_an_answer_in_bounded_time(self):
        for method in ("INVITE", "MESSAGE", "REGISTER"):
            begin = time.monotonic()
            answer = self.assert_status(503, self.phone("tcp").ask(method, f"sip:joe@{method.lower()}.example"))
            self.assertTrue(answer.get("Retry-After"))
            self.assertTrue(1.0 < time.monotonic() - begin < 4.0, "it waited for too short or too long a time")
            self.assertIn(f"{method.lower()}.example", self.source.wanted())

    def test_a_tcp_caller_gets_through_as_soon_as_the_domain_is_known(self):
        self.source.host("iptel.example", "iptel", OPEN)
        callee = self.registered()
        for method in ("INVITE", "MESSAGE"):
            caller = self.phone("tcp")
            host = f"{method.lower()}.example"
            caller.send(caller.request(method, f"sip:joe@{host}", call_id=method))
            self.wait(lambda: host in self.source.wanted(), "the question")
            self.source.host(host, "iptel")
            callee.respond(callee.next_request(), 486 if method == "INVITE" else 202)
            self.assert_status(486 if method == "INVITE" else 202, caller.final_response(method, f"1 {method}"))
            if method == "INVITE":
                self.assertEqual("ACK", callee.next_request().method)

    def test_a_tcp_caller_may_register_with_credentials_after_the_wait(self):
        self.kamailio.add_user(JOE, "iptel", PASSWORD)
        caller = self.phone("tcp")
        aor = "sip:joe@new.example"
        caller.send(caller.request("REGISTER", "sip:new.example", to=aor, caller=aor, call_id="register"))
        self.wait(lambda: "new.example" in self.source.wanted(), "the question")
        self.source.host("new.example", "iptel", "digest.qop=auth")
        challenge = self.assert_status(401, caller.final_response("register", "1 REGISTER"))
        header = sip.answer_challenge(challenge, "REGISTER", "sip:new.example", JOE, PASSWORD)
        self.assert_status(200, caller.ask("REGISTER", "sip:new.example", to=aor, caller=aor, headers=[header]))

    def test_who_waits_holds_up_nobody(self):
        self.source.host("iptel.example", "iptel", OPEN)
        callee = self.registered()
        waiting = [self.phone("tcp") for _ in range(50)]
        for number, caller in enumerate(waiting):
            caller.send(caller.request("INVITE", f"sip:joe@new{number}.example", call_id=f"w{number}"))
        begin = time.monotonic()
        self.assert_reaches(callee, self.phone("tcp"), "sip:joe@iptel.example")
        self.assertLess(time.monotonic() - begin, 0.5)
        for number, caller in enumerate(waiting):
            self.assert_status(503, caller.final_response(f"w{number}", "1 INVITE"))

    def test_a_call_can_be_cancelled_while_it_waits(self):
        caller = self.phone("tcp")
        branch = "z9hG4bK" + sip.token()
        same = {"call_id": "cancelled", "branch": branch, "tags": ("one", "")}
        caller.send(caller.request("INVITE", "sip:joe@new.example", **same))
        self.wait(lambda: "new.example" in self.source.wanted(), "the question")
        caller.send(caller.request("CANCEL", "sip:joe@new.example", **same))
        finals = {}
        while len(finals) < 2:
            message = caller.receive()
            if message.status >= 200:
                finals[message.get("CSeq")] = message.status
        self.assertEqual(200, finals["1 CANCEL"])
        self.assertIn(finals["1 INVITE"], (487, 503))


class OtherTransports(Proxy):
    defines = ["WITH_TLS", "WITH_WEBSOCKET"]

    def other_phone(self, transport):
        phone = sip.Phone({"tls": self.kamailio.tls_port, "ws": self.kamailio.ws_port}[transport], transport)
        self.parts.callback(phone.close)
        return phone

    def test_callers_of_unknown_domains_get_an_answer_in_bounded_time(self):
        for transport in ("tls", "ws"):
            for method in ("INVITE", "REGISTER"):
                begin = time.monotonic()
                phone = self.other_phone(transport)
                answer = self.assert_status(503, phone.ask(method, f"sip:joe@{transport}-{method.lower()}.example"))
                self.assertTrue(answer.get("Retry-After"))
                self.assertTrue(1.0 < time.monotonic() - begin < 4.0, "it waited for too short or too long a time")

    def test_they_get_through_as_soon_as_the_domain_is_known(self):
        self.source.host("iptel.example", "iptel", OPEN)
        callee = self.registered()
        for transport in ("tls", "ws"):
            caller = self.other_phone(transport)
            caller.send(caller.request("MESSAGE", f"sip:joe@{transport}.example", call_id=transport))
            self.wait(lambda: f"{transport}.example" in self.source.wanted(), "the question")
            self.source.host(f"{transport}.example", "iptel")
            callee.respond(callee.next_request(), 202)
            self.assert_status(202, caller.final_response(transport, "1 MESSAGE"))

    def test_registered_phones_are_reached_where_they_are(self):
        self.source.host("iptel.example", "iptel", OPEN)
        for transport in ("tls", "ws"):
            callee = self.other_phone(transport)
            aor = f"sip:{transport}@iptel.example"
            contact = "<sip:x@nowhere.invalid;transport=ws>" if transport == "ws" else None  # as browsers have it
            self.assert_status(200, callee.ask("REGISTER", "sip:iptel.example", to=aor, caller=aor, contact=contact))
            self.assert_reaches(callee, self.phone(), aor)


class Edited(Proxy):
    settings = {"UDP_PATIENCE": 30}  # a caller may wait until it is known whose domain it is

    def test_what_is_looked_up_for_a_request_belongs_together(self):
        """Published anew in the middle of requests: each is treated as before that or as after it."""
        published = self.source.publisher
        for did in ("one", "two"):
            self.source.host(f"{did}.example", did, OPEN)
        self.source.host("gone.example", "gone", OPEN)
        self.source.host("moving.example", "one")
        self.store.ask("SET", self.store.key("answer:gone.example"), "foreign", "EX", 600)
        done, answers = threading.Event(), []

        def ask(phone, method, host, heard):
            joe = f"sip:joe@{host}"
            while not done.is_set():
                octets = (phone.request(method, f"sip:{host}", to=joe, caller=joe) if method == "REGISTER" else
                          phone.request(method, f"sip:nobody@{host}"))
                answer = None
                while answer is None and not done.is_set():  # as long as it is not known who has the domain
                    with contextlib.suppress(TimeoutError):
                        answer = phone.answer_to(octets)
                        heard.append((method, host, answer.status))
        threads = []
        for method in ("REGISTER", "MESSAGE"):
            for host in ("moving.example", "gone.example") * 2:
                answers.append([])
                threads.append(threading.Thread(target=ask, args=(self.phone(timeout=0.2), method, host, answers[-1])))
        for thread in threads:
            thread.start()
        try:
            for number in range(300):
                # No request lives to see two of them.
                goals = [len(heard) + 2 for heard in answers]
                self.wait(lambda: all(len(heard) >= goal for heard, goal in zip(answers, goals)), "answers")  # noqa: B023
                old, new = ("one", "two")[::1 if number % 2 else -1]
                published.dids["moving.example"] = new
                published.dids[f"{new}.example"] = new
                del published.dids[f"{old}.example"]  # so that the old one is no more
                if number % 30 == 10:
                    del published.dids["gone.example"]
                elif number % 30 == 20:
                    published.dids["gone.example"] = "gone"
                published.publish()
        finally:
            done.set()
            for thread in threads:
                thread.join()
        self.assertEqual({("REGISTER", "moving.example", 200), ("MESSAGE", "moving.example", 480),
                          ("REGISTER", "gone.example", 200), ("REGISTER", "gone.example", 403),
                          ("MESSAGE", "gone.example", 480), ("MESSAGE", "gone.example", 403)},
                         {answer for heard in answers for answer in heard})


CASES = (Domains, OwnAddress, Foreign, ForeignCallersRedirected, Attributes, Sha256, Unknown, Edited, OtherTransports)


def by_way_of(source, module):
    """name -> the cases, to be run on that source."""
    return {case.__name__ + source.__name__: type(case.__name__ + source.__name__, (case,),
                                                  {"source_of": source, "__module__": module}) for case in CASES}

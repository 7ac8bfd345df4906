"""The resolver port on real servers: a validating unbound, and knotd asked directly."""

import subprocess
import unittest

import setting
from setting import EndToEnd, parts, zone

from unbound import Unbound, sign

MANY = "many 60 IN TXT " + " ".join(f'"{n:0200}"' for n in range(30))


class Resolver(EndToEnd):
    def set_up(self):
        texts = {"plain.example": zone("plain.example", "www 60 IN A 192.0.2.1", "alias 50 IN CNAME www",
                                       "out 50 IN CNAME www.signed.example.", "tree 40 IN DNAME below",
                                       "www.below 30 IN A 192.0.2.2", MANY,
                                       '_sip._udp 60 IN NAPTR 10 20 "s" "SIP+D2U" "" _sip._udp.example.com.')}
        signed, self.anchor = sign(self.folder / "keys", "signed.example",
                                   zone("signed.example", "www 60 IN A 192.0.2.3", "*.wild 60 IN A 192.0.2.4",
                                        '@ 60 IN NAPTR 10 20 "s" "SIP+D2U" "" _sip._udp.signed.example.'))
        texts["signed.example"] = signed
        self.authority = self.knot(texts)

    def unbound(self, **options):
        unbound = Unbound(self.folder / "unbound", {"plain.example": self.authority.port, "signed.example": self.authority.port,
                                                    "dead.example": parts.free_port()}, **options)
        return self.parts.enter_context(unbound)

    def ask(self, kind, dnssec, port, *questions):
        """{question: answer}"""
        program = parts.build_folder() / "test/e2e/resolver_ask"
        run = subprocess.run([program, kind, dnssec, f"127.0.0.1:{port}"], input="\n".join(questions), text=True,
                             capture_output=True, timeout=setting.PATIENCE * 3)
        self.assertEqual((0, ""), (run.returncode, run.stderr))
        return dict(line.split(": ", 1) for line in run.stdout.splitlines())

    def test_an_authority_asked_directly(self):
        self.set_up()
        answers = self.ask("authoritative", "prefer", self.authority.port, "www.plain.example A", "WWW.plain.example AAAA",
                           "gone.plain.example A", "alias.plain.example A", "out.plain.example A", "www.tree.plain.example A",
                           "www.elsewhere.test A", "many.plain.example TXT", "_sip._udp.plain.example NAPTR")
        self.assertEqual("data 60 192.0.2.1", answers["www.plain.example A"])
        self.assertEqual("nodata 300", answers["www.plain.example AAAA"])
        self.assertEqual("nxdomain 300", answers["gone.plain.example A"])
        self.assertEqual("CNAME alias.plain.example > www.plain.example; data 60 192.0.2.1", answers["alias.plain.example A"])
        self.assertRegex(answers["out.plain.example A"], "^CNAME out.plain.example > www.signed.example; (elsewhere 0|data 60)")
        self.assertEqual("DNAME tree.plain.example > www.below.plain.example; data 30 192.0.2.2",
                         answers["www.tree.plain.example A"])
        self.assertRegex(answers["www.elsewhere.test A"], "^refused REFUSED from 127")
        self.assertGreater(len(answers["many.plain.example TXT"]), 6000)  # over TCP
        self.assertEqual('data 60 10 20 "s" "SIP+D2U" "" _sip._udp.example.com', answers["_sip._udp.plain.example NAPTR"])

    def test_a_validating_resolver(self):
        self.set_up()
        resolver = self.unbound(anchors=[self.anchor])
        questions = ["www.signed.example A", "x.wild.signed.example A", "signed.example NAPTR", "gone.signed.example A",
                     "www.plain.example A", "gone.plain.example A", "many.plain.example TXT"]
        answers = self.ask("resolver", "prefer", resolver.port, *questions)
        self.assertEqual("secure data 60 192.0.2.3", answers["www.signed.example A"])
        self.assertEqual("secure data 60 192.0.2.4", answers["x.wild.signed.example A"])
        self.assertRegex(answers["signed.example NAPTR"], "^secure data 60 10 20")
        self.assertRegex(answers["gone.signed.example A"], "^secure nxdomain 300")
        self.assertRegex(answers["www.plain.example A"], "^data")
        self.assertRegex(answers["gone.plain.example A"], "^nxdomain")
        self.assertGreater(len(answers["many.plain.example TXT"]), 6000)
        answers = self.ask("resolver", "require", resolver.port, *questions)
        self.assertRegex(answers["www.signed.example A"], "^secure data")
        self.assertRegex(answers["www.plain.example A"], "^unproven")
        self.assertRegex(answers["gone.plain.example A"], "^unproven")

    def test_what_is_bogus_fails_unless_dnssec_is_ignored(self):
        self.set_up()
        _, other_anchor = sign(self.folder / "other", "signed.example", zone("signed.example"))
        resolver = self.unbound(anchors=[other_anchor])
        answers = self.ask("resolver", "prefer", resolver.port, "www.signed.example A")
        self.assertRegex(answers["www.signed.example A"], "^servfail SERVFAIL from 127")
        answers = self.ask("resolver", "ignore", resolver.port, "www.signed.example A")
        self.assertRegex(answers["www.signed.example A"], "^data [0-9]+ 192.0.2.3")

    def test_names_of_a_dead_zone_do_not_keep_the_good_ones(self):
        self.set_up()
        resolver = self.unbound(anchors=[self.anchor])
        dead = [f"n{n}.dead.example A" for n in range(300)]
        answers = self.ask("resolver", "prefer", resolver.port, *dead, "www.plain.example A", "www.signed.example A")
        self.assertEqual(302, len(answers))
        self.assertRegex(answers["www.plain.example A"], "^data")
        self.assertRegex(answers["www.signed.example A"], "^secure data")
        self.assertEqual(set(), {answer.split()[0] for question, answer in answers.items() if "dead" in question}
                         - {"servfail", "timeout"})


if __name__ == "__main__":
    unittest.main()

"""SIP as a phone speaks it, over UDP and TCP on loopback: requests written out by hand, and what came back.

It does no more than a test asks: it retransmits only when told to, and an answer is a value to look at.
"""

import hashlib
import random
import re
import socket
import ssl
import struct
import time

METHODS_WITH_CONTACT = ("INVITE", "REGISTER", "SUBSCRIBE")


class Message:
    """A request or a response: its first line, its header fields in their order, its body."""

    def __init__(self, octets):
        head, _, self.body = octets.partition(b"\r\n\r\n")
        self.line, *fields = head.decode(errors="replace").split("\r\n")
        self.fields = [tuple(part.strip() for part in field.split(":", 1)) for field in fields if ":" in field]

    @property
    def status(self):
        """Of a response; 0 of a request."""
        return int(self.line.split()[1]) if self.line.startswith("SIP/2.0") else 0

    @property
    def method(self):
        return "" if self.status else self.line.split()[0]

    @property
    def uri(self):
        return self.line.split()[1]

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def get(self, name):
        return next(iter(self.all(name)), "")

    def __str__(self):
        return "\n".join([self.line, *(f"{name}: {value}" for name, value in self.fields)])


def token():
    return f"{random.getrandbits(64):016x}"


class WebSocket:
    """As much of RFC 6455 and RFC 7118 as a SIP message in one frame needs; looks like a connected socket."""

    def __init__(self, connection):
        self.connection = connection
        self.pending = b""
        self.connection.sendall(b"GET / HTTP/1.1\r\nHost: proxy\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\n"
                                b"Sec-WebSocket-Version: 13\r\n\r\n")
        head = self.read_until(b"\r\n\r\n")
        if b" 101 " not in head.splitlines()[0]:
            raise ConnectionError(head.decode(errors="replace"))

    def read_until(self, end):
        while end not in self.pending:
            self.more()
        head, _, self.pending = self.pending.partition(end)
        return head

    def read(self, size):
        while len(self.pending) < size:
            self.more()
        octets, self.pending = self.pending[:size], self.pending[size:]
        return octets

    def more(self):
        octets = self.connection.recv(1 << 16)
        if not octets:
            raise ConnectionError("the proxy closed the connection")
        self.pending += octets

    def sendall(self, octets):
        mask = random.randbytes(4)
        size = bytes([128 | len(octets)]) if len(octets) < 126 else b"\xfe" + struct.pack(">H", len(octets))
        self.connection.sendall(b"\x81" + size + mask + bytes(o ^ mask[i % 4] for i, o in enumerate(octets)))

    def recv(self, _size):
        while True:
            kind, size = self.read(2)
            if size == 126:
                size, = struct.unpack(">H", self.read(2))
            content = self.read(size)
            if kind & 15 in (1, 2):
                return content

    def getsockname(self):
        return self.connection.getsockname()

    def settimeout(self, timeout):
        self.connection.settimeout(timeout)

    def close(self):
        self.connection.close()


def unverified():
    """The certificate of a test is its own issuer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Phone:
    """One address, by which it asks a proxy and is asked. transport: udp, tcp, tls or ws."""

    def __init__(self, proxy_port, transport="udp", timeout=5.0, host="127.0.0.1"):
        self.proxy = ("127.0.0.1", proxy_port)
        self.transport = transport
        if transport == "udp":
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.bind((host, 0))
        else:
            self.socket = socket.create_connection(self.proxy, timeout, (host, 0))
            if transport == "tls":
                self.socket = unverified().wrap_socket(self.socket)
            elif transport == "ws":
                self.socket = WebSocket(self.socket)
        self.socket.settimeout(timeout)
        self.timeout = timeout
        self.host, self.port = self.socket.getsockname()
        self.pending = b""
        self.waiting = []  # requests that came while an answer was waited for

    def close(self):
        self.socket.close()

    @property
    def contact(self):
        return f"sip:phone@{self.host}:{self.port}" + ("" if self.transport == "udp" else f";transport={self.transport}")

    # -- asking ------------------------------------------------------------------------------------

    def request(self, method, uri, caller="sip:test@caller.invalid", to=None, headers=(), contact=None, call_id=None,
                cseq=1, branch=None, tags=("", ""), body=b"", via=()):
        """The octets of a request. tags: of From, made up when empty, and of To."""
        from_tag, to_tag = tags
        lines = [f"{method} {uri} SIP/2.0",
                 f"Via: SIP/2.0/{self.transport.upper()} {self.host}:{self.port};rport;branch={branch or 'z9hG4bK' + token()}",
                 *via,
                 f"From: <{caller}>;tag={from_tag or token()}",
                 f"To: <{to or uri}>" + (f";tag={to_tag}" if to_tag else ""),
                 f"Call-ID: {call_id or token()}",
                 f"CSeq: {cseq} {method}",
                 "Max-Forwards: 70"]
        if contact is None and method in METHODS_WITH_CONTACT:
            contact = f"<{self.contact}>"
        if contact:
            lines.append(f"Contact: {contact}")
        lines += [*headers, f"Content-Length: {len(body)}", "", ""]
        return "\r\n".join(lines).encode() + body

    def send(self, octets):
        if self.transport == "udp":
            self.socket.sendto(octets, self.proxy)
        else:
            self.socket.sendall(octets)

    def ask(self, method, uri, credentials=None, **more):
        """The final response; with credentials (user, password), the one after a challenge was answered."""
        more.setdefault("call_id", token())
        octets = self.request(method, uri, **more)
        response = self.answer_to(octets)
        if credentials and response.status in (401, 407):
            headers = [*more.pop("headers", ()), answer_challenge(response, method, uri, *credentials,
                                                                  body=more.get("body", b""))]
            response = self.answer_to(self.request(method, uri, headers=headers, **{**more, "cseq": 2}))
        return response

    def answer_to(self, octets, timeout=None):
        """The final response to a request, which is acknowledged if it is an INVITE that failed."""
        self.send(octets)
        sent = Message(octets)
        response = self.final_response(sent.get("Call-ID"), sent.get("CSeq"), timeout)
        if sent.method == "INVITE" and response.status >= 300:
            self.acknowledge(sent, response)
        return response

    def final_response(self, call_id, cseq, timeout=None):
        deadline = time.monotonic() + (timeout or self.timeout)
        while True:
            message = self.receive(deadline - time.monotonic())
            if message.status == 0:
                self.waiting.append(message)
            elif message.status >= 200 and message.get("Call-ID") == call_id and message.get("CSeq") == cseq:
                return message

    def answer_by_insisting(self, octets, patience=20.0):
        """As answer_to(), over UDP: sent again after 0.5, 1, 2 and then 4 s (RFC 3261 section 17.1.2.2)."""
        interval, end = 0.5, time.monotonic() + patience
        while True:
            try:
                return self.answer_to(octets, interval)
            except TimeoutError:
                if time.monotonic() > end:
                    raise
            interval = min(2 * interval, 4.0)

    def acknowledge(self, sent, response):
        lines = [f"ACK {sent.uri} SIP/2.0", f"Via: {sent.get('Via')}", f"From: {sent.get('From')}",
                 f"To: {response.get('To')}", f"Call-ID: {sent.get('Call-ID')}",
                 f"CSeq: {sent.get('CSeq').split()[0]} ACK", "Max-Forwards: 70", "Content-Length: 0", "", ""]
        self.send("\r\n".join(lines).encode())

    # -- being asked -------------------------------------------------------------------------------

    def receive(self, timeout=None):
        """The next message; TimeoutError when none comes."""
        timeout = self.timeout if timeout is None else timeout
        if timeout <= 0:
            raise TimeoutError
        self.socket.settimeout(timeout)
        if self.transport == "udp":
            return Message(self.socket.recv(1 << 16))
        while True:
            head, end, rest = self.pending.partition(b"\r\n\r\n")
            length = int(re.search(rb"(?im)^content-length\s*:\s*(\d+)", head)[1]) if end else 0
            if end and len(rest) >= length:
                self.pending = rest[length:]
                return Message(head + end + rest[:length])
            octets = self.socket.recv(1 << 16)
            if not octets:
                raise ConnectionError("the proxy closed the connection")
            self.pending += octets

    def next_request(self, timeout=None):
        """The next request that comes."""
        if self.waiting:
            return self.waiting.pop(0)
        while True:
            message = self.receive(timeout)
            if message.status == 0:
                return message

    def hears_nothing(self, seconds):
        try:
            return self.receive(seconds) is None
        except TimeoutError:
            return True

    def respond(self, request, status, reason="Whatever", headers=(), tag=None):
        to = request.get("To")
        if "tag=" not in to:
            to += f";tag={tag or token()}"
        lines = [f"SIP/2.0 {status} {reason}", *(f"Via: {via}" for via in request.all("Via")),
                 *(f"Record-Route: {route}" for route in request.all("Record-Route")),
                 f"From: {request.get('From')}", f"To: {to}", f"Call-ID: {request.get('Call-ID')}",
                 f"CSeq: {request.get('CSeq')}", f"Contact: <{self.contact}>", *headers, "Content-Length: 0", "", ""]
        self.send("\r\n".join(lines).encode())


# -- digest authentication (RFC 7616, RFC 8760) ----------------------------------------------------

HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def digest(algorithm, *parts):
    return HASHES[algorithm](":".join(parts).encode()).hexdigest()


def ha1(user, realm, password, algorithm="MD5"):
    """What the proxy's database has of a password."""
    return digest(algorithm, user, realm, password)


def challenge_of(response):
    """The parameters of a 401's or 407's challenge."""
    text = response.get("WWW-Authenticate" if response.status == 401 else "Proxy-Authenticate")
    return {name: quoted or bare for name, quoted, bare in re.findall(r'([\w-]+)=(?:"([^"]*)"|([^\s,]+))', text)}


def answer_challenge(response, method, uri, user, password, nc=1, qop=None, body=b""):
    """The header field that answers a challenge."""
    challenge = challenge_of(response)
    algorithm = challenge.get("algorithm", "MD5")
    first = ha1(user, challenge["realm"], password, algorithm)
    offered = challenge.get("qop", "")
    qop = qop or offered.split(",")[0]
    fields = {"username": user, "realm": challenge["realm"], "nonce": challenge["nonce"], "uri": uri}
    second = [method, uri]
    if qop == "auth-int":
        second.append(HASHES[algorithm](body).hexdigest())
    second = digest(algorithm, *second)
    if qop:
        cnonce, count = token(), f"{nc:08x}"
        fields["response"] = digest(algorithm, first, challenge["nonce"], count, cnonce, qop, second)
        fields["cnonce"] = cnonce
        bare = f", qop={qop}, nc={count}"
    else:
        fields["response"] = digest(algorithm, first, challenge["nonce"], second)
        bare = ""
    name = "Authorization" if response.status == 401 else "Proxy-Authorization"
    return f"{name}: Digest " + ", ".join(f'{key}="{value}"' for key, value in fields.items()) + \
        f", algorithm={algorithm}{bare}"

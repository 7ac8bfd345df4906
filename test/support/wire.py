"""A network path to a primary on loopback, for what only distance does: data that is still under way.

It passes on what both sides send over TCP, until a test tells it otherwise.
"""

import contextlib
import socket
import threading

import parts


class Wire:
    """From `port` to the primary's."""

    def __init__(self, primary_port):
        self.primary_port = primary_port
        self.port = parts.free_port()
        self.lock = threading.Condition()
        self.allowance = None  # octets that the primary may still send; nothing: any number
        self.lost_requests = 0  # sent on a connection that the primary closed without an answer
        self.hold_ends = False
        self.pairs = []
        self.threads = []
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.spawn(self.accept)

    # -- what a test may do ------------------------------------------------------------------------

    def stall_after(self, octets):
        """Lets only so many more octets of the primary through."""
        with self.lock:
            self.allowance = octets

    def is_stalled(self):
        return self.allowance == 0

    def cut(self):
        """Breaks all connections; what was under way is lost. From now on everything goes through again."""
        for pair in self.pairs:
            pair.cut()
        with self.lock:
            self.allowance = None
            self.lock.notify_all()

    def delay_ends(self):
        """From now on the secondary does not hear that the primary closed a connection until it has sent the
        next request on it: a close that crosses a request."""
        self.hold_ends = True

    def ends_under_way(self):
        return sum(pair.end_is_under_way for pair in self.pairs)

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()
        for thread in self.threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in self.threads)
        for pair in self.pairs:
            pair.close()

    # -- how it works ------------------------------------------------------------------------------

    def spawn(self, work, *arguments):
        self.threads.append(threading.Thread(target=work, args=arguments, daemon=True))
        self.threads[-1].start()

    def accept(self):
        while True:
            try:
                secondary, _ = self.listener.accept()
            except OSError:
                return
            primary = socket.socket()
            primary.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)  # what waits, waits at the primary
            try:
                primary.connect(("127.0.0.1", self.primary_port))
            except OSError:
                primary.close()
                secondary.close()
                continue
            pair = Pair(secondary, primary)
            self.pairs.append(pair)
            self.spawn(self.carry_requests, pair)
            self.spawn(self.carry_answers, pair)

    def carry_requests(self, pair):
        try:
            while octets := pair.secondary.recv(1 << 16):
                with self.lock:
                    pair.unanswered = True
                    if pair.end_is_under_way:
                        break
                pair.primary.sendall(octets)
        except OSError:
            pass
        self.end(pair)

    def carry_answers(self, pair):
        try:
            while octets := pair.primary.recv(1 << 14):
                pair.unanswered = False
                while octets:
                    octets = self.pass_on(pair, octets)
        except OSError:
            pass
        with self.lock:
            if self.hold_ends and not pair.unanswered and not pair.is_cut:
                pair.end_is_under_way = True
            else:
                self.end(pair)

    def end(self, pair):
        with self.lock:
            self.lost_requests += pair.unanswered and not pair.is_cut
            pair.cut()

    def pass_on(self, pair, octets):
        """Sends what may go through; returns what may not yet."""
        with self.lock:
            self.lock.wait_for(lambda: self.allowance != 0)
            through = octets[:self.allowance]
            if self.allowance is not None:
                self.allowance -= len(through)
        pair.secondary.sendall(through)
        return octets[len(through):]


class Pair:
    """The two ends of one connection."""

    def __init__(self, secondary, primary):
        self.secondary = secondary
        self.primary = primary
        self.unanswered = False  # nothing came since the last request
        self.end_is_under_way = False  # the primary closed it, and the secondary does not know
        self.is_cut = False

    def cut(self):
        self.is_cut = True
        self.end_is_under_way = False
        for end in (self.secondary, self.primary):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.secondary.close()
        self.primary.close()

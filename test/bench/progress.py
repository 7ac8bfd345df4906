"""How far a long run is: one line of a terminal's standard error that is rewritten; nothing where there is none."""

import sys
import threading
import time

CLEAR = "\r\x1b[K"


def span(seconds):
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


class Progress:
    """`steps` are what is to be done, in order. What is printed meanwhile goes through say()."""

    def __init__(self, steps, stream=sys.stderr, interval=1.0):
        self.steps = steps
        self.stream = stream
        self.done = 0
        self.begun = time.monotonic()
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.thread = None
        if steps and stream.isatty():
            self.thread = threading.Thread(target=self.run, args=(interval,), daemon=True)
            self.thread.start()

    def text(self):
        took = time.monotonic() - self.begun
        left = f", some {span(took / self.done * (len(self.steps) - self.done))} left" if self.done else ""
        return f"{self.done} of {len(self.steps)} done, now {self.steps[self.done]}, {span(took)} so far{left}"

    def run(self, interval):
        while not self.ended.wait(interval):
            with self.lock:
                if self.done < len(self.steps):
                    self.stream.write(CLEAR + self.text())
                    self.stream.flush()

    def say(self, text, **where):
        with self.lock:
            self.clear()
            print(text, flush=True, **where)

    def step(self):
        with self.lock:
            self.done += 1

    def clear(self):
        if self.thread:
            self.stream.write(CLEAR)
            self.stream.flush()

    def end(self):
        self.ended.set()
        if self.thread:
            self.thread.join()
            self.clear()

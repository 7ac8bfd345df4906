"""Chromium without a window, told what to do by its DevTools protocol over a pipe: no port, no library."""

import base64
import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess
import time

PATIENCE = 30.0  # seconds; a browser takes long to start on a busy machine
ESCAPED = 10  # descriptors below are the browser's own: 3 and 4 are its pipe


class BrowserFailed(Exception):
    pass


class Browser:
    """One browser with one page. What a page logs as an error, throws or fails to load is in `errors`."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        to_browser, self.writer = os.pipe()
        self.reader, from_browser = os.pipe()
        pipe = [fcntl.fcntl(fd, fcntl.F_DUPFD, ESCAPED) for fd in (to_browser, from_browser)]

        def arrange():
            os.dup2(pipe[0], 3)
            os.dup2(pipe[1], 4)
        with open(folder / "chromium.log", "ab") as log:
            self.process = subprocess.Popen(
                ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                 "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
                 "--force-prefers-reduced-motion", "--remote-debugging-pipe", f"--user-data-dir={folder / 'profile'}", "about:blank"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, close_fds=False,
                preexec_fn=arrange, env={**os.environ, "HOME": str(folder)})
        for fd in (to_browser, from_browser, *pipe):
            os.close(fd)
        self.unread, self.number, self.session, self.errors, self.answers = b"", 0, None, [], {}
        try:
            targets = self.ask("Target.getTargets")["targetInfos"]
            page = next(target["targetId"] for target in targets if target["type"] == "page")
            self.session = self.ask("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.ask(f"{domain}.enable")
        except BaseException:
            self.stop()
            raise

    def stop(self):
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for fd in (self.reader, self.writer):
            with contextlib.suppress(OSError):
                os.close(fd)

    # -- the protocol ------------------------------------------------------------------------------

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE
        while self.number not in self.answers:
            self.hear(end - time.monotonic(), method)
        answer = self.answers.pop(self.number)
        if "error" in answer:
            raise BrowserFailed(f"{method}: {answer['error']}")
        return answer["result"]

    def hear(self, timeout, what):
        if not select.select([self.reader], [], [], max(timeout, 0))[0]:
            raise BrowserFailed(f"no answer in time: {what}")
        octets = os.read(self.reader, 1 << 20)
        if not octets:
            raise BrowserFailed(f"Chromium ended: {what}")
        *messages, self.unread = (self.unread + octets).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self.answers[message["id"]] = message
            else:
                self.note(message["method"], message["params"])

    def note(self, event, parameters):
        if event == "Runtime.exceptionThrown":
            self.errors.append(parameters["exceptionDetails"].get("exception", {}).get("description", "an exception"))
        elif event == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.errors.append(str([argument.get("value") for argument in parameters["args"]]))
        elif event == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.errors.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")

    # -- the page ----------------------------------------------------------------------------------

    def evaluate(self, expression):
        result = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise BrowserFailed(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def until(self, expression, what=None):
        """Waits until it is true of the page."""
        end = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(BrowserFailed):  # the page is being exchanged
                if self.evaluate(f"!!({expression})"):
                    return
            if time.monotonic() > end:
                raise BrowserFailed(f"not in time: {what or expression}\n{self.errors}\n{self.text()}")
            time.sleep(0.05)

    def text(self, selector="body"):
        return self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def go(self, url):
        self.ask("Page.navigate", url=url)

    def press(self, key, code=None, text=None):
        keys = {"Tab": 9, "Enter": 13}
        more = {"text": text} if text else {}
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=code or key, windowsVirtualKeyCode=keys.get(key, 0),
                     **(more if kind == "keyDown" else {}))

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def look(self, width, height, dark=False, colourless=False):
        """Shows the page at this size, in light or dark, and as somebody sees it who sees no colours."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.ask("Emulation.setEmulatedVisionDeficiency", type="achromatopsia" if colourless else "none")

    def screenshot(self, file, whole=True):
        data = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        file.write_bytes(base64.b64decode(data))

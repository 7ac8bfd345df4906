"""sipp as caller and callee: scenarios of sipp/, each at its rate, and what came of all of its calls."""

import csv
import pathlib
import signal

import parts

SCENARIOS = parts.ROOT / "test/support/sipp"


class Sipp(parts.Part):
    """`rows` are the fields of its calls, taken in turn; without them it is a callee. `au` and `ap` are its credentials,
    other `keys` words of the scenario.
    """

    def __init__(self, folder, name, scenario, proxy_port, rows=(), rate=0, host="127.0.0.1", **keys):
        super().__init__(name, folder)
        self.port = parts.free_port()
        self.address = f"{host}:{self.port}"
        self.statistics, self.messages = self.folder / f"{name}.csv", self.folder / f"{name}.messages"
        command = ["sipp", f"127.0.0.1:{proxy_port}", "-sf", SCENARIOS / f"{scenario}.xml", "-i", host, "-p", self.port,
                   "-nostdin", "-trace_stat", "-stf", self.statistics, "-fd", 1, "-trace_logs", "-log_file", self.messages,
                   "-trace_err", "-error_file", self.folder / f"{name}-errors.log",
                   # It shall wait, and not give up, where the machine is slow.
                   "-watchdog_interval", 0, "-max_invite_retrans", 10, "-max_non_invite_retrans", 12]
        if rows:
            fields = self.folder / f"{name}.fields"
            fields.write_text("SEQUENTIAL\n" + "".join(";".join(row) + "\n" for row in rows))
            # So few at a time that no queue of datagrams is ever full.
            command += ["-inf", fields, "-r", rate, "-l", 20]
        for key, value in keys.items():
            command += [f"-{key}", value] if key in ("au", "ap") else ["-key", key, value]
        self.command = command

    def start(self):
        self.spawn(*self.command)
        self.wait_until(self.is_bound, "it has its port", 60)

    def is_bound(self):
        sockets = pathlib.Path("/proc/net/udp").read_text()
        return f":{self.port:04X} " in sockets

    def count(self, column):
        """Of its statistics, which are written once a second and at its end."""
        if not self.statistics.exists():
            return 0
        with open(self.statistics, encoding="utf-8", newline="") as file:
            names, *rows = list(csv.reader(file, delimiter=";")) or [[]]
        whole = [row for row in rows if len(row) == len(names)]  # the last one may be being written
        return int(whole[-1][names.index(column)]) if whole else 0

    def calls(self):
        """How many were as they should be."""
        return self.count("SuccessfulCall(C)")

    def answers(self):
        """(number of the call, "asks" or the answer's status), as it happened."""
        lines = self.messages.read_text().splitlines() if self.messages.exists() else []
        return [tuple(line.split()[-2:]) for line in lines]

    def begin_no_more(self):
        """No new calls; it ends when those that there are have ended."""
        self.process.send_signal(signal.SIGUSR1)

    def finish(self, timeout=60):
        """Its exit status at its own end."""
        self.process.wait(timeout)
        return self.stop()

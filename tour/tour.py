"""The five-minute tour: a knotd with two customers' zones, a redis-server, zonecastd between them, and a mirror.

Beside them, an unbound that knows the way to a third zone, of which zonecastd was told nothing.

Without arguments it runs until Ctrl-C and tells what to type. With --once it makes an edit itself,
prints what changed in Redis and how long it took, has a proxy meet the third domain, and exits 0 only
if all of it happened. Nothing of it is left behind.
"""

import argparse
import contextlib
import pathlib
import shlex
import shutil
import signal
import sys
import tempfile
import textwrap
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "test" / "support"))

import parts  # noqa: E402
import table_reader  # noqa: E402
from primaries import Knot  # noqa: E402
from unbound import Unbound  # noqa: E402

ZONES = ("acme.example", "globex.example")
NEWCOMER = "initech.example"
KEY = parts.tsig_key("tour")


def configuration(folder, redis, knot, notify, http, resolver="off"):
    text = (HERE / "zonecast.yaml.in").read_text()
    words = {"DIR": folder, "REDIS": redis.socket, "KNOT": knot.port, "RESOLVER": resolver, "NOTIFY": notify,
             "HTTP": http}
    for word, value in words.items():
        text = text.replace(f"@{word}@", str(value))
    return text


def say(text=""):
    print(text, flush=True)


def show_domains(daemon):
    say(daemon.ask("domain-list").stdout.rstrip())


def first_publication(redis):
    parts.wait_for(lambda: len(redis.domains()) >= 4, 20, "the first domains in Redis")


def edit_once(daemon, redis, knot):
    """Moves lab.acme.example to the edge, as its owner would, and waits for Redis to say so."""
    before = redis.version()
    say("\nThe owner of acme.example points lab.acme.example at the edge:")
    say("  _sip._udp.lab.acme.example. 3600 IN SRV 10 5 5060 sip.provider.example.")
    owner = "_sip._udp.lab"
    knot.knotc("zone-begin", "acme.example")
    knot.knotc("zone-unset", "acme.example", owner, "SRV")
    knot.knotc("zone-set", "acme.example", owner, "3600", "SRV", "10 5 5060 sip.provider.example.")
    began = time.monotonic()
    knot.knotc("zone-commit", "acme.example")
    parts.wait_for(lambda: "lab.acme.example" in redis.domains(), 10,
                   "lab.acme.example in Redis", interval=0.001)
    took = time.monotonic() - began
    say(f"\nRedis has it {took * 1000:.0f} ms after the commit (knotc and redis-cli included): "
        f"version {before} -> {redis.version()}")
    say(f"  HGET {redis.key('domain')} lab.acme.example")
    say(f"  {redis.cli('HGET', redis.key('domain'), 'lab.acme.example')}")
    say("\nWhat is hosted now:")
    show_domains(daemon)


def meet(mirror, host):
    """A proxy's worker does, and says so."""
    say(f"\nA call for {host} comes in, of which nobody was told anything. DNS points it here:")
    began = time.monotonic()
    mirror.hear_of(host)
    parts.wait_for(lambda: mirror.reader.answer(host) == table_reader.HOSTED, 10, f"{host} in the table", interval=0.001)
    say(f"the proxy's table has it {(time.monotonic() - began) * 1000:.0f} ms after the question.")


def look_up(daemon, mirror, host):
    """As a proxy's worker would, from the table in memory."""
    parts.wait_for(lambda: mirror.look() and mirror.reader.answer(host) == table_reader.HOSTED, 10, f"{host} in the table")
    say(f"\nWhat a proxy on this host finds, without asking anybody:\n  zonecast lookup --table {mirror.table} {host}")
    say(textwrap.indent(daemon.ask("lookup", "--table", mirror.table, host).stdout.rstrip(), "  "))


def other_terminal(folder, daemon, redis, mirror, knot):
    """A file that makes `zonecast`, `knotc` and `redis-cli` those of the tour."""
    file = folder / "terminal"
    file.write_text(f"""export PATH={shlex.quote(str(daemon.bin))}:$PATH:/usr/sbin
export ZONECAST_SOCKET={shlex.quote(str(daemon.control))} ZONECAST_TABLE={shlex.quote(str(mirror.table))}
knotc() {{ command knotc -c {shlex.quote(str(knot.config))} "$@"; }}
redis-cli() {{ command redis-cli -s {shlex.quote(str(redis.socket))} "$@"; }}
""")
    return file


def explain_how(terminal, redis, http):
    say(f"""
It runs until Ctrl-C. In another terminal, so that the commands below mean these servers:

  source {terminal}

See change sets as they happen:

  zonecast watch

and edit a zone, as its owner would:

  knotc zone-begin acme.example
  knotc zone-set acme.example _sip._udp.new 3600 SRV "10 5 5060 sip.provider.example."
  knotc zone-commit acme.example

A call comes in for a domain of which nobody told the provider, and the proxy asks:

  redis-cli XADD '{redis.key("wanted")}' '*' domain {NEWCOMER} worker tour
  zonecast watched

Ask why, and look at what proxies read:

  zonecast explain lab.acme.example
  zonecast lookup acme.example
  redis-cli HGETALL '{redis.key("domain")}'

Or in a browser: http://127.0.0.1:{http}/
""")


def tour(folder, once, build):
    key_file = folder / "transfer.key"
    key_file.write_text(KEY)
    key_file.chmod(0o600)
    notify, http = parts.free_port(), parts.free_port()
    zones = {zone: (HERE / "zones" / f"{zone}.zone").read_text() for zone in (*ZONES, NEWCOMER)}
    redis = parts.Redis(folder / "redis", deployment="tour")
    knot = Knot(folder / "knotd", zones, notify=notify, key=KEY)
    unbound = Unbound(folder / "unbound", dict.fromkeys(zones, knot.port))
    config = configuration(folder, redis, knot, notify, http, f"127.0.0.1:{unbound.port}")
    daemon = parts.Zonecastd(folder / "zonecastd", config, build)
    mirror = parts.ZonecastMirror(folder / "mirror", redis, build=daemon.bin.parent)
    with redis, knot, unbound, daemon, mirror:
        first_publication(redis)
        say(f"zonecastd follows {', '.join(ZONES)} at a knotd and publishes to a redis-server.\n\nHosted domains:")
        show_domains(daemon)
        if once:
            edit_once(daemon, redis, knot)
            look_up(daemon, mirror, "lab.acme.example")
            meet(mirror, NEWCOMER)
            return
        look_up(daemon, mirror, "sales.acme.example")
        explain_how(other_terminal(folder, daemon, redis, mirror, knot), redis, http)
        while daemon.process.poll() is None:
            time.sleep(0.2)
        raise daemon.fail("zonecastd ended")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--once", action="store_true", help="make one edit, show what came of it, stop")
    parser.add_argument("--build", help="build folder with bin/zonecastd")
    options = parser.parse_args()
    missing = parts.which_missing("redis-server", "redis-cli", "knotd", "knotc", "unbound")
    if missing:
        sys.exit(f"tour: not installed: {', '.join(missing)}; ./dev run installs them")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="zonecast-tour-"))
    try:
        with contextlib.suppress(KeyboardInterrupt):
            tour(folder, options.once, options.build)
    except parts.PartFailed as failure:
        sys.exit(f"tour: {failure}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

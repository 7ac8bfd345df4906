"""A mirror whose memory is full: its table stays as it is, its workers live, and it says why."""

import subprocess

from setting import EndToEnd, parts, publisher, table_reader

MEMORY = 3 << 20
MANY = 12_000  # domains: more than the memory holds


class Confined(parts.ZonecastMirror):
    """With a tmpfs of its own, in a mount namespace of its own: nobody else's memory is filled."""

    def __init__(self, folder, redis, **where):
        super().__init__(folder, redis, table=folder / "memory/table", **where)
        self.seen_from_within = self.table
        (folder / "memory").mkdir()
        self.command = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                        f'mount -t tmpfs -o size={MEMORY} tmpfs "$0" && exec "$@"', folder / "memory", *self.command)

    def start(self):
        super().start()
        self.table = parts.pathlib.Path(f"/proc/{self.process.pid}/root{self.seen_from_within}")


class FullMemory(EndToEnd):
    def setUp(self):
        if subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "true"], check=False).returncode != 0:
            self.skipTest("this kernel lets nobody have a mount namespace")

    def test_the_table_stays_and_the_mirror_says_why(self):
        redis = self.redis()
        published = publisher.Publisher(redis)
        published.host("example.com", "ex", "motd=Hello")
        mirror = self.adopt(Confined(self.folder / "mirror", redis), start=True)
        self.wait(lambda: mirror.look() and mirror.reader.status().version == 1, "the table")

        few = dict(published.dids)
        published.dids.update({f"customer-with-a-long-name-{number}.example": f"a-did-that-is-as-long-{number}"
                               for number in range(MANY)})
        published.publish()
        self.wait(lambda: mirror.said("no room for its"), "trouble")
        self.assertEqual((1, 1), (mirror.reader.status().version, mirror.reader.status().domains))
        self.assertEqual(table_reader.HOSTED, mirror.reader.answer("example.com"))
        self.wait(lambda: redis.ask("HGET", redis.key("worker:mirror"), "trouble"), "a report")
        self.assertIn(b"No space left on device", redis.ask("HGET", redis.key("worker:mirror"), "trouble"))

        published.dids = few
        published.publish()
        self.wait(lambda: mirror.reader.status().version == published.version, "the table to be the newest", 20)
        self.assertEqual(table_reader.HOSTED, mirror.reader.answer("example.com"))

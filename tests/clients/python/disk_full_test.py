#!/usr/bin/python3
"""A full disk: producers are told so and may retry, consumers go on, room heals without restart."""
import os
import subprocess
import tempfile
import unittest

from support import BrokerTest, until

LINE = "x" * 1000


class DiskFullTest(BrokerTest):

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("mounting a small tmpfs needs root")
        cls.disk = tempfile.mkdtemp(prefix="milena-disk-")
        if cls.mount("-t", "tmpfs", "-o", "size=16m", "tmpfs") != 0:
            os.rmdir(cls.disk)
            raise unittest.SkipTest("no tmpfs can be mounted here")
        cls.addClassCleanup(os.rmdir, cls.disk)
        cls.addClassCleanup(subprocess.run, ["umount", "-l", cls.disk], check=True)
        cls.settings = (f"log.dirs={cls.disk}/data", "write.durability=page-cache")
        super().setUpClass()
        if not cls.broker.ours:
            raise unittest.SkipTest("MILENA_BOOTSTRAP names a broker; its disk is not ours")

    @classmethod
    def mount(cls, *args):
        return subprocess.run(["mount", *args, cls.disk], capture_output=True,
                              check=False).returncode

    def produce(self, topic, lines):
        """Does the broker take the lines? kcat gives up after two seconds of retrying."""
        done = subprocess.run(
            ["kcat", "-b", self.broker.bootstrap, "-P", "-t", topic,
             "-X", "message.timeout.ms=2000"],
            input="\n".join(lines), text=True, capture_output=True, timeout=60, check=False)
        return "Delivery failed" not in done.stderr and done.returncode == 0

    def consume(self, topic):
        done = subprocess.run(
            ["kcat", "-b", self.broker.bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q"],
            text=True, capture_output=True, timeout=60, check=True)
        return done.stdout.splitlines()

    def test_a_full_disk_refuses_appends_and_heals_with_room(self):
        topic = self.topic_name()
        created = subprocess.run([os.environ["MILENA_BINARY"], "topic", "create", topic,
                                  "-b", self.broker.bootstrap], capture_output=True, text=True,
                                 check=False)
        self.assertEqual(created.returncode, 0, created.stderr)
        self.assertTrue(self.produce(topic, ["first"]))

        self.assertFalse(self.produce(topic, [LINE] * 20_000), "20 MB do not fit into 16")
        stored = self.consume(topic)
        self.assertEqual(stored[0], "first", "what was acknowledged is served from a full disk")
        self.assertEqual(set(stored[1:]), {LINE})

        self.assertEqual(self.mount("-o", "remount,size=64m"), 0)
        until(lambda: self.produce(topic, ["healed"]), "an append once there is room")
        after = self.consume(topic)
        self.assertEqual(after[:len(stored)], stored)
        self.assertEqual(after[-1], "healed")


if __name__ == "__main__":
    unittest.main()

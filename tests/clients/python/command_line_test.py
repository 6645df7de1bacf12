#!/usr/bin/python3
"""The milena binary as a command line tool: its own verbs, and called by the names of Kafka's."""
import os
import shutil
import subprocess
import tempfile
import unittest

from support import BrokerTest, binary, until


class CommandLineTest(BrokerTest):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.links = tempfile.mkdtemp(prefix="milena-links-")
        cls.addClassCleanup(shutil.rmtree, cls.links)
        for name in ("kafka-topics", "kafka-console-producer", "kafka-console-consumer"):
            os.symlink(binary(), os.path.join(cls.links, name))

    def run_tool(self, command, *args, text="", ok=True):
        done = subprocess.run([command, *args], input=text, text=True, capture_output=True,
                              timeout=60, check=False)
        if ok:
            self.assertEqual(done.returncode, 0, f"{args}: {done.stdout}{done.stderr}")
        return done

    def tool(self, name, *args, **kw):
        return self.run_tool(os.path.join(self.links, name), *args, **kw)

    def milena(self, verb, *args, **kw):
        """A verb of two words is given as "topic create"."""
        return self.run_tool(binary(), *verb.split(), *args, "--bootstrap-server",
                             self.broker.bootstrap, **kw)

    def topics(self, *args, **kw):
        return self.tool("kafka-topics", "--bootstrap-server", self.broker.bootstrap, *args, **kw)

    def test_the_line_of_the_tutorial(self):
        topic = self.topic_name("clickstream-data").replace("_", "-")
        line = ("--create", "--topic", topic, "--bootstrap-server",
                self.broker.bootstrap.replace("127.0.0.1", "localhost"),
                "--replication-factor", "1", "--partitions", "3")
        self.assertEqual(self.tool("kafka-topics", *line).stdout.strip(), f"Created topic {topic}.")
        again = self.tool("kafka-topics", *line, ok=False)
        self.assertNotEqual(again.returncode, 0)
        self.assertIn("already exists", again.stdout + again.stderr)
        described = self.topics("--describe", "--topic", topic).stdout
        self.assertIn("PartitionCount: 3\tReplicationFactor: 1", described)
        self.assertEqual(described.count("\tPartition: "), 3)

    def test_topics_are_listed_grown_and_deleted(self):
        topic = self.topic_name()
        self.topics("--create", "--topic", topic, "--partitions", "2", "--config",
                    "retention.ms=60000")
        self.assertIn(topic, self.topics("--list").stdout.split())
        self.assertIn("retention.ms=60000", self.topics("--describe", "--topic", topic).stdout)
        self.topics("--alter", "--topic", topic, "--partitions", "4")
        until(lambda: "PartitionCount: 4" in self.topics("--describe", "--topic", topic).stdout,
              "4 partitions")
        fewer = self.topics("--alter", "--topic", topic, "--partitions", "1", ok=False)
        self.assertNotEqual(fewer.returncode, 0)
        self.topics("--delete", "--topic", topic)
        until(lambda: topic not in self.topics("--list").stdout.split(), "the topic's end")
        missing = self.topics("--describe", "--topic", topic, ok=False)
        self.assertNotEqual(missing.returncode, 0)

    def test_the_console_producer_and_consumer(self):
        topic = self.topic_name()
        self.topics("--create", "--topic", topic, "--partitions", "1")
        lines = [f"u{i % 20}:click {i}" for i in range(600)]
        self.tool("kafka-console-producer", "--bootstrap-server", self.broker.bootstrap, "--topic",
                  topic, "--reader-property", "parse.key=true", "--reader-property",
                  "key.separator=:", text="\n".join(lines) + "\n")
        out = self.tool("kafka-console-consumer", "--bootstrap-server", self.broker.bootstrap,
                        "--topic", topic, "--from-beginning", "--max-messages", "600",
                        "--formatter-property", "print.key=true", "--formatter-property",
                        "key.separator=:").stdout
        self.assertEqual(out.splitlines(), lines)
        out = self.tool("kafka-console-consumer", "--bootstrap-server", self.broker.bootstrap,
                        "--topic", topic, "--partition", "0", "--offset", "590", "--max-messages",
                        "10").stdout
        self.assertEqual(out.splitlines(), [f"click {i}" for i in range(590, 600)])

    def test_milena_s_own_verbs(self):
        topic = self.topic_name()
        self.milena("topic create", topic, "--partitions", "1")
        self.assertIn(topic, self.milena("topic list").stdout)
        self.assertIn(topic, self.milena("topic describe", topic).stdout)
        self.milena("produce", topic, text="one\ntwo\nthree\n")
        out = self.milena("consume", topic, "--max", "3").stdout
        self.assertEqual(out.splitlines(), ["one", "two", "three"])
        self.milena("topic delete", topic)
        until(lambda: topic not in self.milena("topic list").stdout, "the topic's end")


if __name__ == "__main__":
    unittest.main()

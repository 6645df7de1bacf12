#!/usr/bin/python3
"""milena bench: every load on groups and transactions runs, counts something and leaves nothing
behind. How fast it is, tests/bench/coordinators measures."""
import json
import subprocess
import unittest

from support import BrokerTest, binary


class BenchTest(BrokerTest):

    settings = ("group.initial.rebalance.delay.ms=0",)

    def run_load(self, *arguments):
        topic = self.topic_name()
        done = subprocess.run(
            [binary(), "bench", *arguments, "-b", self.broker.bootstrap, "--topic", topic,
             "--seconds", "0.5", "--warm-up", "0", "--json"],
            text=True, capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        listed = subprocess.run([binary(), "topic", "list", "-b", self.broker.bootstrap], text=True,
                                capture_output=True, timeout=60, check=True)
        self.assertNotIn(topic, listed.stdout)
        figures = json.loads(done.stdout)
        self.assertEqual(figures["load"], arguments[0])
        self.assertGreater(figures["requests"], 0)
        self.assertGreater(figures["latency_ms"]["samples"], 0)
        return figures

    def test_commits(self):
        figures = self.run_load("commits", "--connections", "2", "--in-flight", "3")
        self.assertGreaterEqual(figures["latency_ms"]["samples"], figures["requests"])

    def test_transactions(self):
        figures = self.run_load("transactions", "--producers", "2", "--partitions", "3")
        self.assertEqual(figures["records"], 3 * figures["requests"])

    def test_pipeline(self):
        figures = self.run_load("pipeline", "--rate", "100")
        self.assertEqual(figures["records"], 50)
        self.assertLessEqual(figures["requests"], 50)

    def test_rebalance_of_a_classic_group(self):
        figures = self.run_load("rebalance", "--protocol", "classic", "--members", "3",
                                "--partitions", "6")
        self.assertEqual(figures["leave_ms"]["samples"], figures["requests"])

    def test_rebalance_of_a_consumer_group(self):
        self.run_load("rebalance", "--protocol", "consumer", "--members", "3", "--partitions", "6")


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
"""milena dev: nodes as children of one process that starts, watches and stops them."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from support import binary, until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench"))

from peers import answers, free_port_range  # noqa: E402

NODES = 3


def gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


class Dev:
    """A running `milena dev`."""

    def __init__(self, folder, port, *arguments, nodes=NODES):
        self.output = open(os.path.join(folder, "terminal"), "a+")
        self.output.truncate(0)
        self.process = subprocess.Popen(
            [binary(), "dev", "--nodes", str(nodes), "--data", os.path.join(folder, "data"),
             "--base-port", str(port), *arguments],
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT)

    def text(self):
        with open(self.output.name) as terminal:
            return terminal.read()

    def pids(self):
        """Of the nodes, once they serve."""
        def told():
            if self.process.poll() is not None:
                raise AssertionError(f"status {self.process.returncode}:\n{self.text()}")
            return "Ctrl-C stops" in self.text()
        until(told, "the nodes to serve")
        return {int(node): int(pid)
                for node, pid in re.findall(r"^node (\d+) .* pid (\d+) ", self.text(), re.M)}

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.output.close()


class DevTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="milena-dev-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.port = free_port_range(2 * NODES)

    def dev(self, *arguments, **kw):
        started = Dev(self.folder, self.port, *arguments, **kw)
        self.addCleanup(started.end)
        return started

    def test_ctrl_c_stops_every_node_cleanly(self):
        dev = self.dev()
        pids = dev.pids()
        self.assertEqual(sorted(pids), list(range(1, NODES + 1)))
        addresses = ",".join(f"127.0.0.1:{self.port + i}" for i in range(NODES))
        self.assertIn(f"bootstrap {addresses}\n", dev.text())
        for i in range(NODES):
            self.assertTrue(answers(self.port + i), f"node {i + 1}")
        # As a terminal does: to the whole process group, so a node must not be in it.
        for pid in pids.values():
            self.assertEqual(os.getpgid(pid), pid)
        dev.process.send_signal(signal.SIGINT)
        self.assertEqual(dev.process.wait(30), 0, dev.text())
        for node, pid in pids.items():
            self.assertTrue(gone(pid), f"node {node}")
            with open(os.path.join(self.folder, "data", f"node-{node}.log")) as log:
                self.assertIn("stopping signal=SIGTERM", log.read())

    def test_no_node_outlives_its_parent(self):
        dev = self.dev()
        pids = dev.pids()
        dev.process.kill()
        for node, pid in pids.items():
            until(lambda pid=pid: gone(pid), f"the end of node {node}")

    def test_a_node_that_dies_is_told_and_can_be_started_again(self):
        dev = self.dev()
        pid = dev.pids()[NODES]
        os.kill(pid, signal.SIGKILL)
        until(lambda: "start it again" in dev.text(), "the news")
        self.assertIn(f"node {NODES} (pid {pid}) was ended by signal 9", dev.text())
        if NODES > 1:
            self.assertIsNone(dev.process.poll(), "the others go on")
        command = re.search(r"start it again with: (.*)", dev.text()).group(1).split()
        again = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        self.addCleanup(again.wait)
        self.addCleanup(again.kill)
        until(lambda: answers(self.port + NODES - 1), "the node to answer again")
        dev.process.send_signal(signal.SIGTERM)
        self.assertEqual(dev.process.wait(30), 1, "that a node died shows in the status")

    def test_a_node_that_dies_is_started_again_when_asked_for(self):
        dev = self.dev("--restart", "0.1")
        os.kill(dev.pids()[NODES], signal.SIGKILL)
        until(lambda: f"node {NODES}  started again" in dev.text(), "the news")
        until(lambda: answers(self.port + NODES - 1), "the node to answer again")
        dev.process.send_signal(signal.SIGTERM)
        self.assertEqual(dev.process.wait(30), 0, dev.text())

    def test_a_port_in_use_is_told_before_anything_starts(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", self.port + 2 * NODES - 1))
            other.listen()
            dev = self.dev()
            self.assertEqual(dev.process.wait(10), 1)
        self.assertIn(f"port {self.port + 2 * NODES - 1}, which node {NODES} needs", dev.text())
        self.assertIn("Address already in use", dev.text())
        self.assertFalse(os.path.exists(os.path.join(self.folder, "data")))

    def test_why_a_node_cannot_start_is_shown(self):
        dev = self.dev("--set", "no.such.setting=1")
        self.assertEqual(dev.process.wait(30), 1)
        self.assertIn("node 1 ", dev.text())
        self.assertIn("unknown setting no.such.setting", dev.text())

    def test_a_folder_keeps_its_number_of_nodes(self):
        os.mkdir(os.path.join(self.folder, "data"))
        with open(os.path.join(self.folder, "data", "node-2.properties"), "w"):
            pass
        dev = self.dev(nodes=1)
        self.assertEqual(dev.process.wait(10), 1)
        self.assertIn("holds a cluster of 2", dev.text())


if __name__ == "__main__":
    unittest.main()

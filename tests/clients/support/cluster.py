"""Several `milena serve` that form a cluster: each is broker and controller, on loopback."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from broker import START_SECONDS, STOP_SECONDS, binary, until


def free_ports(count):
    """Ports that nobody has now; all are held until all are found, so that none comes twice."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Node:
    """One process of the cluster."""

    def __init__(self, number, port, controller_port, voters, directory, settings):
        self.number = number
        self.bootstrap = f"127.0.0.1:{port}"
        self.directory = os.path.join(directory, str(number))
        os.makedirs(self.directory)
        self.process = None
        self.command = [binary(), "serve"]
        for setting in (
                "process.roles=broker,controller", f"node.id={number}",
                f"listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
                "controller.listener.names=CONTROLLER", f"controller.quorum.voters={voters}",
                f"log.dirs={os.path.join(self.directory, 'data')}", *settings):
            self.command += ["--set", setting]

    def log(self):
        with open(os.path.join(self.directory, "broker.log"), errors="replace") as f:
            return f.read()

    def launch(self):
        """Starts the process; it serves when it has found the others."""
        self._served = self._lines() if self.process else 0
        with open(os.path.join(self.directory, "broker.log"), "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT)

    def _lines(self):
        return self.log().count("listening PLAINTEXT 127.0.0.1:")

    def wait(self):
        """Until it serves."""
        def serves():
            if self.process.poll() is not None:
                raise AssertionError(f"node {self.number} ended with status "
                                     f"{self.process.returncode}:\n{self.log()[-4000:]}")
            return self._lines() > self._served
        until(serves, f"node {self.number} to serve", START_SECONDS)

    def start(self):
        self.launch()
        self.wait()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9; returns when the process is gone."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def ended(self):
        """The exit status after terminate()."""
        return self.process.wait(STOP_SECONDS)

    def stop(self):
        self.terminate()
        return self.ended()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)


class Cluster:
    """Started as a whole; close() stops what runs and removes the data."""

    def __init__(self, count=3, settings=(), start=True):
        self.directory = tempfile.mkdtemp(prefix="milena-cluster-")
        ports = free_ports(2 * count)
        voters = ",".join(f"{i + 1}@127.0.0.1:{ports[2 * i + 1]}" for i in range(count))
        self.nodes = [Node(i + 1, ports[2 * i], ports[2 * i + 1], voters, self.directory, settings)
                      for i in range(count)]
        self.bootstrap = ",".join(node.bootstrap for node in self.nodes)
        if start:
            self.start()

    def node(self, number):
        return self.nodes[number - 1]

    def start(self):
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            node.wait()

    def stop(self):
        """SIGTERM to all at once; the exit statuses."""
        running = [node for node in self.nodes if node.alive()]
        for node in running:
            node.thaw()
            node.terminate()
        return [node.ended() for node in running]

    def close(self):
        try:
            statuses = self.stop()
        except subprocess.TimeoutExpired:
            logs = {node.number: node.log()[-4000:] for node in self.nodes}
            for node in self.nodes:
                if node.alive():
                    node.kill()
            raise AssertionError(f"no exit {STOP_SECONDS} s after SIGTERM: {logs}")
        if any(statuses):
            logs = {node.number: node.log()[-4000:] for node in self.nodes}
            raise AssertionError(f"exit statuses {statuses} after SIGTERM: {logs}")
        shutil.rmtree(self.directory, ignore_errors=True)

"""A broker to test against: a fresh `milena serve`, or the one that $MILENA_BOOTSTRAP names.

The same tests run against Apache Kafka by setting MILENA_BOOTSTRAP; what must start, kill or
configure the broker is then skipped (see `ours`). MILENA_BINARY names the binary to start.
"""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

START_SECONDS = 30
STOP_SECONDS = 10


def binary():
    path = os.environ.get("MILENA_BINARY")
    if not path:
        raise RuntimeError("MILENA_BINARY must name the milena executable (ctest sets it)")
    return os.path.abspath(path)


def until(condition, what, seconds=30):
    """Calls condition() until it returns something true and returns that; fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for: {what}")
        time.sleep(0.01)


class Broker:
    """One `milena serve` on a port of the kernel's choice, data in a directory of its own."""

    def __init__(self, *settings):
        self.settings = list(settings)
        self.directory = None
        self.process = None
        self.port = 0
        external = os.environ.get("MILENA_BOOTSTRAP")
        self.ours = not external
        self.bootstrap = external
        if self.ours:
            self.directory = tempfile.mkdtemp(prefix="milena-test-")
            self.start()

    @property
    def pid(self):
        return self.process.pid if self.process else None

    def start(self):
        """Starts the process, on the port it had before if it ran already."""
        command = [binary(), "serve", "--set", f"listeners=PLAINTEXT://127.0.0.1:{self.port}",
                   "--set", f"log.dirs={os.path.join(self.directory, 'data')}"]
        for setting in self.settings:
            command += ["--set", setting]
        with open(os.path.join(self.directory, "broker.log"), "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT)
        self.port = until(self._listening_port, f"a listening line from {' '.join(command)}",
                          START_SECONDS)
        self.bootstrap = f"127.0.0.1:{self.port}"
        with socket.create_connection(("127.0.0.1", self.port), timeout=5):
            pass

    def log(self):
        with open(os.path.join(self.directory, "broker.log"), errors="replace") as f:
            return f.read()

    def _listening_port(self):
        text = self.log()
        # A restart appends to the log: only a line more than before counts, and only a whole one.
        lines = [line for line in text.splitlines(keepends=True)
                 if "listening PLAINTEXT 127.0.0.1:" in line and line.endswith("\n")]
        if len(lines) > self._starts:
            self._starts = len(lines)
            return int(lines[-1].rsplit(":", 1)[1])
        if self.process.poll() is not None:
            raise AssertionError(f"the broker ended with status {self.process.returncode}:\n{text}")
        return None

    _starts = 0

    def kill(self):
        """kill -9; returns when the process is gone."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def stop(self):
        """SIGTERM; returns the exit status, which must come within STOP_SECONDS."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def close(self):
        if not self.ours:
            return
        if self.process and self.process.poll() is None:
            try:
                status = self.stop()
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(
                    f"no exit {STOP_SECONDS} s after SIGTERM:\n{self.log()[-4000:]}")
            if status != 0:
                raise AssertionError(f"exit status {status} after SIGTERM:\n{self.log()[-4000:]}")
        shutil.rmtree(self.directory, ignore_errors=True)


class BrokerTest(unittest.TestCase):
    """Base of the client tests: one broker for each class."""

    settings = ()

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(*cls.settings)
        cls.addClassCleanup(cls.broker.close)

    def topic_name(self, tag="t"):
        return f"{tag}-{self.id().rsplit('.', 1)[1]}-{os.urandom(4).hex()}"

    def need_own_broker(self):
        if not self.broker.ours:
            self.skipTest("MILENA_BOOTSTRAP names a broker that this test must not stop")

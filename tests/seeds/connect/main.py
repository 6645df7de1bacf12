"""Kafka Connect, distributed: a file into a topic and the topic into another file, exactly-once on
the source's side. The worker is killed and another takes over from the three internal topics."""

import json
import os
import signal
import socket
import subprocess
import urllib.request

from seeds import BOOTSTRAP, WORK, check, equal, main, quietly, unique, until

RUN = unique("connect")
TOPIC, SOURCE, SINK = f"{RUN}-lines", f"{RUN}-source", f"{RUN}-sink"
INPUT, OUTPUT = f"{WORK}/input", f"{WORK}/output"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def worker(port):
    """One worker of the cluster RUN; returns its process."""
    path = f"{WORK}/worker-{port}.properties"
    settings = {
        "bootstrap.servers": BOOTSTRAP,
        "group.id": RUN,
        "listeners": f"http://127.0.0.1:{port}",
        "plugin.path": f"{WORK}/plugins",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        "config.storage.topic": f"{RUN}-configs",
        "offset.storage.topic": f"{RUN}-offsets",
        "status.storage.topic": f"{RUN}-status",
        "offset.storage.partitions": 5,
        "status.storage.partitions": 3,
        "offset.flush.interval.ms": 500,
        "exactly.once.source.support": "enabled",
        "session.timeout.ms": 6000,
        "heartbeat.interval.ms": 500,
        "scheduled.rebalance.max.delay.ms": 0,
        # A transaction of before the kill holds up whoever reads the offsets until it times out.
        "producer.transaction.timeout.ms": 5000,
        "consumer.isolation.level": "read_committed",
        # The sink's member of before the kill is in its group until its session ends.
        "consumer.session.timeout.ms": 6000,
        "consumer.heartbeat.interval.ms": 500,
    }
    for kind in ("config", "offset", "status"):
        settings[f"{kind}.storage.replication.factor"] = -1
    with open(path, "w") as f:
        f.writelines(f"{k}={v}\n" for k, v in settings.items())
    command = ["java", *os.environ["CONNECT_JVM"].split(), "-Xmx512m"]
    command += ["-cp", os.environ["CONNECT_CP"], "org.apache.kafka.connect.cli.ConnectDistributed"]
    return subprocess.Popen(command + [path], cwd=WORK, stdin=subprocess.DEVNULL)


def call(port, method, path, body=None):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read() or b"null")


def running(port, process):
    """Whether both connectors and their tasks run."""
    check(process.poll() is None, f"the worker ended with status {process.returncode}")
    states = []
    for name in (SOURCE, SINK):
        status = call(port, "GET", f"/connectors/{name}/status")
        states += [status["connector"]["state"], *(t["state"] for t in status["tasks"])]
        check("FAILED" not in states, f"{name}: {status}")
    return states == ["RUNNING"] * 4


def append(first, last):
    with open(INPUT, "a") as f:
        f.writelines(f"line {i}\n" for i in range(first, last))


def lines():
    with open(OUTPUT) as f:
        return f.read().splitlines()


def start_connectors(port):
    until(60, quietly(lambda: call(port, "GET", "/")["version"]), "the worker's REST interface")
    plugins = {p["class"].rsplit(".", 1)[1] for p in call(port, "GET", "/connector-plugins")}
    check({"FileStreamSourceConnector", "FileStreamSinkConnector"} <= plugins, f"plugins {plugins}")
    file = "org.apache.kafka.connect.file.FileStream"
    source = {"connector.class": f"{file}SourceConnector", "file": INPUT, "topic": TOPIC}
    sink = {"connector.class": f"{file}SinkConnector", "file": OUTPUT, "topics": TOPIC}
    for name, config in ((SOURCE, source), (SINK, sink)):
        made = lambda: call(port, "PUT", f"/connectors/{name}/config", config | {"tasks.max": 1})
        until(30, quietly(made), f"{name} to be made")


def body():
    append(0, 500)
    port = free_port()
    first = worker(port)
    try:
        start_connectors(port)
        until(60, quietly(lambda: running(port, first)), "both connectors to run")
        until(40, quietly(lambda: len(lines()) >= 500), "500 lines")
        equal(lines(), [f"line {i}" for i in range(500)], "lines before the kill")
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    append(500, 800)
    port = free_port()
    second = worker(port)
    try:
        # Nobody makes the connectors again: they are in the topic of configurations.
        until(60, quietly(lambda: running(port, second)), "the connectors to come back")
        until(40, lambda: len(set(lines())) >= 800, "800 lines")
        got = lines()
        twice = len(got) - len(set(got))
        equal(set(got), {f"line {i}" for i in range(800)}, "lines")
        check(twice <= 500, f"{twice} lines twice: the sink began again and more")
        offsets = call(port, "GET", f"/connectors/{SOURCE}/offsets")["offsets"]
        equal(offsets[0]["offset"]["position"], os.path.getsize(INPUT), "the source's position")
        produced = until(20, lambda: sink_offset(port, 800), "the sink's offset")
        for name in (SOURCE, SINK):
            call(port, "DELETE", f"/connectors/{name}")
        second.send_signal(signal.SIGTERM)
        equal(second.wait(30) in (0, 143), True, "an orderly end")
    finally:
        second.kill()
        second.wait()
    return f"800 lines through a worker that was killed, {twice} of them twice, offset {produced}"


def sink_offset(port, least):
    """The sink's committed offset once it is `least` or more: markers of transactions count too."""
    offsets = call(port, "GET", f"/connectors/{SINK}/offsets")["offsets"]
    offset = offsets[0]["offset"]["kafka_offset"] if offsets else 0
    return offset if offset >= least else None


main(body)

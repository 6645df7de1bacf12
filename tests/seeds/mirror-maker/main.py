"""MirrorMaker 2 between an Apache Kafka and the broker, both ways: records, the settings of topics,
and a group that goes on at the other side where it stopped."""

import os
import subprocess
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from seeds import BOOTSTRAP, WORK, check, create, equal, main, quietly, unique, until

OTHER = os.environ["OTHER"]
RUN = unique("mm2")
THERE, HERE = f"{RUN}-clicks", f"{RUN}-orders"  # made in the Apache Kafka, made in the broker
SETTINGS = f"""
clusters = there, here
there.bootstrap.servers = {OTHER}
here.bootstrap.servers = {BOOTSTRAP}
there->here.enabled = true
there->here.topics = {THERE}
here->there.enabled = true
here->there.topics = {HERE}
groups = {RUN}.*
replication.factor = -1
checkpoints.topic.replication.factor = -1
heartbeats.topic.replication.factor = -1
offset-syncs.topic.replication.factor = -1
offset.storage.replication.factor = -1
status.storage.replication.factor = -1
config.storage.replication.factor = -1
sync.topic.acls.enabled = false
sync.group.offsets.enabled = true
sync.group.offsets.interval.seconds = 1
emit.checkpoints.interval.seconds = 1
refresh.topics.interval.seconds = 2
refresh.groups.interval.seconds = 2
sync.topic.configs.interval.seconds = 2
offset.lag.max = 0
offset.flush.interval.ms = 500
consumer.auto.offset.reset = earliest
"""


def produce(address, topic, first, last):
    p = Producer({"bootstrap.servers": address, "linger.ms": 5})
    for i in range(first, last):
        p.produce(topic, f"v{i}", key=f"k{i % 17}", headers={"n": str(i)}, partition=i % 3)
    equal(p.flush(20), 0, "left after flush")


def read(address, topic, want):
    """The topic's records by (partition, offset), once there are as many as wanted."""
    c = Consumer(
        {
            "bootstrap.servers": address,
            "group.id": unique("check"),
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    c.assign([TopicPartition(topic, p, 0) for p in range(3)])
    got, end = {}, time.monotonic() + 60
    while len(got) < want and time.monotonic() < end:
        for m in c.consume(500, 0.2):
            if m.error() is None:
                n = dict(m.headers())["n"].decode()
                got[m.partition(), m.offset()] = (m.key(), m.value(), n)
    c.close()
    equal(len(got), want, f"records of {topic}")
    return got


def consume_some(address, topic, group, want):
    """A member of the group that reads `want` records, commits and leaves."""
    c = Consumer(
        {
            "bootstrap.servers": address,
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": 6000,
        }
    )
    c.subscribe([topic])
    got, end = [], time.monotonic() + 30
    while len(got) < want and time.monotonic() < end:
        got += [m for m in c.consume(min(50, want - len(got)), 0.2) if m.error() is None]
    equal(len(got), want, f"records of {topic} for {group}")
    for m in got:
        check(m.topic() == topic, "topic")
    c.commit(asynchronous=False)
    c.close()
    return {m.value() for m in got}


def committed(address, group, topic):
    c = Consumer({"bootstrap.servers": address, "group.id": group})
    try:
        found = c.committed([TopicPartition(topic, p) for p in range(3)], timeout=10)
        return sum(max(p.offset, 0) for p in found)
    finally:
        c.close()


def setting(admin, topic, name):
    resource = ConfigResource(ResourceType.TOPIC, topic)
    return admin.describe_configs([resource])[resource].result(20)[name].value


def mirrored(admin_there, admin_here):
    """What must be on both sides, while MirrorMaker runs."""
    group = f"{RUN}-group"
    for address, origin, copy in (
        (BOOTSTRAP, OTHER, f"there.{THERE}"),
        (OTHER, BOOTSTRAP, f"here.{HERE}"),
    ):
        topic = copy.split(".", 1)[1]
        admin = admin_here if address == BOOTSTRAP else admin_there
        until(60, lambda: copy in admin.list_topics(timeout=10).topics, f"{copy} to be made")
        equal(read(address, copy, 300), read(origin, topic, 300), f"what {copy} holds")
        until(30, quietly(lambda: setting(admin, copy, "retention.ms") == "3600000"), "settings")
    first = consume_some(OTHER, THERE, group, 200)
    until(60, lambda: committed(BOOTSTRAP, group, f"there.{THERE}") == 200, "the group's offsets")
    produce(OTHER, THERE, 300, 400)
    read(BOOTSTRAP, f"there.{THERE}", 400)
    return first, group


def body():
    admin_there = AdminClient({"bootstrap.servers": OTHER})
    admin_here = AdminClient({"bootstrap.servers": BOOTSTRAP})
    create(admin_there, THERE, 3, **{"retention.ms": "3600000"})
    create(admin_here, HERE, 3, **{"retention.ms": "3600000"})
    produce(OTHER, THERE, 0, 300)
    produce(BOOTSTRAP, HERE, 0, 300)
    with open(f"{WORK}/mm2.properties", "w") as f:
        f.write(SETTINGS)
    command = [
        "java",
        *os.environ["MIRROR_JVM"].split(),
        "-Xmx512m",
        "-cp",
        os.environ["MIRROR_CP"],
    ]
    command += ["org.apache.kafka.connect.mirror.MirrorMaker", f"{WORK}/mm2.properties"]
    mirror = subprocess.Popen(command, cwd=WORK, stdin=subprocess.DEVNULL)
    try:
        first, group = mirrored(admin_there, admin_here)
        check(mirror.poll() is None, "MirrorMaker ended")
    finally:
        mirror.kill()
        mirror.wait()
    # The group goes on at the other side: nothing twice, nothing lost.
    second = consume_some(BOOTSTRAP, f"there.{THERE}", group, 200)
    equal(first | second, {f"v{i}".encode() for i in range(400)}, "records over both sides")
    return "400 records one way, 300 the other, settings, a group that moved after 200"


main(body)

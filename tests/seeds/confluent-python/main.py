"""confluent_kafka (librdkafka): the tutorial's two lines, then the client used in earnest."""

import threading
import time

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,
    NewPartitions,
    OffsetSpec,
    ResourceType,
)

from seeds import BOOTSTRAP, LOCALHOST, check, create, equal, main, unique, until

GROUPS = []


def consume(c, n, seconds=20):
    got = []
    end = time.monotonic() + seconds
    while len(got) < n and time.monotonic() < end:
        for m in c.consume(500, 0.2):
            check(m.error() is None, f"consumer error {m.error()}")
            got.append(m)
    return got


def nothing_more(c, seconds=0.7):
    more = [m for m in c.consume(10, seconds) if m.error() is None]
    equal(len(more), 0, "messages past the expected end")


def group(name):
    GROUPS.append(unique(name))
    return GROUPS[-1]


def hello(admin):
    # from confluent_kafka import Producer
    # p = Producer({'bootstrap.servers': 'mybroker'})      a host name alone means port 9092
    # p.produce('mytopic', 'hello world!')                  the topic is not created beforehand
    mybroker = LOCALHOST[:-5] if LOCALHOST.endswith(":9092") else LOCALHOST
    mytopic = unique("mytopic")
    reports = []
    p = Producer({"bootstrap.servers": mybroker})
    p.produce(
        mytopic,
        "hello world!",
        callback=lambda e, m: reports.append((e, m.partition(), m.offset())),
    )
    equal(p.flush(20), 0, "messages left after flush")
    equal(reports, [(None, 0, 0)], "delivery report")
    equal(
        len(admin.list_topics(mytopic, timeout=10).topics[mytopic].partitions),
        1,
        "partitions of the auto-created topic",
    )
    c = Consumer(
        {"bootstrap.servers": mybroker, "group.id": group("hello"), "auto.offset.reset": "earliest"}
    )
    c.subscribe([mytopic])
    got = consume(c, 1)
    equal(
        [(m.key(), m.value(), m.offset()) for m in got],
        [(None, b"hello world!", 0)],
        "message read back",
    )
    check(abs(got[0].timestamp()[1] - time.time() * 1000) < 60000, "create time")
    nothing_more(c)
    c.close()
    return mytopic


def codecs(topic):
    """Each compression codec, idempotent, keyed, with headers; contents compared one by one."""
    sent = {}
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        p = Producer(
            {
                "bootstrap.servers": BOOTSTRAP,
                "compression.type": codec,
                "enable.idempotence": True,
                "linger.ms": 5,
            }
        )

        def report(e, m):
            check(e is None, f"delivery failed: {e}")
            at = (m.partition(), m.offset())
            check(at not in sent, f"two messages at {at}")
            sent[at] = (m.key(), m.value())

        for i in range(400):
            p.produce(
                topic,
                f"{codec}-{i}-" + "x" * (i % 50),
                key=f"k{i % 17}",
                headers={"codec": codec, "n": str(i)},
                timestamp=1735475445000 + i,
                on_delivery=report,
            )
            p.poll(0)
        equal(p.flush(20), 0, f"{codec}: left after flush")
    equal(len(sent), 2000, "delivery reports")
    return sent


def read_all(topic, sent, protocol):
    """Two members of one group share the partitions and commit; a third finds nothing left."""
    conf = {
        "bootstrap.servers": BOOTSTRAP,
        "group.id": group(protocol),
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "group.protocol": protocol,
    }
    if protocol == "classic":
        conf |= {"partition.assignment.strategy": "cooperative-sticky", "session.timeout.ms": 10000}
    two = [Consumer(conf), Consumer(conf)]
    for c in two:
        c.subscribe([topic])

    def settled():
        for c in two:
            for m in c.consume(1, 0.05):
                check(m.error() is None, f"{m.error()}")
        return sum(len(c.assignment()) for c in two) == 4 and all(
            len(c.assignment()) == 2 for c in two
        )

    until(20, settled, f"{protocol}: two members with two partitions each")
    owned = [{p.partition for p in c.assignment()} for c in two]
    check(not owned[0] & owned[1], "a partition with two owners")
    got = {}
    for c in two:
        for p in c.assignment():
            c.seek(TopicPartition(topic, p.partition, OFFSET_BEGINNING))

    def drain(c, mine):
        deadline = time.monotonic() + 20
        need = sum(1 for at in sent if at[0] in mine)
        n = set()
        while len(n) < need and time.monotonic() < deadline:
            for m in c.consume(500, 0.2):
                check(m.error() is None, f"{m.error()}")
                check(m.partition() in mine, "message of a partition owned by the other member")
                n.add(m.offset() * 10 + m.partition())
                got[(m.partition(), m.offset())] = (m.key(), m.value())
                equal(dict(m.headers())["codec"], m.value().split(b"-")[0], "header")

    ts = [threading.Thread(target=drain, args=(c, o)) for c, o in zip(two, owned)]
    [t.start() for t in ts]
    [t.join() for t in ts]
    equal(len(got), len(sent), f"{protocol}: messages read")
    equal(got, sent, f"{protocol}: contents")
    for c in two:
        c.commit(asynchronous=False)
        c.close()
    c = Consumer(conf)
    c.subscribe([topic])
    until(
        20,
        lambda: (c.consume(1, 0.05), len(c.assignment()) == 4)[1],
        f"{protocol}: sole member owns all",
    )
    equal(
        sum(p.offset for p in c.committed(c.assignment(), timeout=10)),
        2000,
        f"{protocol}: committed offsets",
    )
    nothing_more(c)
    lo_hi = [c.get_watermark_offsets(p, timeout=10) for p in c.assignment()]
    equal(sum(h - l for l, h in lo_hi), 2000, "watermarks")
    at = c.offsets_for_times(
        [TopicPartition(topic, p.partition, 1735475445000 + 100) for p in c.assignment()],
        timeout=10,
    )
    for p in at:
        first = min(
            o
            for (q, o), (k, v) in sent.items()
            if q == p.partition and int(v.split(b"-")[1]) >= 100
        )
        equal(p.offset, first, f"offsets_for_times of partition {p.partition}")
    c.close()


def transactions(admin):
    src, dst, g = unique("tx-in"), unique("tx-out"), group("tx")
    create(admin, src, 1)
    create(admin, dst, 2)
    p = Producer({"bootstrap.servers": BOOTSTRAP})
    for i in range(100):
        p.produce(src, str(i))
    equal(p.flush(20), 0, "left after flush")
    c = Consumer(
        {
            "bootstrap.servers": BOOTSTRAP,
            "group.id": g,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    c.subscribe([src])
    t = Producer(
        {
            "bootstrap.servers": BOOTSTRAP,
            "transactional.id": unique("tx"),
            "transaction.timeout.ms": 30000,
        }
    )
    t.init_transactions(20)
    values = [int(m.value()) for m in consume(c, 100)]
    t.begin_transaction()
    for v in values:
        t.produce(dst, f"aborted {v}")
    t.flush(10)
    t.abort_transaction(20)
    t.begin_transaction()
    for v in values:
        t.produce(dst, str(v * 2))
    t.send_offsets_to_transaction(c.position(c.assignment()), c.consumer_group_metadata(), 20)
    t.commit_transaction(20)
    equal(
        c.committed([TopicPartition(src, 0)], timeout=10)[0].offset,
        100,
        "offset committed by the transaction",
    )
    c.close()
    r = {}
    for level, n in (("read_committed", 100), ("read_uncommitted", 200)):
        c = Consumer(
            {
                "bootstrap.servers": BOOTSTRAP,
                "group.id": group("txr"),
                "auto.offset.reset": "earliest",
                "isolation.level": level,
                "enable.auto.commit": False,
            }
        )
        c.assign([TopicPartition(dst, q, OFFSET_BEGINNING) for q in (0, 1)])
        r[level] = [m.value() for m in consume(c, n)]
        nothing_more(c)
        c.close()
    equal(sum(int(v) for v in r["read_committed"]), 2 * sum(range(100)), "sum of committed values")
    equal(len(r["read_committed"]), 100, "committed")
    equal(len(r["read_uncommitted"]), 200, "uncommitted")
    # a second producer of the same transactional id fences the first
    tid = unique("fence")
    a, b = (Producer({"bootstrap.servers": BOOTSTRAP, "transactional.id": tid}) for _ in range(2))
    a.init_transactions(20)
    b.init_transactions(20)
    try:
        a.begin_transaction()
        a.produce(dst, "fenced")
        a.commit_transaction(20)
        check(False, "the older producer was not fenced")
    except KafkaException as e:
        check(e.args[0].fatal(), f"fencing error {e}")
    return src, dst


def body():
    t0 = time.monotonic()
    admin = AdminClient({"bootstrap.servers": BOOTSTRAP})
    topics = [hello(admin)]
    topic = unique("clickstream-data")
    create(admin, topic, 3, **{"retention.ms": "-1"})
    topics.append(topic)
    try:
        create(admin, topic, 3)
        check(False, "created twice")
    except KafkaException as e:
        equal(e.args[0].name(), "TOPIC_ALREADY_EXISTS", "error of the second creation")
    admin.create_partitions([NewPartitions(topic, 4)])[topic].result(20)
    until(
        10,
        lambda: len(admin.list_topics(topic, timeout=10).topics[topic].partitions) == 4,
        "4 partitions",
    )
    res = ConfigResource(ResourceType.TOPIC, topic)
    equal(admin.describe_configs([res])[res].result(20)["retention.ms"].value, "-1", "retention.ms")
    sent = codecs(topic)
    read_all(topic, sent, "classic")
    read_all(topic, sent, "consumer")
    ends = {TopicPartition(topic, p): OffsetSpec.latest() for p in range(4)}
    equal(sum(f.result(20).offset for f in admin.list_offsets(ends).values()), 2000, "list_offsets")
    topics += transactions(admin)
    g = GROUPS[1]
    d = admin.describe_consumer_groups([g])[g].result(20)
    equal((d.state.name, len(d.members)), ("EMPTY", 0), "group state")
    offs = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(g)])[g].result(20)
    equal(sum(p.offset for p in offs.topic_partitions), 2000, "group offsets by admin")
    admin.alter_consumer_group_offsets(
        [ConsumerGroupTopicPartitions(g, [TopicPartition(topic, 0, 1)])]
    )[g].result(20)
    offs = admin.list_consumer_group_offsets(
        [ConsumerGroupTopicPartitions(g, [TopicPartition(topic, 0)])]
    )[g].result(20)
    equal(offs.topic_partitions[0].offset, 1, "altered offset")
    listed = {x.group_id for x in admin.list_consumer_groups().result(20).valid}
    check(set(GROUPS[:3]) <= listed, "groups missing from the list")
    for name, f in admin.delete_consumer_groups(GROUPS[:3]).items():
        f.result(20)
    for f in admin.delete_topics(topics).values():
        f.result(20)
    until(10, lambda: not set(topics) & set(admin.list_topics(timeout=10).topics), "topics gone")
    return (
        "hello world! + 2000 messages in 5 codecs read by 2 members in 2 group protocols, 100 in a"
        f" transaction, in {time.monotonic() - t0:.1f} s"
    )


main(body)

"""kafka-python, the pure Python client."""

import ssl, threading, time
import kafka
from kafka import (
    ConsumerRebalanceListener,
    IsolationLevel,
    KafkaAdminClient,
    KafkaConsumer,
    KafkaProducer,
    OffsetAndMetadata,
    OffsetSpec,
    TopicPartition,
    errors as err,
)
from kafka.admin import (
    ConfigResource,
    ConfigResourceType,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ResourcePatternFilter,
    ResourceType,
    ACLResourcePatternType,
)
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from harness import *

CLIENT = f"kafka-python-{kafka.__version__}"
admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)


def producer(**more):
    return KafkaProducer(**{"bootstrap_servers": BOOTSTRAP, "request_timeout_ms": 20000, **more})


def consumer(**more):
    return KafkaConsumer(
        **{
            "bootstrap_servers": BOOTSTRAP,
            "auto_offset_reset": "earliest",
            "enable_auto_commit": False,
            **more,
        }
    )


def create(tag, partitions, client=None, **config):
    topic = name(tag)
    (admin if client is None else client).create_topics(
        {
            topic: {
                "num_partitions": partitions,
                "replication_factor": -1,
                "configs": {k.replace("_", "."): str(v) for k, v in config.items()},
            }
        },
        wait_for_metadata=True,
    )
    return topic


def send(topic, start, end, p=None):
    own = p is None
    p = p or producer(linger_ms=5)
    acks = [p.send(topic, f"v{i}".encode(), f"k{i % 97}".encode()) for i in range(start, end)]
    p.flush(30)
    for a in acks:
        a.get(20)
    if own:
        p.close()


def read_all(topic, partitions, **more):
    c, got = consumer(**more), []
    parts = [TopicPartition(topic, p) for p in range(partitions)]
    c.assign(parts)
    c.seek_to_beginning()
    ends = c.end_offsets(parts)

    def done():
        for records in c.poll(200).values():
            got.extend(records)
        return all(c.position(p) >= ends[p] for p in parts)

    until(f"the end of {topic}", done)
    c.close()
    return got


class Member(threading.Thread, ConsumerRebalanceListener):
    def __init__(self, topic, group, **more):
        super().__init__(daemon=True)
        self.topic, self.got, self.owned, self.error, self.stop, self.revoked, self.assigned = (
            topic,
            [],
            set(),
            None,
            False,
            0,
            0,
        )
        self.c = consumer(
            **{"group_id": group, "session_timeout_ms": 10000, "heartbeat_interval_ms": 500, **more}
        )
        self.start()

    def on_partitions_assigned(self, parts):
        self.assigned += 1

    def on_partitions_revoked(self, parts):
        self.revoked += len(parts)

    def run(self):
        try:
            self.c.subscribe([self.topic], listener=self)
            while not self.stop:
                # Not shorter: kafka-python 3.0 loses the answer to a SyncGroup that arrives just
                # after a poll has run out, and then waits for good.
                fresh = [r.value for records in self.c.poll(1000).values() for r in records]
                self.got += fresh
                self.owned = {p.partition for p in self.c.assignment()}
                if fresh:
                    self.c.commit()
        except Exception as e:
            self.error = e
        finally:
            self.owned = set()
            self.c.close(autocommit=False)

    def leave(self):
        self.stop = True
        self.join(15)
        check(self.error is None, f"member failed: {self.error!r}")


def roundtrip():
    topic, p = create("s1", 3), producer(linger_ms=5)
    acks = [
        p.send(topic, f"v{i}".encode(), f"k{i % 97}".encode(), headers=[("n", str(i).encode())])
        for i in range(10000)
    ]
    p.flush(30)
    [a.get(20) for a in acks]
    got = read_all(topic, 3)
    return order(
        [(r.key, r.value, dict(r.headers)["n"], r.partition, r.offset) for r in got], 10000
    )


def codecs():
    topic = create("s2", len(CODECS))
    for part, codec in enumerate(CODECS):
        p = producer(compression_type=None if codec == "none" else codec, linger_ms=20)
        acks = [p.send(topic, text(i), f"k{i}".encode(), partition=part) for i in range(500)]
        p.flush(30)
        [a.get(20) for a in acks]
        p.close()
    got = read_all(topic, len(CODECS))
    for part, codec in enumerate(CODECS):
        equal([text(i) for i in range(500)], [r.value for r in got if r.partition == part], codec)
    return " ".join(CODECS)


def idempotent():
    topic, p, acks = create("s3", 1), producer(enable_idempotence=True, acks="all"), []
    for i in range(2000):
        acks.append(p.send(topic, f"v{i}".encode(), b"k"))
        if i % 100 == 0:
            p.flush(20)
    p.flush(20)
    equal(list(range(2000)), [a.get(20).offset for a in acks], "offsets")
    equal([f"v{i}".encode() for i in range(2000)], [r.value for r in read_all(topic, 1)], "values")
    return "2000 records"


def group():
    topic, group = create("group", 6), name("group")
    return group_steps(lambda: Member(topic, group), lambda a, b: send(topic, a, b))


def sticky():
    topic, group = create("s5", 6), name("sticky")
    start = lambda: Member(topic, group, partition_assignment_strategy=[CooperativeStickyAssignor])
    a = start()
    until("one member owns 6", lambda: shares([a], 6))
    b = start()
    until("two members own 3 each", lambda: shares([a, b], 3))
    equal(3, a.revoked, "partitions revoked from the first member")
    a.leave(), b.leave()
    fixed = name("static")
    start = lambda who: Member(topic, fixed, group_instance_id=who, session_timeout_ms=30000)
    c, d = start("one"), start("two")
    until("static members own 3 each", lambda: shares([c, d], 3))
    before, rebalances = d.owned, c.assigned
    d.leave()
    e = start("two")
    until("the static member is back", lambda: shares([c, e], 3))
    equal(before, e.owned, "assignment of the returned member")
    time.sleep(1.5)
    equal(rebalances, c.assigned, "rebalances seen by the member that stayed")
    f = start("two")
    until("the newer instance has taken over", lambda: shares([f], 3))
    send(topic, 0, 60)  # this client reports the fencing when it commits
    fenced = until("the older instance is fenced", lambda: e.error or f.error)
    check(isinstance(fenced, err.FencedInstanceIdError), f"duplicate instance id: {fenced!r}")
    c.leave()
    for m in (e, f):
        m.stop = True
        m.join(15)
    return "3 of 6 revoked, static member back without rebalance, duplicate fenced"


def transactions():
    topic, tid = create("s7", 2), name("tx")
    p = producer(transactional_id=tid)
    p.init_transactions()
    for r in range(3):
        p.begin_transaction()
        send(topic, r * 100, r * 100 + 100, p)
        p.abort_transaction() if r == 1 else p.commit_transaction()
    committed = {r.value for r in read_all(topic, 2, isolation_level="read_committed")}
    equal(
        {f"v{i}".encode() for i in [*range(100), *range(200, 300)]},
        committed,
        "read_committed records",
    )
    equal(300, len(read_all(topic, 2)), "read_uncommitted records")
    p.begin_transaction()
    send(topic, 300, 310, p)
    equal(
        200,
        len(read_all(topic, 2, isolation_level="read_committed")),
        "records while a transaction is open",
    )
    p.commit_transaction()
    equal(210, len(read_all(topic, 2, isolation_level="read_committed")), "records after commit")
    p.close()

    source, out, group, rounds = create("s7-in", 2), create("s7-out", 2), name("eos"), 0
    send(source, 0, 500)
    for restarted in (False, True):  # the first worker dies in the middle of a transaction
        p = producer(transactional_id=tid + "-eos")
        c = consumer(
            group_id=group,
            isolation_level="read_committed",
            max_poll_records=40,
            session_timeout_ms=6000,
        )
        p.init_transactions()
        c.subscribe([source])
        quiet = 0
        while quiet < 5:
            batch = c.poll(200)
            if not batch:
                quiet += bool(c.assignment())
                continue
            quiet = 0
            p.begin_transaction()
            for records in batch.values():
                for r in records:
                    p.send(out, r.value, r.key)
            p.send_offsets_to_transaction(
                {tp: OffsetAndMetadata(rs[-1].offset + 1, "", -1) for tp, rs in batch.items()},
                c.group_metadata(),
            )
            rounds += 1
            if not restarted and rounds == 4:
                p.abort_transaction()
                break
            p.commit_transaction()
        c.close(autocommit=False)
        p.close()
    got = [r.value for r in read_all(out, 2, isolation_level="read_committed")]
    equal(500, len(got), "processed records")
    equal(500, len(set(got)), "distinct processed records")
    equal(
        500,
        sum(o.offset for o in admin.list_group_offsets(group)[group].values()),
        "offsets committed in transactions",
    )
    return "200+10 committed, 100 aborted, 500 exactly once"


def group_calls(topic, group):
    m = Member(topic, group)
    until("100 records", lambda: len(m.got) == 100 and len(m.owned) == 4)
    equal(1, len(admin.describe_groups([group])[group]["members"]), "members")
    m.leave()
    listed = lambda: [g["group_id"] for g in admin.list_groups()]
    check(group in listed(), "list_groups")
    tp = TopicPartition(topic, 0)
    offsets = lambda: admin.list_group_offsets(group)[group]
    equal(100, offsets()[tp].offset, "committed")
    admin.alter_group_offsets(group, {tp: OffsetAndMetadata(20, "", -1)})
    equal(20, offsets()[tp].offset, "altered offset")
    admin.delete_group_offsets(group, [tp])
    check(tp not in offsets() or offsets()[tp].offset < 0, "deleted offset")
    admin.delete_groups([group])
    check(group not in listed(), "deleted group")


def acl_calls():
    try:
        admin.describe_acls(
            ACLFilter(
                None,
                "*",
                ACLOperation.ANY,
                ACLPermissionType.ANY,
                ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
            )
        )
    except err.SecurityDisabledError:
        pass  # an orderly answer


def administration():
    topic, group = create("s8", 2, retention_ms=3600000), name("s8")
    check(topic in admin.list_topics(), "list_topics")
    config = lambda kind=ConfigResourceType.TOPIC, n=topic: admin.describe_configs(
        [ConfigResource(kind, n)], config_filter="all"
    )[kind.name.lower()][n]
    equal("3600000", config()["retention.ms"]["value"], "retention.ms")
    admin.alter_configs(
        [
            ConfigResource(
                ConfigResourceType.TOPIC,
                topic,
                {
                    "max.message.bytes": "65536",
                    "cleanup.policy": ("APPEND", "compact"),
                    "retention.ms": ("DELETE", None),
                },
            )
        ]
    )
    until(
        "altered configs",
        lambda: (
            lambda c: c["max.message.bytes"]["value"] == "65536"
            and c["cleanup.policy"]["value"] == "delete,compact"
            and c["retention.ms"]["value"] == "604800000"
        )(config()),
    )
    admin.create_partitions({topic: 4})
    until("4 partitions", lambda: len(admin.describe_topics([topic])[0]["partitions"]) == 4)
    p = producer()
    for i in range(100):
        p.send(topic, b"0123456789", b"k", partition=0)
    p.flush(20)
    tp = TopicPartition(topic, 0)
    if has("groups"):
        group_calls(topic, group)
    equal(40, admin.delete_records({tp: 40})[tp]["low_watermark"], "low watermark")
    for spec, want in ((OffsetSpec.EARLIEST, 40), (OffsetSpec.LATEST, 100)):
        equal(want, admin.list_partition_offsets({tp: spec})[tp].offset, "list_partition_offsets")
    cluster = admin.describe_cluster()
    check(cluster["cluster_id"] and cluster["brokers"], "cluster id and brokers")
    check(config(ConfigResourceType.BROKER, str(cluster["controller_id"])), "broker configs")
    check(topic in str(admin.describe_log_dirs([topic])), "log dirs")
    check("metadata.version" in str(admin.describe_features()), "features")
    if has("acls"):
        acl_calls()
    if has("quorum"):
        check(admin.describe_metadata_quorum()["topics"], "metadata quorum")
    if has("elections"):
        check(not admin.list_partition_reassignments([tp]), "no reassignments")
    if has("transactions"):
        admin.list_transactions()
    admin.delete_topics([topic])
    until("topic gone", lambda: topic not in admin.list_topics())
    return "topics, configs, records, cluster"


def seek():
    topic, t0, p = create("s9", 1), int(time.time() * 1000) - 3600000, producer()
    for i in range(1000):
        p.send(topic, f"v{i}".encode(), b"k", partition=0, timestamp_ms=t0 + i * 1000)
    p.flush(20)
    c, tp = consumer(max_poll_records=1), TopicPartition(topic, 0)
    c.assign([tp])
    found = c.offsets_for_times({tp: t0 + 499500})[tp]
    equal((500, t0 + 500000), (found.offset, found.timestamp), "offset for time")
    equal(None, c.offsets_for_times({tp: t0 + 10000000})[tp], "time after the last record")
    equal((0, 1000), (c.beginning_offsets([tp])[tp], c.end_offsets([tp])[tp]), "beginning and end")
    for where in (250, 999, 0):
        c.seek(tp, where)
        r = until(f"record at {where}", lambda: c.poll(200))[tp][0]
        equal(
            (where, f"v{where}".encode(), t0 + where * 1000),
            (r.offset, r.value, r.timestamp),
            "record after seek",
        )
    c.seek_to_end(tp)
    equal(1000, c.position(tp), "position at the end")
    check(not c.poll(300), "nothing after the end")
    c.close()
    return "1000 records, 3 seeks, 2 time look-ups"


def sizes():
    topic, small, p = create("s10", 1), create("s10s", 2), producer(linger_ms=5)
    big = random.Random(7).randbytes(900_000)
    acks = [p.send(topic, bytes([i]) + big, f"k{i}".encode()) for i in range(8)]
    acks += [p.send(small, bytes([i & 255]), f"k{i}".encode()) for i in range(20000)]
    p.flush(40)
    [a.get(20) for a in acks]
    equal(
        [bytes([i]) + big for i in range(8)], [r.value for r in read_all(topic, 1)], "large values"
    )
    equal(20000, len(read_all(small, 2)), "small records")
    return "8 of 900 KB, 20000 of 1 byte"


def errors():
    topic, group, seen = create("s12", 1, max_message_bytes=10000), name("s12"), 0

    def fails(want, what, body):
        nonlocal seen
        try:
            body()
        except Exception as e:
            check(isinstance(e, want), f"{what}: want {want.__name__}, got {e!r}")
            seen += 1
            return
        raise AssertionError(f"{what}: want {want.__name__}, got no error")

    new = lambda n, parts, rf, **config: admin.create_topics(
        {n: {"num_partitions": parts, "replication_factor": rf, "configs": config}}
    )
    fails(
        err.UnknownTopicOrPartitionError,
        "unknown topic",
        lambda: admin.delete_topics([name("missing")]),
    )
    fails(err.TopicAlreadyExistsError, "existing topic", lambda: new(topic, 1, 1))
    fails(err.InvalidTopicError, "topic name", lambda: new("bad topic!", 1, 1))
    fails(err.InvalidPartitionsError, "0 partitions", lambda: new(name("p0"), 0, 1))
    fails(err.InvalidReplicationFactorError, "replication 9", lambda: new(name("rf"), 1, 9))
    fails(
        err.InvalidConfigurationError,
        "unknown config",
        lambda: new(name("cfg"), 1, 1, **{"no.such.config": "1"}),
    )
    fails(
        err.InvalidPartitionsError, "fewer partitions", lambda: admin.create_partitions({topic: 1})
    )
    if has("groups"):
        equal({group: "GroupIdNotFoundError"}, admin.delete_groups([group]), "unknown group")
    p = producer(max_block_ms=3000)
    fails(Exception, "invalid partition", lambda: p.send(topic, b"x", partition=99).get(10))
    fails(
        err.MessageSizeTooLargeError,
        "message too large",
        lambda: p.send(topic, bytes(50_000)).get(10),
    )
    producer().send(topic, b"x").get(
        10
    )  # a new one: this client's idempotent producer does not go on after that error

    def out_of_range():
        c, tp = consumer(auto_offset_reset="none"), TopicPartition(topic, 0)
        c.assign([tp])
        c.seek(tp, 500)
        until("an error", lambda: c.poll(200), 10)

    fails(err.OffsetOutOfRangeError, "offset out of range", out_of_range)
    if has("groups"):
        m = Member(topic, group)
        until("a member", lambda: shares([m], 1))
        equal({group: "NonEmptyGroupError"}, admin.delete_groups([group]), "group in use")
        tp = TopicPartition(topic, 0)
        equal(
            err.UnknownMemberIdError,
            admin.alter_group_offsets(group, {tp: OffsetAndMetadata(0, "", -1)})[tp],
            "offsets of a group in use",
        )
        m.leave()
    if has("transactions"):
        tid = name("fenced")
        old, fresh = producer(transactional_id=tid), producer(transactional_id=tid)
        old.init_transactions()
        old.begin_transaction()
        send(topic, 0, 1, old)
        fresh.init_transactions()
        fails(err.ProducerFencedError, "fenced producer", old.commit_transaction)
    return f"{seen} typed errors"


run(
    CLIENT,
    {
        "S1": roundtrip,
        "S2": codecs,
        "S3": idempotent,
        "S4": group,
        "S5": sticky,
        "S7": transactions,
        "S8": administration,
        "S9": seek,
        "S10": sizes,
        "S12": errors,
    },
    {"S6": "the client has no group.protocol=consumer"},
)

"""confluent-kafka for Python (librdkafka from its wheel)."""

import threading, time
import confluent_kafka as ck
from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
    admin as ad,
)
from harness import *

CLIENT = (
    f"confluent-kafka-python-{ck.version() if isinstance(ck.version(), str) else ck.version()[0]}"
)


def conf(**more):
    callbacks = {k: more.pop(k) for k in list(more) if k == "error_cb"}
    return {
        "bootstrap.servers": BOOTSTRAP,
        "socket.timeout.ms": 20000,
        "log_level": 0,
        **{k.replace("_", "."): v for k, v in more.items()},
        **callbacks,
    }


admin = ad.AdminClient(conf())


def consumer(**more):
    return Consumer(
        conf(
            **{
                "group_id": name("reader"),
                "auto_offset_reset": "earliest",
                "enable_auto_commit": False,
                "enable_partition_eof": True,
                **more,
            }
        )
    )


def wait(futures):
    return {k: f.result(30) for k, f in futures.items()}


def create(tag, partitions, client=None, **config):
    topic, client = name(tag), admin if client is None else client  # an idle client is falsy
    wait(
        client.create_topics(
            [
                ad.NewTopic(
                    topic,
                    partitions,
                    -1,
                    config={k.replace("_", "."): str(v) for k, v in config.items()},
                )
            ]
        )
    )
    until(
        "topic visible",
        lambda: len(client.list_topics(topic, 10).topics[topic].partitions) == partitions,
    )
    return topic


def flush(producer, errors):
    equal(0, producer.flush(30), "records left in the queue")
    equal([], errors, "delivery errors")


def send(topic, start, end, producer=None):
    p, errors = producer or Producer(conf()), []
    for i in range(start, end):
        p.produce(topic, f"v{i}", f"k{i % 97}", on_delivery=lambda e, m: e and errors.append(e))
    flush(p, errors)


def read_all(topic, partitions, **more):
    c, got, ended = consumer(**more), [], set()
    c.assign([TopicPartition(topic, p, ck.OFFSET_BEGINNING) for p in range(partitions)])
    end = time.time() + 40
    while len(ended) < partitions:
        check(time.time() < end, f"waited 40 s for the end of {topic}")
        for m in c.consume(1000, 0.2):
            if m.error() is None:
                got.append(m)
            elif m.error().code() == KafkaError._PARTITION_EOF:
                ended.add(m.partition())
            else:
                raise KafkaException(m.error())
    c.close()
    return got


class Member(threading.Thread):
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
        if more.get("group_protocol") != "consumer":
            more = {"session_timeout_ms": 10000, "heartbeat_interval_ms": 500, **more}
        self.c = consumer(group_id=group, **more)
        self.start()

    def on_assign(self, c, parts):
        self.assigned += 1

    def on_revoke(self, c, parts):
        self.revoked += len(parts)

    def run(self):
        try:
            self.c.subscribe([self.topic], on_assign=self.on_assign, on_revoke=self.on_revoke)
            while not self.stop:
                fresh = []
                for m in self.c.consume(500, 0.05):
                    if m.error() is None:
                        fresh.append(m.value())
                    elif m.error().code() == KafkaError._FATAL:
                        raise KafkaException(m.error())
                self.got += fresh
                self.owned = {p.partition for p in self.c.assignment()}
                if fresh:
                    self.c.commit(asynchronous=False)
        except Exception as e:
            self.error = e
        finally:
            self.owned = set()
            self.c.close()

    def leave(self):
        self.stop = True
        self.join(15)
        check(self.error is None, f"member failed: {self.error!r}")


def roundtrip():
    topic, errors = create("s1", 3), []
    p = Producer(conf(linger_ms=5))
    for i in range(10000):
        p.produce(
            topic,
            f"v{i}",
            f"k{i % 97}",
            headers={"n": str(i), "nil": None},
            on_delivery=lambda e, m: e and errors.append(e),
        )
    flush(p, errors)
    got = read_all(topic, 3)
    check(all(("nil", None) in m.headers() for m in got), "null header")
    return order(
        [(m.key(), m.value(), dict(m.headers())["n"], m.partition(), m.offset()) for m in got],
        10000,
    )


def codecs():
    topic = create("s2", len(CODECS))
    for part, codec in enumerate(CODECS):
        p, errors = Producer(conf(compression_type=codec, linger_ms=20)), []
        for i in range(500):
            p.produce(
                topic, text(i), f"k{i}", part, on_delivery=lambda e, m: e and errors.append(e)
            )
        flush(p, errors)
    got = read_all(topic, len(CODECS))
    for part, codec in enumerate(CODECS):
        equal(
            [text(i) for i in range(500)], [m.value() for m in got if m.partition() == part], codec
        )
    return " ".join(CODECS)


def idempotent():
    topic, offsets, errors = create("s3", 1), [], []
    p = Producer(conf(enable_idempotence=True))
    for i in range(2000):
        p.produce(
            topic,
            f"v{i}",
            "k",
            on_delivery=lambda e, m: errors.append(e) if e else offsets.append(m.offset()),
        )
        if i % 50 == 0:
            p.poll(0.002)
    flush(p, errors)
    equal(list(range(2000)), offsets, "offsets")
    equal(
        [f"v{i}".encode() for i in range(2000)], [m.value() for m in read_all(topic, 1)], "values"
    )
    return "2000 records"


def group(**more):
    topic, group = create("group", 6), name("group")
    return group_steps(lambda: Member(topic, group, **more), lambda a, b: send(topic, a, b))


def sticky():
    topic, group = create("s5", 6), name("sticky")
    start = lambda: Member(topic, group, partition_assignment_strategy="cooperative-sticky")
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
    fenced = until("the older instance is fenced", lambda: e.error or f.error)
    check("group.instance.id" in str(fenced), f"duplicate instance id: {fenced}")
    c.leave()
    for m in (e, f):
        m.stop = True
        m.join(15)
    return "3 of 6 revoked, static member back without rebalance, duplicate fenced"


def transactions():
    topic, tid = create("s7", 2), name("tx")
    p = Producer(conf(transactional_id=tid))
    p.init_transactions(20)
    for r in range(3):
        p.begin_transaction()
        send(topic, r * 100, r * 100 + 100, p)
        p.abort_transaction(20) if r == 1 else p.commit_transaction(20)
    committed = {m.value() for m in read_all(topic, 2, isolation_level="read_committed")}
    equal(
        {f"v{i}".encode() for i in [*range(100), *range(200, 300)]},
        committed,
        "read_committed records",
    )
    equal(
        300, len(read_all(topic, 2, isolation_level="read_uncommitted")), "read_uncommitted records"
    )
    p.begin_transaction()
    send(topic, 300, 310, p)
    equal(
        200,
        len(read_all(topic, 2, isolation_level="read_committed")),
        "records while a transaction is open",
    )
    p.commit_transaction(20)
    equal(210, len(read_all(topic, 2, isolation_level="read_committed")), "records after commit")

    source, out, group, rounds = create("s7-in", 2), create("s7-out", 2), name("eos"), 0
    send(source, 0, 500)
    for restarted in (False, True):  # the first worker dies in the middle of a transaction
        p = Producer(conf(transactional_id=tid + "-eos"))
        c = consumer(group_id=group, isolation_level="read_committed", session_timeout_ms=6000)
        p.init_transactions(20)
        c.subscribe([source])
        quiet = 0
        while quiet < 5:
            batch = [m for m in c.consume(40, 0.2) if m.error() is None]
            if not batch:
                quiet += bool(c.assignment())
                continue
            quiet = 0
            p.begin_transaction()
            for m in batch:
                p.produce(out, m.value(), m.key())
            p.send_offsets_to_transaction(
                c.position(c.assignment()), c.consumer_group_metadata(), 20
            )
            rounds += 1
            if not restarted and rounds == 4:
                p.abort_transaction(20)
                break
            p.commit_transaction(20)
        c.close()
    got = [m.value() for m in read_all(out, 2, isolation_level="read_committed")]
    equal(500, len(got), "processed records")
    equal(500, len(set(got)), "distinct processed records")
    c = consumer(group_id=group)
    equal(
        500,
        sum(t.offset for t in c.committed([TopicPartition(source, i) for i in range(2)], 10)),
        "offsets committed in transactions",
    )
    c.close()
    return "200+10 committed, 100 aborted, 500 exactly once"


def group_calls(topic, group):
    m = Member(topic, group)
    until("100 records", lambda: len(m.got) == 100 and len(m.owned) == 4)
    d = wait(admin.describe_consumer_groups([group]))[group]
    equal(1, len(d.members), "members")
    equal(4, len(d.members[0].assignment.topic_partitions), "assignment in description")
    m.leave()
    check(
        group in [g.group_id for g in admin.list_consumer_groups().result(20).valid],
        "list_consumer_groups",
    )
    tp = TopicPartition(topic, 0)
    offset = (
        lambda: wait(
            admin.list_consumer_group_offsets([ck.ConsumerGroupTopicPartitions(group, [tp])])
        )[group]
        .topic_partitions[0]
        .offset
    )
    equal(100, offset(), "committed")
    wait(
        admin.alter_consumer_group_offsets(
            [ck.ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 20)])]
        )
    )
    equal(20, offset(), "altered offset")
    wait(admin.delete_consumer_groups([group]))
    check(
        group not in [g.group_id for g in admin.list_consumer_groups().result(20).valid],
        "deleted group",
    )


def acl_calls():
    try:
        admin.describe_acls(
            ad.AclBindingFilter(
                ad.ResourceType.ANY,
                None,
                ad.ResourcePatternType.ANY,
                None,
                None,
                ad.AclOperation.ANY,
                ad.AclPermissionType.ANY,
            )
        ).result(20)
    except KafkaException as e:
        equal(KafkaError.SECURITY_DISABLED, e.args[0].code(), "describe_acls")


def scram_calls():
    user = name("user")
    wait(
        admin.alter_user_scram_credentials(
            [
                ad.UserScramCredentialUpsertion(
                    user, ad.ScramCredentialInfo(ad.ScramMechanism.SCRAM_SHA_256, 4096), b"secret"
                )
            ]
        )
    )
    until("SCRAM user", lambda: scram_iterations(user) == 4096)
    wait(
        admin.alter_user_scram_credentials(
            [ad.UserScramCredentialDeletion(user, ad.ScramMechanism.SCRAM_SHA_256)]
        )
    )


def administration():
    topic, group = create("s8", 2, retention_ms=3600000), name("s8")
    check(topic in admin.list_topics(timeout=10).topics, "list_topics")
    res = ad.ConfigResource(ad.ResourceType.TOPIC, topic)
    config = lambda: wait(admin.describe_configs([res]))[res]
    equal("3600000", config()["retention.ms"].value, "retention.ms")
    op = ad.AlterConfigOpType
    wait(
        admin.incremental_alter_configs(
            [
                ad.ConfigResource(
                    ad.ResourceType.TOPIC,
                    topic,
                    incremental_configs=[
                        ad.ConfigEntry("retention.ms", None, incremental_operation=op.DELETE),
                        ad.ConfigEntry(
                            "cleanup.policy", "compact", incremental_operation=op.APPEND
                        ),
                        ad.ConfigEntry("max.message.bytes", "65536", incremental_operation=op.SET),
                    ],
                )
            ]
        )
    )
    until(
        "altered configs",
        lambda: (
            lambda c: c["max.message.bytes"].value == "65536"
            and c["cleanup.policy"].value == "delete,compact"
            and c["retention.ms"].is_default
        )(config()),
    )
    wait(admin.create_partitions([ad.NewPartitions(topic, 4)]))
    until("4 partitions", lambda: len(admin.list_topics(topic, 10).topics[topic].partitions) == 4)
    p = Producer(conf())
    for i in range(100):
        p.produce(topic, b"0123456789", "k", 0)
    flush(p, [])
    tp = TopicPartition(topic, 0)
    if has("groups"):
        group_calls(topic, group)
    equal(
        40,
        admin.delete_records([TopicPartition(topic, 0, 40)])[tp].result(20).low_watermark,
        "low watermark",
    )
    for spec, want in ((ad.OffsetSpec.earliest(), 40), (ad.OffsetSpec.latest(), 100)):
        equal(want, admin.list_offsets({tp: spec})[tp].result(20).offset, "list_offsets")
    cluster = admin.describe_cluster().result(20)
    check(
        cluster.cluster_id and cluster.controller and cluster.nodes, "cluster id, controller, nodes"
    )
    broker = ad.ConfigResource(ad.ResourceType.BROKER, str(cluster.nodes[0].id))
    check(wait(admin.describe_configs([broker]))[broker], "broker configs")
    described = wait(admin.describe_topics(ck.TopicCollection([topic])))[topic]
    equal(4, len(described.partitions), "described partitions")
    check(str(described.topic_id) not in ("", "0"), "topic id")
    if has("acls"):
        acl_calls()
    if has("scram"):
        scram_calls()
    if has("elections"):
        elected = admin.elect_leaders(ck.ElectionType.PREFERRED, [tp]).result(20)
        equal(KafkaError.ELECTION_NOT_NEEDED, elected[tp].code(), "elect_leaders")
    wait(admin.delete_topics([topic]))
    until("topic gone", lambda: topic not in admin.list_topics(timeout=10).topics)
    return "topics, configs, records, cluster"


def scram_iterations(user):
    try:
        return (
            wait(admin.describe_user_scram_credentials([user]))[user]
            .scram_credential_infos[0]
            .iterations
        )
    except KafkaException:
        return None


def seek():
    topic, t0 = create("s9", 1), int(time.time() * 1000) - 3600000
    p = Producer(conf())
    for i in range(1000):
        p.produce(topic, f"v{i}", "k", 0, timestamp=t0 + i * 1000)
    flush(p, [])
    c = consumer(enable_partition_eof=False)
    at = lambda t: c.offsets_for_times([TopicPartition(topic, 0, t)], 10)[0].offset
    equal(500, at(t0 + 499500), "offset for time")
    equal(ck.OFFSET_END, at(t0 + 10000000), "time after the last record")
    equal((0, 1000), c.get_watermark_offsets(TopicPartition(topic, 0), 10), "watermarks")
    c.assign([TopicPartition(topic, 0, ck.OFFSET_BEGINNING)])
    until("assigned", lambda: c.poll(0.2))
    for where in (250, 999, 0):
        c.seek(TopicPartition(topic, 0, where))
        m = until(f"record at {where}", lambda: c.poll(0.2))
        equal(
            (where, f"v{where}".encode(), t0 + where * 1000),
            (m.offset(), m.value(), m.timestamp()[1]),
            "record after seek",
        )
    c.seek(TopicPartition(topic, 0, ck.OFFSET_END))
    check(c.poll(0.5) is None, "nothing after the end")
    c.close()
    return "1000 records, 3 seeks, 2 time look-ups"


def sizes():
    topic, small, errors = create("s10", 1), create("s10s", 2), []
    p = Producer(conf(linger_ms=5))
    big = random.Random(7).randbytes(900_000)
    for i in range(8):
        p.produce(topic, bytes([i]) + big, f"k{i}", on_delivery=lambda e, m: e and errors.append(e))
    for i in range(20000):
        p.produce(small, bytes([i & 255]), f"k{i}", on_delivery=lambda e, m: e and errors.append(e))
    flush(p, errors)
    equal(
        [bytes([i]) + big for i in range(8)],
        [m.value() for m in read_all(topic, 1)],
        "large values",
    )
    equal(20000, len(read_all(small, 2)), "small records")
    return "8 of 900 KB, 20000 of 1 byte"


def code(body):
    try:
        body()
    except KafkaException as e:
        return e.args[0].name()
    return None


def errors():
    topic, group, seen = create("s12", 1, max_message_bytes=10000), name("s12"), 0

    def fails(want, what, body):
        nonlocal seen
        equal(want, code(body), what)
        seen += 1

    new = lambda *a, **k: wait(admin.create_topics([ad.NewTopic(*a, **k)]))
    fails(
        "UNKNOWN_TOPIC_OR_PART",
        "unknown topic",
        lambda: wait(admin.describe_topics(ck.TopicCollection([name("missing")]))),
    )
    fails("TOPIC_ALREADY_EXISTS", "existing topic", lambda: new(topic, 1, 1))
    fails("TOPIC_EXCEPTION", "topic name", lambda: new("bad topic!", 1, 1))
    fails("INVALID_PARTITIONS", "0 partitions", lambda: new(name("p0"), 0, 1))
    fails("INVALID_REPLICATION_FACTOR", "replication 9", lambda: new(name("rf"), 1, 9))
    fails(
        "INVALID_CONFIG",
        "unknown config",
        lambda: new(name("cfg"), 1, 1, config={"no.such.config": "1"}),
    )
    fails(
        "INVALID_PARTITIONS",
        "fewer partitions",
        lambda: wait(admin.create_partitions([ad.NewPartitions(topic, 1)])),
    )
    if has("groups"):
        fails(
            "GROUP_ID_NOT_FOUND",
            "unknown group",
            lambda: wait(admin.delete_consumer_groups([group])),
        )

    def deliver(value, partition=-1):
        p, result = Producer(conf(message_timeout_ms=5000)), []
        p.produce(topic, value, "k", partition, on_delivery=lambda e, m: result.append(e))
        p.flush(10)
        if result[0]:
            raise KafkaException(result[0])

    fails("_UNKNOWN_PARTITION", "invalid partition", lambda: deliver(b"x", 99))
    fails("MSG_SIZE_TOO_LARGE", "message too large", lambda: deliver(bytes(50_000)))
    deliver(b"x")

    def out_of_range():
        c = consumer(auto_offset_reset="error")
        c.assign([TopicPartition(topic, 0, 500)])
        try:
            m = until("an error", lambda: c.poll(0.2), 10)
            raise KafkaException(m.error())
        finally:
            c.close()

    fails("_AUTO_OFFSET_RESET", "offset out of range", out_of_range)
    if has("groups"):
        m = Member(topic, group)
        until("a member", lambda: shares([m], 1))
        fails(
            "NON_EMPTY_GROUP", "group in use", lambda: wait(admin.delete_consumer_groups([group]))
        )
        altered = wait(
            admin.alter_consumer_group_offsets(
                [ck.ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 0)])]
            )
        )[group]
        equal(
            "UNKNOWN_MEMBER_ID",
            altered.topic_partitions[0].error.name(),
            "offsets of a group in use",
        )
        m.leave()
    if has("transactions"):
        tid = name("fenced")
        old, fresh = Producer(conf(transactional_id=tid)), Producer(conf(transactional_id=tid))
        old.init_transactions(20)
        old.begin_transaction()
        send(topic, 0, 1, old)
        fresh.init_transactions(20)
        fails("_FENCED", "fenced producer", lambda: old.commit_transaction(20))
        fails(
            "INVALID_TRANSACTION_TIMEOUT",
            "transaction timeout too long",
            lambda: Producer(
                conf(transactional_id=tid, transaction_timeout_ms=100_000_000)
            ).init_transactions(20),
        )
    return f"{seen} typed errors"


run(
    CLIENT,
    {
        "S1": roundtrip,
        "S2": codecs,
        "S3": idempotent,
        "S4": group,
        "S5": sticky,
        "S6": lambda: group(group_protocol="consumer"),
        "S7": transactions,
        "S8": administration,
        "S9": seek,
        "S10": sizes,
        "S12": errors,
    },
)

"""aiokafka, the asyncio client. Every scenario runs in an event loop of its own."""

import asyncio, ssl, time
import aiokafka
from aiokafka import (
    AIOKafkaConsumer,
    AIOKafkaProducer,
    ConsumerRebalanceListener,
    TopicPartition,
    OffsetAndMetadata,
    errors as err,
)
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from contextlib import asynccontextmanager
from harness import *

CLIENT = f"aiokafka-{aiokafka.__version__}"


@asynccontextmanager
async def started(thing):
    await thing.start()
    try:
        yield thing
    finally:
        await (thing.close() if hasattr(thing, "close") else thing.stop())


def producer(**more):
    return started(
        AIOKafkaProducer(**{"bootstrap_servers": BOOTSTRAP, "request_timeout_ms": 20000, **more})
    )


def consumer(**more):
    return started(
        AIOKafkaConsumer(
            **{
                "bootstrap_servers": BOOTSTRAP,
                "auto_offset_reset": "earliest",
                "enable_auto_commit": False,
                **more,
            }
        )
    )


def admin(**more):
    return started(AIOKafkaAdminClient(**{"bootstrap_servers": BOOTSTRAP, **more}))


async def eventually(what, done, seconds=40):
    end = time.time() + seconds
    while time.time() < end:
        result = done()
        if asyncio.iscoroutine(result):
            result = await result
        if result:
            return result
        await asyncio.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for: {what}")


def raise_for(response):
    for _, code, *_ in getattr(response, "topic_errors", None) or response.topic_error_codes:
        if code:
            raise err.for_code(code)()


async def create(tag, partitions, settings={}, **config):
    topic = name(tag)
    async with admin(**settings) as a:
        raise_for(
            await a.create_topics(
                [
                    NewTopic(
                        topic,
                        partitions,
                        BOOTSTRAP.count(",") + 1,  # it does not take -1, the cluster's default
                        topic_configs={k.replace("_", "."): str(v) for k, v in config.items()},
                    )
                ]
            )
        )

        async def visible():
            found = (await a.describe_topics([topic]))[0]
            return found["error_code"] == 0 and len(found["partitions"]) == partitions

        await eventually("topic visible", visible)
    return topic


async def send(topic, start, end, p=None):
    if p is None:
        async with producer(linger_ms=5) as own:
            return await send(topic, start, end, own)
    acks = [await p.send(topic, f"v{i}".encode(), f"k{i % 97}".encode()) for i in range(start, end)]
    await p.flush()
    await asyncio.gather(*acks)


async def read_all(topic, partitions, **more):
    got, parts = [], [TopicPartition(topic, p) for p in range(partitions)]
    async with consumer(**more) as c:
        c.assign(parts)
        await c.seek_to_beginning()
        ends = await c.end_offsets(parts)

        async def done():
            for records in (await c.getmany(timeout_ms=200)).values():
                got.extend(records)
            return all([await c.position(p) >= ends[p] for p in parts])

        await eventually(f"the end of {topic}", done)
    return got


class Member(ConsumerRebalanceListener):
    def __init__(self, topic, group, **more):
        self.got, self.owned, self.error, self.stop, self.assigned = [], set(), None, False, 0
        self.task = asyncio.create_task(
            self.run(
                topic,
                {
                    "group_id": group,
                    "session_timeout_ms": 10000,
                    "heartbeat_interval_ms": 500,
                    **more,
                },
            )
        )

    def on_partitions_assigned(self, parts):
        self.assigned += 1

    def on_partitions_revoked(self, parts):
        pass

    async def run(self, topic, settings):
        try:
            c = AIOKafkaConsumer(
                bootstrap_servers=BOOTSTRAP,
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                **settings,
            )
            c.subscribe([topic], listener=self)
            await c.start()
            try:
                while not self.stop:
                    fresh = [
                        r.value
                        for records in (await c.getmany(timeout_ms=50)).values()
                        for r in records
                    ]
                    self.got += fresh
                    self.owned = {p.partition for p in c.assignment()}
                    if fresh:
                        await c.commit()
            finally:
                self.owned = set()
                await c.stop()
        except Exception as e:
            self.error = e

    async def leave(self):
        self.stop = True
        await asyncio.wait_for(self.task, 15)
        check(self.error is None, f"member failed: {self.error!r}")


async def roundtrip():
    topic = await create("s1", 3)
    async with producer(linger_ms=5) as p:
        acks = [
            await p.send(
                topic,
                f"v{i}".encode(),
                f"k{i % 97}".encode(),
                headers=[("n", str(i).encode()), ("nil", None)],
            )
            for i in range(10000)
        ]
        await p.flush()
        await asyncio.gather(*acks)
    got = await read_all(topic, 3)
    check(all(("nil", None) in r.headers for r in got), "null header")
    return order(
        [(r.key, r.value, dict(r.headers)["n"], r.partition, r.offset) for r in got], 10000
    )


async def codecs():
    topic = await create("s2", len(CODECS))
    for part, codec in enumerate(CODECS):
        async with producer(compression_type=None if codec == "none" else codec, linger_ms=20) as p:
            await asyncio.gather(
                *[
                    await p.send(topic, text(i), f"k{i}".encode(), partition=part)
                    for i in range(500)
                ]
            )
    got = await read_all(topic, len(CODECS))
    for part, codec in enumerate(CODECS):
        equal([text(i) for i in range(500)], [r.value for r in got if r.partition == part], codec)
    return " ".join(CODECS)


async def idempotent():
    topic, acks = await create("s3", 1), []
    async with producer(enable_idempotence=True) as p:
        for i in range(2000):
            acks.append(await p.send(topic, f"v{i}".encode(), b"k"))
            if i % 100 == 0:
                await p.flush()
        await p.flush()
        equal(list(range(2000)), [(await a).offset for a in acks], "offsets")
    equal(
        [f"v{i}".encode() for i in range(2000)],
        [r.value for r in await read_all(topic, 1)],
        "values",
    )
    return "2000 records"


async def group():
    topic, group = await create("group", 6), name("group")
    start = lambda: Member(topic, group)
    a = start()
    await eventually("one member owns 6", lambda: shares([a], 6))
    b, c = start(), start()
    await eventually("three members own 2 each", lambda: shares([a, b, c], 2))
    await send(topic, 0, 3000)
    await eventually("3000 consumed", lambda: len(a.got) + len(b.got) + len(c.got) >= 3000)
    check(a.got and b.got and c.got, "every member consumes")
    await c.leave()
    await eventually("two members own 3 each", lambda: shares([a, b], 3))
    await send(topic, 3000, 4000)
    await eventually("4000 consumed", lambda: len(a.got) + len(b.got) + len(c.got) >= 4000)
    await a.leave()
    await b.leave()
    equal(
        [f"v{i}".encode() for i in range(4000)],
        sorted(a.got + b.got + c.got, key=lambda v: int(v[1:])),
        "records",
    )
    await send(topic, 4000, 4600)
    d = start()
    await eventually("600 after restart", lambda: len(d.got) >= 600)
    await asyncio.sleep(0.3)
    await d.leave()
    equal(
        [f"v{i}".encode() for i in range(4000, 4600)],
        sorted(d.got, key=lambda v: int(v[1:])),
        "records after restart",
    )
    return "1, 3, 2 members, 4600 records"


async def sticky():
    topic, group = await create("s5", 6), name("sticky")
    start = lambda: Member(topic, group, partition_assignment_strategy=[StickyPartitionAssignor])
    a = start()
    await eventually("one member owns 6", lambda: shares([a], 6))
    b = start()
    await eventually("two members own 3 each", lambda: shares([a, b], 3))
    kept = a.owned
    await b.leave()
    await eventually("one member owns 6 again", lambda: shares([a], 6))
    check(kept <= a.owned, "sticky assignment")
    await a.leave()
    fixed = name("static")
    start = lambda who: Member(topic, fixed, group_instance_id=who, session_timeout_ms=30000)
    c, d = start("one"), start("two")
    await eventually("static members own 3 each", lambda: shares([c, d], 3))
    before, rebalances = d.owned, c.assigned
    await d.leave()
    e = start("two")
    await eventually("the static member is back", lambda: shares([c, e], 3))
    equal(before, e.owned, "assignment of the returned member")
    await asyncio.sleep(1.5)
    equal(rebalances, c.assigned, "rebalances seen by the member that stayed")
    await c.leave()
    await e.leave()
    return "sticky (no cooperative assignor), static member back without rebalance"


async def transactions():
    topic, tid = await create("s7", 2), name("tx")
    async with producer(transactional_id=tid) as p:
        for r in range(3):
            await p.begin_transaction()
            await send(topic, r * 100, r * 100 + 100, p)
            await (p.abort_transaction() if r == 1 else p.commit_transaction())
        committed = {r.value for r in await read_all(topic, 2, isolation_level="read_committed")}
        equal(
            {f"v{i}".encode() for i in [*range(100), *range(200, 300)]},
            committed,
            "read_committed records",
        )
        equal(300, len(await read_all(topic, 2)), "read_uncommitted records")
        await p.begin_transaction()
        await send(topic, 300, 310, p)
        equal(
            200,
            len(await read_all(topic, 2, isolation_level="read_committed")),
            "records while a transaction is open",
        )
        await p.commit_transaction()
        equal(
            210,
            len(await read_all(topic, 2, isolation_level="read_committed")),
            "records after commit",
        )

    source, out, group, rounds = await create("s7-in", 2), await create("s7-out", 2), name("eos"), 0
    await send(source, 0, 500)
    for restarted in (False, True):  # the first worker dies in the middle of a transaction
        async with producer(transactional_id=tid + "-eos") as p, consumer(
            group_id=group, isolation_level="read_committed", session_timeout_ms=6000
        ) as c:
            c.subscribe([source])
            quiet = 0
            while quiet < 5:
                batch = await c.getmany(timeout_ms=200, max_records=40)
                if not batch:
                    quiet += bool(c.assignment())
                    continue
                quiet = 0
                await p.begin_transaction()
                for records in batch.values():
                    for r in records:
                        await p.send(out, r.value, r.key)
                await p.send_offsets_to_transaction(
                    {tp: rs[-1].offset + 1 for tp, rs in batch.items()}, group
                )
                rounds += 1
                if not restarted and rounds == 4:
                    await p.abort_transaction()
                    break
                await p.commit_transaction()
    got = [r.value for r in await read_all(out, 2, isolation_level="read_committed")]
    equal(500, len(got), "processed records")
    equal(500, len(set(got)), "distinct processed records")
    async with admin() as a:
        equal(
            500,
            sum(o.offset for o in (await a.list_consumer_group_offsets(group)).values()),
            "offsets committed in transactions",
        )
    return "200+10 committed, 100 aborted, 500 exactly once"


async def group_calls(a, topic, group):
    m = Member(topic, group)
    await eventually("100 records", lambda: len(m.got) == 100 and len(m.owned) == 4)
    await m.leave()
    check(group in [g[0] for g in await a.list_consumer_groups()], "list_consumer_groups")
    check(group in str(await a.describe_consumer_groups([group])), "describe_consumer_groups")
    tp = TopicPartition(topic, 0)
    equal(100, (await a.list_consumer_group_offsets(group))[tp].offset, "committed")


async def administration():
    topic, group = await create("s8", 2, retention_ms=3600000), name("s8")
    async with admin() as a, producer() as p:
        check(topic in await a.list_topics(), "list_topics")

        async def config(key):
            response = (
                await a.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
            )[0]
            return {entry[0]: entry[1] for entry in response.resources[0][4]}[key]

        equal("3600000", await config("retention.ms"), "retention.ms")
        await a.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": "65536"})]
        )

        async def altered():
            return await config("max.message.bytes") == "65536"

        await eventually("altered config", altered)
        await a.create_partitions({topic: NewPartitions(4)})

        async def grown():
            return len((await a.describe_topics([topic]))[0]["partitions"]) == 4

        await eventually("4 partitions", grown)
        for i in range(100):
            await p.send(topic, b"0123456789", b"k", partition=0)
        await p.flush()
        tp = TopicPartition(topic, 0)
        if has("groups"):
            await group_calls(a, topic, group)
        equal(40, (await a.delete_records({tp: RecordsToDelete(40)}))[tp], "low watermark")
        check((await a.describe_cluster())["brokers"], "brokers")
        raise_for(await a.delete_topics([topic]))

        async def gone():
            return topic not in await a.list_topics()

        await eventually("topic gone", gone)
    return "topics, configs, records, cluster"


async def seek():
    topic, t0 = await create("s9", 1), int(time.time() * 1000) - 3600000
    async with producer() as p:
        for i in range(1000):
            await p.send(topic, f"v{i}".encode(), b"k", partition=0, timestamp_ms=t0 + i * 1000)
    tp = TopicPartition(topic, 0)
    async with consumer(max_poll_records=1) as c:
        c.assign([tp])
        found = (await c.offsets_for_times({tp: t0 + 499500}))[tp]
        equal((500, t0 + 500000), (found.offset, found.timestamp), "offset for time")
        equal(
            None, (await c.offsets_for_times({tp: t0 + 10000000}))[tp], "time after the last record"
        )
        equal(
            (0, 1000),
            ((await c.beginning_offsets([tp]))[tp], (await c.end_offsets([tp]))[tp]),
            "beginning and end",
        )
        for where in (250, 999, 0):
            c.seek(tp, where)
            r = await asyncio.wait_for(c.getone(), 20)
            equal(
                (where, f"v{where}".encode(), t0 + where * 1000),
                (r.offset, r.value, r.timestamp),
                "record after seek",
            )
        await c.seek_to_end(tp)
        equal(1000, await c.position(tp), "position at the end")
        check(not await c.getmany(timeout_ms=300), "nothing after the end")
    return "1000 records, 3 seeks, 2 time look-ups"


async def sizes():
    topic, small = await create("s10", 1), await create("s10s", 2)
    big = random.Random(7).randbytes(900_000)
    async with producer(linger_ms=5) as p:
        acks = [await p.send(topic, bytes([i]) + big, f"k{i}".encode()) for i in range(8)]
        acks += [await p.send(small, bytes([i & 255]), f"k{i}".encode()) for i in range(20000)]
        await asyncio.gather(*acks)
    equal(
        [bytes([i]) + big for i in range(8)],
        [r.value for r in await read_all(topic, 1)],
        "large values",
    )
    equal(20000, len(await read_all(small, 2)), "small records")
    return "8 of 900 KB, 20000 of 1 byte"


async def errors():
    topic, seen = await create("s12", 1, max_message_bytes=10000), 0

    async def fails(want, what, coroutine):
        nonlocal seen
        try:
            await coroutine
        except Exception as e:
            check(isinstance(e, want), f"{what}: want {want.__name__}, got {e!r}")
            seen += 1
            return
        raise AssertionError(f"{what}: want {want.__name__}, got no error")

    async with admin() as a, producer() as p:

        async def new(n, parts, rf, **config):
            raise_for(await a.create_topics([NewTopic(n, parts, rf, topic_configs=config)]))

        async def drop(n):
            raise_for(await a.delete_topics([n]))

        await fails(err.UnknownTopicOrPartitionError, "unknown topic", drop(name("missing")))
        await fails(err.TopicAlreadyExistsError, "existing topic", new(topic, 1, 1))
        await fails(err.InvalidTopicError, "topic name", new("bad topic!", 1, 1))
        await fails(err.InvalidPartitionsError, "0 partitions", new(name("p0"), 0, 1))
        await fails(err.InvalidReplicationFactorError, "replication 9", new(name("rf"), 1, 9))
        await fails(
            err.InvalidConfigurationError,
            "unknown config",
            new(name("cfg"), 1, 1, **{"no.such.config": "1"}),
        )
        await fails(AssertionError, "invalid partition", p.send(topic, b"x", partition=99))
        await fails(
            err.MessageSizeTooLargeError, "message too large", p.send_and_wait(topic, bytes(50_000))
        )
        await p.send_and_wait(topic, b"x")
    async with consumer(auto_offset_reset="none") as c:
        c.assign([TopicPartition(topic, 0)])
        c.seek(TopicPartition(topic, 0), 500)
        await fails(
            err.OffsetOutOfRangeError, "offset out of range", asyncio.wait_for(c.getone(), 20)
        )
    if has("transactions"):
        tid = name("fenced")
        async with producer(transactional_id=tid) as old:
            await old.begin_transaction()
            await send(topic, 0, 1, old)
            async with producer(transactional_id=tid):
                await fails(err.ProducerFenced, "fenced producer", old.commit_transaction())
    return f"{seen} typed errors"


loop = lambda coroutine, *args: lambda: asyncio.run(asyncio.wait_for(coroutine(*args), 85))
run(
    CLIENT,
    {
        "S1": loop(roundtrip),
        "S2": loop(codecs),
        "S3": loop(idempotent),
        "S4": loop(group),
        "S5": loop(sticky),
        "S7": loop(transactions),
        "S8": loop(administration),
        "S9": loop(seek),
        "S10": loop(sizes),
        "S12": loop(errors),
    },
    {"S6": "the client has no group.protocol=consumer"},
)

"""PySpark Structured Streaming over Kafka: windows with a watermark, a Kafka sink, restart after a
crash, bounded batch reads."""

import glob
import json
import os
import time
from collections import Counter
from datetime import datetime, timezone

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.streaming import StreamingContext

from seeds import BOOTSTRAP, WORK, check, click, create, equal, main, unique, until

N1, N2, PER_TRIGGER = 1500, 1500, 250
admin = AdminClient({"bootstrap.servers": BOOTSTRAP})
CLICKS, RESULT, WORDS = unique("clickstream-data"), unique("clicks-enriched"), unique("text-stream")


def millis(e):
    return int(datetime.fromisoformat(e["timestamp"].replace("Z", "+00:00")).timestamp() * 1000)


def produce(first, last):
    p = Producer({"bootstrap.servers": BOOTSTRAP, "linger.ms": 5, "compression.type": "lz4"})
    for i in range(first, last):
        e = click(i)
        p.produce(CLICKS, json.dumps(e), key=e["user_id"], timestamp=millis(e))
        p.poll(0)
    equal(p.flush(20), 0, "left after flush")


def read_committed(topic, partitions):
    c = Consumer(
        {
            "bootstrap.servers": BOOTSTRAP,
            "group.id": unique("check"),
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
        }
    )
    ends = {}
    for p in range(partitions):
        ends[p] = c.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1]
    c.assign([TopicPartition(topic, p, 0) for p in range(partitions)])
    out, end = [], time.monotonic() + 20
    while len(out) < sum(ends.values()) and time.monotonic() < end:
        out += [m for m in c.consume(500, 0.2) if m.error() is None]
    c.close()
    return out


def session():
    made = (
        SparkSession.builder.appName("seeds")
        .master("local[2]")
        .config("spark.jars", os.environ["SPARK_KAFKA_JARS"])
        .config("spark.sql.shuffle.partitions", 2)
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.local.dir", WORK)
        .config("spark.sql.streaming.metricsEnabled", "false")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .getOrCreate()
    )
    made.sparkContext.setLogLevel("ERROR")
    return made


spark = session()
schema = "user_id STRING, action STRING, timestamp TIMESTAMP, seq INT"
counts = {}  # what the windowed query says so far
crash_at = [3]  # the batch after which the saving query fails, once


def stream(**more):
    r = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", BOOTSTRAP)
        .option("startingOffsets", "earliest")
    )
    for k, v in ({"subscribe": CLICKS, "maxOffsetsPerTrigger": PER_TRIGGER} | more).items():
        r = r.option(k, v)
    return r.load()


def clicks(raw):
    return (
        raw.select(
            "topic",
            "partition",
            "offset",
            "key",
            F.from_json(F.col("value").cast("string"), schema).alias("e"),
        )
        .select("*", "e.*")
        .drop("e")
    )


def keep(batch, _):
    for r in batch.collect():
        counts[(r["start"], r["user_id"])] = r["count"]


def windowed():
    """Clicks per user in event-time windows of 10 s behind a 5 s watermark."""
    return (
        clicks(stream())
        .withWatermark("timestamp", "5 seconds")
        .groupBy(F.window("timestamp", "10 seconds"), "user_id")
        .count()
        .select(F.col("window.start").cast("long").alias("start"), "user_id", "count")
        .writeStream.outputMode("update")
        .option("checkpointLocation", f"{WORK}/cp-window")
        .foreachBatch(keep)
    )


def save(batch, batch_id):
    """Every offset once: the file of a batch is overwritten when the batch is replayed."""
    rows = [[r["partition"], r["offset"], r["seq"]] for r in batch.collect()]
    with open(f"{WORK}/batches/{batch_id}.json", "w") as f:
        json.dump(rows, f)
    if batch_id in crash_at:
        crash_at.remove(batch_id)
        raise RuntimeError("crash on purpose after the work, before the batch is recorded as done")


def saved():
    return (
        clicks(stream())
        .select("partition", "offset", "seq")
        .writeStream.option("checkpointLocation", f"{WORK}/cp-save")
        .foreachBatch(save)
    )


def enriched():
    """Back to Kafka."""
    return (
        clicks(stream())
        .select(
            F.col("user_id").alias("key"),
            F.to_json(
                F.struct("seq", F.upper("action").alias("action"), "partition", "offset")
            ).alias("value"),
        )
        .writeStream.format("kafka")
        .option("kafka.bootstrap.servers", BOOTSTRAP)
        .option("topic", RESULT)
        .option("checkpointLocation", f"{WORK}/cp-kafka")
    )


def batch(**options):
    r = (
        spark.read.format("kafka")
        .option("kafka.bootstrap.servers", BOOTSTRAP)
        .option("subscribe", CLICKS)
    )
    for k, v in options.items():
        r = r.option(k, v)
    return r.load()


def first_part():
    produce(0, N1)
    crashed = saved().trigger(availableNow=True).start()
    try:
        crashed.awaitTermination(60)
        check(False, "the query did not crash as arranged")
    except Exception as e:
        check("crash on purpose" in str(e), f"unexpected error {e!s:.300}")
    for q in [w().trigger(availableNow=True).start() for w in (windowed, enriched)]:
        check(q.awaitTermination(60), "first part did not finish")
    equal(sum(counts.values()), N1, "clicks in windows, first part")


def restarted():
    """More events arrive while nothing runs; each query goes on from its checkpoint."""
    produce(N1, N1 + N2)
    queries = [w().start() for w in (saved, windowed, enriched)]
    for q in queries:
        q.processAllAvailable()
    produce(N1 + N2, N1 + N2 + 300)
    for q in queries:
        q.processAllAvailable()
        q.stop()
    return N1 + N2 + 300


def verify(total):
    """What the queries left; returns the rows (partition, offset, seq), and two counts."""
    rows = [tuple(r) for f in glob.glob(f"{WORK}/batches/*.json") for r in json.load(open(f))]
    equal(len(rows), total, "rows over all batches (no loss, no duplicates)")
    equal(len({(p, o) for p, o, _ in rows}), total, "distinct offsets")
    equal({s for _, _, s in rows}, set(range(total)), "events")
    expected = Counter((millis(click(i)) // 10000 * 10, click(i)["user_id"]) for i in range(total))
    equal(counts, dict(expected), "clicks per user and window")
    sink = read_committed(RESULT, 2)
    equal(len(sink), total, "records in the Kafka sink")
    values = [json.loads(m.value()) for m in sink]
    equal(
        {(v["partition"], v["offset"], v["seq"]) for v in values},
        set(rows),
        "contents of the Kafka sink",
    )
    check(
        all(
            m.key().decode() == click(v["seq"])["user_id"]
            and v["action"] == click(v["seq"])["action"].upper()
            for m, v in zip(sink, values)
        ),
        "keys and actions",
    )
    return rows, len(expected), len(sink)


def batches(total, ends):
    """Bounded reads: by offsets, by time, everything."""
    lo, hi = {str(p): 10 * (p + 1) for p in range(3)}, {str(p): ends[p] - 5 for p in range(3)}
    part = batch(
        startingOffsets=json.dumps({CLICKS: lo}),
        endingOffsets=json.dumps({CLICKS: hi}),
        minPartitions=6,
    )
    equal(part.count(), sum(hi.values()) - sum(lo.values()), "batch between given offsets")
    equal(
        batch(startingOffsets="earliest", endingOffsets="latest").count(),
        total,
        "batch from earliest to latest",
    )
    since = millis(click(1000))
    equal(
        batch(startingTimestamp=str(since), endingOffsets="latest", includeHeaders="true").count(),
        sum(1 for i in range(total) if i >= 1000),
        "batch from a time on",
    )
    got = (
        clicks(batch())
        .groupBy("action")
        .agg(F.count("*").alias("n"), F.sum("seq").alias("s"))
        .collect()
    )
    equal(
        {r["action"]: (r["n"], r["s"]) for r in got},
        {
            a: (len(x), sum(x))
            for a in {click(i)["action"] for i in range(total)}
            for x in [[i for i in range(total) if click(i)["action"] == a]]
        },
        "SQL aggregate",
    )


def words():
    """A word count: batch write to Kafka, stream into the memory sink."""
    text = ["hello world", "hello kafka", "hello stream processing world"] * 40
    spark.createDataFrame([(t,) for t in text], "value STRING").coalesce(1).write.format(
        "kafka"
    ).option("kafka.bootstrap.servers", BOOTSTRAP).option("topic", WORDS).save()
    q = (
        stream(subscribe=WORDS)
        .select(F.explode(F.split(F.col("value").cast("string"), " ")).alias("word"))
        .groupBy("word")
        .count()
        .writeStream.outputMode("complete")
        .format("memory")
        .queryName("words")
        .start()
    )
    q.processAllAvailable()
    equal(
        {r["word"]: r["count"] for r in spark.sql("SELECT * FROM words").collect()},
        dict(Counter(" ".join(text).split())),
        "word count",
    )
    q.stop()
    return len(text)


def dstream(total, ends):
    """Tutorial 3's lines over RDDs read from Kafka: PySpark itself has no DStream of Kafka."""
    ssc = StreamingContext(spark.sparkContext, 1)
    slices = [
        batch(
            startingOffsets=json.dumps({CLICKS: {str(p): ends[p] * k // 3 for p in range(3)}}),
            endingOffsets=json.dumps({CLICKS: {str(p): ends[p] * (k + 1) // 3 for p in range(3)}}),
        )
        for k in range(3)
    ]
    seen = []
    ssc.queueStream([s.selectExpr("partition", "offset").rdd for s in slices]).count().foreachRDD(
        lambda rdd: seen.append(sum(rdd.collect()))
    )
    ssc.start()
    until(30, lambda: sum(seen) >= total, "DStream of Kafka slices")
    ssc.stop(stopSparkContext=False, stopGraceFully=False)
    equal(sum(seen), total, "records through the DStream")


def body():
    t0 = time.monotonic()
    # the events' times are years old: under the default retention the broker would delete them
    for name, partitions in ((CLICKS, 3), (RESULT, 2), (WORDS, 1)):
        create(admin, name, partitions, **{"retention.ms": "-1"})
    os.makedirs(f"{WORK}/batches")
    first_part()
    print(f"first part after {time.monotonic() - t0:.1f} s")
    total = restarted()
    print(f"restarted part after {time.monotonic() - t0:.1f} s")
    rows, windows, sink = verify(total)
    ends = Counter(p for p, _, _ in rows)
    batches(total, ends)
    lines = words()
    dstream(total, ends)
    for f in admin.delete_topics([CLICKS, RESULT, WORDS]).values():
        f.result(20)
    spark.stop()
    return (
        f"{total} clicks in {windows} windows exact, a crash and 2 restarts without loss or"
        f" duplicate, {sink} in the Kafka sink, 4 batch reads, {total} through a"
        f" StreamingContext, {lines} lines word-counted, in {time.monotonic() - t0:.1f} s"
    )


main(body)

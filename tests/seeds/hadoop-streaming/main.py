"""Clickstream topic -> consumer -> files -> Hadoop Streaming (local mode), with the tutorial's
mapper and reducer -> counts."""

import glob
import json
import os
import subprocess
import time
from collections import Counter

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from seeds import BOOTSTRAP, LOCALHOST, WORK, check, click, create_py, equal, main, unique

HERE = os.path.dirname(os.path.abspath(__file__))
N = 4000


def body():
    t0 = time.monotonic()
    topic, group = unique("clickstream-data"), unique("to-hadoop")
    admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    create_py(admin, topic, 3)
    producer = KafkaProducer(
        bootstrap_servers=LOCALHOST,
        linger_ms=5,
        value_serializer=lambda v: json.dumps(v).encode("utf-8"),
    )
    raw = KafkaProducer(bootstrap_servers=LOCALHOST)
    for i in range(N):
        producer.send(topic, value=click(i))
        if i % 1000 == 0:
            raw.send(topic, value=b"not json at all")
    producer.flush(20), raw.flush(20)
    producer.close(), raw.close()

    os.makedirs(f"{WORK}/clickstream-data")
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=LOCALHOST,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=15000,
    )
    files = [open(f"{WORK}/clickstream-data/part-{p}.json", "wb") for p in range(3)]
    read, next_offset = 0, [0, 0, 0]
    for m in consumer:
        equal(m.offset, next_offset[m.partition], f"next offset of partition {m.partition}")
        next_offset[m.partition] += 1
        files[m.partition].write(m.value + b"\n")
        read += 1
        if read == N + 4:
            break
    [f.close() for f in files]
    consumer.commit()
    consumer.close()
    equal(read, N + 4, "records read into files")
    print(f"files after {time.monotonic() - t0:.1f} s")

    # hadoop jar hadoop-streaming.jar -input ... -output ... -mapper "python3 ..." -reducer ...
    out = f"{WORK}/processed-data"
    mapper, reducer = (f"{HERE}/{x}.py" for x in ("mapper", "reducer"))
    r = subprocess.run(
        [
            "java",
            *os.environ["HADOOP_JVM"].split(),
            "-cp",
            os.environ["HADOOP_CP"],
            "org.apache.hadoop.streaming.HadoopStreaming",
            "-D",
            "mapreduce.framework.name=local",
            "-D",
            "fs.defaultFS=file:///",
            "-D",
            f"hadoop.tmp.dir={WORK}/tmp",
            "-D",
            f"mapreduce.cluster.local.dir={WORK}/local",
            "-input",
            f"{WORK}/clickstream-data/",
            "-output",
            out,
            "-mapper",
            f"python3 {mapper}",
            "-reducer",
            f"python3 {reducer}",
            "-file",
            mapper,
            "-file",
            reducer,
        ],
        cwd=WORK,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=70,
    )
    print(r.stdout)
    equal(r.returncode, 0, "exit of the Hadoop job: " + r.stdout[-300:])
    check(os.path.exists(f"{out}/_SUCCESS"), "no _SUCCESS mark")
    found = {}
    for f in sorted(glob.glob(f"{out}/part-*")):
        for line in open(f):
            user, action, n = line.rstrip("\n").split("\t")
            check((user, action) not in found, f"{user} {action} twice")
            found[user, action] = int(n)
    expected = Counter((click(i)["user_id"], click(i)["action"]) for i in range(N))
    equal(found, dict(expected), "counts per user and action")
    admin.delete_groups([group])
    admin.delete_topics([topic])
    return (
        f"{N} clicks and 4 malformed lines in 3 files, {len(found)} counts by MapReduce summing to"
        f" {sum(found.values())}"
    )


main(body)

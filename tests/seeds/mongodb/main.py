"""Clickstream topic -> consumer -> MongoDB. A consumer dies between the insert and the commit;
upserts keyed by (topic, partition, offset) make the replay harmless. Then the tutorial's counts and
its query.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from pymongo import MongoClient

from seeds import BOOTSTRAP, LOCALHOST, WORK, check, click, create_py, equal, main, unique

HERE = os.path.dirname(os.path.abspath(__file__))
N = 630


def body():
    client = MongoClient(
        "localhost", int(os.environ["MONGODB_PORT"]), serverSelectionTimeoutMS=15000
    )
    equal(client.admin.command("ping")["ok"], 1.0, "ping of the database")
    clicks = client[unique("clickstream_db").replace("-", "_")]["clicks"]
    topic, group = unique("clickstream-data"), unique("to-mongodb")
    admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    create_py(admin, topic, 3)
    producer = KafkaProducer(
        bootstrap_servers=LOCALHOST,
        linger_ms=5,
        key_serializer=str.encode,
        value_serializer=lambda v: json.dumps(v).encode("utf-8"),
    )
    for i in range(N):
        producer.send(topic, key=click(i)["user_id"], value=click(i))
    producer.flush(20)
    producer.close()

    handled = upserted = 0

    def sink(batches):
        """Consumes so many batches at most; the last one's offsets are not committed, as if the
        process had died after storing it."""
        nonlocal handled, upserted
        c = KafkaConsumer(
            topic,
            bootstrap_servers=LOCALHOST,
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_poll_records=100,
            value_deserializer=lambda b: json.loads(b.decode("utf-8")),
        )
        quiet = time.monotonic()
        while batches and time.monotonic() - quiet < 1.5:
            records = [m for rs in c.poll(200).values() for m in rs]
            if not records:
                continue
            quiet = time.monotonic()
            for m in records:
                r = clicks.update_one(
                    {"_id": f"{m.topic}/{m.partition}/{m.offset}"},
                    {"$set": m.value | {"partition": m.partition, "offset": m.offset}},
                    upsert=True,
                )
                handled += 1
                upserted += r.upserted_id is not None
            batches -= 1
            if batches:
                c.commit()
        c.close(autocommit=False)

    sink(3)
    check(0 < clicks.count_documents({}) < N, "documents at the crash")
    sink(2)
    sink(1000)
    equal(clicks.count_documents({}), N, "documents (no loss, no duplicates)")
    equal(upserted, N, "documents inserted")
    check(handled > N, "nothing was replayed, so the crash proved nothing")
    equal(sorted(d["seq"] for d in clicks.find({}, {"seq": 1})), list(range(N)), "events")
    users = Counter(click(i)["user_id"] for i in range(N))
    equal(
        {u: clicks.count_documents({"user_id": u}) for u in users},
        dict(users),
        "clicks per user by query",
    )
    clicks.create_index("user_id")

    # mapper | sort | reducer | insert, then the tutorial's query
    lines = "".join(
        json.dumps({"user_id": d["user_id"], "action": d["action"]}) + "\n" for d in clicks.find()
    )
    py = f'"{sys.executable}"'
    hadoop = os.path.join(HERE, "..", "hadoop-streaming")
    client["clickstream_db"].drop_collection("user_clicks")
    subprocess.run(
        f'{py} "{hadoop}/mapper.py" | LC_ALL=C sort | {py} "{hadoop}/reducer.py" | {py}'
        f' "{HERE}/insert_user_clicks.py"',
        shell=True,
        input=lines,
        text=True,
        check=True,
        timeout=30,
    )
    collection = client["clickstream_db"]["user_clicks"]
    expected = Counter((click(i)["user_id"], click(i)["action"]) for i in range(N))
    equal(
        {(d["user_id"], d["last_action"]): d["click_count"] for d in collection.find()},
        dict(expected),
        "counts stored",
    )
    busy = {
        (user["user_id"], user["last_action"])
        for user in collection.find({"click_count": {"$gt": 10}})
    }
    equal(busy, {k for k, n in expected.items() if n > 10}, "users with more than 10 clicks")
    client.drop_database(clicks.database.name)
    admin.delete_groups([group])
    admin.delete_topics([topic])
    return (
        f"{N} documents from {handled} deliveries over 2 crashes ({handled - N} replayed),"
        f" {len(expected)} counts stored, {len(busy)} above 10"
    )


main(body)

"""kafka-python: the text-stream loops of tutorial 2, then clicks by groups and transactions."""

import json
import threading
import time
from collections import Counter

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from nltk.tokenize import word_tokenize

from seeds import BOOTSTRAP, LOCALHOST, check, click, create_py, equal, main, unique, until

MESSAGE = "Hello, World! This is a stream message."
TOKENS = ["Hello", ",", "World", "!", "This", "is", "a", "stream", "message", "."]


def text_stream(admin, n=30):
    topic = unique("text-stream")
    create_py(admin, topic, 1)
    seen = []
    ready = threading.Event()

    def consumer_loop():
        # the tutorial's loop: no group, only what arrives from now on
        consumer = KafkaConsumer(topic, bootstrap_servers=LOCALHOST, consumer_timeout_ms=15000)
        until(15, lambda: (consumer.poll(100), consumer.assignment())[1], "assignment")
        consumer.position(TopicPartition(topic, 0))
        ready.set()
        for message in consumer:
            text = message.value.decode()
            # preserve_line=True: without the sentence model that would have to be downloaded
            tokens = word_tokenize(text, preserve_line=True)
            seen.append((message.offset, tokens))
            if len(seen) == n:
                break
        consumer.close()

    early = KafkaProducer(bootstrap_servers=LOCALHOST)
    early.send(topic, b"sent before the consumer started").get(10)
    early.close()
    t = threading.Thread(target=consumer_loop, daemon=True)
    t.start()
    check(ready.wait(20), "consumer not ready")
    producer = KafkaProducer(bootstrap_servers=LOCALHOST)
    for _ in range(n):
        message = MESSAGE
        producer.send(topic, value=message.encode())
        time.sleep(0.01)
    t.join(25)
    check(not t.is_alive(), "consumer loop did not end")
    equal(seen, [(i + 1, TOKENS) for i in range(n)], "tokens")
    producer.close()
    return topic


def clickstream(admin, n=3000):
    topic, group = unique("clickstream-data"), unique("clicks")
    create_py(admin, topic, 3)
    codecs = (None, "gzip", "snappy", "lz4", "zstd")
    for k, codec in enumerate(codecs):
        part = range(n * k // len(codecs), n * (k + 1) // len(codecs))
        p = KafkaProducer(
            bootstrap_servers=BOOTSTRAP,
            compression_type=codec,
            linger_ms=5,
            acks="all",
            key_serializer=str.encode,
            value_serializer=lambda v: json.dumps(v).encode("utf-8"),
        )
        futures = [
            p.send(
                topic, key=(e := click(i))["user_id"], value=e, headers=[("seq", str(i).encode())]
            )
            for i in part
        ]
        p.flush(20)
        at = {(f.get(1).partition, f.get(1).offset) for f in futures}
        equal(len(at), len(part), "distinct offsets acknowledged")
        p.close()

    def consumer():
        return KafkaConsumer(
            topic,
            bootstrap_servers=BOOTSTRAP,
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            heartbeat_interval_ms=500,
            session_timeout_ms=10000,
            value_deserializer=lambda b: json.loads(b),
        )

    seen, owners, lock, stop = Counter(), {}, threading.Lock(), threading.Event()

    def member(me, limit):
        c = consumer()
        c.subscribe([topic])
        mine = 0
        while not stop.is_set():
            for tp, records in c.poll(200, max_records=limit).items():
                with lock:
                    for m in records:
                        seen[m.value["seq"]] += 1
                        check(m.headers[0][1] == str(m.value["seq"]).encode(), "header")
                    owners.setdefault(tp.partition, set()).add(me)
                mine += len(records)
            c.commit()
            if sum(seen.values()) >= n:
                stop.set()
        c.close()

    errors = []

    def guarded(*a):
        try:
            member(*a)
        except BaseException as e:
            errors.append(e)
            stop.set()

    ts = [threading.Thread(target=guarded, args=(i, 100), daemon=True) for i in range(2)]
    [t.start() for t in ts]
    [t.join(30) for t in ts]
    equal(errors, [], "consumer errors")
    equal(sum(seen.values()), n, "records consumed by the group")
    equal(set(seen), set(range(n)), "every event once")
    c = consumer()
    parts = [TopicPartition(topic, p) for p in range(3)]
    equal(sum(c.committed(p) for p in parts), n, "committed offsets")
    equal(c.end_offsets(parts), {p: c.committed(p) for p in parts}, "end offsets")
    c.subscribe([topic])
    equal(sum(len(r) for r in c.poll(2000).values()), 0, "records after the committed offsets")
    c.close()
    d = admin.describe_groups([group])
    check(group in str(d) and "Empty" in str(d), f"group description {d!s:.200}")
    users = Counter(click(i)["user_id"] for i in range(n))
    c = KafkaConsumer(
        bootstrap_servers=BOOTSTRAP,
        value_deserializer=lambda b: json.loads(b),
        consumer_timeout_ms=5000,
    )
    c.assign(parts)
    c.seek_to_beginning()
    found = Counter()
    for m in c:
        found[m.value["user_id"]] += 1
        if sum(found.values()) == n:
            break
    equal(found, users, "clicks per user")
    c.close()
    return topic, group, found


def transactions(admin):
    topic = unique("tx")
    create_py(admin, topic, 1)
    p = KafkaProducer(
        bootstrap_servers=BOOTSTRAP, transactional_id=unique("tx"), transaction_timeout_ms=20000
    )
    p.init_transactions()
    for keep in (True, False, True):
        p.begin_transaction()
        for i in range(50):
            p.send(topic, str(i if keep else -1).encode())
        p.commit_transaction() if keep else p.abort_transaction()
    p.close()
    c = KafkaConsumer(
        topic,
        bootstrap_servers=BOOTSTRAP,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        consumer_timeout_ms=1500,
    )
    equal([int(m.value) for m in c], [*range(50)] * 2, "committed values")
    c.close()
    return topic


def body():
    t0 = time.monotonic()
    admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    topics = [text_stream(admin)]
    topic, group, found = clickstream(admin)
    topics += [topic, transactions(admin)]
    check(set(topics) <= set(admin.list_topics()), "topics missing from the list")
    check(group in str(admin.list_groups()), "group missing from the list")
    admin.delete_groups([group])
    admin.delete_topics(topics)
    until(10, lambda: not set(topics) & set(admin.list_topics()), "topics gone")
    return (
        f"30 messages tokenized, {sum(found.values())} clicks of {len(found)} users in 5 codecs by"
        f" 2 members, 100 of 150 transactional, in {time.monotonic() - t0:.1f} s"
    )


main(body)

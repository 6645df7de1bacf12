"""Shared by the Python pipelines: the address, unique names, and the closing PASS/FAIL line."""

import os
import sys
import time
import traceback
import uuid

BOOTSTRAP = os.environ["BOOTSTRAP"]
WORK = os.environ.get("WORK", "/tmp")
NAME = os.environ.get("NAME", "pipeline")
# The tutorials write 'localhost'; the same name is used wherever the address is a loopback one.
LOCALHOST = BOOTSTRAP.replace("127.0.0.1", "localhost")


def unique(name):
    return f"{name}-{uuid.uuid4().hex[:10]}"


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def equal(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: expected {expected!r:.300}, found {actual!r:.300}")


def until(seconds, step, what):
    """Calls step() until it returns something true, or fails."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        r = step()
        if r:
            return r
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


def quietly(step):
    """step() as something to wait for: an error means not yet."""

    def attempt():
        try:
            return step()
        except Exception:
            return False

    return attempt


# A topic just created: Apache Kafka may answer the first requests with NOT_LEADER_OR_FOLLOWER while
# the partition comes up, and an idempotent producer with several batches in flight can then be left
# with OUT_OF_ORDER_SEQUENCE_NUMBER for good.
# So nothing is produced before an offset query for every partition has been answered.
def create(admin, name, partitions, **config):
    """Creates a topic with confluent_kafka and waits until every partition answers."""
    from confluent_kafka import TopicPartition
    from confluent_kafka.admin import NewTopic, OffsetSpec

    admin.create_topics([NewTopic(name, partitions, -1, config=config)])[name].result(20)
    until(
        10,
        lambda: len(admin.list_topics(name, timeout=10).topics[name].partitions) == partitions,
        f"{name} in metadata",
    )
    asked = {TopicPartition(name, p): OffsetSpec.latest() for p in range(partitions)}
    until(
        10,
        quietly(lambda: all(f.result(10).offset == 0 for f in admin.list_offsets(asked).values())),
        f"{name} to answer",
    )


def create_py(admin, name, partitions):
    """The same with kafka-python's KafkaAdminClient."""
    from kafka import TopicPartition
    from kafka.admin import NewTopic, OffsetSpec

    admin.create_topics([NewTopic(name, partitions, -1)])
    until(10, lambda: name in admin.list_topics(), f"{name} in metadata")
    asked = {TopicPartition(name, p): OffsetSpec.LATEST for p in range(partitions)}
    until(
        10,
        quietly(lambda: all(o.offset == 0 for o in admin.list_partition_offsets(asked).values())),
        f"{name} to answer",
    )


def main(body):
    try:
        figures = body()
    except BaseException as e:  # the closing line is printed whatever went wrong
        traceback.print_exc()
        print(f"\nFAIL {NAME}: " + f"{type(e).__name__}: {e}".replace("\n", " ")[:600], flush=True)
        sys.stdout.flush()
        os._exit(1)
    print(f"\nPASS {NAME}: {figures}", flush=True)
    sys.stdout.flush()
    os._exit(0)


USERS = [f"u{n:02d}" for n in range(20)]
ACTIONS = ["view_product", "add_to_cart", "purchase", "search"]


def click(i, base="2024-12-29T12:30:45Z"):
    """The i-th event of the clickstream: user, action, event time (one every 100 ms)."""
    from datetime import datetime, timedelta, timezone

    t = datetime.fromisoformat(base.replace("Z", "+00:00")) + timedelta(milliseconds=100 * i)
    return {
        "user_id": USERS[(i * 7) % len(USERS)],
        "action": ACTIONS[(i // 3) % len(ACTIONS)],
        "timestamp": (
            t.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.")
            + f"{t.microsecond // 1000:03d}Z"
        ),
        "seq": i,
    }

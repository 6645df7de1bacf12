#!/usr/bin/python3
"""Transactions: confluent-kafka's transactional producer, readers of both isolation levels, crashes
of the broker in the middle, and a case that goes wrong with Kafka (KAFKA-17754)."""
import unittest

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from raw_protocol import Connection
from support import BrokerTest, until

NONE, UNKNOWN_PARTITION, INVALID_REQUEST = 0, 3, 42
PRODUCER_EPOCH, INVALID_TXN_STATE, MAPPING, INVALID_TIMEOUT, CONCURRENT = 47, 48, 49, 50, 51
LOADING, NOT_AVAILABLE, NOT_COORDINATOR = 14, 15, 16
SECONDS = 30


class TransactionsTest(BrokerTest):

    settings = ("transaction.abort.timed.out.transaction.cleanup.interval.ms=200",)

    def producer(self, transactional_id, timeout_ms=60_000):
        return Producer({"bootstrap.servers": self.broker.bootstrap,
                         "transactional.id": transactional_id,
                         "transaction.timeout.ms": timeout_ms, "log_level": 0})

    def begun(self, transactional_id, **settings):
        producer = self.producer(transactional_id, **settings)
        producer.init_transactions(SECONDS)
        producer.begin_transaction()
        return producer

    def create(self, partitions=1):
        name = self.topic_name()
        admin = AdminClient({"bootstrap.servers": self.broker.bootstrap})
        admin.create_topics([NewTopic(name, partitions, 1)])[name].result(SECONDS)
        return name

    def read(self, topic, isolation="read_committed", partitions=1):
        """All that such a reader sees up to the end that it is shown now."""
        consumer = Consumer({"bootstrap.servers": self.broker.bootstrap, "group.id": "no-group",
                             "enable.auto.commit": False, "enable.partition.eof": True,
                             "isolation.level": isolation})
        try:
            consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING)
                             for p in range(partitions)])
            values, ended = [], set()

            def poll():
                message = consumer.poll(0.2)
                if message is None:
                    return False
                if message.error():
                    ended.add(message.partition())
                else:
                    values.append(message.value().decode())
                return len(ended) == partitions
            until(poll, f"the end of {topic}")
            return values
        finally:
            consumer.close()

    def send(self, producer, topic, *values, partition=0):
        for value in values:
            producer.produce(topic, value, partition=partition)
        self.assertEqual(producer.flush(SECONDS), 0)

    def test_readers_of_committed_records_see_what_was_committed(self):
        topic, tid = self.create(2), self.topic_name("id")
        producer = self.begun(tid)
        self.send(producer, topic, "a", "b")
        self.send(producer, topic, "c", partition=1)
        self.assertEqual(self.read(topic, partitions=2), [], "nothing has been committed yet")
        producer.commit_transaction(SECONDS)
        producer.begin_transaction()
        self.send(producer, topic, "never")
        producer.abort_transaction(SECONDS)
        producer.begin_transaction()
        self.send(producer, topic, "d")
        producer.commit_transaction(SECONDS)
        self.assertEqual(sorted(self.read(topic, partitions=2)), ["a", "b", "c", "d"])
        self.assertIn("never", self.read(topic, "read_uncommitted", partitions=2))

    def test_a_second_producer_takes_over_and_fences_the_first(self):
        topic, tid = self.create(), self.topic_name("id")
        first = self.begun(tid)
        self.send(first, topic, "of the first")
        second = self.begun(tid)
        self.send(second, topic, "of the second")
        second.commit_transaction(SECONDS)
        with self.assertRaises(KafkaException) as caught:
            first.commit_transaction(SECONDS)
        self.assertTrue(caught.exception.args[0].fatal(), caught.exception)
        self.assertEqual(self.read(topic), ["of the second"])

    def test_a_transaction_that_takes_too_long_is_aborted(self):
        topic = self.create()
        slow = self.begun(self.topic_name("id"), timeout_ms=1000)
        self.send(slow, topic, "late")
        other = self.begun(self.topic_name("id"))
        self.send(other, topic, "behind it")
        other.commit_transaction(SECONDS)
        until(lambda: self.read(topic) == ["behind it"], "the abort to make way")
        with self.assertRaises(KafkaException):
            slow.commit_transaction(SECONDS)

    def test_what_was_committed_outlives_a_crash_and_what_was_not_is_aborted(self):
        self.need_own_broker()
        topic, tid = self.create(), self.topic_name("id")
        producer = self.begun(tid)
        self.send(producer, topic, "committed")
        producer.commit_transaction(SECONDS)
        self.broker.kill()
        self.broker.start()
        producer.begin_transaction()
        self.send(producer, topic, "open when the broker died")
        self.broker.kill()
        self.broker.start()
        self.assertEqual(self.read(topic), ["committed"], "still open")
        successor = self.begun(tid)
        self.send(successor, topic, "after")
        successor.commit_transaction(SECONDS)
        self.assertEqual(self.read(topic), ["committed", "after"])

    def test_every_crash_leaves_whole_transactions(self):
        self.need_own_broker()
        topic, tid = self.create(3), self.topic_name("id")
        for crash in range(4):
            producer = self.begun(tid)
            for n in range(5):
                if n > 0:
                    producer.begin_transaction()
                for p in range(3):
                    producer.produce(topic, f"{crash}.{n}", partition=p)
                producer.commit_transaction(SECONDS)
            producer.begin_transaction()
            for p in range(3):
                producer.produce(topic, f"{crash}.lost", partition=p)
            producer.flush(SECONDS)
            self.broker.kill()
            self.broker.start()
        self.begun(tid).abort_transaction(SECONDS)
        values = self.read(topic, partitions=3)
        expected = [f"{crash}.{n}" for crash in range(4) for n in range(5)] * 3
        self.assertEqual(sorted(values), sorted(expected))

    def worker(self, group, source):
        """A member of the group, with what it owns."""
        consumer = Consumer({"bootstrap.servers": self.broker.bootstrap, "group.id": group,
                             "enable.auto.commit": False, "isolation.level": "read_committed",
                             "auto.offset.reset": "earliest", "session.timeout.ms": 6000})
        self.addCleanup(consumer.close)
        consumer.subscribe([source])
        return consumer

    def transform(self, consumer, producer, sink, count, commit=True):
        """Up to `count` messages of the consumer in one transaction; how many there were."""
        messages = consumer.consume(count, timeout=1)
        if not messages:
            return 0
        producer.begin_transaction()
        for message in messages:
            self.assertIsNone(message.error())
            producer.produce(sink, b"made of " + message.value(), partition=0)
        producer.send_offsets_to_transaction(consumer.position(consumer.assignment()),
                                             consumer.consumer_group_metadata(), SECONDS)
        if commit:
            producer.commit_transaction(SECONDS)
        else:
            producer.abort_transaction(SECONDS)
        return len(messages)

    def test_positions_move_with_the_transaction_or_not_at_all(self):
        source, sink, group, tid = (self.create(), self.create(), self.topic_name("group"),
                                    self.topic_name("id"))
        feeder = Producer({"bootstrap.servers": self.broker.bootstrap})
        self.send(feeder, source, *(str(i) for i in range(40)))
        producer = self.producer(tid)
        producer.init_transactions(SECONDS)
        first = self.worker(group, source)
        until(lambda: self.transform(first, producer, sink, 10), "ten messages")
        until(lambda: self.transform(first, producer, sink, 10, commit=False), "an abort")
        first.close()
        # The next one begins where the last committed transaction ended.
        if self.broker.ours:
            self.broker.kill()
            self.broker.start()
        producer = self.producer(tid)
        producer.init_transactions(SECONDS)
        second, done = self.worker(group, source), 10

        def go_on():
            nonlocal done
            done += self.transform(second, producer, sink, 10)
            return done >= 40
        until(go_on, "the rest", 60)
        self.assertEqual(self.read(sink), [f"made of {i}" for i in range(40)])

    def retried(self, ask):
        """Asks until the coordinator is loaded and the transaction before is out of the way."""
        def once():
            answer = ask()
            error = answer[0] if isinstance(answer, tuple) else answer
            wait = (LOADING, NOT_AVAILABLE, NOT_COORDINATOR, CONCURRENT)
            return None if error in wait else (answer,)
        return until(once, "the coordinator to decide")[0]

    def test_answers_are_those_of_kafka(self):
        """A row for each request of a story, with what Kafka 4.2 answers."""
        topic, tid = self.create(2), self.topic_name("id")
        c = Connection(self.broker.bootstrap)
        self.addCleanup(c.close)
        self.retried(lambda: c.find_transaction_coordinator(tid))
        first = self.retried(lambda: c.init_producer_id(tid))
        self.assertEqual((first[0], first[2]), (NONE, 0))
        p = first[1]

        def add(producer=p, epoch=0, name=topic, index=0, who=tid):
            return lambda: c.add_partition_to_txn(who, producer, epoch, name, index)

        def end(commit, producer=p, epoch=0, who=tid):
            return lambda: c.end_txn(who, producer, epoch, commit)

        def offsets(group, epoch=0):
            return lambda: c.add_offsets_to_txn(tid, p, epoch, group)
        init = lambda who, timeout: lambda: c.init_producer_id(who, timeout)[0]  # noqa: E731
        rows = [("commit of an unknown id", end(True, who="nobody" + tid), MAPPING),
                ("add to an unknown id", add(who="nobody" + tid), MAPPING),
                ("no timeout", init(tid, 0), INVALID_TIMEOUT),
                ("a timeout above the maximum", init(tid, 900_001), INVALID_TIMEOUT),
                ("an empty id", init("", 1000), INVALID_REQUEST),
                ("commit of nothing", end(True), INVALID_TXN_STATE),
                ("abort of nothing", end(False), INVALID_TXN_STATE),
                ("add with an epoch to come", add(epoch=1), PRODUCER_EPOCH),
                ("add of another producer", add(producer=p + 77_777), MAPPING),
                ("add of an unknown topic", add(name="nope"), UNKNOWN_PARTITION),
                ("add of an unknown partition", add(index=9), UNKNOWN_PARTITION),
                ("add to an empty id", add(who=""), INVALID_REQUEST),
                ("add", add(), NONE),
                ("add again", add(), NONE),
                ("offsets", offsets("group"), NONE),
                ("offsets of the empty group", offsets(""), NONE),
                ("offsets with an epoch to come", offsets("group", 1), PRODUCER_EPOCH),
                ("commit with an epoch to come", end(True, epoch=1), PRODUCER_EPOCH),
                ("commit of another producer", end(True, producer=p + 777), MAPPING),
                ("commit of an empty id", end(True, who=""), INVALID_REQUEST),
                ("commit", end(True), NONE),
                ("commit again", end(True), NONE),
                ("abort of what was committed", end(False), INVALID_TXN_STATE),
                ("add after a commit", add(index=1), NONE),
                ("abort", end(False), NONE),
                ("abort again", end(False), NONE),
                ("commit of what was aborted", end(True), INVALID_TXN_STATE),
                ("add after an abort", add(), NONE),
                ("another producer", init(tid, 1000), NONE),
                ("commit of the one before", end(True), PRODUCER_EPOCH),
                ("add of the one before", add(), PRODUCER_EPOCH)]
        for what, ask, expected in rows:
            with self.subTest(what):
                self.assertEqual(self.retried(ask), expected)

    def test_an_end_that_arrives_late_on_an_older_connection_decides_nothing(self):
        """KAFKA-17754: a producer of the old protocol commits over one connection, hears nothing,
        commits again over another and begins its next transaction; then the first request comes.
        Kafka commits half of the new transaction."""
        topic, tid = self.create(), self.topic_name("id")
        old, new = Connection(self.broker.bootstrap), None
        self.addCleanup(old.close)
        self.retried(lambda: old.find_transaction_coordinator(tid))
        error, producer, epoch = self.retried(lambda: old.init_producer_id(tid))
        self.assertEqual(error, NONE)
        begin = lambda c: c.add_partition_to_txn(tid, producer, epoch, topic, 0)  # noqa: E731
        self.assertEqual(self.retried(lambda: begin(old)), NONE)

        new = Connection(self.broker.bootstrap)
        self.addCleanup(new.close)
        self.assertEqual(self.retried(lambda: new.end_txn(tid, producer, epoch, True)), NONE)
        self.assertEqual(self.retried(lambda: begin(new)), NONE)
        late = self.retried(lambda: old.end_txn(tid, producer, epoch, True))
        then = self.retried(lambda: new.end_txn(tid, producer, epoch, False))
        if self.broker.ours:
            self.assertEqual((late, then), (INVALID_TXN_STATE, NONE))
        else:
            self.assertEqual((late, then), (NONE, INVALID_TXN_STATE),
                             "Kafka has learnt to tell them apart: compare anew")


if __name__ == "__main__":
    unittest.main()

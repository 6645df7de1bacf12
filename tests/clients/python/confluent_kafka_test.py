#!/usr/bin/python3
"""confluent-kafka as Debian has it: producer, consumer by assignment, admin client."""
import time
import unittest

from confluent_kafka import (OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException,
                             Producer, TopicPartition)
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

from support import BrokerTest, until


class ConfluentKafkaTest(BrokerTest):

    def setUp(self):
        self.admin = AdminClient({"bootstrap.servers": self.broker.bootstrap})

    def producer(self, **settings):
        return Producer({"bootstrap.servers": self.broker.bootstrap,
                         **{k.replace("_", "."): v for k, v in settings.items()}})

    def consumer(self, **settings):
        consumer = Consumer({"bootstrap.servers": self.broker.bootstrap, "group.id": "no-group",
                             "enable.auto.commit": False,
                             **{k.replace("_", "."): v for k, v in settings.items()}})
        self.addCleanup(consumer.close)
        return consumer

    def create(self, partitions=1, **config):
        name = self.topic_name()
        topic = NewTopic(name, partitions, 1, config={k.replace("_", "."): v
                                                      for k, v in config.items()})
        self.admin.create_topics([topic])[name].result(30)
        consumer = self.consumer()
        for p in range(partitions):
            until(lambda: self.answers(consumer, name, p), f"{name}-{p} to answer")
        return name

    @staticmethod
    def answers(consumer, name, partition):
        try:
            return consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=5)
        except KafkaException:
            return None

    def read(self, topic, count, offset=OFFSET_BEGINNING, partition=0):
        consumer, out = self.consumer(), []
        consumer.assign([TopicPartition(topic, partition, offset)])

        def poll():
            out.extend(consumer.consume(count - len(out), timeout=0.2))
            return len(out) >= count
        until(poll, f"{count} messages of {topic}-{partition}")
        for message in out:
            self.assertIsNone(message.error())
        return out

    def failure(self, future):
        with self.assertRaises(KafkaException) as caught:
            future.result(30)
        return caught.exception.args[0].code()

    def test_the_two_lines_of_the_tutorial(self):
        topic = self.topic_name("mytopic")
        p = self.producer()
        p.produce(topic, "hello world!")
        self.assertEqual(p.flush(30), 0)
        self.assertEqual(self.read(topic, 1)[0].value(), b"hello world!")

    def test_messages_come_back_with_keys_headers_and_reports(self):
        topic, reports = self.create(3), []

        def report(error, m):
            reports.append((error, m.partition(), m.offset()))
        p = self.producer(linger_ms=5)
        for i in range(900):
            p.produce(topic, f"v{i}", f"k{i % 10}", partition=i % 3, timestamp=1000 + i,
                      headers=[("n", str(i))],
                      on_delivery=report)
            p.poll(0)
        self.assertEqual(p.flush(30), 0)
        self.assertEqual({error for error, _, _ in reports}, {None})
        self.assertEqual(sorted((p, o) for _, p, o in reports),
                         [(p, o) for p in range(3) for o in range(300)])
        for partition in range(3):
            for n, m in enumerate(self.read(topic, 300, partition=partition)):
                i = n * 3 + partition
                self.assertEqual((m.offset(), m.value(), m.key(), m.timestamp()[1], m.headers()),
                                 (n, b"v%d" % i, b"k%d" % (i % 10), 1000 + i,
                                  [("n", b"%d" % i)]))

    def test_every_codec_and_every_acks(self):
        for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
            for acks in ("0", "1", "all"):
                with self.subTest(codec=codec, acks=acks):
                    topic = self.create()
                    p = self.producer(compression_type=codec, acks=acks, linger_ms=20)
                    for i in range(100):
                        p.produce(topic, f"{i} " + "lorem ipsum " * 20, "k")
                    self.assertEqual(p.flush(30), 0)
                    values = [m.value().split()[0] for m in self.read(topic, 100)]
                    self.assertEqual(values, [b"%d" % i for i in range(100)])

    def test_idempotence(self):
        topic = self.create()
        p = self.producer(enable_idempotence=True, linger_ms=0)
        for i in range(1000):
            p.produce(topic, f"v{i}", "k")
            p.poll(0)
        self.assertEqual(p.flush(30), 0)
        self.assertEqual([m.value() for m in self.read(topic, 1000)],
                         [b"v%d" % i for i in range(1000)])

    def test_reading_by_offset_and_by_time(self):
        topic, start = self.create(), int(time.time() * 1000) - 1_000_000
        p = self.producer()
        for i in range(500):
            p.produce(topic, f"v{i}", timestamp=start + i * 1000)
        self.assertEqual(p.flush(30), 0)
        c = self.consumer()
        self.assertEqual(c.get_watermark_offsets(TopicPartition(topic, 0), timeout=10), (0, 500))
        for when, offset in ((start, 0), (start + 249_500, 250), (start + 10**7, OFFSET_END)):
            found = c.offsets_for_times([TopicPartition(topic, 0, when)], timeout=10)[0]
            self.assertEqual((found.error, found.offset), (None, offset))
        for offset in (0, 250, 499):
            self.assertEqual(self.read(topic, 1, offset)[0].value(), b"v%d" % offset)

    def test_topics_and_settings(self):
        name = self.create(2, retention_ms="3600000")
        self.assertEqual(len(self.admin.list_topics(name, 10).topics[name].partitions), 2)
        self.admin.create_partitions([NewPartitions(name, 4)])[name].result(30)
        until(lambda: len(self.admin.list_topics(name, 10).topics[name].partitions) == 4,
              "4 partitions")
        resource = ConfigResource("topic", name)
        settings = self.admin.describe_configs([resource])[resource].result(30)
        self.assertEqual(settings["retention.ms"].value, "3600000")
        self.assertTrue(settings["segment.bytes"].is_default)
        changed = ConfigResource("topic", name, set_config={"max.message.bytes": "9000"})
        self.admin.alter_configs([changed])[changed].result(30)
        until(lambda: self.admin.describe_configs([resource])[resource].result(30)
              ["max.message.bytes"].value == "9000", "the new setting")
        self.admin.delete_topics([name])[name].result(30)
        until(lambda: name not in self.admin.list_topics(timeout=10).topics, "the topic's end")

    def test_refusals_are_typed(self):
        there = self.create(max_message_bytes="10000")
        for name, partitions, factor, config, error in (
                (there, 1, 1, {}, KafkaError.TOPIC_ALREADY_EXISTS),
                ("bad topic!", 1, 1, {}, KafkaError.TOPIC_EXCEPTION),
                (self.topic_name(), 1, 9, {}, KafkaError.INVALID_REPLICATION_FACTOR),
                (self.topic_name(), 1, 1, {"no.such": "1"}, KafkaError.INVALID_CONFIG)):
            topic = NewTopic(name, partitions, factor, config=config)
            self.assertEqual(self.failure(self.admin.create_topics([topic])[name]), error)
        self.assertEqual(self.failure(self.admin.delete_topics(["missing"])["missing"]),
                         KafkaError.UNKNOWN_TOPIC_OR_PART)
        grown = NewPartitions(there, 1)
        self.assertEqual(self.failure(self.admin.create_partitions([grown])[there]),
                         KafkaError.INVALID_PARTITIONS)
        reports = []
        p = self.producer()
        p.produce(there, bytes(50_000), on_delivery=lambda error, _: reports.append(error.code()))
        self.assertEqual(p.flush(30), 0)
        self.assertEqual(reports, [KafkaError.MSG_SIZE_TOO_LARGE])

    def test_an_offset_out_of_range_is_typed(self):
        topic = self.create()
        c = self.consumer(auto_offset_reset="error")
        c.assign([TopicPartition(topic, 0, 77)])
        message = until(lambda: c.poll(1), "an error")
        self.assertEqual(message.error().code(), KafkaError._AUTO_OFFSET_RESET)


if __name__ == "__main__":
    unittest.main()

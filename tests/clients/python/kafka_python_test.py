#!/usr/bin/python3
"""kafka-python 2.0.2 as Debian has it: producer, consumer by assignment, admin client."""
import json
import threading
import time
import unittest

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.errors import (InvalidPartitionsError, InvalidReplicationFactorError,
                          InvalidTopicError, MessageSizeTooLargeError, OffsetOutOfRangeError,
                          TopicAlreadyExistsError, UnknownTopicOrPartitionError)

from support import BrokerTest, until

CODECS = (None, "gzip", "snappy", "lz4")


class KafkaPythonTest(BrokerTest):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = KafkaAdminClient(bootstrap_servers=cls.broker.bootstrap)
        cls.addClassCleanup(cls.admin.close)

    def producer(self, **settings):
        producer = KafkaProducer(bootstrap_servers=self.broker.bootstrap, **settings)
        self.addCleanup(producer.close, 10)
        return producer

    def consumer(self, *topics, **settings):
        consumer = KafkaConsumer(*topics, bootstrap_servers=self.broker.bootstrap,
                                 enable_auto_commit=False, group_id=None, **settings)
        self.addCleanup(consumer.close)
        return consumer

    def create(self, partitions=1, **config):
        name = self.topic_name()
        topic = NewTopic(name, partitions, 1, topic_configs={k.replace("_", "."): v
                                                             for k, v in config.items()})
        self.admin.create_topics([topic])
        consumer = self.consumer()
        tps = [TopicPartition(name, p) for p in range(partitions)]
        until(lambda: consumer.partitions_for_topic(name), f"{name} in the metadata")
        self.assertEqual(consumer.end_offsets(tps), {tp: 0 for tp in tps})
        return name

    def read(self, topic, count, partition=0, offset=0, **settings):
        consumer, out = self.consumer(**settings), []
        tp = TopicPartition(topic, partition)
        consumer.assign([tp])
        consumer.seek(tp, offset)

        def poll():
            for records in consumer.poll(200, count - len(out)).values():
                out.extend(records)
            return len(out) >= count
        until(poll, f"{count} messages of {topic}-{partition}")
        return out

    def test_the_clickstream_line_of_the_tutorial(self):
        topic = self.create(3)
        producer = KafkaProducer(bootstrap_servers=self.broker.bootstrap,
                                 value_serializer=lambda v: json.dumps(v).encode("utf-8"))
        data = {"user_id": "1234", "action": "view_product", "timestamp": "2024-12-29T12:30:45Z"}
        sent = producer.send(topic, value=data).get(30)
        producer.close()
        self.assertEqual(json.loads(self.read(topic, 1, sent.partition)[0].value), data)

    def test_a_consumer_without_a_group_gets_what_arrives_from_now_on(self):
        topic = self.create()
        producer = self.producer()
        producer.send(topic, b"before").get(30)
        consumer = self.consumer(topic, consumer_timeout_ms=20000)
        seen, ready = [], threading.Event()

        def loop():
            until(lambda: (consumer.poll(50), consumer.assignment())[1], "an assignment")
            consumer.position(TopicPartition(topic, 0))
            ready.set()
            for message in consumer:
                seen.append(message.value)
                if len(seen) == 20:
                    return
        thread = threading.Thread(target=loop)
        thread.start()
        self.assertTrue(ready.wait(20))
        for i in range(20):
            producer.send(topic, b"after %d" % i)
        producer.flush(20)
        thread.join(25)
        self.assertEqual(seen, [b"after %d" % i for i in range(20)])

    def test_every_codec_and_every_acks(self):
        for codec in CODECS:
            for acks in (0, 1, "all"):
                with self.subTest(codec=codec, acks=acks):
                    topic = self.create()
                    producer = self.producer(compression_type=codec, acks=acks, linger_ms=20)
                    for i in range(200):
                        producer.send(topic, b"%d " % i + b"lorem ipsum " * 10, b"k",
                                      headers=[("n", b"%d" % i)], timestamp_ms=1000 + i)
                    producer.flush(20)
                    for i, m in enumerate(self.read(topic, 200)):
                        self.assertEqual((m.offset, m.value.split()[0], m.key, m.headers),
                                         (i, b"%d" % i, b"k", [("n", b"%d" % i)]))
                        self.assertEqual(m.timestamp, 1000 + i)

    def test_nulls_partitions_and_reports(self):
        topic = self.create(3)
        producer = self.producer()
        reports = [producer.send(topic, None if i % 2 else b"v", b"k" if i % 2 else None,
                                 partition=i % 3).get(20) for i in range(30)]
        self.assertEqual([(r.partition, r.offset) for r in reports],
                         [(i % 3, i // 3) for i in range(30)])
        for p in range(3):
            read = self.read(topic, 10, p)
            self.assertEqual([(m.key, m.value) for m in read],
                             [(b"k", None) if i % 2 else (None, b"v") for i in range(p, 30, 3)])

    def test_offsets_by_time_and_ends(self):
        topic, start = self.create(), int(time.time() * 1000) - 1_000_000
        producer = self.producer()
        for i in range(500):
            producer.send(topic, b"v%d" % i, timestamp_ms=start + i * 1000)
        producer.flush(20)
        tp, consumer = TopicPartition(topic, 0), self.consumer()
        self.assertEqual(consumer.beginning_offsets([tp]), {tp: 0})
        self.assertEqual(consumer.end_offsets([tp]), {tp: 500})
        found = consumer.offsets_for_times({tp: start + 249_500})[tp]
        self.assertEqual((found.offset, found.timestamp), (250, start + 250_000))
        self.assertIsNone(consumer.offsets_for_times({tp: start + 10**7})[tp])
        for offset in (0, 250, 499):
            self.assertEqual(self.read(topic, 1, offset=offset)[0].value, b"v%d" % offset)

    def test_topics_and_settings(self):
        name = self.create(2, retention_ms="3600000")
        self.admin.create_partitions({name: NewPartitions(4)})
        until(lambda: len(self.admin.describe_topics([name])[0]["partitions"]) == 4, "4 partitions")

        def setting(key):
            reply = self.admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
            return {c[0]: c[1] for c in reply[0].resources[0][4]}[key]
        self.assertEqual(setting("retention.ms"), "3600000")
        self.admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name,
                                                 {"max.message.bytes": "9000"})])
        until(lambda: setting("max.message.bytes") == "9000", "the new setting")
        self.assertIn(name, self.admin.list_topics())
        self.admin.delete_topics([name])
        until(lambda: name not in self.admin.list_topics(), "the topic's end")

    def test_refusals_are_typed(self):
        there = self.create(max_message_bytes="10000")
        for name, partitions, factor, error in (
                (there, 1, 1, TopicAlreadyExistsError), ("bad topic!", 1, 1, InvalidTopicError),
                (self.topic_name(), 0, 1, InvalidPartitionsError),
                (self.topic_name(), 1, 9, InvalidReplicationFactorError)):
            with self.assertRaises(error):
                self.admin.create_topics([NewTopic(name, partitions, factor)])
        with self.assertRaises(UnknownTopicOrPartitionError):
            self.admin.delete_topics([self.topic_name("missing")])
        with self.assertRaises(MessageSizeTooLargeError):
            self.producer().send(there, bytes(50_000)).get(20)

    def test_an_offset_out_of_range_is_typed(self):
        topic = self.create()
        consumer, tp = self.consumer(auto_offset_reset="none"), TopicPartition(topic, 0)
        consumer.assign([tp])
        consumer.seek(tp, 77)
        with self.assertRaises(OffsetOutOfRangeError):
            until(lambda: consumer.poll(200), "an error", 15)

    def test_records_of_900_kb_and_many_small_ones(self):
        topic, small = self.create(), self.create(2)
        producer = self.producer(linger_ms=5)
        for i in range(5):
            producer.send(topic, bytes([65 + i]) * 900_000).get(20)
        for i in range(3000):
            producer.send(small, b"%d" % i, partition=i % 2)
        producer.flush(30)
        self.assertEqual([m.value for m in self.read(topic, 5)],
                         [bytes([65 + i]) * 900_000 for i in range(5)])
        self.assertEqual(len(self.read(small, 1500, 1)), 1500)


if __name__ == "__main__":
    unittest.main()

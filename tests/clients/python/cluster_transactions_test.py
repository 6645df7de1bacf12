"""Transactions over three nodes: the coordinator of the transaction, that of the group and the
leaders of the partitions are different brokers, and one of them dies."""
import os
import sys
import unittest

import support  # noqa: F401
from cluster import Cluster
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from support import until

PARTITIONS = 6


class ClusterTransactionsTest(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)
        self.admin = AdminClient({"bootstrap.servers": self.cluster.bootstrap})
        topics = [NewTopic(name, PARTITIONS, 3) for name in ("in", "out")]
        for future in self.admin.create_topics(topics, operation_timeout=10).values():
            future.result(20)

    def producer(self, name):
        producer = Producer({"bootstrap.servers": self.cluster.bootstrap, "transactional.id": name,
                             "transaction.timeout.ms": 20000, "linger.ms": 1})
        producer.init_transactions(40)
        return producer

    def leaders(self, topic):
        partitions = self.admin.list_topics(topic, timeout=10).topics[topic].partitions
        return {number: partition.leader for number, partition in partitions.items()}

    def committed(self, topic, partition):
        """What a read_committed consumer finds, to the end of the partition."""
        consumer = Consumer({"bootstrap.servers": self.cluster.bootstrap, "group.id": "reader",
                             "isolation.level": "read_committed", "enable.partition.eof": True,
                             "enable.auto.commit": False})
        consumer.assign([TopicPartition(topic, partition, 0)])
        values = []
        try:
            while True:
                message = consumer.poll(40)
                self.assertIsNotNone(message, f"{topic}-{partition} does not end: {values}")
                if message.error() is None:
                    values.append(message.value().decode())
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    return values
        finally:
            consumer.close()

    def write(self, producer, text):
        for partition in range(PARTITIONS):
            producer.produce("out", text, partition=partition)

    def expect_everywhere(self, values):
        for partition in range(PARTITIONS):
            until(lambda: self.committed("out", partition) == values,
                  f"{values} in partition {partition}", 40)

    def test_partitions_of_every_leader_are_written_together_or_not_at_all(self):
        self.assertEqual(set(self.leaders("out").values()), {1, 2, 3})
        # Their coordinators are spread over the nodes by the hash of the name.
        names = [f"id-{i}" for i in range(6)]
        for name in names:
            producer = self.producer(name)
            producer.begin_transaction()
            self.write(producer, f"{name}-kept")
            producer.commit_transaction(40)
            producer.begin_transaction()
            self.write(producer, f"{name}-dropped")
            producer.flush(40)
            producer.abort_transaction(40)
        self.expect_everywhere([f"{name}-kept" for name in names])

    def test_positions_of_a_group_on_another_node_are_part_of_the_transaction(self):
        # Each group has a coordinator of its own, so that some are not where the transaction's is.
        for number in range(4):
            group = f"group-{number}"
            consumer = Consumer({"bootstrap.servers": self.cluster.bootstrap, "group.id": group})
            producer = self.producer("mover")
            for offset, end in ((5, producer.commit_transaction), (9, producer.abort_transaction)):
                producer.begin_transaction()
                self.write(producer, group)
                metadata = consumer.consumer_group_metadata()
                positions = [TopicPartition("in", p, offset) for p in range(PARTITIONS)]
                producer.send_offsets_to_transaction(positions, metadata, 40)
                end(40)
            places = [TopicPartition("in", p) for p in range(PARTITIONS)]
            found = [place.offset for place in consumer.committed(places, timeout=40)]
            self.assertEqual(found, [5] * PARTITIONS)
            consumer.close()

    def test_transactions_go_on_while_each_node_in_turn_is_killed(self):
        producer = self.producer("survivor")
        expected = []
        for node in self.cluster.nodes:
            producer.begin_transaction()
            self.write(producer, f"open-{node.number}")
            producer.flush(40)
            node.kill()
            try:
                producer.commit_transaction(60)
                expected.append(f"open-{node.number}")
            except KafkaException as error:
                # Allowed: what was written to a leader that died may have to be written anew.
                self.assertTrue(error.args[0].txn_requires_abort(), error)
                producer.abort_transaction(60)
            node.start()
        producer.begin_transaction()
        self.write(producer, "last")
        producer.commit_transaction(60)
        self.expect_everywhere([*expected, "last"])


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
"""Consumer groups: confluent-kafka and kafka-python share partitions, commit, and go on after a
restart of the broker; kafka-consumer-groups and `milena group` show and change what is stored."""
import os
import subprocess
import tempfile
import unittest

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from kafka import KafkaConsumer

from support import BrokerTest, binary, until

SECONDS = 30


class GroupsTest(BrokerTest):

    settings = ("group.initial.rebalance.delay.ms=0",)

    def create(self, partitions):
        name = self.topic_name()
        admin = AdminClient({"bootstrap.servers": self.broker.bootstrap})
        admin.create_topics([NewTopic(name, partitions, 1)])[name].result(SECONDS)
        return name

    def produce(self, topic, partition, count):
        producer = Producer({"bootstrap.servers": self.broker.bootstrap})
        for i in range(count):
            producer.produce(topic, f"{partition}-{i}", partition=partition)
        self.assertEqual(producer.flush(SECONDS), 0)

    def member(self, topic, group, **settings):
        config = {"bootstrap.servers": self.broker.bootstrap, "group.id": group,
                  "auto.offset.reset": "earliest", "enable.auto.commit": False,
                  "session.timeout.ms": 6000, "heartbeat.interval.ms": 500, "log_level": 0}
        config.update({name.replace("_", "."): value for name, value in settings.items()})
        consumer = Consumer(config)
        consumer.subscribe([topic])
        return consumer

    def poll_until(self, consumers, condition, what):
        """Polls all of them until condition(values so far)."""
        values = []

        def step():
            for consumer in consumers:
                message = consumer.poll(0.05)
                if message is not None and not message.error():
                    values.append(message.value().decode())
            return condition(values)
        until(step, what, SECONDS)
        return values

    def positions(self, topic, group, partitions):
        reader = Consumer({"bootstrap.servers": self.broker.bootstrap, "group.id": group})
        try:
            asked = [TopicPartition(topic, p) for p in range(partitions)]
            return [found.offset for found in reader.committed(asked, SECONDS)]
        finally:
            reader.close()

    def tool(self, *args):
        with tempfile.TemporaryDirectory() as links:
            link = os.path.join(links, "kafka-consumer-groups")
            os.symlink(binary(), link)
            done = subprocess.run([link, "--bootstrap-server", self.broker.bootstrap, *args],
                                  text=True, capture_output=True, timeout=60, check=True)
            return done.stdout

    def test_two_members_share_the_partitions_and_one_takes_over(self):
        topic, group = self.create(4), "shared"
        first, second = self.member(topic, group), self.member(topic, group)
        both = [first, second]
        self.poll_until(both, lambda _: all(len(m.assignment()) == 2 for m in both), "2 and 2")
        for partition in range(4):
            self.produce(topic, partition, 5)
        values = self.poll_until(both, lambda v: len(v) == 20, "20 records")
        self.assertEqual(len(set(values)), 20)
        second.close()
        self.poll_until([first], lambda _: len(first.assignment()) == 4, "all 4 for the first")
        first.close()

    def test_commits_survive_a_restart_of_the_broker(self):
        if not self.broker.ours:
            self.skipTest("the broker is not ours to restart")
        topic, group = self.create(2), "restarted"
        self.produce(topic, 0, 10)
        self.produce(topic, 1, 3)
        member = self.member(topic, group)
        self.poll_until([member], lambda v: len(v) == 13, "13 records")
        member.commit(asynchronous=False)
        self.broker.kill()
        self.broker.start()
        self.produce(topic, 0, 1)
        self.assertEqual(self.poll_until([member], lambda v: v, "the record after the restart"),
                         ["0-0"])
        member.close()
        self.assertEqual(self.positions(topic, group, 2), [10, 3])

    def test_a_static_member_comes_back_without_a_rebalance(self):
        topic, group = self.create(4), "static"
        stays = self.member(topic, group, group_instance_id="stays")
        leaves = self.member(topic, group, group_instance_id="leaves")
        both = [stays, leaves]
        self.poll_until(both, lambda _: all(len(m.assignment()) == 2 for m in both), "2 and 2")
        before = sorted(p.partition for p in leaves.assignment())
        leaves.close()  # a static member says nothing when it goes
        again = self.member(topic, group, group_instance_id="leaves")
        self.poll_until([stays, again], lambda _: len(again.assignment()) == 2, "the same 2")
        self.assertEqual(sorted(p.partition for p in again.assignment()), before)
        self.assertEqual(len(stays.assignment()), 2)
        again.close()
        stays.close()

    def test_kafka_python_reads_commits_and_goes_on_there(self):
        topic, group = self.create(1), "kafka-python"
        self.produce(topic, 0, 4)

        def read(count):
            consumer = KafkaConsumer(topic, bootstrap_servers=self.broker.bootstrap,
                                     group_id=group, auto_offset_reset="earliest",
                                     enable_auto_commit=False, session_timeout_ms=6000,
                                     heartbeat_interval_ms=500)
            values = []

            def poll():
                for records in consumer.poll(100).values():
                    values.extend(record.value for record in records)
                return len(values) >= count
            until(poll, f"{count} records", SECONDS)
            consumer.commit()
            consumer.close()
            return values
        self.assertEqual(len(read(4)), 4)
        self.produce(topic, 0, 2)
        self.assertEqual(len(read(2)), 2)
        self.assertEqual(self.positions(topic, group, 1), [6])

    def test_positions_of_a_transaction_count_when_it_commits(self):
        topic, out, group = self.create(1), self.create(1), "transactional"
        self.produce(topic, 0, 6)
        member = self.member(topic, group)
        self.poll_until([member], lambda v: len(v) == 6, "6 records")
        producer = Producer({"bootstrap.servers": self.broker.bootstrap, "log_level": 0,
                             "transactional.id": "of-" + group})
        producer.init_transactions(SECONDS)

        def run(offset, end):
            producer.begin_transaction()
            producer.produce(out, "processed")
            producer.send_offsets_to_transaction([TopicPartition(topic, 0, offset)],
                                                 member.consumer_group_metadata(), SECONDS)
            end(SECONDS)
        run(2, producer.commit_transaction)
        until(lambda: self.positions(topic, group, 1) == [2], "the committed position")
        run(4, producer.abort_transaction)
        self.assertEqual(self.positions(topic, group, 1), [2])
        run(6, producer.commit_transaction)
        until(lambda: self.positions(topic, group, 1) == [6], "the next committed position")
        member.close()

    def test_the_tools_show_reset_and_delete(self):
        topic, group = self.create(2), "tools"
        self.produce(topic, 0, 5)
        self.produce(topic, 1, 5)
        member = self.member(topic, group, client_id="me")
        self.poll_until([member], lambda v: len(v) == 10, "10 records")
        member.commit(asynchronous=False)
        self.assertIn(group, self.tool("--list").split())
        described = self.tool("--describe", "--group", group)
        rows = [line.split() for line in described.splitlines() if line.startswith(group)]
        self.assertEqual([row[1:6] for row in rows],
                         [[topic, "0", "5", "5", "0"], [topic, "1", "5", "5", "0"]])
        self.assertIn("Stable", self.tool("--describe", "--group", group, "--state"))
        refused = self.tool("--delete", "--group", group)
        self.assertIn("GroupNotEmptyException", refused)
        member.close()
        self.tool("--reset-offsets", "--group", group, "--topic", f"{topic}:1", "--to-earliest",
                  "--execute")
        self.assertEqual(self.positions(topic, group, 2), [5, 0])
        self.tool("--delete-offsets", "--group", group, "--topic", f"{topic}:0")
        self.assertEqual(self.positions(topic, group, 2), [-1001, 0])
        self.assertIn("was successful", self.tool("--delete", "--group", group))
        self.assertIn("not found", self.tool("--describe", "--group", group))
        listed = subprocess.run([binary(), "group", "list", "--bootstrap-server",
                                 self.broker.bootstrap], text=True, capture_output=True,
                                timeout=60, check=True)
        self.assertNotIn(group, listed.stdout.split())


if __name__ == "__main__":
    unittest.main(verbosity=2)

#!/usr/bin/python3
"""metrics.listener: what /metrics says follows what clients do; /healthz; off unless it is set."""
import re
import unittest
import urllib.error
import urllib.request

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from support import Broker, BrokerTest, until

SECONDS = 30


class MetricsTest(BrokerTest):

    settings = ("metrics.listener=127.0.0.1:0", "group.initial.rebalance.delay.ms=0")

    def setUp(self):
        self.need_own_broker()
        port = re.search(r"^metrics HTTP 127\.0\.0\.1:(\d+)$", self.broker.log(), re.M)
        self.site = f"http://127.0.0.1:{port.group(1)}"

    def get(self, path):
        with urllib.request.urlopen(self.site + path, timeout=SECONDS) as answer:
            return answer.read().decode()

    def metrics(self):
        """name{labels} -> value; every family has its HELP and TYPE."""
        values, families = {}, set()
        for line in self.get("/metrics").splitlines():
            if line.startswith("#"):
                families.add(line.split()[2])
                continue
            name, value = line.rsplit(" ", 1)
            self.assertIn(name.split("{")[0], families)
            values[name] = float(value)
        return values

    def test_is_healthy_and_has_only_two_pages(self):
        self.assertEqual(self.get("/healthz"), "ok\n")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.get("/")
        self.assertEqual(refused.exception.code, 404)

    def test_numbers_follow_what_clients_do(self):
        topic = self.topic_name()
        before = self.metrics()
        admin = AdminClient({"bootstrap.servers": self.broker.bootstrap})
        admin.create_topics([NewTopic(topic, 3, 1)])[topic].result(SECONDS)
        producer = Producer({"bootstrap.servers": self.broker.bootstrap,
                             "transactional.id": topic})
        producer.init_transactions(SECONDS)
        producer.begin_transaction()
        for i in range(10):
            producer.produce(topic, b"x" * 100)
        producer.commit_transaction(SECONDS)
        consumer = Consumer({"bootstrap.servers": self.broker.bootstrap, "group.id": topic,
                             "auto.offset.reset": "earliest", "enable.auto.commit": False})
        consumer.subscribe([topic])
        seen = []
        until(lambda: seen.append(consumer.poll(0.1)) or sum(m is not None for m in seen) == 10,
              "10 records", SECONDS)
        consumer.commit(asynchronous=False)
        now = self.metrics()
        consumer.close()
        self.assertGreaterEqual(now["milena_partitions"], before["milena_partitions"] + 3)
        self.assertGreaterEqual(now["milena_connections"], 2)
        self.assertGreater(now['milena_requests_total{api="Produce"}'], 0)
        self.assertGreater(now['milena_requests_total{api="JoinGroup"}'], 0)
        self.assertGreaterEqual(now["milena_produced_bytes_total"], 1000)
        self.assertGreaterEqual(now["milena_fetched_bytes_total"], 1000)
        self.assertGreater(now["milena_log_syncs_total"], 0)
        damaged = [value for name, value in now.items()
                   if name.startswith("milena_log_damaged_ranges_total{directory=")]
        self.assertEqual(damaged, [0])
        self.assertEqual(now['milena_groups{type="classic",state="Stable"}'], 1)
        self.assertGreater(now["milena_group_positions"], 0)
        for kind in ("group", "transaction"):
            of = "{type=\"" + kind + "\"}"
            self.assertGreater(now["milena_coordinator_shards" + of], 0)
            self.assertGreater(now["milena_coordinator_loads_total" + of], 0)
            self.assertGreater(now["milena_coordinator_records_written_total" + of], 0)
            self.assertLessEqual(now["milena_coordinator_batches_written_total" + of],
                                 now["milena_coordinator_records_written_total" + of])
            self.assertEqual(now["milena_coordinator_shards_loading" + of], 0)
        until(lambda: self.metrics().get('milena_transactions{state="CompleteCommit"}') == 1,
              "the transaction is complete", SECONDS)


class WithoutMetricsTest(unittest.TestCase):

    def test_nothing_is_served_unless_it_is_asked_for(self):
        broker = Broker()
        self.addCleanup(broker.close)
        if not broker.ours:
            self.skipTest("MILENA_BOOTSTRAP names another broker")
        self.assertNotIn("metrics HTTP", broker.log())


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
"""The tools on groups and transactions: consumers that share a topic and keep its positions, and a
transaction that hangs, which is found and aborted."""
import json
import os
import signal
import struct
import subprocess
import time
import unittest

from kafka.record.default_records import DefaultRecordBatchBuilder

from raw_protocol import Connection, text
from support import BrokerTest, binary, until

PRODUCE, WAIT = 0, 60


def transactional_batch(producer, epoch, sequence, value):
    # A minute old, so that it has stood still for long enough to be noticed.
    stamp = int(time.time() * 1000) - 60_000
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=0, is_transactional=True, producer_id=producer,
        producer_epoch=epoch, base_sequence=sequence, batch_size=1000)
    builder.append(0, stamp, None, value, [])
    return bytes(builder.build())


def produce(connection, transactional_id, topic, batch):
    """Produce v3 to partition 0: its error."""
    body = (text(transactional_id) + struct.pack(">hii", -1, 10_000, 1) + text(topic) +
            struct.pack(">iii", 1, 0, len(batch)) + batch)
    answer = connection.ask(PRODUCE, 3, body)
    return struct.unpack(">h", answer[4 + 2 + len(topic) + 8:][:2])[0]


class GroupToolsTest(BrokerTest):

    # Without the check of KIP-890 a producer may still leave a transaction that nobody knows.
    settings = ("transaction.partition.verification.enable=false",
                "group.initial.rebalance.delay.ms=0")

    def run_tool(self, *args, text="", ok=True):
        done = subprocess.run([binary(), *args], input=text, text=True, capture_output=True,
                              timeout=WAIT, check=False)
        if ok:
            self.assertEqual(done.returncode, 0, f"{args}: {done.stdout}{done.stderr}")
        return done

    def tool(self, name, *args, **kw):
        """One of Kafka's, by name."""
        return self.run_tool(name, "--bootstrap-server", self.broker.bootstrap, *args, **kw)

    def milena(self, verb, *args, **kw):
        return self.run_tool(*verb.split(), *args, "--bootstrap-server", self.broker.bootstrap,
                             **kw)

    def create(self, partitions=1, values=()):
        topic = self.topic_name()
        self.milena("topic create", topic, "--partitions", str(partitions))
        if values:
            self.milena("produce", topic, text="\n".join(values) + "\n")
        return topic

    def group(self, name):
        done = self.milena("group describe", name, "--json", ok=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def committed(self, group):
        return sum(row["offset"] or 0 for row in self.group(group)["offsets"])

    def test_a_group_goes_on_where_the_last_consumer_left(self):
        for protocol in ("classic", "consumer"):
            with self.subTest(protocol):
                topic, group = self.create(1, [str(i) for i in range(10)]), self.topic_name("g")

                def consume(*args):
                    out = self.milena("consume", topic, "--group", group, "--group-protocol",
                                      protocol, *args).stdout
                    return out.split()
                self.assertEqual(consume("--max", "4"), ["0", "1", "2", "3"])
                self.assertEqual(self.group(group)["members"], [], "it has left")
                self.assertEqual(self.committed(group), 4)
                self.assertEqual(consume("--exit"), [str(i) for i in range(4, 10)])
                self.assertEqual(self.committed(group), 10)
                self.assertEqual(consume("--exit"), [])

    def test_the_console_consumer_in_a_group(self):
        topic, group = self.create(1, [str(i) for i in range(6)]), self.topic_name("g")

        def consume(*args):
            return self.tool("kafka-console-consumer", "--topic", topic, *args)
        first = consume("--group", group, "--from-beginning", "--max-messages", "2")
        self.assertEqual(first.stdout.split(), ["0", "1"])
        again = consume("--consumer-property", f"group.id={group}", "--from-beginning",
                        "--max-messages", "2")
        self.assertEqual(again.stdout.splitlines()[1:], ["2", "3"], "--from-beginning is for new "
                                                                    "groups only")
        self.assertEqual(self.committed(group), 4)
        rest = consume("--group", group, "--timeout-ms", "5000", "--command-property",
                       "group.protocol=consumer")
        self.assertEqual(rest.stdout.split(), ["4", "5"])
        self.assertIn("Processed a total of 2 messages", rest.stderr)
        silent = consume("--group", self.topic_name("latest"), "--timeout-ms", "3000")
        self.assertEqual(silent.stdout, "", "a new group begins at the end")
        unkept = consume("--group", group, "--timeout-ms", "3000", "--command-property",
                         "enable.auto.commit=false")
        self.assertEqual(unkept.stdout, "")

    def consumer(self, topic, group, protocol, out):
        process = subprocess.Popen(
            [binary(), "consume", topic, "--group", group, "--group-protocol", protocol,
             "--bootstrap-server", self.broker.bootstrap], stdout=out, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def test_two_consumers_share_a_topic_in_either_protocol_or_both(self):
        for first, second in (("classic", "classic"), ("consumer", "consumer"),
                              ("classic", "consumer"), ("consumer", "classic")):
            with self.subTest(f"{first} and {second}"):
                topic, group = self.create(4), self.topic_name("g")
                path = os.path.join(self.broker.directory or "/tmp", group)
                with open(path, "ab") as out:
                    members = [self.consumer(topic, group, first, out)]
                    until(lambda: self.shares(group) == [4], "the first to have all of it")
                    members.append(self.consumer(topic, group, second, out))
                    until(lambda: self.shares(group) == [2, 2], "each to have half of it")
                    values = sorted(f"{first[:2]}{second[:2]}{i}" for i in range(200))
                    self.milena("produce", topic, text="\n".join(values) + "\n")

                    def read():
                        with open(path, encoding="utf-8") as lines:
                            return sorted(lines.read().split())
                    until(lambda: len(read()) >= 200, "all to be read")
                    self.assertEqual(read(), values, "each once")
                    members[0].send_signal(signal.SIGINT)
                    self.assertEqual(members[0].wait(WAIT), 0)
                    until(lambda: self.shares(group) == [4], "the other to take over")
                    members[1].send_signal(signal.SIGTERM)
                    self.assertEqual(members[1].wait(WAIT), 0)
                self.assertEqual(self.committed(group), 200)
                self.assertEqual(self.group(group)["members"], [])

    def shares(self, group):
        """How many partitions each member has, once the group is at rest."""
        found = self.group(group)
        if not found or found["state"] != "Stable":
            return None
        return sorted(sum(len(t["partitions"]) for t in m["assignment"])
                      for m in found["members"])

    def transactions(self, *args, **kw):
        return self.tool("kafka-transactions", *args, **kw)

    def rows(self, *args):
        return [line.split() for line in self.transactions(*args).stdout.splitlines()[1:]]

    def begin(self, tid):
        """A connection, and the producer id and epoch that it was given."""
        c = Connection(self.broker.bootstrap)
        self.addCleanup(c.close)
        until(lambda: c.find_transaction_coordinator(tid) == 0, "the coordinator")

        def init():
            answer = c.init_producer_id(tid)
            return answer if answer[0] == 0 else None
        return c, *until(init, "a producer id")[1:]

    def begin_hanging(self, topic, tid):
        """A batch of a transaction that its coordinator knows nothing about; its producer."""
        c, producer, epoch = self.begin(tid)
        self.assertEqual(produce(c, tid, topic, transactional_batch(producer, epoch, 0, b"x")), 0)
        return producer

    def open_since(self, topic, producer):
        """Where the producer's transaction begins, as the partition remembers it."""
        rows = self.rows("describe-producers", "--topic", topic, "--partition", "0")
        return {row[0]: row[5] for row in rows}.get(producer)

    def test_a_transaction_that_hangs_is_found_and_aborted(self):
        self.need_own_broker()
        topic, tid = self.create(), self.topic_name("id")
        producer = str(self.begin_hanging(topic, tid))
        self.milena("produce", topic, text="behind\n")
        find = ("find-hanging", "--topic", topic, "--max-transaction-timeout", "0")
        found = self.rows(*find)
        self.assertEqual([(row[0], row[2], row[5]) for row in found], [(topic, producer, "0")])
        self.assertEqual(self.rows("find-hanging", "--topic", topic), [], "not for 15 minutes")
        self.assertEqual(self.open_since(topic, producer), "0")
        self.assertEqual(self.milena("consume", topic, "--exit", "--isolation",
                                     "read_committed").stdout, "", "it is in the way")

        wrong = self.transactions("abort", "--topic", topic, "--partition", "0", "--start-offset",
                                  "1", ok=False)
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("Could not find any open transactions starting at offset 1", wrong.stderr)
        self.transactions("abort", "--topic", topic, "--partition", "0", "--start-offset", "0")
        self.assertEqual(self.rows(*find), [])
        self.assertEqual(self.open_since(topic, producer), "None")
        self.assertEqual(self.milena("consume", topic, "--max", "1", "--isolation",
                                     "read_committed").stdout.split(), ["behind"])

    def test_a_hanging_transaction_in_the_words_of_milena_and_by_its_producer(self):
        self.need_own_broker()
        topic, tid = self.create(), self.topic_name("id")
        producer = self.begin_hanging(topic, tid)
        found = json.loads(self.milena("txn find-hanging", topic, "--longer-than", "1",
                                       "--json").stdout)["transactions"]
        self.assertEqual([(one["producer_id"], one["transaction_start"]) for one in found],
                         [(producer, 0)])
        self.assertIn("Aborted", self.milena("txn abort", topic, "-p", "0", "--start", "0").stdout)
        self.assertEqual(json.loads(self.milena("txn producers", topic, "-p", "0",
                                                "--json").stdout)["producers"][0]
                         ["transaction_start"], None)
        other = self.create()
        producer = self.begin_hanging(other, self.topic_name("other"))
        self.transactions("abort", "--topic", other, "--partition", "0", "--producer-id",
                          str(producer), "--producer-epoch", "0", "--coordinator-epoch", "-1")
        self.assertEqual(json.loads(self.milena("txn producers", other, "-p", "0",
                                                "--json").stdout)["producers"][0]
                         ["transaction_start"], None)

    def test_transactions_are_listed_described_and_ended(self):
        topic, tid = self.create(), self.topic_name("id")
        c, producer, epoch = self.begin(tid)
        until(lambda: c.add_partition_to_txn(tid, producer, epoch, topic, 0) == 0, "the partition")
        self.assertIn([tid, "1", str(producer), "Ongoing"], self.rows("list"))
        pattern = tid[:-2] + ".."
        self.assertEqual(self.rows("list", "--transactional-id-pattern", pattern),
                         [[tid, "1", str(producer), "Ongoing"]])
        older = self.rows("list", "--duration-filter", "1000000")
        self.assertNotIn(tid, [row[0] for row in older])
        described = self.rows("describe", "--transactional-id", tid)[0]
        self.assertEqual((described[1:6], described[8]),
                         ([tid, str(producer), "0", "Ongoing", "60000"], f"{topic}-0"))
        self.transactions("forceTerminateTransaction", "--transactionalId", tid)
        until(lambda: self.rows("describe", "--transactional-id", tid)[0][4] != "Ongoing",
              "its end")
        listed = json.loads(self.milena("txn list", "--match", pattern, "--json").stdout)
        self.assertEqual([one["transactional_id"] for one in listed["transactions"]], [tid])
        missing = self.transactions("describe", "--transactional-id", "nobody", ok=False)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("Failed to describe transaction state of transactional-id `nobody`",
                      missing.stderr)


if __name__ == "__main__":
    unittest.main()

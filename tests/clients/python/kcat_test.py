#!/usr/bin/python3
"""kcat: what people type first."""
import json
import subprocess
import unittest

from support import BrokerTest, until


class KcatTest(BrokerTest):

    def kcat(self, *args, text="", ok=True, seconds=60):
        done = subprocess.run(["kcat", "-b", self.broker.bootstrap, *args], input=text, text=True,
                              capture_output=True, timeout=seconds, check=False)
        if ok:
            self.assertEqual(done.returncode, 0, f"kcat {args}: {done.stderr}")
        return done

    def created(self, tag="t"):
        """A topic made by asking for it; kcat has no other way."""
        topic = self.topic_name(tag)

        def known():
            listed = json.loads(self.kcat("-L", "-J", "-t", topic, ok=False).stdout or "{}")
            return any(t["topic"] == topic and t["partitions"] and "error" not in t
                       for t in listed.get("topics", []))
        until(known, f"{topic} in the metadata")
        return topic

    def test_the_broker_is_listed(self):
        listed = json.loads(self.kcat("-L", "-J").stdout)
        self.assertEqual([b["name"] for b in listed["brokers"]], [self.broker.bootstrap])
        self.assertEqual(listed["controllerid"], listed["brokers"][0]["id"])

    def test_lines_go_in_and_come_out(self):
        topic, lines = self.created(), [f"k{i % 7}:line {i}" for i in range(3000)]
        self.kcat("-P", "-t", topic, "-K:", text="\n".join(lines))
        out = self.kcat("-C", "-t", topic, "-p", "0", "-o", "beginning", "-e", "-q", "-K:").stdout
        self.assertEqual(out.splitlines(), lines)

    def test_every_codec(self):
        for codec in ("gzip", "snappy", "lz4", "zstd"):
            with self.subTest(codec=codec):
                topic, lines = self.created(codec), [f"{i} {'x' * 200}" for i in range(500)]
                self.kcat("-P", "-t", topic, "-z", codec, text="\n".join(lines))
                out = self.kcat("-C", "-t", topic, "-o", "beginning", "-e", "-q").stdout
                self.assertEqual(out.splitlines(), lines)

    def test_headers_null_values_and_timestamps(self):
        topic = self.created()
        self.kcat("-P", "-t", topic, "-H", "one=1", "-H", "two=", text="value")
        self.kcat("-P", "-t", topic, "-Z", "-K:", text="key:")
        out = self.kcat("-C", "-t", topic, "-o", "beginning", "-e", "-q",
                        "-f", "%o|%k|%s|%S|%h|%T\n").stdout.splitlines()
        first, second = (line.split("|") for line in out)
        self.assertEqual(first[:5], ["0", "", "value", "5", "one=1,two="])
        self.assertGreater(int(first[5]), 1_700_000_000_000)
        self.assertEqual(second[:4], ["1", "key", "", "-1"])

    def test_reading_from_an_offset_the_tail_and_a_time(self):
        topic = self.created()
        self.kcat("-P", "-t", topic, text="\n".join(f"v{i}" for i in range(100)))

        def read(*args):
            return self.kcat("-C", "-t", topic, "-p", "0", "-e", "-q", *args).stdout.split()
        self.assertEqual(read("-o", "97"), ["v97", "v98", "v99"])
        self.assertEqual(read("-o", "-2"), ["v98", "v99"])
        self.assertEqual(read("-o", "10", "-c", "1"), ["v10"])
        self.assertEqual(len(read("-o", "s@1000")), 100)
        for time, offset in (("1000", 0), ("-1", 100), ("-2", 0)):
            found = self.kcat("-Q", "-t", f"{topic}:0:{time}").stdout.split()
            self.assertEqual(found[-2:], ["offset", str(offset)])

    def test_an_idempotent_producer(self):
        topic = self.created()
        self.kcat("-P", "-t", topic, "-X", "enable.idempotence=true",
                  text="\n".join(str(i) for i in range(2000)))
        out = self.kcat("-C", "-t", topic, "-o", "beginning", "-e", "-q").stdout.split()
        self.assertEqual(out, [str(i) for i in range(2000)])

    def test_an_unknown_topic_is_an_error(self):
        done = self.kcat("-C", "-t", self.topic_name("missing"), "-e", "-q",
                         "-X", "allow.auto.create.topics=false", ok=False, seconds=30)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("Unknown topic or partition", done.stderr)


if __name__ == "__main__":
    unittest.main()

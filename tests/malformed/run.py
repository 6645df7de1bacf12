#!/usr/bin/python3
"""Sends every row of malformed input to a broker and checks its reaction, its health and its size.

    run.py                        against a fresh `milena serve` ($MILENA_BINARY)
    run.py --bootstrap H:P --kafka  against Apache Kafka, expecting Kafka's reactions
    run.py --bootstrap H:P --pid N  against a running broker
    run.py ... -k 5               only the rows of a number, or with a word in their name
    run.py --list                 the table with both columns
After each row a new connection must be answered and resident memory must not have grown.
"""
import argparse
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "clients", "support")]
sys.dont_write_bytecode = True

import broker  # noqa: E402
import peer  # noqa: E402
import rows_framing  # noqa: E402
import rows_header  # noqa: E402
import rows_offsets  # noqa: E402
import rows_primitive  # noqa: E402
import rows_produce  # noqa: E402
import rows_records  # noqa: E402
import wire  # noqa: E402

ROWS = (rows_framing.ROWS + rows_header.ROWS + rows_primitive.ROWS + rows_produce.ROWS
        + rows_records.ROWS + rows_offsets.ROWS)
# What one row, and all rows together, may add to the resident memory of the broker.
ROW_GROWTH = 24 << 20
TOTAL_GROWTH = 96 << 20


def healthy(target):
    reply = target.ask(wire.api_versions())
    return reply is not None and reply[4:6] == b"\0\0"


def run_row(row, target, kafka):
    """None when the row holds, else what is wrong."""
    expected = row.kafka if kafka or row.ours is None else row.ours
    before = peer.resident_bytes(target.pid) if target.pid and not kafka else 0
    try:
        seen = row.act(target)
    except peer.Silence:
        seen = "silence"
    except Exception:
        seen = "failed: " + traceback.format_exc(limit=-2)
    if expected != seen:
        return f"expected {expected}, saw {seen}"
    if not healthy(target):
        return "afterwards a new connection is not answered"
    if before:
        growth = peer.resident_bytes(target.pid) - before
        if growth > ROW_GROWTH:
            return f"resident memory grew by {growth >> 20} MiB"
    return None


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--bootstrap")
    p.add_argument("--pid", type=int)
    p.add_argument("--kafka", action="store_true")
    p.add_argument("--list", action="store_true")
    p.add_argument("-k", dest="only")
    p.add_argument("-v", dest="verbose", action="store_true")
    return p.parse_args()


def chosen(only):
    if not only:
        return ROWS
    if only.isdigit():
        return [r for r in ROWS if r.number == int(only)]
    return [r for r in ROWS if only in r.name]


def run_all(rows, target, args):
    failed, started = 0, time.monotonic()
    base = peer.resident_bytes(target.pid) if target.pid else 0
    for row in rows:
        row_started = time.monotonic()
        wrong = run_row(row, target, args.kafka)
        seconds = time.monotonic() - row_started
        if wrong:
            failed += 1
            print(f"FAIL row {row.number} {row.name}: {wrong}", flush=True)
        elif args.verbose:
            print(f"ok   row {row.number} {row.name}: {row.kafka}, {seconds:.2f} s", flush=True)
    growth = peer.resident_bytes(target.pid) - base if target.pid else 0
    if growth > TOTAL_GROWTH and not args.kafka:
        failed += 1
        print(f"FAIL all rows: resident memory grew by {growth >> 20} MiB")
    size = f", resident memory +{growth / 2**20:.1f} MiB" if target.pid else ""
    print(f"{len(rows) - failed} passed, {failed} failed, {len(rows)} rows,"
          f" {time.monotonic() - started:.1f} s{size}")
    return failed


def main():
    args = parse()
    rows = chosen(args.only)
    if args.list:
        for row in rows:
            ours = "" if row.ours is None else f" | ours: {row.ours}"
            note = f"  # {row.note}" if row.note else ""
            print(f"{row.number:3} {row.name}: {row.kafka}{ours}{note}")
        return 0
    if args.bootstrap:
        return 1 if run_all(rows, peer.Peer(args.bootstrap, args.pid, args.kafka), args) else 0
    started = broker.Broker()
    try:
        return 1 if run_all(rows, peer.Peer(started.bootstrap, started.pid), args) else 0
    finally:
        started.close()


if __name__ == "__main__":
    sys.exit(main())

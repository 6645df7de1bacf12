"""What the Python programs share: the scenario runner, names, checks."""

import os, random, sys, threading, time, traceback

BOOTSTRAP = os.environ.get("BOOTSTRAP") or "127.0.0.1:9092"
# What the broker does not have yet, by name: groups, transactions, acls, scram, elections...
WITHOUT = set(os.environ.get("WITHOUT", "").split())
NEEDED = {"S4": "groups", "S5": "groups", "S6": "groups", "S7": "groups"}
left_out = set()
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
RUN = format(time.time_ns() // 1_000_000 & 0xFFFFFF, "x")


class Skip(Exception):
    pass


def has(feature):
    """Whether the broker has a feature; one that it lacks is named in the scenario's line."""
    if feature in WITHOUT:
        left_out.add(feature)
    return feature not in WITHOUT


def name(tag):
    return f"m-py-{tag}-{RUN}-{random.randrange(1 << 20):x}"


def text(i):
    return (f"record {i}" + " lorem ipsum " * 20).encode()


def check(ok, what):
    if not ok:
        raise AssertionError(what)


def equal(want, got, what):
    check(want == got, f"{what}: want {str(want)[:200]}, got {str(got)[:200]}")


def until(what, done, seconds=40):
    """Calls done() until it returns something true, and returns that."""
    end = time.time() + seconds
    while time.time() < end:
        result = done()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for: {what}")


def order(records, n):
    """S1: records are (key, value, header n, partition, offset)."""
    equal(n, len(records), "records")
    last, following = {}, {}
    for key, value, header, partition, offset in records:
        i = int(value[1:])
        equal(f"k{i % 97}".encode(), key, "key")
        equal(str(i).encode(), header, "header")
        check(last.get(key, -1) < i, f"order of {key}")
        last[key] = i
        equal(following.get(partition, 0), offset, "offset")
        following[partition] = offset + 1
    return f"{n} records, {len(following)} partitions"


def shares(members, each):
    """All members own `each` partitions, no partition twice: see .owned (a set) and .error."""
    for m in members:
        check(m.error is None, f"member failed: {m.error!r}")
    owned = [p for m in members for p in m.owned]
    return all(len(m.owned) == each for m in members) and len(set(owned)) == len(owned)


def group_steps(start, send, partitions=6):
    """S4 and S6: start() returns a member on its own thread with .owned, .got, .error and .leave();
    send(a, b) produces va..vb-1."""
    a = start()
    until("one member owns all", lambda: shares([a], partitions))
    b, c = start(), start()
    until("three members own 2 each", lambda: shares([a, b, c], partitions // 3))
    send(0, 3000)
    until("3000 consumed", lambda: len(a.got) + len(b.got) + len(c.got) >= 3000)
    check(a.got and b.got and c.got, "every member consumes")
    c.leave()
    until("two members own 3 each", lambda: shares([a, b], partitions // 2))
    send(3000, 4000)
    until("4000 consumed", lambda: len(a.got) + len(b.got) + len(c.got) >= 4000)
    a.leave()
    b.leave()
    equal(
        [f"v{i}".encode() for i in range(4000)],
        sorted(a.got + b.got + c.got, key=lambda v: int(v[1:])),
        "records",
    )
    send(4000, 4600)
    d = start()
    until("600 after restart", lambda: len(d.got) >= 600)
    time.sleep(0.3)
    d.leave()
    equal(
        [f"v{i}".encode() for i in range(4000, 4600)],
        sorted(d.got, key=lambda v: int(v[1:])),
        "records after restart",
    )
    return "1, 3, 2 members, 4600 records"


def run(client, scenarios, unsupported={}):
    """Runs the scenarios named on the command line, each with 90 s; one line for each."""
    failed = False
    for scenario in sys.argv[1:] or [*scenarios, *unsupported]:
        start, outcome = time.time(), []
        left_out.clear()

        def body():
            try:
                if scenario not in scenarios:
                    raise Skip(unsupported.get(scenario, "no such scenario"))
                if scenario in NEEDED and not has(NEEDED[scenario]):
                    raise Skip(f"left out: {NEEDED[scenario]}")
                figures = scenarios[scenario]()
                if left_out:
                    figures += ", without " + " ".join(sorted(left_out))
                outcome.append(("PASS", f"{figures}, {time.time() - start:.1f} s"))
            except Skip as e:
                outcome.append(("SKIP", e))
            except BaseException as e:
                if os.environ.get("TRACE"):
                    traceback.print_exc()
                outcome.append(("FAIL", f"{type(e).__name__}: {e}".replace("\n", " ")))

        thread = threading.Thread(target=body, daemon=True)
        thread.start()
        thread.join(90)
        verdict, why = outcome[0] if outcome else ("FAIL", "not finished after 90 s")
        print(verdict, client, scenario, why, flush=True)
        failed |= verdict == "FAIL"
    os._exit(1 if failed else 0)

"""Clickstream topic -> consumer -> pandas -> plotly figure in HTML, whose own data is compared."""

import base64
import json
import time
from collections import Counter

import numpy as np
import pandas as pd
import plotly.express as px
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient

from seeds import BOOTSTRAP, WORK, check, click, create, equal, main, unique

N = 3000


def array(v):
    """A trace's array, whether written as a list or as base64 of the bytes."""
    return (
        np.frombuffer(base64.b64decode(v["bdata"]), dtype=v["dtype"]).tolist()
        if isinstance(v, dict)
        else v
    )


def body():
    topic = unique("clickstream-data")
    admin = AdminClient({"bootstrap.servers": BOOTSTRAP})
    create(admin, topic, 3)
    p = Producer({"bootstrap.servers": BOOTSTRAP, "linger.ms": 5})
    for i in range(N):
        p.produce(topic, json.dumps(click(i)), key=click(i)["user_id"])
        p.poll(0)
    equal(p.flush(20), 0, "left after flush")

    group = unique("pandas")
    c = Consumer(
        {"bootstrap.servers": BOOTSTRAP, "group.id": group, "auto.offset.reset": "earliest"}
    )
    c.subscribe([topic])
    rows, end = [], time.monotonic() + 20
    while len(rows) < N and time.monotonic() < end:
        for m in c.consume(1000, 0.5):
            check(m.error() is None, f"{m.error()}")
            rows.append(json.loads(m.value()) | {"partition": m.partition(), "offset": m.offset()})
    c.close()
    df = pd.DataFrame(rows)
    equal(len(df), N, "rows in the frame")
    equal(len(df.drop_duplicates(["partition", "offset"])), N, "distinct offsets")
    df["timestamp"] = pd.to_datetime(df["timestamp"])
    per = (
        df.set_index("timestamp")
        .groupby([pd.Grouper(freq="30s"), "action"])
        .size()
        .rename("clicks")
        .reset_index()
    )
    fig = px.line(per, x="timestamp", y="clicks", color="action", title="Clicks per 30 s")
    path = f"{WORK}/clicks.html"
    fig.write_html(path, include_plotlyjs=True)

    html = open(path, encoding="utf-8").read()
    at = html.rindex("Plotly.newPlot(")
    traces = json.JSONDecoder().raw_decode(html, html.index("[", at))[0]
    expected = Counter(
        (click(i)["action"], pd.Timestamp(click(i)["timestamp"]).floor("30s")) for i in range(N)
    )
    found = {
        (
            t["name"],
            pd.Timestamp(x).tz_localize("UTC") if pd.Timestamp(x).tz is None else pd.Timestamp(x),
        ): int(y)
        for t in traces
        for x, y in zip(array(t["x"]), array(t["y"]))
        if y
    }
    equal(found, dict(expected), "points in the figure")
    admin.delete_consumer_groups([group])[group].result(20)
    admin.delete_topics([topic])[topic].result(20)
    return (
        f"{len(df)} rows, {len(traces)} traces with {len(found)} points summing to"
        f" {sum(found.values())} in {len(html) // 1024} KiB of HTML"
    )


main(body)

#!/bin/bash
# The other side is an Apache Kafka that is started here.
. "$(dirname "$0")/../support/pipeline.bash"
venv
maven
kafka=$HERE/../../clients/support/kafka
ready
other=$("$kafka" start "$WORK/kafka" 2>"$WORK/kafka.err") ||
    skip "no Apache Kafka: $(tail -1 "$WORK/kafka.err")"
background+=("$(cat "$WORK/kafka/pid")")
export OTHER=$other MIRROR_JVM="${JVM[*]}" MIRROR_CP=$CP
bounded 150 "$PY" "$HERE/main.py"

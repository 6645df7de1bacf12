#!/bin/bash
. "$(dirname "$0")/../support/pipeline.bash"
venv
maven
ready
export HADOOP_CP=$CP HADOOP_JVM="${JVM[*]} ${OPENS[*]}"
bounded 90 "$PY" "$HERE/main.py"

#!/bin/bash
. "$(dirname "$0")/../support/pipeline.bash"
venv
maven
ready
export SPARK_KAFKA_JARS=$(tr ':' '\n' <<<"$CP" | grep '\.jar$' | paste -sd,)
export SPARK_LOCAL_IP=127.0.0.1 PYSPARK_PYTHON=$PY
cd "$WORK" || exit 1 # Spark leaves folders where it stands
bounded 200 "$PY" "$HERE/main.py"

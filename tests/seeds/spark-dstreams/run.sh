#!/bin/bash
. "$(dirname "$0")/../support/pipeline.bash"
maven
ready
export SPARK_LOCAL_IP=127.0.0.1 SPARK_LOCAL_DIRS=$WORK
cd "$WORK" || exit 1 # Spark leaves folders where it stands
bounded 150 java "${JVM[@]}" "${OPENS[@]}" -cp "$CP" Main

#!/bin/bash
. "$(dirname "$0")/../support/pipeline.bash"
maven
ready
JVM+=(-Dorg.slf4j.simpleLogger.log.org.apache.flink.metrics.MetricGroup=error)
bounded 150 java "${JVM[@]}" "${OPENS[@]}" -cp "$CP" Main

#!/bin/bash
. "$(dirname "$0")/../support/pipeline.bash"
maven
ready
bounded 120 java "${JVM[@]}" "${OPENS[@]}" -cp "$CP" Main

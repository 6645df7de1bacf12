#!/bin/bash
. "$(dirname "$0")/../support/pipeline.bash"
maven
ready
bounded 150 java "${JVM[@]}" -cp "$CP" Main

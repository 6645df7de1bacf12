#!/bin/bash
. "$(dirname "$0")/../support/pipeline.bash"
need python3
maven
ready
# Connect finds its connectors as plugins: each in a jar below the plugin path.
mkdir -p "$WORK/plugins"
for jar in ${CP//:/ }; do
    case $jar in */connect-file-*.jar) cp "$jar" "$WORK/plugins/" ;; esac
done
export CONNECT_JVM="${JVM[*]}" CONNECT_CP=$CP
bounded 150 python3 "$HERE/main.py"

#!/bin/bash
# Needs a server that speaks MongoDB's wire protocol: $MONGODB_PORT names a running one on this
# machine; otherwise FerretDB (SQLite backend), in the version of server/go.mod, is built and started.
. "$(dirname "$0")/../support/pipeline.bash"
venv
server=$CACHE/ferretdb
if [ -z "${MONGODB_PORT:-}" ]; then
    need go
    if ! prepared "$server" "$HERE"/server/*; then
        cp "$HERE"/server/* "$server/"
        (cd "$server" && go build -buildvcs=false -mod=mod -o server .) >"$WORK/go.log" 2>&1 ||
            unprepared FerretDB "$WORK/go.log"
        echo "$SUM" >"$server/.done"
    fi
fi
ready
if [ -z "${MONGODB_PORT:-}" ]; then
    MONGODB_PORT=$(python3 -c \
        'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    mkdir -p "$WORK/state"
    cd "$WORK" || exit 1
    "$server/server" "127.0.0.1:$MONGODB_PORT" "$WORK/state" >"$WORK/ferretdb.log" 2>&1 &
    background+=($!)
fi
export MONGODB_PORT
bounded 60 "$PY" "$HERE/main.py"

#!/bin/bash
. "$(dirname "$0")/../support/pipeline.bash"
venv
ready
bounded 60 "$PY" "$HERE/main.py"

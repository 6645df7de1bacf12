#!/bin/bash
. "$(dirname "$0")/../support/pipeline.bash"
venv
ready
bounded 90 "$PY" "$HERE/main.py"

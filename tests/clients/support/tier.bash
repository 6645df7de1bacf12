# What the slower tiers with real clients share. Sourced; needs $root, the top of the tree.
#
#   start_milena FOLDER [name=value...]    FOLDER takes its data and log; sets `bootstrap` and
#                                          `started`, the pid that the script must end. With
#                                          $NODES more than 1 it is a cluster of so many nodes;
#                                          with $KILL_EVERY one of them is killed (kill -9) every
#                                          so many seconds and comes back 3 seconds later
#   broke FOLDER                           prints why the broker, or a node, ended by itself
#   venv FOLDER REQUIREMENTS               a Python environment, made again when REQUIREMENTS change
#   missing                                what Milena does not have yet, for $WITHOUT
#   same_inputs STAMP FILE...              whether STAMP was made from these very files; sets SUM
#   lacking PROGRAM...                     prints the first that is not installed, or fails
#   report LINE...                         prints result lines and keeps them for `finish`
#   finish                                 prints the count; 0, 1 something failed, 77 nothing ran
# A result line begins with PASS, FAIL or SKIP.

# What issues to come bring; a feature leaves this list with the code that brings it.
missing="scram quotas reassignments quorum client-metrics tokens streams"

start_milena() {
    local folder=$1 binary=${MILENA_BINARY:-} candidate setting port= arguments=()
    shift
    bootstrap=
    for candidate in "$root/build/release/milena" "$root/build/debug/milena"; do
        [ -n "$binary" ] || [ ! -x "$candidate" ] || binary=$candidate
    done
    [ -n "$binary" ] || { echo "no milena in build/release or build/debug" >&2 && return 1; }
    [ "${NODES:-1}" = 1 ] || { start_cluster "$binary" "$folder" "$@" && return; }
    for setting in listeners=PLAINTEXT://127.0.0.1:0 log.dirs="$folder/data" "$@"; do
        arguments+=(--set "$setting")
    done
    "$binary" serve "${arguments[@]}" >"$folder/broker.log" 2>&1 </dev/null &
    started=$!
    for _ in $(seq 300); do
        port=$(sed -nE 's/.*listening PLAINTEXT 127\.0\.0\.1:([0-9]+)$/\1/p' \
            "$folder/broker.log" 2>/dev/null)
        if [ -n "$port" ]; then
            bootstrap=127.0.0.1:$port
            return 0
        fi
        kill -0 "$started" 2>/dev/null || break
        sleep 0.1
    done
    echo "the broker did not start:" >&2
    tail -20 "$folder/broker.log" >&2
    return 1
}

start_cluster() {
    local binary=$1 folder=$2 setting arguments=()
    shift 2
    for setting in "$@"; do arguments+=(--set "$setting"); done
    : >"$folder/broker.log"
    "$binary" dev --nodes "$NODES" --data "$folder/nodes" --base-port "$(free_ports)" \
        --restart 3 "${arguments[@]}" >"$folder/broker.log" 2>&1 </dev/null &
    started=$!
    for _ in $(seq 300); do
        if grep -q '^Ctrl-C stops' "$folder/broker.log"; then
            bootstrap=$(sed -n 's/^bootstrap //p' "$folder/broker.log")
            [ -z "${KILL_EVERY:-}" ] || kill_in_turn "$started" "$folder/broker.log" &
            return 0
        fi
        kill -0 "$started" 2>/dev/null || break
        sleep 0.1
    done
    echo "the cluster did not start:" >&2
    tail -20 "$folder"/broker.log "$folder"/nodes/*.log >&2
    return 1
}

# The first of as many ports in a row as a cluster needs.
free_ports() {
    PYTHONPATH=$root/tests/bench python3 -Bc \
        "import peers; print(peers.free_port_range(2 * $NODES))"
}

# kill_in_turn PID LOG: as long as that milena dev lives, which writes LOG
kill_in_turn() {
    local node=0
    while sleep "$KILL_EVERY" && kill -0 "$1" 2>/dev/null; do
        node=$((node % NODES + 1))
        kill -9 "$(sed -nE "s/^node $node .*pid ([0-9]+).*/\1/p" "$2" | tail -1)" 2>/dev/null
    done
}

broke() {
    grep -E ' was ended by signal ([^9]|9.) | ended with status ' "$1/broker.log" && return
    kill -0 "$started" 2>/dev/null || echo "it is gone"
}

same_inputs() {
    local stamp=$1
    shift
    SUM=$(cat "$@" | sha256sum)
    [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$SUM" ]
}

venv() {
    local folder=$1 requirements=$2
    same_inputs "$folder/.requirements" "$requirements" && return
    { [ -x "$folder/bin/python" ] || python3 -m venv "$folder"; } &&
        "$folder/bin/pip" install -q --disable-pip-version-check -r "$requirements" &&
        echo "$SUM" >"$folder/.requirements"
}

lacking() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || { echo "$program" && return; }
    done
    return 1
}

results=()
report() {
    printf '%s\n' "$@"
    results+=("$@")
}

finish() {
    local line passed=0 failed=0 skipped=0
    for line in "${results[@]}"; do
        case $line in
        PASS*) passed=$((passed + 1)) ;;
        SKIP*) skipped=$((skipped + 1)) ;;
        *) failed=$((failed + 1)) ;;
        esac
    done
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ] || return 1
    [ "$passed" != 0 ] || return 77
}

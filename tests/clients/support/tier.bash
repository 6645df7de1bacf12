# What the slower tiers with real clients share. Sourced; needs $root, the top of the tree.
#
#   start_milena FOLDER [name=value...]    FOLDER takes its data and log; sets `bootstrap` and
#                                          `started`, the pid that the script must end
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
    for candidate in "$root/build/release/milena" "$root/build/debug/milena"; do
        [ -n "$binary" ] || [ ! -x "$candidate" ] || binary=$candidate
    done
    [ -n "$binary" ] || { echo "no milena in build/release or build/debug" >&2 && return 1; }
    for setting in listeners=PLAINTEXT://127.0.0.1:0 log.dirs="$folder/data" "$@"; do
        arguments+=(--set "$setting")
    done
    "$binary" serve "${arguments[@]}" >"$folder/broker.log" 2>&1 </dev/null &
    started=$!
    for _ in $(seq 300); do
        port=$(sed -nE 's/.*listening PLAINTEXT 127\.0\.0\.1:([0-9]+)$/\1/p' "$folder/broker.log")
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

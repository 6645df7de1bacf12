# Sourced by every pipeline's run.sh, which `run` starts with $BOOTSTRAP, $CACHE, $WORK, $NAME and
# $PREPARE_ONLY set.
#
#   venv       a Python environment from the folder's requirements.txt; sets PY
#   maven      classes and class path from the folder's pom.xml and src; sets CP
#   ready      ends here when only preparing
#   bounded    runs the pipeline with a time limit; prints the one line that it ends with
#
# Exit status: 0 passed, 1 failed, 77 skipped: something that it needs cannot be had.
set -uo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
SUPPORT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export HERE PYTHONPATH=$SUPPORT PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
background=() # process ids started here, ended on the way out
finish() {
    local status=$? pid
    for pid in "${background[@]}"; do
        kill "$pid" 2>/dev/null || continue
        for _ in $(seq 20); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -9 "$pid" 2>/dev/null
    done
    exit $status
}
trap finish EXIT

fail() { echo "FAIL $NAME: $*" && exit 1; }
skip() { echo "SKIP $NAME: $*" && exit 77; }
need() { command -v "$1" >/dev/null || skip "there is no $1"; }

# What registries that do not answer make their clients print.
away='Temporary failure in name|Name or service not known|NewConnectionError|ConnectTimeout'
away+='|ReadTimeout|Connection refused|Connection reset|Connection timed out|No route to host'
away+='|Network is unreachable|Unknown ?[Hh]ost|no such host|i/o timeout|dial tcp'
away+='|Could not transfer artifact|PKIX path|ProxyError|Max retries exceeded|403 Forbidden'
away+='|status code: (403|407|429|5[0-9][0-9])|50[234] (Bad|Service|Gateway)|in offline mode'
unprepared() { # what, log
    local why
    tail -5 "$2" >&2
    why=$(grep -aE "$away" "$2" | head -1 | tr -s ' ' | cut -c1-240)
    [ -z "$why" ] || skip "no registry while preparing $1: $why"
    fail "cannot prepare $1: $(grep -ai error "$2" | head -1 | tr -s ' ' | cut -c1-240)"
}

# prepared FOLDER FILE...: whether FOLDER was made from these very files; else it is emptied
prepared() {
    local folder=$1
    shift
    SUM=$(cat "$@" | sha256sum)
    [ "$(cat "$folder/.done" 2>/dev/null)" != "$SUM" ] || return 0
    rm -rf "$folder"
    mkdir -p "$folder"
    return 1
}
venv() {
    local folder=$CACHE/python/$NAME
    need python3
    if ! prepared "$folder" "$HERE/requirements.txt"; then
        python3 -m venv "$folder" >"$WORK/pip.log" 2>&1 &&
            "$folder/bin/pip" install --disable-pip-version-check -q --retries 2 \
                -r "$HERE/requirements.txt" >>"$WORK/pip.log" 2>&1 ||
            unprepared requirements.txt "$WORK/pip.log"
        echo "$SUM" >"$folder/.done"
    fi
    PY=$folder/bin/python
    export PY PATH=$folder/bin:$PATH
}
maven() {
    local folder=$CACHE/maven/$NAME sources=()
    need java && need mvn
    [ ! -d "$HERE/src" ] || sources=("$HERE"/src/main/java/*.java)
    if ! prepared "$folder" "$HERE/pom.xml" "${sources[@]}"; then
        cp -r "$HERE"/pom.xml $([ ! -d "$HERE/src" ] || echo "$HERE/src") "$folder/"
        (cd "$folder" && mvn -q -B -Dstyle.color=never compile \
            org.apache.maven.plugins:maven-dependency-plugin:build-classpath \
            -Dmdep.outputFile=classpath -Dmdep.includeScope=runtime) >"$WORK/mvn.log" 2>&1 ||
            unprepared pom.xml "$WORK/mvn.log"
        echo "$SUM" >"$folder/.done"
    fi
    CP=$folder/target/classes:$(cat "$folder/classpath")
    export CP
}
# Short-lived JVMs: quick start matters more than peak speed.
JVM=(-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=${LOG_LEVEL:-warn}")
OPENS=()
for package in lang lang.invoke lang.reflect io net nio util util.concurrent \
    util.concurrent.atomic; do
    OPENS+=("--add-opens=java.base/java.$package=ALL-UNNAMED")
done
for package in nio.ch nio.cs security.action util.calendar; do
    OPENS+=("--add-opens=java.base/sun.$package=ALL-UNNAMED")
done

ready() { [ -z "${PREPARE_ONLY:-}" ] || exit 0; }

# bounded SECONDS COMMAND...: the command's output holds one line "PASS ..." or "FAIL ..."
bounded() {
    local limit=$1 status line pid
    shift
    timeout -k 5 "$limit" "$@" >"$WORK/log" 2>&1 &
    pid=$!
    background+=("$pid")
    wait "$pid"
    status=$?
    line=$(grep -aE "^(PASS|FAIL|SKIP) $NAME: " "$WORK/log" | tail -1)
    case "$status:$line" in
    0:PASS*) echo "$line" && exit 0 ;;
    77:SKIP*) echo "$line" && exit 77 ;;
    124:* | 137:*) line="FAIL $NAME: no result within $limit s" ;;
    *:FAIL*) ;;
    *) line="FAIL $NAME: exit $status without a result line" ;;
    esac
    tail -40 "$WORK/log" >&2
    echo "$line"
    exit 1
}

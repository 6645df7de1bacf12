# What the command-line programs share. Sourced; the program sets CLIENT and defines one function for
# each scenario (S1, ...), which returns non-zero after calling `no` with the reason, and leaves its
# figures in FIGURES.
BOOTSTRAP=${BOOTSTRAP:-127.0.0.1:9092}
WORK=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$WORK"' EXIT
shopt -s lastpipe # the last command of a pipe runs in this shell, so that its WHY is not lost
RUN=$(printf %x $((RANDOM * 32768 + RANDOM)))
name() { echo "m-cli-$1-$RUN-$RANDOM"; }
no() {
  WHY=${*//$'\n'/ }
  WHY=${WHY:0:300}
  return 1
}
skip() {
  SKIPPED=$*
  return 1
}
declare -A NEEDED=([S4]=groups [S6]=groups [S7]=groups)
# has FEATURE: whether the broker has it; one that it lacks ($WITHOUT) is named in the result.
has() { [[ " ${WITHOUT:-} " != *" $1 "* ]] || {
  [[ " $LEFT_OUT " == *" $1 "* ]] || LEFT_OUT+=" $1"
  return 1
}; }

# says PATTERN COMMAND...: the command's output (both streams) must match the extended regular
# expression; OUT keeps it.
says() {
  local pattern=$1
  shift
  OUT=$("$@" 2>&1)
  CODE=$?
  grep -Eq -- "$pattern" <<<"$OUT" \
      || no "$1 ${2:-} ${3:-} ${4:-}: want /$pattern/, got (exit $CODE): $(tail -c 600 <<<"$OUT")"
}
works() { OUT=$("$@" 2>&1) \
    || no "$2 ${3:-} ${4:-} ${5:-}: exit $?: $(tail -c 600 <<<"$OUT")"; } # must exit 0
eventually() {
  local n
  for n in 1 2 3 4 5 6 7 8; do
    says "$@" && return
    sleep 0.5
  done
  return 1
}
same() { [ "$1" = "$2" ] || no "$3: want $1, got $2"; }

run_scenarios() {
  local failed=0 s start
  for s in "$@"; do
    FIGURES='' WHY='' SKIPPED='' LEFT_OUT='' start=$(date +%s%N)
    if ! declare -F "$s" >/dev/null; then
      echo "SKIP $CLIENT $s ${UNSUPPORTED[$s]:-not a scenario of this tool}"
      continue
    fi
    if [ -n "${NEEDED[$s]:-}" ] && ! has "${NEEDED[$s]}"; then
      echo "SKIP $CLIENT $s left out: ${NEEDED[$s]}"
      continue
    fi
    if "$s"; then
      [ -z "$LEFT_OUT" ] || FIGURES+=", without$LEFT_OUT"
      printf 'PASS %s %s %s, %.1f s\n' "$CLIENT" "$s" "$FIGURES" \
          "$(((($(date +%s%N) - start)) / 100000000))e-1"
    elif [ -n "$SKIPPED" ]; then
      echo "SKIP $CLIENT $s $SKIPPED"
    else
      echo "FAIL $CLIENT $s ${WHY:-failed}"
      failed=1
    fi
  done
  return $failed
}

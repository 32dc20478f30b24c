#!/usr/bin/env bash
# step.sh HEADING COMMAND...: prints a heading, runs the command without stdin, prints how long it took, keeps its exit code.
# A signal is passed on, so that nothing is left behind when a run is broken off.
set -uo pipefail
heading=$1
shift
printf '\n==> %s\n' "$heading"
started=$SECONDS
# In a process group of its own (set -m), so that a signal reaches all that the command runs: cargo and make do not pass it on.
set -m
"$@" </dev/null &
command=$!
set +m
trap 'kill -TERM -- "-$command" 2>/dev/null' INT TERM
wait "$command"
code=$?
# A trap ends the wait early: wait again for the command itself.
while kill -0 "$command" 2>/dev/null; do
    wait "$command"
    code=$?
done
if [ "$code" -eq 0 ]; then
    printf '<== %s: ok, %d s\n' "$heading" $((SECONDS - started))
else
    printf '<== %s: FAILED (exit code %d), %d s\n' "$heading" "$code" $((SECONDS - started)) >&2
fi
exit "$code"

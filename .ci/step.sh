#!/usr/bin/env bash
# step.sh HEADING COMMAND...: prints a heading, runs the command without stdin, prints how long it took, keeps its exit code.
set -uo pipefail
heading=$1
shift
printf '\n==> %s\n' "$heading"
started=$SECONDS
"$@" </dev/null
code=$?
if [ "$code" -eq 0 ]; then
    printf '<== %s: ok, %d s\n' "$heading" $((SECONDS - started))
else
    printf '<== %s: FAILED (exit code %d), %d s\n' "$heading" "$code" $((SECONDS - started)) >&2
fi
exit "$code"

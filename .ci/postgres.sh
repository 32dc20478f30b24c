#!/usr/bin/env bash
# postgres.sh COMMAND...: runs the command beside a throw-away PostgreSQL (PostGIS available) that the PG* variables name and that is
# dropped afterwards. The encoding is given because a machine without a locale would otherwise get SQL_ASCII.
set -euo pipefail
export WANGGE_TEST_POSTGRES=1
# In a process group of its own (set -m): pg_virtualenv hears a signal only when its command has ended, so the command must hear it, too.
set -m
pg_virtualenv -t -c '--encoding=UTF8 --locale=C.UTF-8' -o fsync=off -o full_page_writes=off "$@" </dev/null &
command=$!
set +m
trap 'kill -TERM -- "-$command" 2>/dev/null' INT TERM
code=0
wait "$command" || code=$?
# A trap ends the wait early: wait again, for the database to be dropped.
while kill -0 "$command" 2>/dev/null; do
    code=0
    wait "$command" || code=$?
done
exit "$code"

#!/usr/bin/env bash
# postgres.sh COMMAND...: runs the command beside a throw-away PostgreSQL (PostGIS available) that the PG* variables name and that is
# dropped afterwards. The encoding is given because a machine without a locale would otherwise get SQL_ASCII.
set -euo pipefail
export WANGGE_TEST_POSTGRES=1
exec pg_virtualenv -t -c '--encoding=UTF8 --locale=C.UTF-8' -o fsync=off -o full_page_writes=off "$@"

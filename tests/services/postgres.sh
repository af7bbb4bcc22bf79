#!/usr/bin/env bash
# PostgreSQL for tests, on 127.0.0.1 and a free port, data in a scratch folder, as production has it: with fsync.
#
#   postgres.sh run           for programs: prints the port and the folder, serves until its standard input is closed, and
#                             then removes everything; so whoever started it may die in any way
#   postgres.sh crash DIR     at once, as in a crash: clients are cut off, and the next start recovers from the log
#   postgres.sh stop DIR      as an operator would; open transactions are rolled back
#   postgres.sh start DIR     again
#
# Anyone may connect, as the user `postgres`. The binaries come from `make deps`. PostgreSQL refuses to run as root: started
# by root, it runs as `nobody`.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
binaries=$cache/postgres/pg
# From here on the server's user must be able to stand where it is.
cd /

as_server() {
    if (($(id -u))); then "$@"; else runuser -u nobody -- "$@"; fi
}

# create DIR: the binaries where the server's user can read them, an empty database, and a port.
create() {
    local dir=$1
    [[ -x $binaries/bin/postgres ]] || die "PostgreSQL's binaries are not in $cache; to fetch them: make deps"
    (($(id -u))) || chown nobody "$dir"
    if as_server test -x "$binaries/bin/postgres"; then
        ln -s "$binaries" "$dir/pg"
    else
        cp -r "$binaries" "$dir/pg"
        chmod -R a+rX "$dir/pg"
    fi
    as_server "$dir/pg/bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C >"$dir/initdb.log" 2>&1 </dev/null ||
        die "PostgreSQL could not make a database: $(cat "$dir/initdb.log")"
}

up() {
    as_server "$1/pg/bin/pg_ctl" -D "$1/data" -w -t 60 -l "$1/data/server.log" \
        -o "-p $(cat "$1/port") -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c wal_level=logical" \
        start >/dev/null 2>&1 </dev/null && return
    tail -n 20 "$1/data/server.log" >&2
    return 1
}

stop() {
    [[ ! -e $1/data/postmaster.pid ]] ||
        as_server "$1/pg/bin/pg_ctl" -D "$1/data" -w -m "$2" stop >/dev/null </dev/null
}

command=${1:-help}
(($#)) && shift
case $command in
run)
    dir=$(mktemp -d -t conecta-postgres.XXXXXX)
    trap 'stop "$dir" immediate; rm -rf "$dir"' EXIT
    trap 'exit 130' INT TERM HUP
    create "$dir"
    for attempt in 1 2 3; do
        free_ports 1 >"$dir/port"
        up "$dir" && break
        ((attempt < 3)) || die "PostgreSQL did not start; its log is above"
    done
    printf '%s %s\n' "$(cat "$dir/port")" "$dir"
    until_closed
    ;;
crash) stop "$1" immediate ;;
stop) stop "$1" fast ;;
start) up "$1" || die "PostgreSQL did not start; its log is above" ;;
*)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
    [[ $command == help ]] || exit 2
    ;;
esac

#!/usr/bin/env bash
# Redis for tests, on 127.0.0.1 and a free port, data in a scratch folder, written to its log at once, as one should have it
# who keeps in it what must not be forgotten.
#
#   redis.sh run              for programs: prints the port and the folder, serves until its standard input is closed, and
#                             then removes everything; so whoever started it may die in any way
#   redis.sh crash DIR        at once, as in a crash; the next start reads the log
#   redis.sh start DIR        again
#
# The binary comes from `make deps`.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
server=$cache/redis/redis-server
cd /

up() {
    local dir=$1
    "$server" --port "$(cat "$dir/port")" --bind 127.0.0.1 --dir "$dir/data" --daemonize yes --pidfile "$dir/pid" \
        --logfile "$dir/server.log" --save '' --appendonly yes --appendfsync always >/dev/null </dev/null
    until_true 30 answers "$dir" && return
    tail -n 20 "$dir/server.log" >&2
    return 1
}

# Whether it serves: while it reads its log it says LOADING.
answers() {
    local answer
    { exec 3<>"/dev/tcp/127.0.0.1/$(cat "$1/port")"; } 2>/dev/null || return 1
    printf 'PING\r\n' >&3
    IFS= read -r -t 1 answer <&3 || answer=
    exec 3>&-
    [[ $answer == +PONG* ]]
}

down() {
    [[ -e $1/pid ]] || return 0
    local pid
    pid=$(cat "$1/pid")
    kill -9 "$pid" 2>/dev/null || true
    until_true 10 gone "$pid"
    rm -f "$1/pid"
}

command=${1:-help}
(($#)) && shift
case $command in
run)
    [[ -x $server ]] || die "Redis is not in $cache; to fetch it: make deps"
    dir=$(mktemp -d -t conecta-redis.XXXXXX)
    trap 'down "$dir"; rm -rf "$dir"' EXIT
    trap 'exit 130' INT TERM HUP
    mkdir "$dir/data"
    for attempt in 1 2 3; do
        free_ports 1 >"$dir/port"
        up "$dir" && break
        ((attempt < 3)) || die "Redis did not start; its log is above"
    done
    printf '%s %s\n' "$(cat "$dir/port")" "$dir"
    until_closed
    ;;
crash) down "$1" ;;
start) up "$1" || die "Redis did not start; its log is above" ;;
*)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
    [[ $command == help ]] || exit 2
    ;;
esac

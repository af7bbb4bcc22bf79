# Shared by the scripts beside it: where things are kept, and how to speak. Sourced, not run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034  # the scripts that source this use it
cache=${CONECTA_CACHE:-$root/.cache}

say() { printf '%s\n' "$*" >&2; }

# Ends the script. The message says what to do next.
die() {
    say "error: $*"
    exit 1
}

# need COMMAND WHY HOW: the command must be there.
need() {
    command -v "$1" >/dev/null 2>&1 || die "\`$1\` is not installed; $2. To install it: $3"
}

# Whether something listens there.
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# until_true SECONDS COMMAND…: waits for a condition, and fails when the time is up.
until_true() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

# Whether a process has ended.
gone() { ! kill -0 "$1" 2>/dev/null; }

# Waits until whoever started the script closes its standard input. In the background, so that a signal is acted on at once and
# not after the read.
until_closed() {
    cat >/dev/null <&0 &
    wait $! || true
}

# Ports nobody listens on, below the range that the kernel hands out for outgoing connections.
free_ports() {
    local wanted=$1 port found=()
    while ((${#found[@]} < wanted)); do
        port=$((20000 + RANDOM % 12000))
        [[ " ${found[*]} " == *" $port "* ]] || listens "$port" || found+=("$port")
    done
    printf '%s\n' "${found[@]}"
}

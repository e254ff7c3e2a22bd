# shellcheck shell=bash
# Sourced by bench/run, bench/scale and bench/peers: a work folder in memory where
# there is room, with a copy of a server and migrate in it.

. "$(dirname "${BASH_SOURCE[0]}")/../../dev/lib/common.sh"
. "$TOP/dev/lib/servers.sh"

room_in_memory() {
    local options free
    options=$(findmnt -n -t tmpfs -o OPTIONS /dev/shm) || return 1
    free=$(df --output=avail /dev/shm | tail -n 1)
    [[ ,$options, != *,noexec,* ]] && [ "$free" -gt $((4 * 1024 * 1024)) ]
}

or_show_log() {
    local log=$WORK/log/$1.log
    shift
    if ! logged "$log" "$@"; then
        cat "$log" >&2
        exit 1
    fi
}

# prepare_bench SERVER
prepare_bench() {
    if [ -z "${TMPDIR-}" ] && room_in_memory; then
        export TMPDIR=/dev/shm
    fi
    make_work
    or_show_log prepare prepare_server "$1"
    or_show_log copy copy_for "$1"
    or_show_log build inside "$1" build
}

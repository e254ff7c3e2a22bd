# shellcheck shell=bash
# Sourced by the scripts in dev/: where things are, the work folder, cleanup.

set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CACHE=${MIGRATE_CHECK_CACHE:-/var/cache/migrate-check}

# What the tests see must not depend on who runs them.
export LANG=C.UTF-8
unset LC_ALL LANGUAGE CDPATH
for name in $(compgen -e PG); do
    unset "$name"
done

say() { printf '%s\n' "$*"; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 2
}

need_root() {
    [ "$(id -u)" = 0 ] ||
        die "must run as root: it installs packages, makes chroots, and switches to the user postgres to run servers"
}

# A folder for copies, clusters and logs, in which postgres works, and folders
# of the same name in the chroots.  Nothing of them is left behind, but the logs
# when KEEP_LOGS says so.
KEEP_LOGS=no

make_work() {
    WORK=$(mktemp -d "${TMPDIR:-/tmp}/migrate-check.XXXXXX")
    chmod 755 "$WORK"
    mkdir "$WORK/log"
    trap cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

cleanup() {
    local status=$?
    trap - EXIT
    trap '' INT TERM HUP
    cd /
    exec 2>/dev/null # the shell would name each child that is ended
    stop_children "$BASHPID"
    stop_in_work
    wait || true
    rm -rf "$CACHE"/*/tmp/"${WORK##*/}".*
    if [ "$KEEP_LOGS" = yes ]; then
        find "$WORK" -mindepth 1 -maxdepth 1 ! -name log -exec rm -rf {} +
    else
        rm -rf "$WORK"
    fi
    exit "$status"
}

stop_children() {
    local child
    for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
        stop_children "$child"
        kill -KILL "$child" 2>/dev/null || true
    done
}

# Processes that run in the work folders, as the postmaster of a throw-away
# cluster and its backends do.
in_work() {
    local cwd
    for cwd in /proc/[0-9]*/cwd; do
        case $(readlink "$cwd" || true) in
            "$WORK"/* | "$CACHE"/*/tmp/"${WORK##*/}".*) cwd=${cwd%/cwd} && echo "${cwd#/proc/}" ;;
        esac
    done 2>/dev/null
}

stop_in_work() {
    local signal pid
    for signal in QUIT KILL; do
        for pid in $(in_work); do
            kill "-$signal" "$pid" 2>/dev/null || true
        done
        [ -z "$(in_work)" ] || sleep 2
    done
}

# Runs a command with its output in a log.  In the background, so that a signal
# to this script is acted on at once.
logged() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 </dev/null &
    wait $!
}

# The tree as it stands, tracked or not, without what builds leave in it.
copy_tree() {
    local to=$1
    mkdir -p "$to"
    tar -C "$TOP" --exclude=./.git --exclude='*.o' --exclude='*.bc' --exclude='*.d' --exclude='*.so' \
        --exclude=./results --exclude=./log --exclude=./output_iso --exclude=./tmp_check \
        --exclude=./regression.diffs --exclude=./regression.out -cf - . |
        tar -C "$to" --no-same-owner -xf -
    chmod -R u+rwX,go+rX "$to"
}

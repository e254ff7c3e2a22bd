# shellcheck shell=bash
# Sourced by the scripts in dev/: where things are, the work folder, cleanup.

set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CACHE=${MIGRATE_CHECK_CACHE:-/var/cache/migrate-check}

# The results of tests must not depend on the environment.
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
# of the same name in the chroots.  All of them are removed at the end, except for
# the logs if KEEP_LOGS is "yes".
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
    exec 2>/dev/null # the shell would report each child that is killed
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

# Processes that run in the work folders, such as the postmaster of a throw-away
# cluster and its backends.
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

# Runs a command with its output in a log.  It runs in the background, so that
# this script reacts to signals at once.
logged() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 </dev/null &
    wait $!
}

# Copies the working tree, untracked files included, without the output of builds.
copy_tree() {
    local to=$1
    mkdir -p "$to"
    tar -C "$TOP" --exclude=./.git --exclude='*.o' --exclude='*.bc' --exclude='*.d' --exclude='*.so' \
        --exclude=./results --exclude=./log --exclude=./output_iso --exclude=./tmp_check \
        --exclude=./regression.diffs --exclude=./regression.out -cf - . |
        tar -C "$to" --no-same-owner -xf -
    chmod -R u+rwX,go+rX "$to"
}

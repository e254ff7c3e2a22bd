# shellcheck shell=bash
# Sourced after common.sh.  A server is named by its version, and is in a Debian
# folder made by debootstrap, or on this machine.  "deep" and "coverage" are 15, with
# migrate compiled for the sanitizer of undefined behaviour, and for gcov.

declare -A SERVER_ROOT=([15]='' [deep]='' [coverage]='' [17]=$CACHE/trixie [18]=$CACHE/sid)
declare -A SERVER_BIN=(
    [15]=/usr/lib/postgresql/15/bin
    [deep]=/usr/lib/postgresql/15/bin
    [coverage]=/usr/lib/postgresql/15/bin
    [17]=/usr/lib/postgresql/17/bin
    [18]=/usr/lib/postgresql/18/bin
)

# Percent of the lines of src/ that the tests have to reach.
COVERAGE_FLOOR=97

# The server with assertions, "a", has the version whose sources were available;
# see dev/lib/assertions.
assertions_prefix() {
    if [ -z "${SERVER_ROOT[$1]}" ]; then
        echo "$CACHE/pgsql-$1-assert"
    else
        echo "/opt/pgsql-$1-assert"
    fi
}

locate_assertions() {
    local major=15
    ASSERTIONS=none
    if [ -e "$CACHE/assertions" ]; then
        ASSERTIONS=$(cat "$CACHE/assertions")
        major=${ASSERTIONS%% *}
    fi
    SERVER_ROOT[a]=${SERVER_ROOT[$major]}
    SERVER_BIN[a]=$(assertions_prefix "$major")/bin
}
locate_assertions

# Runs a command with mounts and processes in separate namespaces, so that they
# end with it, however it ends; the first argument is where its /proc is mounted.
# Where namespaces are not permitted, as in some containers and in a chroot, the
# command runs without.
if unshare --mount --pid --fork --mount-proc true 2>/dev/null; then
    isolated() {
        local proc=$1
        shift
        unshare --mount --pid --fork --kill-child --mount-proc="$proc" "$@"
    }
else
    isolated() {
        shift
        "$@"
    }
fi

# Runs a command as root in a Debian folder.
in_root() {
    local root=$1
    shift
    install -d -m 1777 "$root/dev/shm"
    # The shell is process 1 there, because not every command can be:
    # timeout of coreutils 9.10 fails.  A TMPDIR of this machine does not exist there.
    isolated "$root/proc" chroot "$root" sh -c 'env -C / -u TMPDIR "$@"; exit "$?"' sh "$@"
}

# Takes a shared lock on a folder while something runs in it, so that it is not
# refreshed.
share_root() {
    local fd
    exec {fd}>"$1.lock"
    flock -s "$fd"
}

# Where a server's copy of the tree and all that is made of it are, as seen from
# inside its root.
server_dir() {
    if [ -z "${SERVER_ROOT[$1]}" ]; then
        echo "$WORK/$1"
    else
        echo "/tmp/${WORK##*/}.$1"
    fi
}

# Runs dev/lib/inside for a server, as postgres, on its copy of the tree, not
# longer than LIMIT if that is set.
inside() {
    local server=$1 root=${SERVER_ROOT[$1]} dir
    local command=(${LIMIT:+timeout --kill-after=30 "$LIMIT"} runuser -u postgres -- env -C)
    shift
    dir=$(server_dir "$server")
    command+=("$dir")
    case $server in
        deep | coverage) command+=(MIGRATE_COMPILE="$server") ;;
    esac
    command+=("$dir/tree/dev/lib/inside" "${SERVER_BIN[$server]}" "$@")
    if [ -z "$root" ]; then
        "${command[@]}"
    else
        in_root "$root" "${command[@]}"
    fi
}

# Runs a command on this machine, in a server's copy of the tree, with a throw-away
# cluster of that server: for tests with what the Debian folder does not have, such as
# a driver.  PGHOST has the socket as seen from here, MIGRATE_ROOT what the server sees
# as its root.  The server is started again if the command stops it.
beside() {
    local server=$1 dir=${SERVER_ROOT[$1]}$(server_dir "$1") serving status=0
    shift
    inside "$server" serve >"$WORK/log/serve.log" 2>&1 </dev/null &
    serving=$!
    until [ -e "$dir/up" ]; do
        kill -0 "$serving" 2>/dev/null || { cat "$WORK/log/serve.log" && return 1; }
        sleep 0.2
    done
    # in the background, so that this script reacts to signals at once
    (cd "$dir/tree" && PGHOST=$dir PGUSER=postgres PGDATABASE=postgres MIGRATE_ROOT=${SERVER_ROOT[$server]} exec "$@") <&0 &
    wait $! || status=$?
    touch "$dir/done"
    wait "$serving" || status=1
    return "$status"
}

# A fresh copy of the tree for a server, owned by the postgres of its root.
copy_for() {
    local server=$1 root=${SERVER_ROOT[$1]} dir
    dir=$(server_dir "$server")
    copy_tree "$root$dir/tree"
    if [ -z "$root" ]; then
        chown -R postgres: "$dir"
    else
        share_root "$root"
        in_root "$root" chown -R postgres: "$dir"
    fi
}

# The packages to build a server from its sources.  Each Debian folder has them from
# the start: a script that runs something in it cannot wait to add them.
build_packages=(bison flex perl dpkg-dev libipc-run-perl)

# Makes what a server needs, or upgrades its packages.
prepare_server() {
    case $1 in
        15 | deep | coverage) "$TOP/dev/lib/packages" ;;
        17) "$TOP/dev/lib/debian" trixie 17 "${build_packages[@]}" postgresql-17-pgaudit postgresql-17-timescaledb pgbouncer ;;
        a) prepare_server 17 && "$TOP/dev/lib/assertions" ;;
        18) "$TOP/dev/lib/debian" sid 18 "${build_packages[@]}" ;;
    esac
}

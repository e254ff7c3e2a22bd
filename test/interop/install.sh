# shellcheck shell=bash
# Sourced after common.sh and tools.sh: several tools are installed, and what cannot
# be is SKIPPED.

TOOLS=$CACHE/interop

# Why an installation failed, in a line: the first error of npm, Maven, Go, cargo
# or the shell, because later ones only follow from it; otherwise the last of apt.
reason() {
    {
        grep -m 1 -E '^npm (error|ERR!) request|\[ERROR\]|^error|: [0-9]{3} [A-Z]|not found$' "$1" ||
            grep '^E: ' "$1" | tail -n 1 | grep . || tail -n 1 "$1"
    } | sed 's/\x1b\[[0-9;]*m//g' | cut -c 1-300
}

# install_tools FOLDER TOOL...  Of a tool that cannot be installed, the reason is in
# FOLDER/TOOL.skipped.
install_tools() {
    local folder=$1 tool log
    shift
    for tool in "$@"; do
        log=$WORK/log/install-$tool.log
        mkdir "$WORK/install"
        if ! logged "$log" "$TOP/test/interop/install" "$tool" "$WORK/install"; then
            reason "$log" >"$folder/$tool.skipped"
            say "SKIPPED: $tool ${version[$tool]} could not be installed: $(cat "$folder/$tool.skipped")"
        fi
        chmod -R u+w "$WORK/install"
        rm -rf "$WORK/install"
    done
}

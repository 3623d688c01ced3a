#!/bin/sh
# Installs the system packages the project needs and that are not there yet.
#
#   tools/system-packages.sh [python] [servers] [browser] [documents]
#
# python: the venv module; servers: PostgreSQL with PostGIS, and Redis; browser:
# Chromium and a Chinese font, for the browser tests; documents: the typefaces of
# papers, which document-fonts.sh fetches. Nothing missing: no output.
#
# As root, or where sudo asks no password, it installs with apt-get; otherwise it
# prints the one line to run and fails. Database clusters and services that are there
# are left alone: the project's own servers run from a private data directory.
set -eu

PATH=$PATH:/usr/sbin:/sbin
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }

has_postgis() {
    for program in /usr/lib/postgresql/*/bin/postgres; do
        version=$(basename "${program%/bin/postgres}")
        [ ! -x "$program" ] ||
            [ ! -e "/usr/share/postgresql/$version/extension/postgis.control" ] ||
            return 0
    done
    # A build outside Debian's places counts when it is on the PATH.
    share=$(command -v postgres >/dev/null && pg_config --sharedir 2>/dev/null) &&
        [ -e "$share/extension/postgis.control" ]
}

has_chinese_font() {
    [ -d /usr/share/doc/fonts-noto-cjk ] ||
        [ -n "$(fc-list :lang=zh 2>/dev/null | head -n 1)" ]
}

missing_packages() {
    for part in "$@"; do
        case $part in
        python)
            command -v "$python" >/dev/null || echo python3
            "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
            ;;
        servers)
            # The metapackage stands for the release's version of the server.
            has_postgis || echo postgresql-postgis
            command -v redis-server >/dev/null || echo redis-server
            ;;
        browser)
            command -v chromium >/dev/null || echo chromium
            has_chinese_font || echo fonts-noto-cjk
            ;;
        documents) ;; # not installed: see the next lines
        *)
            say "usage: $0 [python] [servers] [browser] [documents]"
            exit 2
            ;;
        esac
    done
}

known_to_apt() {
    for package in "$@"; do
        apt-cache policy "$package" 2>/dev/null |
            grep -q -E '^ +Candidate: [^(]' || return 1
    done
}

# Debian makes and starts a cluster "main" with the server package. Nobody asked for
# that one, so say no beforehand; a file that is there is somebody's decision.
no_cluster_of_debians() {
    file=/etc/postgresql-common/createcluster.conf
    [ ! -e "$file" ] || return 0
    $as_root mkdir -p "${file%/*}"
    $as_root tee "$file" >/dev/null <<'END'
# Written before PostgreSQL was installed for hazard-patrol, which runs a cluster of
# its own. Set to true to get a cluster "main" with every new version again.
create_main_cluster = false
include_dir '/etc/postgresql-common/createcluster.d'
END
}

apt_get() {
    # Keep configuration files that are there; wait for another apt to end.
    $as_root env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 \
        apt-get -q -o DPkg::Lock::Timeout=600 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

case " $* " in
*' documents '*) "${0%/*}/document-fonts.sh" ;;
esac

# shellcheck disable=SC2046 # one package a word
set -- $(missing_packages "$@")
[ $# -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
    say "Missing, by Debian's names: $*"
    say "There is no apt-get here: install them by this system's own means."
    exit 1
fi
install="install -y --no-install-recommends $*"

if [ "$(id -u)" = 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root='sudo -n'
else
    known_to_apt "$@" && update= || update='sudo apt-get update && '
    say "System packages are missing, and only an administrator can install them. Run"
    say ""
    say "    ${update}sudo apt-get $install"
    say ""
    say "and then the same command again."
    exit 1
fi

say "Installing system packages: $*"
no_cluster_of_debians
known_to_apt "$@" || apt_get update
# Old package lists name files that the mirror no longer has: fetch them, try again.
# shellcheck disable=SC2086 # words again
apt_get $install || { apt_get update && apt_get $install; }

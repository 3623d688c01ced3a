#!/bin/sh
# Puts the typefaces that documents are set in into build/fonts. All there: no output.
#
#   tools/document-fonts.sh
#
# They are taken out of Debian's packages, or from the system where those are
# installed. That needs no administrator and installs nothing: the package that has
# the Fandol typefaces (GPL with the exception for documents) would bring all of TeX.
# Run in the project's directory.
set -eu

fonts=build/fonts
fandol=usr/share/texlive/texmf-dist/fonts/opentype/public/fandol
noto=usr/share/fonts/opentype/noto
# 宋 and 小标宋, 黑, 楷, 仿宋; the second ones have the rarer characters.
fandol_files='FandolSong-Regular.otf FandolSong-Bold.otf FandolHei-Regular.otf
    FandolHei-Bold.otf FandolKai-Regular.otf FandolFang-Regular.otf'
noto_files='NotoSerifCJK-Regular.ttc NotoSerifCJK-Bold.ttc'

say() { printf '%s\n' "$*" >&2; }

# all_in DIRECTORY FILE…
all_in() {
    directory=$1
    shift
    for file in "$@"; do
        [ -s "$directory/$file" ] || return 1
    done
}

# Package lists may be missing, or name files that the mirror no longer has.
update_lists() {
    if [ "$(id -u)" = 0 ]; then
        apt-get -q -o DPkg::Lock::Timeout=600 update >&2
    elif sudo -n true 2>/dev/null; then
        sudo -n apt-get -q -o DPkg::Lock::Timeout=600 update >&2
    else
        say "apt does not know where to fetch $1. Run"
        say ""
        say "    sudo apt-get update"
        say ""
        say "and then the same command again."
        return 1
    fi
}

# download PACKAGE DIRECTORY. As root, apt would fetch as a user of its own, who may
# not enter a private clone.
download() {
    (cd "$2" && apt-get -q -q -o APT::Sandbox::User=root download "$1" >&2)
}

# fetch PACKAGE DIRECTORY: the package's files, below DIRECTORY
fetch() {
    if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
        say "There is no apt-get here: put the typefaces of Debian's $1 into $fonts:"
        say "$fandol_files $noto_files"
        return 1
    fi
    say "Fetching typefaces for documents: $1"
    download "$1" "$2" 2>/dev/null || { update_lists "$1" && download "$1" "$2"; } || return 1
    dpkg-deb -x "$2/$1"_*.deb "$2"
}

# take PACKAGE PLACE FILE…: the files, which lie at PLACE in the package
take() {
    package=$1 place=$2
    shift 2
    all_in "$fonts" "$@" && return 0
    root=
    all_in "/$place" "$@" || { root=$work && fetch "$package" "$work"; } || exit 1
    for file in "$@"; do
        # Under its name it is whole, whenever this is broken off.
        cp "$root/$place/$file" "$work/$file"
        mv "$work/$file" "$fonts/$file"
    done
}

# shellcheck disable=SC2086 # names, one a word
all_in "$fonts" $fandol_files $noto_files && exit 0
mkdir -p "$fonts"
work=$(mktemp -d "$fonts/.new.XXXXXX")
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2086
take texlive-lang-chinese "$fandol" $fandol_files
# shellcheck disable=SC2086
take fonts-noto-cjk "$noto" $noto_files

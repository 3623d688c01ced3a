#!/bin/sh
# Makes .venv from the pinned requirements, or does nothing when it is up to date.
#
#   tools/python-environment.sh [dev]
#
# dev: with the tools for tests and checks. Run in the project's directory.
set -eu

python=${PYTHON:-python3}
requirements=requirements.txt
[ "${1-}" != dev ] || requirements="requirements-dev.txt"
stamp=.venv/installed

say() { printf '%s\n' "$*" >&2; }

# What the environment was made from; the path is in it, for scripts name it.
key() {
    { pwd -P && cat "$1" pyproject.toml; } | sha256sum | cut -d ' ' -f 1
}

up_to_date() {
    grep -q -x -F "$requirements $(key "$requirements")" "$stamp" 2>/dev/null &&
        .venv/bin/python -c '' 2>/dev/null
}

up_to_date && exit 0

# Two at a time: the second waits, and then finds nothing to do.
exec 9<.
flock 9
up_to_date && exit 0

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    say "Python 3.11 or newer is needed; '$python' is $("$python" -V 2>&1 || true)."
    say "Name another one with PYTHON=…, for example: make run PYTHON=python3.12"
    exit 1
fi

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "Making the Python environment .venv"
    "$python" -m venv --clear .venv
fi
say "Installing Python packages from $requirements"
pip() { .venv/bin/python -m pip --disable-pip-version-check --no-input "$@"; }
# Until all is done the environment counts as out of date.
rm -f "$stamp"
pip install --require-hashes -r "$requirements"
pip install --no-deps --no-build-isolation --quiet -e .
{
    [ "$requirements" = requirements.txt ] || echo "requirements.txt $(key requirements.txt)"
    echo "$requirements $(key "$requirements")"
} >"$stamp.new"
mv "$stamp.new" "$stamp"

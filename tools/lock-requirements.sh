#!/bin/sh
# Pins the dependencies of pyproject.toml, with hashes, for the oldest Python we serve.
#
#   tools/lock-requirements.sh [--upgrade]
#
# The files name no index: everyone installs from the one they have set up.
set -eu

uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    uv=build/uv/bin/uv
    [ -x "$uv" ] || {
        "${PYTHON:-python3}" -m venv build/uv
        build/uv/bin/pip install --quiet uv
    }
fi

compile() {
    "$uv" pip compile pyproject.toml --quiet --generate-hashes --python-version 3.11 \
        --no-header --no-emit-index-url --no-emit-find-links "$@"
}

compile "$@" --output-file requirements.txt
# The same versions for tests as for service.
compile "$@" --extra dev --constraint requirements.txt \
    --output-file requirements-dev.txt

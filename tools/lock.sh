#!/usr/bin/env bash
# Locks requirements/*.in with hashes. The lock names packages and hashes, never where they came from.
set -euo pipefail
cd "$(dirname "$0")/../requirements"
export CUSTOM_COMPILE_COMMAND="make lock" PIP_CONFIG_FILE=/dev/null
unset PIP_FIND_LINKS PIP_EXTRA_INDEX_URL
options=(--quiet --strip-extras --generate-hashes --allow-unsafe --no-emit-options
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --resolver=backtracking)
../.venv/bin/pip-compile "${options[@]}" --output-file base.txt base.in
../.venv/bin/pip-compile "${options[@]}" --constraint base.txt --output-file dev.txt dev.in

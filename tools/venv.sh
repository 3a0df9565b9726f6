#!/usr/bin/env bash
# tools/venv.sh base|dev: the virtual environment, with what requirements/<which>.txt locks.
# Takes no time when the lock file is the one that was installed last.
set -euo pipefail
cd "$(dirname "$0")/.."
which=${1:-base}

if [ ! -x .venv/bin/python ]; then
  python=$(command -v python3.11 || command -v python3 || true)
  if [ -z "$python" ] || ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Samspil needs Python 3.11 or newer: install Debian's python3." >&2
    exit 1
  fi
  if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    tools/debian.sh python3-venv
  fi
  echo "Creating .venv with $("$python" --version)"
  "$python" -m venv .venv
fi

stamp() { sha256sum "requirements/$1.txt" | cut -c 1-64; }
installed() { [ "$(cat ".venv/.installed-$1" 2>/dev/null)" = "$(stamp "$1")" ]; }

if ! installed "$which"; then
  echo "Installing requirements/$which.txt"
  .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes \
    --requirement "requirements/$which.txt"
  stamp "$which" > ".venv/.installed-$which"
  # the development lock holds the base lock, version for version
  if [ "$which" = dev ]; then stamp base > .venv/.installed-base; fi
fi

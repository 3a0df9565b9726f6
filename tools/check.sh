#!/usr/bin/env bash
# `make check`: every check runs, even after one has failed; the last line says how it went.
set -uo pipefail
cd "$(dirname "$0")/.."
export DJANGO_SETTINGS_MODULE=samspil.config.settings.test PYTHONPATH=src PATH="$PWD/.venv/bin:$PATH"
SAMSPIL_TEST_DIR=$(mktemp -d)
export SAMSPIL_TEST_DIR
trap 'rm -rf "$SAMSPIL_TEST_DIR"' EXIT
failed=()
step() {
  local name=$1
  shift
  local output
  local code=0
  output=$("$@" 2>&1) || code=$?
  if [ $code -eq 0 ]; then
    printf '%-12s ok\n' "$name"
  elif [ $code -eq 77 ]; then # could not be done here; no fault of the project
    printf '%-12s %s\n' "$name" "$(tail -n 1 <<<"$output")"
  else
    printf '%-12s FAILED\n%s\n' "$name" "$output"
    failed+=("$name")
  fi
}
audit() {
  local output code=0
  output=$(timeout 180 pip-audit --requirement requirements/base.txt --require-hashes --disable-pip \
    --progress-spinner off 2>&1) || code=$?
  echo "$output"
  if grep -qiE 'could not be audited|connection|timed out|resolve|unreachable|service unavailable' <<<"$output"; then
    echo 'not done: the list of known weaknesses cannot be reached from here'
    return 77
  fi
  return $code
}
step format ruff format --check .
step lint ruff check .
step types mypy
step contracts lint-imports
step templates djlint --lint --quiet src/samspil
step migrations python src/manage.py makemigrations --check --dry-run
step reference python src/manage.py write_reference --check
step audit audit
if [ ${#failed[@]} -gt 0 ]; then
  echo "failed: ${failed[*]}"
  exit 1
fi
echo "all checks passed"

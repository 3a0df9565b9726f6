#!/usr/bin/env bash
# tools/debian.sh PACKAGE...: install what is missing from Debian, as root or through sudo.
# Where neither can, one sentence says what to install.
set -euo pipefail
missing=()
for package in "$@"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  else
    echo "Install these Debian packages first: ${missing[*]}" >&2
    exit 1
  fi
fi
if ! command -v apt-get >/dev/null; then
  echo "Install these first, by the names Debian gives them: ${missing[*]}" >&2
  exit 1
fi
echo "Installing from Debian: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes \
      --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}"
} </dev/null >"$log" 2>&1; then
  tail -n 30 "$log" >&2
  echo "Debian's packages could not be installed; install these by hand: ${missing[*]}" >&2
  exit 1
fi

#!/usr/bin/env bash
# `make run`: sets up what is missing, plays the round on the example network, and serves the site.
# A second start finds everything in var/ and keeps it.
set -euo pipefail
cd "$(dirname "$0")/.."
port=${PORT:-8000}

tools/venv.sh base
export DJANGO_SETTINGS_MODULE=samspil.config.settings.example SAMSPIL_COLLECTED=1 PYTHONPATH=src
export PATH="$PWD/.venv/bin:$PATH"
manage() { python src/manage.py "$@"; }

if ! python - "$port" <<'PY'
import socket, sys
with socket.socket() as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        s.bind(("127.0.0.1", int(sys.argv[1])))
    except OSError:
        sys.exit(1)
PY
then
  echo "Port $port is taken: stop what is there, or say make run PORT=8001." >&2
  exit 1
fi

mkdir -p var
# one checksum of every file under the paths; a path that is not there counts as empty
sum() { { find "$@" -type f -not -name '*.pyc' -print0 2>/dev/null || true; } | sort -z | xargs -0r sha256sum | sha256sum; }
changed() { [ "$(cat "var/.$1" 2>/dev/null)" != "$2" ]; }

static=$(sum src/samspil/*/static requirements/base.txt)
if changed static "$static" || [ ! -f var/static/staticfiles.json ]; then
  echo "Collecting style sheets, scripts and fonts"
  manage collectstatic --noinput --clear --verbosity 0
  echo "$static" > var/.static
fi

messages=$(sum src/samspil/locale/*/LC_MESSAGES/*.po)
if changed messages "$messages"; then
  python tools/messages.py compile
  echo "$messages" > var/.messages
fi

schema=$(sum src/samspil/*/migrations requirements/base.txt)
if changed schema "$schema" || [ ! -f var/samspil.sqlite3 ]; then
  echo "Preparing the database var/samspil.sqlite3"
  manage migrate --noinput --verbosity 0
  manage createcachetable --verbosity 0
  echo "$schema" > var/.schema
fi

if [ ! -f var/.played ]; then
  manage seed_example
  manage play_round
  manage play_runs
  manage play_follow_up
  manage play_kept
  manage play_people
  touch var/.played
fi

python -m gunicorn --config src/samspil/config/gunicorn.py --bind "127.0.0.1:$port" \
  samspil.config.wsgi:application &
server=$!
python src/manage.py worker &
worker=$!
stop() { kill -TERM "$server" "$worker" 2>/dev/null || true; wait "$server" "$worker" 2>/dev/null || true; }
trap 'stop; exit 0' INT TERM
trap stop EXIT
echo
echo "Samspil: http://localhost:$port  (Ctrl-C stops; make clean starts over)"
wait -n "$server" "$worker" # one without the other is no service

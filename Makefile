# Samspil. `make` alone lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PORT ?= 8000
export PORT

PY := .venv/bin/python
MANAGE := $(PY) src/manage.py
TEST_SETTINGS := DJANGO_SETTINGS_MODULE=samspil.config.settings.test

.PHONY: help
help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

.PHONY: run
run:  ## set everything up, play the round on the example network, serve on port 8000
	@tools/run.sh

.PHONY: test
test:  ## all tests: SQLite, PostgreSQL and a real browser; installs what they need from Debian
	@tools/debian.sh postgresql chromium libreoffice-calc-nogui poppler-utils gettext fonts-dejavu-core fonts-liberation
	@tools/venv.sh dev
	@$(PY) tools/run_tests.py

.PHONY: check
check:  ## format, lint, types, contracts, templates, migrations, reference, known weaknesses
	@tools/venv.sh dev
	@tools/check.sh

.PHONY: format
format:  ## let the formatters write
	@tools/venv.sh dev
	@.venv/bin/ruff check --quiet --fix-only . ; .venv/bin/ruff format .

.PHONY: reference
reference:  ## write docs/reference from the code
	@tools/venv.sh dev
	@$(TEST_SETTINGS) $(MANAGE) write_reference

.PHONY: bench
bench:  ## measure what has a limit, on a PostgreSQL of its own; writes docs/benchmarks.md
	@tools/debian.sh postgresql chromium
	@tools/venv.sh dev
	@$(PY) benchmarks/run.py

.PHONY: messages
messages:  ## gather new Danish texts into the English catalogue
	@tools/debian.sh gettext
	@tools/venv.sh dev
	@cd src/samspil && $(TEST_SETTINGS) ../../.venv/bin/python ../manage.py makemessages --locale en --no-wrap --no-location

.PHONY: lock
lock:  ## write requirements/*.txt anew from *.in
	@tools/venv.sh dev
	@tools/lock.sh

.PHONY: clean
clean:  ## remove the example data and what tools left (keeps .venv)
	@rm -rf var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis tests/e2e/output

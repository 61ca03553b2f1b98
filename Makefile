# Dossier: `make demo` to look at it, `make test` to check it. Everything is installed inside this folder.

PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))

export PIP_DISABLE_PIP_VERSION_CHECK = 1
.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test screenshots openapi lint setup setup-dev preflight vendor ci words

help:
	@echo 'make demo        run Dossier here with demonstration data (PORT=8123 make demo for another port)'
	@echo 'make demo-reset  remove the demonstration data'
	@echo 'make test        run the whole test suite'
	@echo 'make screenshots pictures of every page, into var/screenshots; index.html there lays them side by side'
	@echo 'make openapi     write the description of the REST interface, docs/openapi.yaml'
	@echo 'make lint        check style, who imports whom, and migrations'

demo: export DOSSIER_MODE = trial
demo: setup
	@exec $(RUN) -m crm.launcher

demo-reset: export DOSSIER_MODE = trial
demo-reset: setup
	@exec $(RUN) -m crm.launcher reset

# The suite brings its own PostgreSQL and no Redis, whatever the environment names.
test: export DOSSIER_MODE = test
test: setup-dev
	env -u DATABASE_URL -u REDIS_URL $(BIN)/pytest -n auto --dist worksteal $(ARGS)

screenshots: export DOSSIER_MODE = trial
screenshots: setup-dev
	$(RUN) bench/screenshots.py $(ARGS)

openapi: export DOSSIER_MODE = test
openapi: setup
	env -u DATABASE_URL -u REDIS_URL $(RUN) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

lint: export DOSSIER_MODE = test
lint: export DJANGO_SETTINGS_MODULE = crm.settings
lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	env -u DATABASE_URL -u REDIS_URL $(RUN) manage.py makemigrations --check --dry-run
	env -u DATABASE_URL -u REDIS_URL $(RUN) .ci/lint_migrations.py

ci:
	.ci/run

# What the product needs; a second run finds it there and takes a moment.
setup: preflight $(BIN)/.installed node_modules/.installed vendor $(CATALOGUES)
setup-dev: setup $(BIN)/.installed-dev

preflight:
	@command -v $(PYTHON) >/dev/null || { echo 'Dossier needs Python 3.11 or newer, and $(PYTHON) is not here.' >&2; exit 1; }
	@$(PYTHON) -m crm.preflight

vendor: node_modules/.installed
	@$(RUN) -m crm.vendor
	@mkdir -p staticfiles

$(BIN)/.installed: requirements.txt constraints.txt | preflight
	@echo 'Installing the Python packages …'
	@test -x $(RUN) || $(PYTHON) -m venv .venv
	@$(RUN) -m pip install --quiet -r requirements.txt -c constraints.txt
	@touch $@

$(BIN)/.installed-dev: requirements-dev.txt requirements.txt constraints.txt | $(BIN)/.installed
	@echo 'Installing what the tests need …'
	@$(RUN) -m pip install --quiet -r requirements-dev.txt -c constraints.txt
	@touch $@

node_modules/.installed: package.json package-lock.json | preflight
	@echo 'Installing the browser libraries …'
	@npm ci --silent --no-audit --no-fund
	@touch $@

locale/%.mo: locale/%.po | $(BIN)/.installed
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

# For whoever changes texts (needs GNU gettext): collects them from the source; what is new is then translated by hand.
words: setup
	$(RUN) manage.py makemessages -l zh_Hans -l zh_Hant --no-location --no-wrap \
	    --ignore .venv --ignore node_modules --ignore var --ignore staticfiles --ignore 'static/vendor/*'

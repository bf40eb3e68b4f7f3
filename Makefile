# The verbs of this project. Each sets up what it needs from `python3` (3.11 or later) alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo up test faults fuzz check fix bench bench-full schemas pins clean

help: ## list the verbs
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Two stamps, so that running the demo does not download the tools of development.
$(VENV)/.runtime: requirements/runtime.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("quanze needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

setup: $(VENV)/.runtime ## make .venv and install the pinned packages

demo: setup ## load the demo county, show the four answers, serve it
	$(BIN)/quanze demo

up: setup ## serve an empty ledger on this machine
	$(BIN)/quanze up

test: setup $(VENV)/.dev ## every test, against a real PostgreSQL
	$(BIN)/python -m pytest -n auto --dist loadfile

faults: setup $(VENV)/.dev ## kill servers at random moments under load, ROUNDS times (200), by SEED, and judge what is left
	@$(BIN)/python -m tests.faults --rounds $(or $(ROUNDS),200) $(if $(SEED),--seed $(SEED))

fuzz: setup $(VENV)/.dev ## put ROUNDS (2000) mutated files, by SEED, to every parser of the verifier
	@$(BIN)/python -m tests.fuzz $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED))

check: setup $(VENV)/.dev ## format, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/basedpyright

fix: setup $(VENV)/.dev ## format and mend what a tool can mend
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

$(VENV)/.bench: $(VENV)/.runtime requirements/bench.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

bench: setup $(VENV)/.bench ## the quick benches, or the one called NAME: `make bench NAME=authority`
	@$(BIN)/python -m bench $(or $(NAME),quick)

bench-full: setup ## the benches that share the generated data set of 3 million acts
	@$(BIN)/python -m bench full

schemas: setup ## write contracts/schemas anew
	$(BIN)/python -m contracts.schema

pins: setup $(VENV)/.dev ## write requirements/*.txt anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make pins" -q pyproject.toml --group build -o requirements/runtime.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make pins" -q pyproject.toml --group build --group dev -c requirements/runtime.txt -o requirements/dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make pins" -q --group bench -o requirements/bench.txt

clean: ## remove .venv and caches; data stays
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# One word a command. `make` alone lists them. Everything runs in .venv from hashed pins.

PYTHON ?= python3
SERVE ?= 1
PORT ?= 8000
BIN := .venv/bin
UV := $(BIN)/uv --quiet
# Compiled at installation: where Python may not write bytecode (containers say PYTHONDONTWRITEBYTECODE), each start
# would compile every package anew.
INSTALL := $(UV) pip install --compile-bytecode
SOURCES := $(shell find web/assets -type f -not -path '*/node_modules/*' 2>/dev/null) $(wildcard web/translations/*/LC_MESSAGES/*.po)

.DEFAULT_GOAL := help
.PHONY: help demo test lint types layers unit bench pins clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: .venv/.run ## a demo town, the journey of one request, then the pages on http://127.0.0.1:8000
	@GUICHET_HOME=var/demo GUICHET_PORT=$(PORT) $(BIN)/guichet demo
ifneq ($(SERVE),0)
	@GUICHET_HOME=var/demo GUICHET_PORT=$(PORT) $(BIN)/guichet serve
endif

test: lint types layers unit ## everything CI asks for: style, types, layers, diagrams, all tests

lint: .venv/.dev ## style of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.dev ## types, strictly
	$(BIN)/mypy

layers: .venv/.dev ## who may import whom
	$(BIN)/lint-imports

unit: .venv/.dev ## diagrams, scenarios and all tests, on SQLite and PostgreSQL
	$(BIN)/guichet check bpmn forms --lang en
	$(BIN)/guichet test bpmn
	$(BIN)/python -m pytest -n 2

bench: .venv/.dev ## ratios against a bare transaction of the same rows, side by side
	$(BIN)/python -m tests.bench

pins: .venv/.uv ## compile the hashed pins from pyproject.toml
	$(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements/run.txt
	$(UV) pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements/dev.txt
	echo 'uv' | $(UV) pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements/uv.txt
	printf 'hatchling>=1.27\neditables\nbabel\nnodejs-wheel-binaries>=22.20,<25\n' | $(UV) pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements/build.txt

clean: ## forget the environment, the demo and every cache
	rm -rf .venv var web/static/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/.uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Guichet needs Python 3.11 or newer; say for example: make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/.run: .venv/.uv requirements/run.txt pyproject.toml hatch_build.py $(SOURCES)
	@echo "Installing (the first time takes about a minute)…"
	@$(INSTALL) --require-hashes -r requirements/run.txt
	@$(INSTALL) --no-deps --build-constraints requirements/build.txt -e .
	@$(BIN)/python -m compileall -q -x node_modules bpmn engine forms integrations registry web
	@touch $@

.venv/.dev: .venv/.run requirements/dev.txt
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@

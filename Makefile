# Needs Python 3.11 or newer, git and make; everything else comes into .venv.
PYTHON ?= python3
BIN := .venv/bin
DEMO := build/demo/ordering
# `make test` runs the fast set; `make test TESTS=all` everything, as CI does.
TESTS ?= fast
WORKERS ?= 2
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist loadgroup
export PATH := $(CURDIR)/$(BIN):$(PATH)
# make's own warnings about a virtual environment that is active outside would confuse; each project here has its own.
unexport VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format schema bench clean

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.ready ## Installs everything into .venv

.venv/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Castrum needs Python 3.11 or newer; say make PYTHON=python3.x")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --editable . --group dev --group tools
	@touch $@

demo: setup ## Generates the sample service into build/demo and runs it; Ctrl-C stops all of it
	@rm -rf $(DEMO)
	@$(BIN)/castrum new $(DEMO) --defaults
	@exec $(MAKE) --no-print-directory --directory $(DEMO) run

test: setup ## Runs the tests: the fast set, or all of them with TESTS=all
ifeq ($(TESTS),all)
	@$(PYTEST)
else
	@$(PYTEST) -m "not slow"
endif

check: setup ## Lint, format, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: setup ## Formats and repairs what can be repaired
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

schema: setup ## Writes docs/domain.schema.json from the extensions
	@$(BIN)/castrum schema > docs/domain.schema.json

bench: setup ## Measures generation time and the generated service; see benchmarks/
	@$(BIN)/python -m benchmarks

clean: ## Removes what make made
	rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache .hypothesis

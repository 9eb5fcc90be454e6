# Needs Python 3.11 or newer with its module venv, git and make; everything else comes into .venv.
PYTHON ?= python3
BIN := .venv/bin
DEMO := build/demo/ordering
# `make test` runs the fast set; `make test TESTS=all` everything, as CI does.
TESTS ?= fast
WORKERS ?= 2
NAME ?= gates
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist loadgroup
export PATH := $(CURDIR)/$(BIN):$(PATH)
# make's own warnings about a virtual environment that is active outside would confuse; each project here has its own.
unexport VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format schema bench campaign upkeep clean

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.ready ## Installs everything into .venv

define PYTHON_IS_WHOLE
import importlib.util, sys
if sys.version_info < (3, 11):
    sys.exit("Castrum needs Python 3.11 or newer; say make PYTHON=python3.x")
if importlib.util.find_spec("ensurepip") is None:
    sys.exit("This Python has no venv. Debian and Ubuntu pack it by itself: sudo apt install python3-venv")
endef
export PYTHON_IS_WHOLE

# What an interrupted call left has no program that runs, or the mark `unfinished`: it is repaired.
.venv/.ready: pyproject.toml
	@{ for each in python uv uvx; do $(BIN)/$$each --version; done; } 2>/dev/null | grep --count . | grep --quiet 3 || { \
		$(PYTHON) -c "$$PYTHON_IS_WHOLE" && $(PYTHON) -m venv --clear .venv && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check uv; }
	@reinstall=$$(test ! -e .venv/unfinished || echo --reinstall); touch .venv/unfinished; \
		$(BIN)/uv pip install --quiet $$reinstall --python $(BIN)/python --editable . --group dev --group tools
	@rm .venv/unfinished
	@touch $@

demo: setup ## Generates the sample service into build/demo and runs it; Ctrl-C stops all of it
	@rm -rf $(DEMO)
	@$(BIN)/castrum new $(DEMO) --defaults >/dev/null
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

upkeep: setup ## Asks the registries about the dependencies and writes docs/upkeep.md
	@$(BIN)/python -m upkeep

campaign: setup ## Runs a long campaign, such as NAME=gates, and goes on where the last one stopped; OPTIONS=--help
	@PYTHONPATH=.:tests $(BIN)/python -m campaigns $(NAME) $(OPTIONS)

clean: ## Removes what make made
	rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache .hypothesis

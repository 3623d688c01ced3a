# Everything one does with the project. `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help run test check format bench lock clean

PYTHON ?= python3
export PYTHON

help: ## list the targets
	@awk -F ': *## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

# The last line replaces the shell, and stops all of it when make itself is killed.
run: ## install what is missing and serve on http://127.0.0.1:8000 (PORT=… for another)
	@tools/system-packages.sh python servers documents
	@tools/python-environment.sh
	@exec setpriv --pdeathsig TERM .venv/bin/patrol run

test: ## install what is missing and run the whole suite (ARGS=… for pytest)
	@tools/system-packages.sh python servers browser documents
	@tools/python-environment.sh dev
	.venv/bin/pytest $(ARGS)

check: ## style, types, direction of imports
	@tools/system-packages.sh python
	@tools/python-environment.sh dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

format: ## bring the code into the form that check asks for
	@tools/system-packages.sh python
	@tools/python-environment.sh dev
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: ## measure, ratios within one run
	@tools/system-packages.sh python servers documents
	@tools/python-environment.sh dev
	.venv/bin/python -m tests.benchmarks

lock: ## pin the requirements anew from pyproject.toml (ARGS=--upgrade for newer ones)
	@tools/lock-requirements.sh $(ARGS)

clean: ## remove what can be made again; var/, the data, stays
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache \
		.hypothesis *.egg-info
	find . -name __pycache__ -not -path './var/*' -prune -exec rm -rf {} +

# Two commands: `make run` and `make test`. Both set up what they need, inside this folder.

PYTHON ?= $(or $(shell command -v python3.11),python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test test-wordpress docs check demo bench bench-long torture lock clean

run: $(READY)
	@$(BIN)/pressroom up

demo: $(READY)
	@$(BIN)/pressroom demo

test: $(VENV)/.test-ready
	@$(BIN)/pytest

# The adapter and its stand-in against a real WordPress, which npm brings into .cache the first time (160 MB).
# Skipped, with the reason, where npm or the packages can't be had.
test-wordpress: $(READY)
	@$(BIN)/pytest -n 0 -rs pipeline_tests/real_wordpress

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	DAGSTER_HOME=$$(mktemp -d) $(BIN)/dg check defs
	$(BIN)/pytest -n 0 pipeline_tests/store/test_schema.py

# The short form, in minutes; `bench-long` is the one that docs/benchmarks.md is written from.
bench: $(VENV)/.bench-ready
	@$(BIN)/python -m bench --quick

bench-long: $(VENV)/.bench-ready
	@$(BIN)/python -m bench --write

# What the throughput is measured against; Pressroom itself needs none of it.
$(VENV)/.bench-ready: $(READY) bench/requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps --requirement bench/requirements.lock
	@touch $@

# The vendors' own descriptions of their APIs, which the adapters' requests are compared with.
$(VENV)/.test-ready: $(READY) pipeline_tests/requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps --requirement pipeline_tests/requirements.lock
	@touch $@

# docs/platforms.md, from the adapters.
docs: $(READY)
	@$(BIN)/python -m pipeline.platforms.table

# make torture N=200 SEED=7, or the whole kill matrix: make torture MATRIX=1. See docs/torture.md.
torture: $(READY)
	@$(BIN)/python -m pipeline_tests.torture $(if $(MATRIX),--matrix) $(if $(N),--posts $(N)) $(if $(SEED),--seed $(SEED))

# Rebuilt when the pinned requirements or the project's own declaration change.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo "Pressroom needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up in $(VENV) (two minutes the first time) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Needs uv. No index or link lines: the file holds names, versions and hashes only.
lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --upgrade --output-file requirements.lock
	uv pip compile bench/requirements.in --constraint requirements.lock --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --upgrade --output-file bench/requirements.lock
	uv pip compile pipeline_tests/requirements.in --constraint requirements.lock --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --upgrade --output-file pipeline_tests/requirements.lock

clean:
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

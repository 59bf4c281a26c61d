# make setup   leaves .venv/bin/neopack, with every extra and the tools
# make demo    the main job on a real model
# make test    the tests     make lint   ruff and mypy     make bench   the figures
# make sweeps   many models of each kind, most in the versions that Neo names
# make versions    the main jobs with the newest and the lowest versions of the extras
# make docs    the pages as a site, in site/               make fuzz   damaged files, for long
# make properties   the property tests alone, with every example
# make tutorials    the pages of docs/ that a reader carries out
# make lock    resolve the newest versions anew            make clean  leave only the sources

# the python3 at hand where it is new enough, else one that uv finds or fetches
PYTHON ?= $(shell python3 -c 'import sys; print("python3" if sys.version_info >= (3, 11) else "3.11")' 2>/dev/null || echo 3.11)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV := $(shell command -v uv 2>/dev/null)
# pip's folders of local wheels serve uv too
export UV_FIND_LINKS ?= $(subst $() $(),$(comma),$(PIP_FIND_LINKS))
comma := ,

.DEFAULT_GOAL := setup
# the tests run in so many processes; what runs together, and first, is in tests/conftest.py
TEST_PROCESSES ?= 2
# a crash of one of them ends the run: pytest-xdist would wait for ever for the tests that it lost
PYTEST := $(BIN)/python -m pytest -q -n $(TEST_PROCESSES) --dist loadgroup --no-loadscope-reorder --max-worker-restart 0
.PHONY: setup demo test sweeps properties tutorials versions lint format fuzz bench bench-gpu docs lock clean

setup: $(STAMP)

$(STAMP): pyproject.toml requirements.lock
ifdef UV
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --constraint requirements.lock --editable '.[all,demo,dev]'
else
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint requirements.lock --editable '.[all,demo,dev]'
endif
	@touch $@

demo: $(STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" sh benchmarks/demo.sh

test: $(STAMP)
	$(PYTEST) -m "not tutorial and not sweep"

sweeps: $(STAMP)
	$(PYTEST) -m sweep

tutorials: $(STAMP)
	$(PYTEST) -m tutorial

# `make test` takes a sample of the examples that hypothesis makes up; here are all of them
properties: $(STAMP)
	HYPOTHESIS_PROFILE=full $(PYTEST) -m hypothesis

versions: $(STAMP)
	$(BIN)/python tools/try_versions.py

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# many damaged inputs for every reader; FUZZ_CASES, FUZZ_SECONDS and others: tests/fuzz/__main__.py
fuzz: properties
	$(BIN)/python tests/fuzz

bench: $(STAMP)
	@for script in archive all_targets startup resnet50 xgboost_writer; do $(BIN)/python benchmarks/$$script.py || exit 1; done

# on a machine with an NVIDIA GPU, the extra gpu, and PyTorch for CUDA
bench-gpu: $(STAMP)
	@$(BIN)/python benchmarks/gpu.py

docs: $(STAMP)
	$(BIN)/python tools/build_site.py

# torch is named here so that a folder of CPU wheels that has it is enough
TORCH := torch==2.13.0
lock:
	echo '$(TORCH)' | $(UV) pip compile --upgrade --constraint - --quiet --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--extra dev --extra demo --python-version 3.11 --output-file requirements.lock pyproject.toml
	sed -i 's/+cpu$$//' requirements.lock

clean:
	rm -rf $(VENV) build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis demo-out fuzz-out
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

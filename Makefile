# Names for people. Everything lives in .venv and target; `make clean` removes both.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check
RUST := Cargo.toml Cargo.lock $(shell find trace_core/crates -name '*.rs' -o -name Cargo.toml)

.PHONY: build dev demo test kill-cycles soak check bench bench-plots flamegraph lock clean

build: $(VENV)/.built

$(VENV)/.installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed; name it with PYTHON=…'; exit 1; }
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --require-hashes -r requirements.lock
	touch $@

# In release mode. Python sources are used from where they stand, so only Rust and the list of packages
# build anew.
$(VENV)/.built: $(VENV)/.installed pyproject.toml $(RUST)
	@command -v cargo > /dev/null || { echo 'A Rust toolchain is needed, and cargo is not in PATH; see https://rustup.rs'; exit 1; }
	PATH="$(abspath $(BIN)):$$PATH" $(PIP) install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.built
	$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	touch $@

dev: $(VENV)/.dev

demo: build
	$(BIN)/wayproof demo

# Rust's tests are built as in development: with overflow checks, and without the release's linking of each one.
test: dev
	cargo test --workspace --quiet
	$(BIN)/pytest

CYCLES ?= 10000
kill-cycles: dev
	$(BIN)/python -m tests.faults.machine $(CYCLES)

MINUTES ?= 60
soak: dev
	$(BIN)/python -m tests.faults.soak $(MINUTES)

check: dev
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: dev
	$(BIN)/python -m benches

# Ten million events take about half an hour; nobody else should use the machine.
SIZES ?= 100000,1000000,10000000
bench-plots: dev
	$(BIN)/python -m benches.growth --sizes $(SIZES)

flamegraph:
	cargo run --release --quiet -p wayproof-capture --example flame -- docs/figures/capture.svg

# The newest versions that pyproject.toml allows, each with its hashes, for every platform.
LOCK := $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	--python-version 3.11 pyproject.toml --extra build
lock: $(VENV)/.installed
	$(PIP) install --quiet uv
	$(LOCK) --output-file requirements.lock
	$(LOCK) --extra dev --extra bench --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) target trace_core/_native*.so

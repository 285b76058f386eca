# Names for people. Everything lives in .venv and target; `make clean` removes both.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUST := $(shell find trace_core/crates -name '*.rs' -o -name Cargo.toml) Cargo.toml Cargo.lock
export CARGO_TERM_COLOR ?= auto

.PHONY: build dev demo test check bench clean

build: $(VENV)/.built

$(VENV)/.created:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip 'maturin>=1.9,<2'
	touch $@

# Python sources are used from where they stand, so only Rust and the list of packages build anew.
$(VENV)/.built: $(VENV)/.created pyproject.toml $(RUST)
	. $(BIN)/activate && maturin develop --release --quiet
	touch $@

$(VENV)/.dev: $(VENV)/.built pyproject.toml
	. $(BIN)/activate && maturin develop --release --quiet --extras dev
	touch $@

dev: $(VENV)/.dev

demo: build
	$(BIN)/wayproof demo

test: dev
	cargo test --workspace --release --quiet
	$(BIN)/pytest

check: dev
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --release --quiet -- -D warnings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: dev
	. $(BIN)/activate && maturin develop --release --quiet --extras dev,bench
	$(BIN)/python -m benches

clean:
	rm -rf $(VENV) target

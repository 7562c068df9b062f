# Every target works from a fresh clone: the environment is made on first need.
#
#   make run     install and run the built-in squad with the offline backend
#   make test    install the test tools and run all tests
#   make check   format, lint, types, layers
#   make cover   all tests, and which lines they reach
#   make soak    the long versions of the fault and property tests
#   make bench   the benchmarks, as ratios
#   make dist    a wheel and one self-contained file that runs from any folder

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PROMPT ?= Ship the MVP

.PHONY: run test quick cover soak check format bench dist clean

$(VENV)/.made:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade pip
	@touch $@

$(VENV)/.run: $(VENV)/.made pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test,dist]'
	@touch $@

$(VENV)/.dev: $(VENV)/.run pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev,test]'
	@touch $@

$(VENV)/.bench: $(VENV)/.run pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[bench]'
	# Apart from the others: it and starlark-pyo3 both install a package named starlark.
	$(BIN)/pip install --quiet --disable-pip-version-check --target $(VENV)/peers/starlark starlark
	@touch $@

run: $(VENV)/.run
	$(BIN)/agentlark run --backend rehearsal --rehearsal-delay 0.4 --prompt "$(PROMPT)"

test: $(VENV)/.test
	$(BIN)/pytest -n auto --durations=25 -q

cover: $(VENV)/.test
	$(BIN)/pytest -n auto --cov --cov-report=term:skip-covered -q

quick: $(VENV)/.test
	$(BIN)/pytest -n auto -q -m "not slow"

soak: $(VENV)/.test
	AGENTLARK_SOAK=1 $(BIN)/pytest -q -m "not slow"

check: $(VENV)/.dev
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev
	$(BIN)/ruff format --quiet .
	$(BIN)/ruff check --fix --quiet .

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

dist: $(VENV)/.test
	rm -rf dist
	$(BIN)/python -m build --quiet --wheel --outdir dist
	$(BIN)/pex dist/*.whl --console-script agentlark --output-file dist/agentlark --venv --quiet

clean:
	rm -rf $(VENV) dist build logs .agentfs

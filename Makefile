# Every target sets up what it needs; README.md says what each is for.
PYTHON ?= python3
BOOTSTRAP := $(PYTHON) packaging/bootstrap.py
VENV = $(shell $(BOOTSTRAP) --print-venv)
PY = PYTHONPATH="$(CURDIR)" "$(VENV)/bin/python"
TESTS ?= tests

.DEFAULT_GOAL := run
.PHONY: run setup setup-tests lint test test-all bench wheel screenshots states clean

run: setup
	@$(PY) -m studio demo

# Compiled ahead, because a first start that compiles as it goes takes twice as long to show a picture.
setup:
	@$(BOOTSTRAP)
	@$(PY) -m compileall -q studio

setup-tests:
	@$(BOOTSTRAP) --tests
	@$(PY) -m compileall -q studio

lint: setup-tests
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -c "from importlinter.cli import lint_imports_command; lint_imports_command()" --no-cache
	$(PY) -m pyright --pythonpath "$(VENV)/bin/python"

test: lint
	QT_QPA_PLATFORM=offscreen $(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" $(TESTS)

test-all: lint
	STUDIO_HYPOTHESIS=thorough QT_QPA_PLATFORM=offscreen $(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(TESTS)

bench: setup-tests
	@$(PY) -m tests.bench

wheel: setup-tests
	$(PY) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

screenshots: setup-tests
	STUDIO_SCREENSHOTS="$(CURDIR)/docs/screenshots" $(PY) -m pytest tests/e2e/test_loop.py tests/e2e/test_cards.py

# Each state of the Train and Cards pages, light and dark, in two sizes, to be looked at.
states: setup-tests
	QT_QPA_PLATFORM=offscreen $(PY) -m tests.bench.states build/states

clean:
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis .coverage htmlcov .import_linter_cache

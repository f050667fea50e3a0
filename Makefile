# Everything runs in .venv, made from the package index alone. `make demo` and `make test` work on a fresh machine.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MODEL := models/ddclassify_models/fast
REAL := $(if $(DDCLASSIFY_REAL_DATA),--evaluate $(DDCLASSIFY_REAL_DATA)/real-dev/sentences.jsonl)

.PHONY: demo test test-system lint format train evaluate corpus-report clean

demo: $(VENV)/.installed  ## tag the sample documents
	@mkdir -p out
	$(BIN)/ddclassify tag annotations/samples
	$(BIN)/ddclassify tag annotations/samples --level document --output out/demo.csv
	@echo; echo "One row a document, with every input column: out/demo.csv"

test: $(VENV)/.dev  ## all tests but those that need system packages
	$(BIN)/python -m pytest -m "not system"

test-system: $(VENV)/.dev  ## tests that need system packages (none so far)
	$(BIN)/python -m pytest -m system || [ $$? -eq 5 ]

lint: $(VENV)/.dev  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

train: $(VENV)/.dev  ## retrain the default model from annotations/
	$(BIN)/ddclassify train annotations --config training/configs/fast.toml --output $(MODEL) $(REAL)

evaluate: $(VENV)/.dev  ## measure the default model on the held-out splits
	$(BIN)/ddclassify evaluate annotations/test.jsonl annotations/test_shift.jsonl

corpus-report: $(VENV)/.dev  ## check the corpus and write its figures and plots
	$(BIN)/python -m ddclassify_training.corpus_report annotations --output annotations/report

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[all]' --group dev
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) out dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

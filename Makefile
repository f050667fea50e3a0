# Everything runs in .venv, made from the package index alone. `make demo` and `make test` work on a fresh machine.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MODELS := models/ddclassify_models
ENCODER ?= $(MODELS)/accurate
REAL := $(if $(DDCLASSIFY_REAL_DATA),--evaluate $(DDCLASSIFY_REAL_DATA)/real-dev/sentences.jsonl)

.PHONY: demo test test-system lint format train encoder evaluate corpus-report bench clean

demo: $(VENV)/.installed  ## tag the sample documents
	@mkdir -p out
	$(BIN)/ddclassify tag annotations/samples
	$(BIN)/ddclassify tag annotations/samples --level document --output out/demo.csv
	@echo; echo "One row a document, with every input column: out/demo.csv"

test: $(VENV)/.dev  ## all tests but those that need system packages
	$(BIN)/python -m pytest -m "not system"

test-system: $(VENV)/.dev  ## tests that need system packages (LibreOffice)
	$(BIN)/python -m pytest -m system || [ $$? -eq 5 ]

lint: $(VENV)/.dev  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

train: $(VENV)/.dev  ## retrain both models from annotations/, the accurate one on the encoder it has
	$(BIN)/ddclassify train annotations --config training/configs/fast.toml --output $(MODELS)/fast $(REAL)
	$(BIN)/ddclassify train annotations --config training/configs/accurate.toml --encoder $(ENCODER) --output $(MODELS)/accurate $(REAL)

encoder: .venv-encoder/.installed  ## fine-tune the encoder anew (about an hour on two cores); then make train ENCODER=build/encoder
	.venv-encoder/bin/python -m ddclassify_training.finetune annotations --config training/configs/encoder.toml --output build/encoder $(UNLABELLED)

evaluate: $(VENV)/.dev  ## measure both models on the held-out splits, as their cards do
	$(BIN)/ddclassify evaluate --tier fast annotations/test.jsonl annotations/test_shift.jsonl
	$(BIN)/ddclassify evaluate --tier accurate annotations/test.jsonl annotations/test_shift.jsonl

corpus-report: $(VENV)/.dev  ## check the corpus and write its figures and plots
	$(BIN)/python -m ddclassify_training.corpus_report annotations --output annotations/report

bench: $(VENV)/.dev .venv-peers/.installed .venv-peers-torch/.installed  ## speed, memory and quality beside peers (half an hour or more, on an idle machine)
	$(BIN)/python -m benchmarks.bench $(BENCH)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[accurate]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[all]' --group dev
	@touch $@ $(VENV)/.installed

.venv-encoder/.installed: training/requirements-encoder.txt pyproject.toml
	$(PYTHON) -m venv .venv-encoder
	.venv-encoder/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	.venv-encoder/bin/python -m pip install --quiet --requirement training/requirements-encoder.txt --editable '.[accurate]'
	@touch $@

.venv-peers/.installed: benchmarks/requirements-peers.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	.venv-peers/bin/python -m pip install --quiet --requirement $<
	@touch $@

.venv-peers-torch/.installed: benchmarks/requirements-peers-torch.txt
	$(PYTHON) -m venv .venv-peers-torch
	.venv-peers-torch/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	.venv-peers-torch/bin/python -m pip install --quiet --requirement $<
	@touch $@

clean:
	rm -rf $(VENV) .venv-encoder .venv-peers .venv-peers-torch benchmarks/cache build out dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# make setup, make demo [ARGS=…], make test: each sets up what is missing; a second run sets nothing up again.
PYTHON ?= python3.11
ifeq ($(shell command -v $(PYTHON)),)
PYTHON := python3
endif
VENV := .venv
READY := $(VENV)/.ready
# Compiled modules are kept, or every start would compile the libraries again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test check lint clean

setup: $(READY)

$(READY): uv.lock pyproject.toml .ci/setup.py
	@$(PYTHON) .ci/setup.py $(VENV)
	@touch $@

demo: $(READY)
	@$(VENV)/bin/python bot.py demo $(ARGS)

lint: $(READY)
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache

test: $(READY) lint
	$(VENV)/bin/python -m pytest $(ARGS)

clean:
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

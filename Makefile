# One virtual environment below .venv serves every target; it is made when it is missing
# or when pyproject.toml is newer.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check bench clean

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev,plot]'
	touch $@

check: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: check
	$(BIN)/python -m pytest

demo: $(VENV)/installed
	$(BIN)/lccmirror demo demo-mirror

clean:
	rm -rf $(VENV) build dist

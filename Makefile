# One virtual environment below .venv serves every target; it is made when it is missing
# or when pyproject.toml is newer.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check docs docs-examples debian-tools hour fuzz bench clean

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev,plot]'
	touch $@

check: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: check debian-tools
	$(BIN)/python -m pytest -n auto --dist loadgroup

# systemd's own judgement of our units, and systemd itself to run them.
debian-tools:
	tests/install-debian-tools

demo: $(VENV)/installed
	$(BIN)/lccmirror demo demo-mirror

# The site, in build/docs; any warning is an error, and nothing is fetched.
docs: $(VENV)/installed
	$(BIN)/sphinx-build -W -n --keep-going -q docs build/docs

# The pages with real output, and their pictures, made anew on a mirror of the demo's.
docs-examples: $(VENV)/installed
	PYTHONPATH=docs/_ext $(BIN)/python -m sitepages.examples

# The daemon in real time against the genuine server; less: HOUR_S=300 make hour
hour: $(VENV)/installed
	$(BIN)/python -m tests.real.hour

# Every parser of foreign bytes, FUZZ_S seconds each, guided by coverage; FUZZ_SEED repeats a run.
FUZZ_S ?= 60
fuzz: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable '.[fuzz]'
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_S) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED))

# all rows, or BENCH_ROWS=name,name make bench; READERS_S=5 shortens those of the readers
bench: $(VENV)/installed
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist

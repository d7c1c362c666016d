# One virtual environment below .venv serves every target; it is made when it is missing
# or when pyproject.toml is newer.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

# The tests start our processes many hundred times: each would compile our modules anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check docs docs-examples debian-tools real-server hour fuzz soak mutations audit bench clean

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip setuptools
	$(BIN)/python -m pip install --quiet --editable '.[dev,plot]'
	touch $@

check: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m tests.audit

# The same with the advisory databases asked, which needs the network, and the list renewed.
audit: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable '.[audit]'
	$(BIN)/python -m tests.audit --online

# With --jobs, as .ci/run has it, what has to be installed is installed at the same time.
test: check debian-tools real-server
	$(BIN)/python -m pytest -n auto

# systemd's own judgement of our units, and systemd itself to run them.
debian-tools:
	tests/install-debian-tools

# The genuine LCC-Server, for the tests, in an environment of its own in the user's cache.
real-server:
	$(PYTHON) -m tests.real.environment

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

# Every parser and every fault for SOAK_S seconds in all; SOAK_SEED plays a run again. The last
# line is the campaign's: faults=N lost=0 wrong=0 stuck=0
SOAK_S ?= 3600
soak: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable '.[fuzz]'
	failed=0; \
	$(BIN)/python -m tests.fuzz --seconds $$(( ($(SOAK_S) + 149) / 150 )) $(if $(SOAK_SEED),--seed $(SOAK_SEED)) || failed=1; \
	SOAK_S=$$(( $(SOAK_S) / 20 )) SOAK_SEED=$(SOAK_SEED) $(BIN)/python -m pytest -q -s tests/faults/test_model.py || failed=1; \
	$(BIN)/python -m tests.faults --seconds $$(( $(SOAK_S) * 4 / 5 )) $(if $(SOAK_SEED),--seed $(SOAK_SEED)) || failed=1; \
	exit $$failed

# Break the code in places that matter, and show that each is caught; MUTATIONS=word for some.
mutations: $(VENV)/installed
	$(BIN)/python -m tests.faults.mutations $(MUTATIONS)

# all rows, or BENCH_ROWS=name,name make bench; READERS_S=5 shortens those of the
# readers; IDLE_S=3600 lets the daemon idle for a real hour; rows that need no Debian
# package are measured also where none can be installed
bench: $(VENV)/installed
	-benchmarks/install-debian-tools
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist

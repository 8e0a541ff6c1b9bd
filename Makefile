# What can be done here. `make` alone lists it; every target makes .venv by itself.

BIN := .venv/bin
READY := .venv/.ready
LIMIT := 100000
DEMO_OPTIONS := --web
FUZZ_EXAMPLES := 1000
FUZZ_PAYLOADS := 200000
FUZZED := $(addprefix tests/fuzz/test_,readers.py published_records.py checkpoints.py command_lines.py)
MUTANTS :=
PROCESSES := 2

.DEFAULT_GOAL := help
.PHONY: help demo test check fuzz bench chaos peers replay docs fix coverage requirements mutants clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## a shop with shoppers in it, here and in a browser: embedded Kafka and Redis
	$(BIN)/goeswith demo $(DEMO_OPTIONS)

# Matrices are small here: threads of the linear algebra would only wait for one another. A file stays
# with one process, and the broker that its tests share; the longest begin first (tests/longest_first.py).
test: $(READY) ## every test, on a real Kafka and a real Redis too
	.ci/install
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder

check: $(READY) ## lint, format, types, import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fuzz: $(READY) ## hostile input to every reader, command and source, then ten million events; an hour
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) OMP_NUM_THREADS=1 $(BIN)/pytest -q --timeout 3600 $(FUZZED)
	$(BIN)/python -m tests.storefront.intake.mutated $(FUZZ_PAYLOADS)
	NUMBA_BOUNDSCHECK=1 $(BIN)/python -m tests.fuzz --events 10000000

bench: $(READY) ## measure cost and latency on a real Kafka; writes tests/benchmarks/RESULTS.md
	.ci/install
	$(BIN)/python -m tests.apache_kafka $(BIN)/goeswith bench pipeline --write

chaos: $(READY) ## two hundred faults on real workers, Kafka and Redis, and the books; half an hour
	.ci/install
	$(BIN)/goeswith verdict --faults 200 --seed 1 --json --write

peers: .venv-peers/.ready ## what `goeswith bench regret` compares with, in an environment of its own

replay: $(READY) ## replay real grocery baskets and judge what is offered; LIMIT=1500000 for all
	$(BIN)/goeswith replay --limit $(LIMIT)

docs: $(READY) ## write the generated parts of README.md and docs/ anew from the code
	$(BIN)/python -m streams.cli.reference README.md docs
	$(BIN)/python -m streams.operations.boards deploy/grafana/dashboards
	$(BIN)/python -m streams.storefront.gateway.browser.files docs/element.md

fix: $(READY) ## let ruff mend and format what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

coverage: $(READY) ## the tests, with the lines that none of them reaches
	.ci/install
	$(BIN)/pytest --cov --cov-report=term-missing:skip-covered

mutants: $(READY) ## do the tests notice small faults? an hour or two; MUTANTS=--changed for a change
	$(BIN)/python -m tests.mutants $(MUTANTS)

requirements: ## resolve the hash-pinned requirements/*.txt from pyproject.toml
	.ci/lock

clean: ## remove everything made here, .venv and the cached Kafka included
	rm -rf .venv .venv-peers .cache .hypothesis .*_cache .coverage .coverage.* build dist *.egg-info
	rm -rf examples/node/node_modules examples/java/jars
	find . -name __pycache__ -prune -exec rm -rf {} +

# Nothing is installed whose hash is not in requirements/all.txt, the build backend included.
# Compiled once, on all cores: where Python may not write bytecode (PYTHONDONTWRITEBYTECODE), every
# worker would compile its imports anew, which takes longer than all the rest of its start. The loops
# of the models are compiled to machine code and kept, so that no shopper waits for that.
$(READY): requirements/all.txt requirements/mutants.txt pyproject.toml
	@python=$$(PYTHON="$(PYTHON)" .ci/python) && "$$python" -m venv .venv
	@echo "installing into .venv (a minute or two, once)"
	@$(BIN)/pip install -q --disable-pip-version-check --no-compile --require-hashes -r requirements/all.txt
	@$(BIN)/pip install -q --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements/mutants.txt
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q -j 0 .venv/lib models streams
	@$(BIN)/python -m models.warm
	@touch $@

.venv-peers/.ready: requirements/peers.txt
	@python=$$(PYTHON="$(PYTHON)" .ci/python) && "$$python" -m venv .venv-peers
	@echo "installing into .venv-peers (a minute, once)"
	@.venv-peers/bin/pip install -q --disable-pip-version-check --no-compile --require-hashes -r requirements/peers.txt
	@touch $@

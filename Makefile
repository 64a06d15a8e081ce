# The commands of rolekeeper. Each makes the virtual environment first, if it is not there or not up to date.
# Needs make and Python 3.10 or newer; PYTHON=... chooses another interpreter, VENV=... another folder.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.10 python; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1 && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Byte code is kept, whatever the shell says: the tests and commands begin many processes.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test torture bench mutants check build devs format lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY)  ## the whole story on an emulated Alibaba Cloud, in this terminal
	@$(BIN)/rolekeeper demo

test: $(READY)  ## the tests but the slow ones (PYTEST_ARGS="-m 'slow or not slow'": all)
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal -m "not slow" $(PYTEST_ARGS)

torture: $(READY)  ## histories and inputs without end in search of failures (HISTORIES=10000, INPUTS=100000: half an hour; SEED=)
	@$(BIN)/python -m pytest -q -m "slow or not slow" tests/torture/test_planted.py
	@$(BIN)/python -m pytest -q -m "slow or not slow" --numprocesses auto --dist worksteal \
		tests/torture/test_interleavings.py tests/torture/test_fault_table.py tests/torture/test_provision_faults.py
	@$(BIN)/python -m tests.torture $(if $(HISTORIES),--histories $(HISTORIES)) $(if $(INPUTS),--inputs $(INPUTS)) $(if $(SEED),--seed $(SEED))

bench: $(READY)  ## calls, time and memory of runs over fleets, launch storms, and starts (about a quarter of an hour)
	@$(BIN)/python -m tests.bench

mutants: $(READY)  ## small changes of the code that no test sees (about half an hour; what is known already is not tried again)
	@$(BIN)/python -m tests.mutation $(MUTANTS)

check: $(READY)  ## lint, formatting, types, import contracts, roles.yaml and its cases; shows the measures of the house
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/rolekeeper validate --strict
	@$(BIN)/rolekeeper test --strict
	@$(BIN)/python -m tests.house.measures

build: $(READY)  ## build/bundle, the package of the functions (LAYER=1: the dependencies apart, for a layer; ROLES_FILE=, BUILD_PYTHON=)
	@$(BIN)/rolekeeper build $(if $(filter-out 0 no false,$(LAYER)),--layer) $(if $(ROLES_FILE),--roles-file "$(ROLES_FILE)") \
		$(if $(BUILD_PYTHON),--python "$(BUILD_PYTHON)") $(if $(DEPLOYING),--deploying)

devs:  ## the Serverless Devs CLI of both editions into build/, for the tests of s.yaml (needs npm)
	@for version in 3.1.10 2.2.2; do npm install --silent --no-save --no-package-lock \
		--prefix build/serverless-devs/$${version%%.*} @serverless-devs/s@$$version; done

format: $(READY)  ## let ruff fix what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock:  ## pin the dependencies of pyproject.toml again (needs uv)
	@uv pip compile pyproject.toml --all-extras --universal --python-version 3.10 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet --output-file requirements.lock

clean:  ## remove what the other commands made
	@rm -rf $(VENV) build mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

$(READY): requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { echo "rolekeeper needs Python 3.10 or newer (with venv); name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version) (a minute or two, once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --no-compile --use-pep517 --require-hashes --requirement requirements.lock  # half of it is never imported
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(READY)

# Everything a developer, an operator or a build machine calls. `make` alone lists it.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

# A stamp carries the checksum of its lock file, so that packages are installed when it changes.
SUM_OF = $(firstword $(shell cksum < $(1)))
RUN := .venv/.installed-run-$(call SUM_OF,requirements.lock)
DEV := .venv/.installed-dev-$(call SUM_OF,requirements-dev.lock)

INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r
COMPILE = $(BIN)/uv pip compile --quiet pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header $(if $(KEEP),,--upgrade)

# The process of `make run` stops when make is killed, too, where the system can do that.
DIE_WITH_MAKE = $(shell command -v setpriv >/dev/null && echo setpriv --pdeathsig TERM --)

.DEFAULT_GOAL := help
.PHONY: help run test check bench pictures lock

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUN)  ## Start everything on this machine; Ctrl-C stops it, data stay in DATA_DIR
	@exec $(DIE_WITH_MAKE) $(BIN)/python main.py

test: $(DEV)  ## Run every test; ARGS="-k words" is passed to pytest
	$(BIN)/python -m tests.browser
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

check: $(DEV)  ## Format, lint, types, layers, migrations and the rules of tests/architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy app main.py worker.py
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/architecture

bench: $(DEV)  ## Measure speed, ratios from one run; ARGS="live" runs the parts named so
	$(BIN)/python -m tests.bench $(ARGS)

pictures: $(DEV)  ## Write pictures of every page to docs/pictures
	$(BIN)/python -m tests.pictures

lock: $(DEV)  ## Refresh both lock files; KEEP=1 takes over only what pyproject.toml asks for
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --group dev --constraints requirements.lock --output-file requirements-dev.lock

$(RUN): | .venv/pyvenv.cfg
	@echo "Installing what requirements.lock names."
	@$(INSTALL) requirements.lock
	@rm -f .venv/.installed-run-* && touch $@

# The development lock holds the other one whole, with the same versions.
$(DEV): | .venv/pyvenv.cfg
	@echo "Installing what requirements-dev.lock names."
	@$(INSTALL) requirements-dev.lock
	@rm -f .venv/.installed-* && touch $@ $(RUN)

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv .venv \
		|| { rm -rf .venv; echo "Python's venv is missing (Debian: apt install python3-venv)." >&2; exit 1; }

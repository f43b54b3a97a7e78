# Everything here sets itself up: Python 3.11 or newer and make are all it needs.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/requirements.ready

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test screenshots check bench messages lock format migrations

help: ## Say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(READY): requirements/base.txt requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Openbook needs Python 3.11 or newer; name one with make PYTHON=...")'
	@echo "Setting up $(VENV) (once; a minute or so)"
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $@

demo: $(READY) ## Run everything here, with businesses to try it on
	@$(PY) -m tools.demo $(ARGS)

demo-reset: $(READY) ## Forget the demo's data
	@$(PY) -m tools.demo --reset $(ARGS)

test: $(READY) ## Run every test on servers of its own
	@$(PY) -m tools.browser
	$(PY) -m pytest --numprocesses auto --maxprocesses 4 --dist loadgroup --no-loadscope-reorder $(ARGS)

screenshots: $(READY) ## Take the pictures of the documentation anew
	@$(PY) -m tools.screenshots $(ARGS)

check: $(READY) ## Lint, types, layers, migrations, settings, dependencies
	@$(PY) -m tools.check

bench: $(READY) ## Measure against a floor, in one run
	@$(PY) -m bench $(ARGS)

messages: $(READY) ## Bring the words of the pages to their translations
	@$(PY) -m tools.languages --update

format: $(READY) ## Put the code in its form
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

lock: $(READY) ## Pin the requirements anew
	cd requirements && for each in base dev; do ../$(VENV)/bin/pip-compile --quiet --upgrade \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --strip-extras --no-header \
		--annotation-style=line --output-file $$each.txt $$each.in; done

# Call Analytics: everything that a developer or an operator starts. `make` lists it.
SHELL := /bin/bash
PYTHON := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help install run test lint format messages bench companion check

help: ## list these commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  make \1\t/' | expand -t 18

install: ## set up .venv, front-end parts, static files and database; quick when nothing has changed
	@scripts/install.sh

run: install ## start the portal with a demo organisation; PORT, DATABASE_URL, REDIS_URL, DEMO=0
	@exec $(PYTHON) manage.py run_portal

test: install ## run all tests on SQLite and PostgreSQL; ARGS="-k rating" narrows them
	@scripts/test.sh $(ARGS)

lint: install ## style, types, layers, templates, migrations, catalogues, deployment settings
	@scripts/lint.sh

format: install ## put the code into the house format
	@$(PYTHON) -m ruff check --fix --quiet . ; $(PYTHON) -m ruff format .

messages: install ## collect the visible strings into the catalogues
	@scripts/messages.sh

bench: install ## run the benchmarks; ONLY=ingest or ONLY=home runs one
	@$(PYTHON) -m benchmarks $(ONLY)

companion: install ## build the desktop companion's wheel into dist/
	@$(PYTHON) -m pip wheel --quiet --no-deps --wheel-dir dist ./desktop && rm -rf desktop/build && ls dist

check: lint test ## lint and test

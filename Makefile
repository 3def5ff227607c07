.DEFAULT_GOAL := help
# Test runs start hundreds of Python processes; each would compile every module of the checkout again.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3
PIP := -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# Two processes; what each gets stands in tests/support/division.py.
TWO := --numprocesses 2 --dist loadscope --no-loadscope-reorder
# Resolves for every machine at once, and keeps what constraints.txt does not name.
LOCK := .venv-uv/bin/uv pip compile --quiet --universal --generate-hashes --no-annotate --custom-compile-command "make hashes" --constraint constraints.txt
SOURCES := $(shell find qie_batch workers migrations -name '*.py' -o -name '*.j2' -o -name '*.css' -o -name '*.js' -o -name '*.toml' -o -name '*.svg' 2>/dev/null) \
	$(wildcard examples/*.csv examples/images/* examples/*/*.csv examples/*/images/*)

.PHONY: help demo test test-all lint unit chaos soak hashes clean

help: ## what there is to make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: .venv/stamp ## install, edit a sample catalog (CATALOG=name) on the embedded stack, show where the report is
	$(if $(filter posters,$(CATALOG)),.venv/bin/python $(PIP) "$$(echo dist/*.whl)[text]")
	.venv/bin/qie-batch demo $(CATALOG:%=--catalog %)

test: .venv/stamp .venv-dev/stamp .venv-triton/stamp lint ## every check and every test, as CI runs it
	.venv-dev/bin/python -m pytest $(TWO)

test-all: .venv/stamp .venv-dev/stamp .venv-triton/stamp lint ## the same with the tests that take long
	.venv-dev/bin/python -m pytest $(TWO) -m ""

lint: .venv-dev/stamp ## ruff, mypy, import-linter, vulture
	.venv-dev/bin/ruff check .
	.venv-dev/bin/ruff format --check .
	.venv-dev/bin/mypy
	.venv-dev/bin/lint-imports
	.venv-dev/bin/vulture

unit: .venv-dev/stamp ## the fast tests alone
	.venv-dev/bin/python -m pytest $(TWO) tests/unit

chaos: .venv-dev/stamp ## harm of every kind at full length, into docs/reliability.md (ONLY=, DATABASE=, SEED=)
	.venv-dev/bin/python tests/chaos/run.py $(ONLY:%=--only %) $(DATABASE:%=--database %) $(SEED:%=--seed %)

soak: .venv-dev/stamp ## nothing but work for MINUTES=40: memory, descriptors and connections stay flat
	QIE_SOAK_MINUTES=$(or $(MINUTES),40) .venv-dev/bin/python tests/chaos/run.py --only soak --database $(or $(DATABASE),postgresql)

hashes: .venv-uv/stamp ## what the images are installed from, with hashes, after constraints.txt or pyproject.toml changed
	echo hatchling | $(LOCK) --python-version 3.11 --output-file deploy/requirements/build.txt - > /dev/null
	$(LOCK) --python-version 3.11 $(addprefix --extra ,gateway postgres cutout text tracing triton notify c2pa) \
		--output-file deploy/requirements/control.txt pyproject.toml > /dev/null
	$(LOCK) --python-version 3.12 $(addprefix --extra ,gpu postgres text tracing triton) \
		--output-file deploy/requirements/worker.txt pyproject.toml > /dev/null
	echo torch | $(LOCK) --python-version 3.12 --constraint deploy/requirements/worker.txt \
		--output-file deploy/requirements/torch.txt - > /dev/null

# What a user gets: the built wheel with the embedded default and nothing else.
.venv/stamp: pyproject.toml constraints.txt README.md $(SOURCES)
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	rm -rf dist
	.venv/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	.venv/bin/python $(PIP) dist/*.whl
	.venv/bin/python $(PIP) --force-reinstall --no-deps dist/*.whl
	touch $@

# What a developer gets: the checkout itself with every extra.
.venv-dev/stamp: pyproject.toml constraints.txt
	test -x .venv-dev/bin/python || $(PYTHON) -m venv .venv-dev
	.venv-dev/bin/python $(PIP) "torch==2.13.0"
	.venv-dev/bin/python $(PIP) --editable ".[dev,gpu,gateway,postgres]"
	touch $@

# Triton's own server, whose wheel wants an older NumPy than this project.
.venv-triton/stamp:
	test -x .venv-triton/bin/python || $(PYTHON) -m venv .venv-triton
	.venv-triton/bin/python -m pip install --quiet --disable-pip-version-check --no-deps nvidia-pytriton==0.7.0 numpy==1.26.4
	touch $@

.venv-uv/stamp: Makefile
	test -x .venv-uv/bin/python || $(PYTHON) -m venv .venv-uv
	.venv-uv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	touch $@

clean: ## remove what make and the tests made
	rm -rf .venv .venv-dev .venv-triton .venv-uv dist .qie-batch .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

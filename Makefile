# One target a stage; each builds first what it needs. `make help` lists them.
PYTHON   ?= python3
VENV     ?= .venv
IMAGES   ?=
STORE    ?= build/store
LOGDIR   ?= build/tensorboard
SITE     ?= build/site
SAMPLES  ?= build/samples
COUNT    ?= 600
PORT     ?= 6006
ENCODER  ?= $(if $(IMAGES),resnet50)
WEIGHTS  ?=
K        ?= 5

PY       := $(VENV)/bin/python
PIP      := $(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt
chosen   := $(if $(ENCODER),--encoder $(ENCODER))
weighted := $(if $(WEIGHTS),--weights "$(WEIGHTS)")

first    := import sys; from imgrec import Store; c = Store.open(sys.argv[1]).catalog; print(c.entries(c.ids("ok")[:1])[0].file)

.PHONY: help install dev samples index projector tensorboard graph query test check bench screenshots demo clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  IMAGES=folder of pictures (default: a rendered sample)   ENCODER=resnet50, mini, …"
	@echo "  STORE=$(STORE)  LOGDIR=$(LOGDIR)  SITE=$(SITE)  WEIGHTS=file  COUNT=$(COUNT)  PORT=$(PORT)"

install: $(VENV)/installed ## make the environment
dev: $(VENV)/installed-dev ## the same with what tests, lint and types need

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PIP) -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) -e '.[dev]'
	@touch $@

samples: install ## render the sample collection
	$(PY) -m imgrec.samples $(SAMPLES) --count $(COUNT)

index: install ## catalogue the pictures and make their vectors; only what is new
ifneq ($(IMAGES),)
	$(PY) -m imgrec.index "$(IMAGES)" --only --store "$(STORE)" $(chosen) $(weighted)
else
	@test -e "$(STORE)/store.json" || $(MAKE) --no-print-directory samples
	@test -e "$(STORE)/store.json" \
	&& $(PY) -m imgrec.index --store "$(STORE)" $(chosen) $(weighted) \
	|| $(PY) -m imgrec.index $(SAMPLES) --store "$(STORE)" $(or $(chosen),--encoder mini) $(weighted)
endif

projector: index ## write the logdir of TensorBoard's projector
	$(PY) -m projector --store "$(STORE)" --out "$(LOGDIR)" $(chosen)

tensorboard: $(if $(IMAGES),projector,install) ## serve it on 127.0.0.1
	@test -e "$(LOGDIR)/projector_config.pbtxt" || $(MAKE) --no-print-directory projector
	$(PY) -m projector.serve --logdir "$(LOGDIR)" --port $(PORT)

graph: index ## write the network pages
	$(PY) -m graph --store "$(STORE)" --out "$(SITE)" $(chosen)

query: $(if $(IMAGES),index,install) ## the pictures most like Q="a.jpg b.jpg …" (up to five)
	@test -e "$(STORE)/store.json" || $(MAKE) --no-print-directory index
	@test -n "$(Q)" || { echo 'name a picture: make query Q=some.jpg' >&2; exit 2; }
	@$(PY) -m imgrec.query $(Q) --store "$(STORE)" -k $(K) $(chosen) $(weighted)

demo: graph projector ## all of it, and a query drawn as a grid
	@$(PY) -m imgrec.query "$$($(PY) -c '$(first)' "$(STORE)")" --store "$(STORE)" --grid build/query.png $(chosen)
	@echo "the network:   $(abspath $(SITE))/index.html"
	@echo "the projector: make tensorboard"

check: dev ## lint and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

test: check ## all tests, lint and types before them
	$(PY) -m pytest

bench: dev ## measure; IMAGES=photos in class folders adds the table of precision
	$(PY) tests/bench $(if $(IMAGES),--images "$(IMAGES)")

screenshots: graph projector dev ## draw the pictures of the README anew
	$(PY) tests/screenshots.py --store "$(STORE)" --logdir "$(LOGDIR)" --site "$(SITE)" --out docs

clean: ## delete build/: store, logdir, pages, samples
	rm -rf build

# One target a stage; each builds first what it needs. `make help` lists them.
PYTHON   ?= python3
VENV     ?= .venv
IMAGES   ?=
STORE    ?= build/store
LOGDIR   ?= build/tensorboard
SITE     ?= build/site
EXPORT   ?= build/export
HANDOVER ?= build/vectors
SAMPLES  ?= build/samples
GRID     ?= build/query.png
DUPLICATES ?= build/duplicates.csv
REPORT   ?= build/report
REVIEW   ?= build/review
COUNT    ?= 600
PORT     ?= 6006
N        ?= 400000
D        ?= 2048
ENCODER  ?=
WEIGHTS  ?=
Q        ?=
K        ?= 5
T        ?=
LAYOUTS  ?=
KILLS    ?= 40
FILES    ?= 10000
SEED     ?= 0
KEEP     ?=
V        ?=
override settings := PYTHON VENV IMAGES STORE LOGDIR SITE EXPORT HANDOVER SAMPLES GRID DUPLICATES REPORT REVIEW COUNT PORT N D ENCODER WEIGHTS Q K T LAYOUTS KILLS FILES SEED KEEP V
# Whether a value was given, before the lines below hide where it came from.
override counted := $(filter command environment,$(origin COUNT))
override ported  := $(filter command environment,$(origin PORT))
override sized   := $(filter command environment,$(origin N))
override deep    := $(filter command environment,$(origin D))

# A value is data, never code. `make` expands $(shell ...) in a variable each time it is named, and
# once more to export it; the shell expands what a recipe holds. So each setting becomes its own
# unexpanded text ($(value)), and recipes name it as "$$NAME", which the shell does not expand again.
# The same for every other variable of the command line, since make exports these too (but no name
# with a dot, such as those of the loops). What make and the shell are told to run remains code:
# NAME:=value, --eval, MAKEFLAGS, SHELL, PYTHON.
override given := $(foreach .name,$(.VARIABLES),$(if $(filter command,$(origin $(.name))),$(.name)))
$(foreach .name,$(sort $(settings) $(given)),$(eval override $(.name) := $$(value $(.name))))
export $(settings)

# VENV names files that rules depend on, where make would split or read these characters.
override odd := $(foreach .letter,; : \# % = & | < > ( ) ' " ` * ? [ ] $$,$(findstring $(.letter),$(VENV)))
$(if $(strip $(odd))$(filter-out 1,$(words $(VENV))),$(error VENV is not the name of a folder without spaces or special characters))

override PY       := "$$VENV/bin/python"
override PIP      := $(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt
override laid     := $${LAYOUTS:+--layouts="$$LAYOUTS"}
override chosen   := $${ENCODER:+--encoder="$$ENCODER"}
override weighted := $${WEIGHTS:+--weights="$$WEIGHTS"}
# Each target prints one line; V=1 adds the commands and their details.
override shown    := $(if $(V),,@)
override details  := $(if $(V),--verbose)
override typical  := import sys; from imgrec import Store, neighbors_of; from imgrec.neighbors.graph import closest_id; \
	s = Store.open(sys.argv[1]); print(s.catalog.entries([closest_id(neighbors_of(s))])[0].path)

.PHONY: help install dev samples index .ready serve catalog projector tensorboard doctor graph duplicates report export handover query test test-fast check bench bench-index bench-search bench-projector bench-graph bench-duplicates bench-report bench-serve bench-map bench-scale bench-all bench-growth simulate endurance endurance-ray fuzz mutants screenshots demo docs clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  IMAGES=folder of pictures (default: a rendered sample)   ENCODER=lite0, mini, resnet50, …"
	@printf '  STORE=%s  LOGDIR=%s  SITE=%s  REPORT=%s\n' "$$STORE" "$$LOGDIR" "$$SITE" "$$REPORT"
	@printf '  EXPORT=%s  HANDOVER=%s  REVIEW=%s  DUPLICATES=%s\n' "$$EXPORT" "$$HANDOVER" "$$REVIEW" "$$DUPLICATES"
	@printf '  Q=picture, or T=word, and K=%s: what make query asks   LAYOUTS=umap,tsne,grid of the projector\n' "$$K"
	@printf '  WEIGHTS=file  COUNT=%s  PORT=%s   V=1 prints commands and details\n' "$$COUNT" "$$PORT"

install: $(VENV)/installed ## make the environment
dev: $(VENV)/installed-dev ## make the environment with everything for development

$(VENV)/installed: pyproject.toml constraints.txt
	@$$PYTHON -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	test -x $(PY) || $$PYTHON -m venv "$$VENV"
	$(PIP) -e .
	@touch '$@'

$(VENV)/installed-parquet: $(VENV)/installed
	$(PIP) -e '.[parquet]'
	@touch '$@'

$(VENV)/installed-serve: $(VENV)/installed
	$(PIP) -e '.[serve]'
	@touch '$@'

$(VENV)/installed-docs: $(VENV)/installed
	$(PIP) -e '.[docs]'
	@touch '$@'

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) -e '.[dev,docs]'
	@touch '$@'

samples: install ## render the sample collection
	$(shown)$(PY) -m imgrec.samples --count="$$COUNT" $(details) -- "$$SAMPLES"

# What `make index` runs; `make query` does so only for a store that is not there yet.
override define indexed
if [ -n "$$IMAGES" ]; then \
    $(PY) -m imgrec.index --only --store="$$STORE" $(details) $(chosen) $(weighted) -- "$$IMAGES"; \
else \
    known=; [ ! -e "$$STORE/store.json" ] || known=yes; \
    if [ -n "$(counted)" ] || { [ -z "$$known" ] && [ ! -e "$$SAMPLES/samples.json" ]; }; then \
        $(PY) -m imgrec.samples --count="$$COUNT" $(details) -- "$$SAMPLES"; \
    fi; \
    set --; [ -n "$$known" ] || set -- "$$SAMPLES"; \
    $(PY) -m imgrec.index --store="$$STORE" $(details) $(chosen) $(weighted) -- "$$@"; \
fi
endef

index: install ## catalog the pictures and make their vectors; only what is new
	@set -e; $(indexed)

# What a query needs: a store, made first where there is none.
.ready: install
	@set -e; { [ -z "$$IMAGES" ] && [ -e "$$STORE/store.json" ]; } || { $(indexed); }

serve: .ready $(VENV)/installed-serve ## serve a page on which the store is searched, on 127.0.0.1
	$(PY) -m imgrec.serve --store="$$STORE" $(if $(ported),--port="$$PORT") $(weighted)

catalog: install ## print what the store holds: pictures, failures, formats, features
	@$(PY) -m imgrec.catalog --store="$$STORE"

projector: index ## write the logdir of TensorBoard's projector
	$(shown)$(PY) -m projector --store="$$STORE" --out="$$LOGDIR" $(details) $(chosen) $(laid)

tensorboard: projector ## serve the logdir in TensorBoard on 127.0.0.1, the store in its tab imgrec
	$(PY) -m projector.serve --logdir="$$LOGDIR" --store="$$STORE" --port="$$PORT"

doctor: install ## check the store, the logdir and the site for damage
	@set --; [ ! -d "$$STORE" ] || set -- "$$@" --store="$$STORE"; \
	[ ! -d "$$LOGDIR" ] || set -- "$$@" --logdir="$$LOGDIR"; \
	[ ! -d "$$SITE" ] || set -- "$$@" --site="$$SITE"; \
	for made in "$$STORE" "$$LOGDIR" "$$SITE"; do \
	    [ -d "$$made" ] || printf 'not checked, there is no folder %s\n' "$$made" >&2; \
	done; $(PY) -m imgrec.doctor $(details) "$$@"

override networked := $(PY) -m graph --store="$$STORE" --out="$$SITE" $(details) $(chosen)

graph: index ## write the network pages and the map
	$(shown)$(networked)

duplicates: index ## write the page to review duplicates, and build/duplicates.csv, the same as a table
	@mkdir -p -- "$$(dirname -- "$$DUPLICATES")"
	$(shown)$(PY) -m imgrec.duplicates --store="$$STORE" --out="$$REVIEW" --csv="$$DUPLICATES" $(details) $(chosen)

report: index ## write the report: what the collection holds, on one page
	@set -- --store="$$STORE" --out="$$REPORT" $(chosen); \
	[ ! -d "$$LOGDIR" ] || set -- "$$@" --logdir="$$LOGDIR"; \
	[ ! -d "$$SITE" ] || set -- "$$@" --site="$$SITE"; $(PY) -m imgrec.report $(details) "$$@"

export: index $(VENV)/installed-parquet ## write the network for Gephi, igraph and Embedding Atlas
	@mkdir -p -- "$$EXPORT"
	$(shown)$(PY) -m graph --store="$$STORE" --gexf="$$EXPORT/network.gexf" \
	    --graphml="$$EXPORT/network.graphml" --parquet="$$EXPORT/network.parquet" --thumbnails $(details) $(chosen)

handover: index $(VENV)/installed-parquet ## write the vectors as Parquet, for other search engines
	$(shown)$(PY) -m imgrec.export --store="$$STORE" --parquet="$$HANDOVER" $(details) $${ENCODER:+--feature="$$ENCODER"}

query: .ready ## find the pictures most similar to Q="a.jpg b.jpg …" (up to five), or that show T=dog
	@test -n "$$Q$$T" || { echo 'name a picture or a thing: make query Q=some.jpg, or T=dog' >&2; exit 2; }
	@set -f; if [ -e "$$Q" ]; then set -- "$$Q"; else set -- $$Q; fi; \
	$(PY) -m imgrec.query $${T:+--text="$$T"} --store="$$STORE" -k "$$K" $(chosen) $(weighted) -- "$$@"

# The projector colors by the communities that the network finds; the pages show its clusters and the
# map its layouts. So the site is written again after it, or a second run would do that.
demo: graph projector ## build network, map, projector, report and a query grid, from sample pictures
	$(shown)$(networked)
	@$(PY) -m imgrec.report --store="$$STORE" --out="$$REPORT" --site="$$SITE" --logdir="$$LOGDIR" $(details) $(chosen)
	@$(PY) -m imgrec.query --store="$$STORE" --grid="$$GRID" $(chosen) -- "$$($(PY) -c '$(typical)' "$$STORE")"
	@site="$$(cd -- "$$SITE" && pwd)"; printf 'the network:   %s/index.html\nthe map:       %s/map/index.html\n' "$$site" "$$site"
	@printf 'the report:    %s/index.html\n' "$$(cd -- "$$REPORT" && pwd)"
	@printf 'the projector: make tensorboard\nthe live page: make serve\n'

check: dev ## lint and types
	"$$VENV/bin/ruff" check .
	"$$VENV/bin/ruff" format --check .
	"$$VENV/bin/mypy"

test: check ## lint, types, all tests with branch coverage, on all cores
	$(PY) -m pytest -n auto --dist loadfile --cov

test-fast: dev ## the fast tests, without browser, redis and compiler
	$(PY) -m pytest -n auto --cov -m "not browser and not redis and not compiler and not slow"

bench: dev ## measure; IMAGES=photos in class folders adds the table of precision
	$(PY) tests/bench $${IMAGES:+--images="$$IMAGES"}

bench-index: dev ## index N=100000 sample pictures, in one go and through 50 random kills
	$(PY) tests/bench/index --count="$(if $(sized),$$N,100000)"

bench-search: dev $(if $(IMAGES),index) ## measure the search at N=400000 vectors of D=2048, beside other libraries; IMAGES adds those
	$(PY) tests/bench/search --count="$$N" --dimensions="$$D" $${IMAGES:+--photos="$$STORE"}

bench-projector: dev ## measure the projector's logdir beside other ways
	$(PY) tests/bench/logdir

bench-graph: dev $(if $(IMAGES),index) ## measure the network at N=400000 pictures, stage by stage, beside other ways; IMAGES adds those
	$(PY) tests/bench/network --count="$$N" $${IMAGES:+--store="$$STORE"}

bench-duplicates: dev ## measure what is called the same and similar, at N=400000 pictures; IMAGES adds their neighbors
	$(PY) tests/bench/duplicates --count="$$N" $${IMAGES:+--photos="$$IMAGES"}

bench-report: dev ## measure the report at N=400000 pictures
	$(PY) tests/bench/report --count="$$N"

bench-serve: dev ## measure the live page at N=400000 vectors of D=1280, beside a plain service with faiss
	$(PY) tests/bench/serve --count="$$N" --dimensions="$(if $(deep),$$D,1280)"

bench-map: dev $(if $(IMAGES),index) ## measure the map at N=400000 pictures; IMAGES gives it the thumbnails of those
	$(PY) tests/bench/map --count="$$N" $${IMAGES:+--photos="$$STORE"}

bench-scale: dev ## ask a sketch of up to N=40000000 pictures; measure exports, Ray, buckets, derived files by parts
	$(PY) tests/bench/scale/sketch.py --count="$(if $(sized),$$N,40000000)"
	$(PY) tests/bench/scale/handover.py
	$(PY) tests/bench/scale/engines.py
	$(PY) tests/bench/scale/sources.py
	$(PY) tests/bench/scale/blocks.py

bench-all: dev ## compare small runs of every bench with the ratios kept for this machine; KEEP=1 keeps new ones
	$(PY) tests/bench/regressions $${KEEP:+--keep}

bench-growth: dev ## measure how each stage grows, at 4000,40000,400000 pictures or at N=4000,40000
	$(PY) tests/bench/growth $(if $(sized),--sizes="$$N")

simulate: install ## simulate a billion pictures on 16 to 1,024 machines, by the schedule of a real run
	$(PY) tests/bench/scale/simulation.py

endurance: dev ## kill index, graph, projector and report KILLS=40 times, and compare with an undisturbed run of COUNT=600
	$(PY) tests/bench/endurance --count="$$COUNT" --kills="$$KILLS" --seed="$$SEED"

endurance-ray: dev ## kill crews, decoders, nodes and drivers of a Ray cluster KILLS=40 times, and compare with one machine
	$(PY) tests/bench/endurance/ray_kills.py --kills="$$KILLS" --seed="$$SEED"

fuzz: dev ## index FILES=10000 damaged files of every format, and count what became of them
	$(PY) tests/bench/fuzz --count="$$FILES" --seed="$$SEED"

mutants: dev ## put small faults into the modules that decide, one at a time, and count those that tests notice
	$(PY) tools/mutants

screenshots: graph projector report dev ## draw the pictures of the documentation
	PYTHONPATH=tests/helpers $(PY) tests/screenshots.py --store="$$STORE" --logdir="$$LOGDIR" --site="$$SITE" \
	    --report="$$REPORT" --out docs/images

docs: $(VENV)/installed-docs ## build the documentation site into build/docs
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --quiet --strict
	@echo build/docs/index.html

clean: ## delete build/: store, logdir, pages, samples
	rm -rf build

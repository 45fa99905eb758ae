# Two commands do it all: `make demo` and `make test`. `make help` lists the rest.

VENV := .venv
BIN := $(VENV)/bin
PHOTOS ?= examples/photos
RESULTS ?= results
CORES ?= all
# as variables of the shell, which does not look for quotes in them
export PHOTOS RESULTS

.PHONY: help demo cluster run stage2 ranking calibration competition judge-pack results test test-fast lint format models
.PHONY: verify-models plan check-rules docs bench image image-wheels clean clean-cache
# The scoring image: `make image BASE=python TAG=3.11-slim` builds one for machines without a GPU.
RUNTIME ?= docker
BASE ?= nvcr.io/nvidia/tensorflow
TAG ?= 24.02-tf2-py3
IMAGE := localhost/judge-vision/iqa:latest
BASE_ARGS = --build-arg BASE="$(BASE)" --build-arg TAG="$(TAG)"


help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.ready: requirements.lock scripts/find_python.sh
	@echo "Setting up $(VENV): this takes some minutes, a network, and about 3 GB of disk. It is done once."
	@"$$(scripts/find_python.sh)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# An environment of its own: with Slurm's plugin every call of Snakemake asks for Slurm's controller.
.venv-cluster/.ready-cluster: requirements-cluster.lock scripts/find_python.sh
	@"$$(scripts/find_python.sh)" -m venv .venv-cluster
	.venv-cluster/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-cluster.lock
	@touch $@

cluster: .venv-cluster/.ready-cluster ## Set up .venv-cluster: Slurm and object storage (docs/how-to/cluster.md)

demo: $(VENV)/.ready ## Set up and judge the example photographs
	@$(BIN)/python scripts/run.py --photos examples/photos --results results --cores $(CORES)

run: $(VENV)/.ready ## Judge your own: make run PHOTOS=~/photos/club RESULTS=~/club-results [TARGETS="all score_sheet xmp"]
	@$(BIN)/python scripts/run.py --photos "$$PHOTOS" --results "$$RESULTS" --cores $(CORES) -- $(TARGETS)

STAGE2 = "stage2={base_url: '$(SERVER)', model: '$(MODEL)'}"
REGISTRY = "compliance={registry: '$(abspath $(COMPETITION))'}"
SETTINGS = $(strip $(if $(SERVER),$(STAGE2)) $(if $(COMPETITION),$(REGISTRY)))
TARGET = $(BIN)/python scripts/run.py --photos "$$PHOTOS" --results "$$RESULTS" --cores $(CORES) -- $@

stage2: $(VENV)/.ready ## Critiques: make stage2 PHOTOS=... SERVER=http://127.0.0.1:8000/v1 MODEL=NAME
	@$(TARGET) $(if $(SETTINGS),--config $(SETTINGS))

ranking: $(VENV)/.ready ## Ranks, bands and placings, with SERVER and MODEL as above, and COMPETITION=rules.toml
	@$(TARGET) $(if $(SETTINGS),--config $(SETTINGS))

calibration: $(VENV)/.ready ## Scores against human marks: make calibration PHOTOS=... MARKS=marks.csv
	@$(TARGET) report/index.html --config "calibration={marks: '$(abspath $(MARKS))'}" $(SETTINGS)

test: lint .venv-cluster/.ready-cluster ## Everything that CI runs
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup -m "not alone"
	$(BIN)/python -m pytest -m alone

test-fast: $(VENV)/.ready-dev ## The tests that take seconds
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup -m "not slow"

lint: $(VENV)/.ready-dev ## Format, style, types, workflow
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check --compact-diff Snakefile rules
	$(BIN)/snakemake --lint --config results=$(VENV)/lint-results

format: $(VENV)/.ready-dev ## Rewrite the code in the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/snakefmt Snakefile rules

docs: $(VENV)/.ready-dev ## Build the documentation as a site: site/index.html
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --fresh-env --quiet docs site

models: $(VENV)/.ready ## Fetch the official networks (VARIANTS="spaq ava"), or say what to fetch by hand
	@$(BIN)/python scripts/fetch_models.py --variants $(or $(VARIANTS),spaq)

verify-models: $(VENV)/.ready ## Compare the official networks with their published scores
	@$(BIN)/python scripts/verify_models.py

bench: $(VENV)/.ready-dev ## Measure: make bench [QUICK=1] [ONLY="host_metrics nima"]; writes docs/explanation/benchmarks.md
	@$(BIN)/python benchmarks/bench.py $(if $(QUICK),--quick) $(ONLY)

plan: $(VENV)/.ready ## What a run takes: make plan N=1000000 [GPUS=4] [CORES=64] [SIZE=camera|club]
	@$(BIN)/python scripts/plan.py $(or $(N),100000) --gpus $(or $(GPUS),0) --size $(or $(SIZE),camera) \
		$(if $(filter-out all,$(CORES)),--cores $(CORES))

check-rules: $(VENV)/.ready ## Explain rules in words: make check-rules COMPETITION=rules.toml [ID=spring]
	@$(BIN)/python scripts/check_rules.py "$(COMPETITION)" $(ID)

COMPETITION_RUN = $(BIN)/python scripts/run.py --photos "$$PHOTOS" --results "$$RESULTS" --cores $(CORES) \
	$(if $(COMPETITION),--registry "$(COMPETITION)") $(if $(ID),--competition "$(ID)") $(if $(MARKS),--marks "$(MARKS)") $(if $(ROUNDS),--rounds $(ROUNDS))

competition: $(VENV)/.ready ## Check entries, list open cases, write messages: make competition COMPETITION=rules.toml PHOTOS=... RESULTS=...
	@$(COMPETITION_RUN) -- secretary

judge-pack: $(VENV)/.ready ## Numbered pictures for the judges, without names (same settings as competition)
	@$(COMPETITION_RUN) -- judge_pack

results: $(VENV)/.ready ## Places and awards from the marks that came back: make results MARKS=marks.csv (and the same settings)
	@$(COMPETITION_RUN) -- results

image: ## Build the scoring image: make image [RUNTIME=docker|podman|apptainer] [BASE=python TAG=3.11-slim]
ifeq ($(RUNTIME),apptainer)
	cd containers/iqa && apptainer build --force $(BASE_ARGS) iqa.sif iqa.def
else
	$(RUNTIME) build $(BASE_ARGS) --tag $(IMAGE) --file containers/iqa/Containerfile containers/iqa
endif

image-wheels: ## Fetch what the image needs, to build it later without a network (RUNTIME, BASE, TAG as for image)
	$(RUNTIME) run --rm --volume "$(CURDIR)/containers/iqa:/build" --entrypoint python3 \
		"$(BASE):$(TAG)" /build/install.py --download

clean-cache: ## Forget cached figures of RESULTS: everything is measured again when needed
	@test -n "$$RESULTS" && rm -rf -- "$$RESULTS/cache"

clean: ## Delete the demo's results
	rm -rf results

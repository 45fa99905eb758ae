# Two commands do it all: `make demo` and `make test`. `make help` lists the rest.

VENV := .venv
BIN := $(VENV)/bin
PHOTOS ?= examples/photos
RESULTS ?= results
CORES ?= all
# The scoring image: `make image BASE=python TAG=3.11-slim` builds one for machines without a GPU.
RUNTIME ?= docker
BASE ?= nvcr.io/nvidia/tensorflow
TAG ?= 24.02-tf2-py3
IMAGE := localhost/judge-vision/iqa:latest
BASE_ARGS = --build-arg BASE="$(BASE)" --build-arg TAG="$(TAG)"

.PHONY: help demo run test test-fast lint format models verify-models check-rules image image-wheels clean clean-cache

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.ready: requirements.lock scripts/find_python.sh
	@"$$(scripts/find_python.sh)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.ready ## Set up and judge the example photographs
	@$(BIN)/python scripts/run.py --photos examples/photos --results results --cores $(CORES)

run: $(VENV)/.ready ## Judge your own: make run PHOTOS=~/photos/club RESULTS=~/club-results
	@$(BIN)/python scripts/run.py --photos "$(PHOTOS)" --results "$(RESULTS)" --cores $(CORES)

test: lint ## Everything that CI runs
	$(BIN)/python -m pytest

test-fast: $(VENV)/.ready-dev ## The tests that take seconds
	$(BIN)/python -m pytest -m "not slow"

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

models: $(VENV)/.ready ## Fetch the official networks (VARIANTS="spaq ava"), or say what to fetch by hand
	@$(BIN)/python scripts/fetch_models.py --variants $(or $(VARIANTS),spaq)

verify-models: $(VENV)/.ready ## Compare the official networks with their published scores
	@$(BIN)/python scripts/verify_models.py

check-rules: $(VENV)/.ready ## Explain rules in words: make check-rules COMPETITION=rules.toml [ID=spring]
	@$(BIN)/python scripts/check_rules.py "$(COMPETITION)" $(ID)

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
	rm -rf "$(RESULTS)/cache"

clean: ## Delete the demo's results
	rm -rf results

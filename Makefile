# Every target says what it does in `make help`. CI runs these targets and nothing else, so a laptop is CI.
PYTHON ?= python3
VENV   ?= .venv
CONFIG ?= configs/quickstart.yaml
PORT   ?=
BIN    := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help serve test test-all check format cover golden conformance prices replay matrix frameworks semantic bench bench-cache fuzz clean all

help:  ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

serve: $(VENV)/.runtime  ## install what serving needs and serve CONFIG=FILE (configs/quickstart.yaml) on PORT=N (4000)
	$(BIN)/llmgw serve $(CONFIG)$(if $(PORT), --port $(PORT))

test: $(VENV)/.dev node  ## install what the tests need and run the quick suite
	$(PYTEST) -n auto -m "not slow"

test-all: $(VENV)/.dev node  ## everything, the slow tests too
	$(PYTEST) -n auto

check: $(VENV)/.dev  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev  ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

cover: $(VENV)/.dev node  ## the quick suite with line and branch coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "not slow"
	$(BIN)/coverage combine
	$(BIN)/coverage report

golden: $(VENV)/.dev  ## rewrite the golden files; review the diff
	UPDATE_GOLDEN=1 $(PYTEST) -n0 tests/config tests/graph tests/house/test_config_reference.py tests/house/test_provider_table.py tests/house/test_matrix_page.py

conformance: $(VENV)/.dev  ## recorded provider traffic, where there is some (TRAFFIC=DIR)
	$(if $(TRAFFIC),LLMGW_TRAFFIC=$(abspath $(TRAFFIC))) $(PYTEST) -n0 -rs tests/conformance

replay: $(VENV)/.dev  ## recorded traffic through the running gateway, cut and broken everywhere (TRAFFIC=DIR; minutes)
	$(if $(TRAFFIC),LLMGW_TRAFFIC=$(abspath $(TRAFFIC))) $(PYTEST) -n auto tests/replay

matrix: $(VENV)/.dev node  ## every SDK before every provider, feature by feature; UPDATE_GOLDEN=1 writes docs/matrix.md
	$(PYTEST) -n0 tests/matrix

frameworks: $(VENV)-frameworks/.installed  ## LangChain, LlamaIndex and Vercel's AI SDK through the gateway, in an environment of their own
	$(VENV)-frameworks/bin/python -m tests.partners.node tests/frameworks/node
	$(VENV)-frameworks/bin/python -m pytest -n0 tests/frameworks

semantic: $(VENV)-semantic/.installed  ## what the semantic cache is worth, with real embeddings on labelled pairs of questions, in an environment of their own
	HF_HUB_OFFLINE=1 $(VENV)-semantic/bin/python -m pytest -n0 -s tests/semantic

prices: $(VENV)-prices/.installed  ## rebuild the price table from the newest release of genai-prices; review the diff
	$(VENV)-prices/bin/python scripts/build_prices.py

bench-cache: $(VENV)/.dev  ## a hit, and a look among 100,000 questions, in ratio to a bare /healthz
	$(BIN)/python -m benchmarks.cache

bench: $(VENV)/.dev  ## llmgw beside nginx and a plain aiohttp proxy: ratios of one run
	$(BIN)/python -m benchmarks.run --quick

fuzz: $(VENV)/.dev  ## the property tests with many more examples
	HYPOTHESIS_PROFILE=fuzz LLMGW_EXAMPLES=350 $(PYTEST) -n auto -m "not slow" -k "fuzz or hypothesis or property or any_ or random or dry_run"

all: check test  ## what CI runs

clean:  ## remove what was installed and built
	rm -rf $(VENV) $(VENV)-frameworks $(VENV)-prices $(VENV)-semantic dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -rf tests/node/node_modules tests/frameworks/node/node_modules

.PHONY: node
node: $(VENV)/.dev
	-@$(BIN)/python -m tests.partners.node

$(VENV)/.runtime: pyproject.toml
	@echo "installing into $(VENV) (once, about half a minute) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

# Apart from the others: it brings pydantic, and the gateway never needs it. Asked each time, for the newest prices.
.PHONY: $(VENV)-prices/.installed
$(VENV)-prices/.installed:
	@echo "installing into $(VENV)-prices (once, about half a minute) ..."
	@test -x $(VENV)-prices/bin/python || $(PYTHON) -m venv $(VENV)-prices
	$(VENV)-prices/bin/python -m pip install --quiet --disable-pip-version-check --upgrade genai-prices msgspec

$(VENV)/.dev: pyproject.toml
	@echo "installing into $(VENV) (once, about a minute) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.runtime

# They pin SDKs of their own choice, so they must not share an environment with the other tests.
$(VENV)-frameworks/.installed: pyproject.toml
	@echo "installing into $(VENV)-frameworks (once, some minutes) ..."
	@test -x $(VENV)-frameworks/bin/python || $(PYTHON) -m venv $(VENV)-frameworks
	$(VENV)-frameworks/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev,frameworks]'
	@touch $@

# A gigabyte of torch, which the gateway needs only for models of its own.
$(VENV)-semantic/.installed: pyproject.toml
	@echo "installing into $(VENV)-semantic (once, some minutes) ..."
	@test -x $(VENV)-semantic/bin/python || $(PYTHON) -m venv $(VENV)-semantic
	$(VENV)-semantic/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev,embed,semantic-dev]'
	@touch $@

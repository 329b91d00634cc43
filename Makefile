# The commands of this project; `make help` lists them.
PYTHON ?= python3
DATA ?=
TINY ?=
SPACE ?=
DRYRUN ?=
TORCH ?= auto
TORCH_CPU ?= https://download.pytorch.org/whl/cpu
BIN := .venv/bin

.PHONY: app test quick mutants train bench results figures lint space env help

help:  ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 16

app: .venv/app  ## start the page on http://127.0.0.1:7860 (PORT=8000 for another port)
	@$(BIN)/python app.py

# Files are shared out among as many processes as there are cores, the browser's first: they take longest.
PARALLEL := -n auto --dist loadfile --no-loadscope-reorder

test: .venv/dev  ## run every test
	@$(BIN)/python -m pytest $(PARALLEL)

quick: .venv/dev  ## run the tests that take a minute together: no browser, no training, no page
	@$(BIN)/python -m pytest $(PARALLEL) --ignore tests/browser -m "not slow"

mutants: .venv/dev  ## change the arithmetic here and there and see that tests fail (CODE=vaedemo.maths.metrics for one module)
	@$(BIN)/python -m pip install -q --disable-pip-version-check mutmut==3.8.1
	@OMP_NUM_THREADS=1 $(BIN)/python tests/mutants.py run $(if $(CODE),"$(CODE)*") && $(BIN)/mutmut results

train: .venv/app  ## train every model that is missing (DATA=folder of .npz files; without it the sets are downloaded)
	@$(BIN)/python -m vaedemo train --all $(if $(DATA),--data-dir $(DATA))

bench: .venv/dev  ## measure every claim (DATA=folder of .npz files and of photos/; TINY=1 for a trial)
	@failed=; for script in $(filter-out benchmarks/common.py benchmarks/damaged.py,$(wildcard benchmarks/*.py)); do echo; echo "$$script"; \
	  $(BIN)/python $$script $(if $(DATA),--data-dir $(DATA)) $(if $(TINY),--tiny) || failed="$$failed $$script"; done; \
	  if [ -n "$$failed" ]; then echo; echo "These benchmarks failed:$$failed"; exit 1; fi

results:  ## write docs/RESULTS.md and README's table out of benchmarks/results/*.json
	@$(PYTHON) -m benchmarks.tables

figures: .venv/dev  ## draw the figures of docs/QUESTIONS.md out of benchmarks/results/*.json
	@$(BIN)/python -m benchmarks.figures

PRETTIER := tests/js/node_modules/.bin/prettier

lint: .venv/dev  ## check style and types: ruff, mypy, and prettier after `npm ci --prefix tests/js`
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	@if [ -x $(PRETTIER) ]; then $(PRETTIER) --check 'vaedemo/**/*.{js,css}' 'tests/**/*.{js,mjs}'; \
	  else echo 'JavaScript and CSS are skipped: npm ci --prefix tests/js installs prettier.'; fi

.PHONY: space
space: .venv/app  ## publish as a Hugging Face Space (SPACE=user/name; DRYRUN=1 only checks and lists what would go)
	@$(BIN)/python -m vaedemo.cli.space "$(SPACE)" $(if $(DRYRUN),--dry-run)

env: .venv/app  ## make the environment (TORCH=cpu or TORCH=default chooses PyTorch's build; auto looks at the machine)

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'Python 3.11 or newer is needed; name one with PYTHON=python3.12'; exit 1; }
	@rm -rf .venv; $(PYTHON) -m venv .venv >/dev/null 2>&1 \
	  || { [ "$$(id -u)" = 0 ] && apt-get -qq update && apt-get -qq install -y python3-venv >/dev/null && $(PYTHON) -m venv .venv; } \
	  || { rm -rf .venv; echo 'Python has no venv here; install it with: sudo apt install python3-venv'; exit 1; }

# PyTorch's CPU wheels are ten times smaller than the ordinary ones; they are taken where there is no NVIDIA GPU and
# their index answers within five seconds.
.venv/app: requirements.txt constraints.txt | .venv/bin/python
	@build=$(TORCH); if [ $$build = auto ]; then \
	  if [ ! -e /dev/nvidiactl ] && $(BIN)/python -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1] + "/torch/", timeout=5)' $(TORCH_CPU) 2>/dev/null; \
	  then build=cpu; else build=default; fi; fi; \
	  echo "Installing into .venv (PyTorch's $$build build) ..."; \
	  if [ $$build = cpu ]; then $(BIN)/python -m pip install -q --disable-pip-version-check --index-url $(TORCH_CPU) -c constraints.txt torch torchvision || exit 1; fi; \
	  $(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch $@

.venv/dev: requirements-dev.txt .venv/app
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@

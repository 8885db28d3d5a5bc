# make course and make test do everything; `make help` lists the rest.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
PY := $(VENV)/bin/python
# Node comes from .venv where the machine has none.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONWARNINGS ?= ignore::DeprecationWarning:zmq
export JUPYTER_PLATFORM_DIRS := 1

TEXTS := $(wildcard book/*.md book/reference/*.md book/teaching/*.md book/*.bib book/*.yml book/figures/*) _config.yml
SITE_CODE := $(wildcard book/_ext/*.py book/_static/*) $(addprefix tools/,notebooks.py pyodide.py pyodide_wheels.txt lite.py readers.py plain_markdown.py)
PACKAGE := $(shell find rnncore -type f -not -path '*__pycache__*')
SOLUTIONS := $(wildcard solutions/*.py)
LABS := $(wildcard labs/*/*.ipynb)
INSTALLED := $(VENV)/installed
HUB := classroom/hub
DEPLOY := classroom/deploy
NGSHARE := .cache/ngshare/installed
PROXY := $(HUB)/node_modules/.package-lock.json
BUILD_SITE := $(VENV)/bin/jupyter-book build . --toc book/_toc.yml --path-output .

.DEFAULT_GOAL := help
.PHONY: help course classroom classroom-test test labs site pdf bench check-checks clean lint unit notebooks strict-site browser

help: ## list the targets
	@echo "make course   set up, build and serve the course on http://127.0.0.1:8000 (PORT=9000 for another port)"
	@echo "make classroom      a class on this machine: JupyterHub with a demo class on http://127.0.0.1:8010 (PORT=9010 for another port)"
	@echo "make classroom-test test the class: sandbox, grading, hostile submissions, and a browser from login to exported grades"
	@echo "make test     lint, unit tests, labs, grading, every notebook, the site without warnings, browser tests"
	@echo "make site     build the site into _build/html, without serving it"
	@echo "make pdf      print the book into _build/rnn-course.pdf (needs Chromium or Chrome)"
	@echo "make labs     build labs/ from solutions/"
	@echo "make check-checks   grade a corpus of right and wrong answers, and print what the labs' checks make of it"
	@echo "make bench    measure rnncore against PyTorch side by side; results go to benchmarks/results/ (ONLY=around for one file)"
	@echo "make clean    remove what was built (labs/, .venv and downloads in .cache stay)"
	@echo "make help     this list"
	@echo ""
	@echo "PYTHON=python3.12 chooses the Python; TORCH=cpu, at the first run on Linux, leaves out PyTorch's CUDA libraries."

course: labs site ## set up, build, serve
	@$(PY) tools/serve.py _build/html --port "$(PORT)"

$(INSTALLED): requirements.txt pyproject.toml book/package-lock.json tools/install.py
	@$(PYTHON) tools/install.py
	@touch $@

classroom: labs $(PROXY) ## a class with JupyterHub
	@$(PY) -m classroom.hub --port "$(if $(filter file,$(origin PORT)),8010,$(PORT))"

classroom-test: $(INSTALLED) $(PROXY) $(NGSHARE)
	$(PY) -m pytest -n auto tests/classroom -m "not browser"
	$(PY) -m pytest tests/classroom -m browser

# Its client beside nbgrader, its service in a folder of its own: neither's requirements fit the course's.
$(NGSHARE): $(wildcard $(DEPLOY)/*.txt) $(INSTALLED)
	@$(PY) -m pip install --quiet --no-deps -r $(DEPLOY)/exchange.txt
	@$(PY) -m pip install --quiet --no-deps --upgrade --target .cache/ngshare -r $(DEPLOY)/ngshare.txt
	@touch $@

$(PROXY): $(HUB)/package-lock.json $(INSTALLED)
	@npm ci --prefix $(HUB) --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

labs: _build/labs.done
_build/labs.done: $(SOLUTIONS) $(PACKAGE) $(TEXTS) nbgrader_config.py $(INSTALLED)
	@mkdir -p _build
	@$(PY) solutions/build.py
	@touch $@

site: _build/site.done
_build/site.done: $(TEXTS) $(SITE_CODE) $(PACKAGE) $(LABS) $(INSTALLED)
	@mkdir -p _build
	@$(PY) tools/notebooks.py
	@$(PY) tools/pyodide.py
	@$(PY) tools/lite.py
	@echo "Building the pages (log: _build/site.log) ..."
	@$(BUILD_SITE) > _build/site.log 2>&1 || { tail -40 _build/site.log; echo "The pages could not be built; the whole log is in _build/site.log."; exit 1; }
	@touch $@

pdf: site ## the book on paper
	@$(PY) tools/pdf.py

test: lint unit notebooks strict-site browser ## everything CI runs

lint: $(INSTALLED)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) solutions/build.py --check

unit: lint $(PROXY) $(NGSHARE)
	$(PY) -m pytest -n auto -m "not browser and not executed"

notebooks: unit
	$(PY) tools/notebooks.py
	$(PY) -m pytest tests/book -m executed

strict-site: notebooks
	$(PY) tools/pyodide.py
	$(PY) tools/lite.py
	$(BUILD_SITE) --all -W -n --keep-going
	@touch _build/site.done

browser: strict-site
	$(PY) -m pytest tests/browser -m browser -n auto --dist loadgroup
	$(PY) -m pytest tests/classroom -m browser

bench: $(INSTALLED) ## ratios, never part of the tests; exits 1 if a target is missed
	$(PY) benchmarks/run.py $(ONLY)

check-checks: $(INSTALLED) ## who checks the checks
	@$(PY) -m tests.corpus

clean: ## remove what was built
	rm -rf _build _executed .pytest_cache .ruff_cache .hypothesis

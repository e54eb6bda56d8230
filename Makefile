# make report   sets up what is missing, then makes every page of the newest month
# make test     sets up what is missing, then runs the tests
# make lab      makes what is stale, then opens the notebooks in JupyterLab
# make lint     ruff and mypy
# make bench    measures against other ways, as ratios (an hour or two; make bench QUICK=1: minutes)
# make catalogue  collects the sentences of the pages for translation
# make clean    removes what can be made again; reports/ stays, it holds the record

.DEFAULT_GOAL := report
.PHONY: report test lab lint bench catalogue clean

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
STRIP := --keep-id --extra-keys metadata.language_info
TESTS := .venv/.ready-test

# Nothing of the user's own Python gets into a run.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONDONTWRITEBYTECODE
export PYTHONNOUSERSITE := 1

report: $(READY)
	@$(BIN)/kpi run latest

test: $(TESTS)
	@$(BIN)/python -m pytest -n auto --dist loadfile

# Opens also where a month has an error: the notebooks are where one looks for it.
lab: $(READY)
	@$(BIN)/kpi run latest || true
	@$(BIN)/kpi lab

lint: $(TESTS)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(TESTS)
	@for file in bench/*.py; do \
	  $(BIN)/python "$$file" $(if $(QUICK),--quick) || failed=1; \
	done; exit $${failed:-0}

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "需要Python 3.11或更新的版本：请安装后再运行，或用make PYTHON=/path/to/python3.11指明。" >&2; exit 1; }
	@echo "第一次运行，先准备环境：要2至6分钟，占约0.7 GB。"
	@echo "1/3 建立虚拟环境.venv …"
	@$(PYTHON) -m venv .venv || { \
	  echo "无法建立虚拟环境：Debian和Ubuntu上请先安装python3-venv。" >&2; exit 1; }
	@echo "2/3 按requirements.lock安装软件包，逐个核对哈希 …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@echo "3/3 安装本项目 …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
# What a run leaves in a notebook is no change of it.
	@-git config filter.nbstripout.clean "$(CURDIR)/$(BIN)/nbstripout $(STRIP)" 2>/dev/null
	@touch $(READY)
	@echo "环境已就绪。"

# What only tests, types and browsers need; the packages of a run are there already.
$(TESTS): $(READY) requirements-test.lock
	@echo "安装测试用的软件包（requirements-test.lock）…"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements-test.lock
	@touch $(TESTS)

# For users of conda: the same names and versions by pip, which takes no hashes beside -e.
environment.yml: requirements.lock
	@{ printf '%s\n' \
	    '# Made from requirements.lock by make environment.yml; a test keeps them equal.' \
	    'name: kpi' 'channels: [conda-forge]' 'dependencies:' \
	    '  - python=3.11 # the version that the lock is made for' \
	    '  - pip' '  - pip:'; \
	  sed -nE "s/^([a-z0-9][^ ]*==[^\\]*[^\\ ]) *[\\]?$$/      - \"\1\"/p" requirements.lock; \
	  echo '      - "-e ."'; } > $@

# Collects the sentences of the pages in kpi_lib/locale/en.po; the new ones want words.
catalogue: $(READY)
	@mkdir -p build
	@PYTHONPATH=. $(BIN)/pybabel -q extract -F babel.cfg -k N_ -k Sentence --omit-header -s --no-location \
	  --no-wrap --sort-output -o build/pages.pot kpi_lib \
	  notebooks/1-clean.ipynb notebooks/3-appraisal.ipynb notebooks/4-team.ipynb
	@$(BIN)/pybabel -q update -l en -i build/pages.pot -o kpi_lib/locale/en.po \
	  -N --no-wrap --ignore-obsolete --omit-header

clean:
	rm -rf .venv build dist data/clean .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# make run     打开练习网页（自己装好一切）      make test    跑测试（自己装好一切）
# make check   静态检查                        make bars    量一遍各项指标
# make setup   只装运行要用的                   make lock    重新解析依赖
.DEFAULT_GOAL := run
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run-installed
DEV := $(VENV)/.dev-installed
export PIP_DISABLE_PIP_VERSION_CHECK = 1
SERVE ?=

.PHONY: setup run test check lock bars wheel screenshots clean
setup: $(RUN)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || \
	  { echo "要 Python 3.11 到 3.13：现在的 $(PYTHON) 不是。可以写 make run PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "这台机器的 Python 没有 venv。Debian/Ubuntu 上先运行：sudo apt-get install python3-venv" >&2; exit 1; }
	@test -w . || { echo "这个目录不可写：$(CURDIR)。换一个有写权限的目录，再克隆一次。" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "建不了 $(VENV)：看看上面的原因（磁盘满了？没有权限？）" >&2; exit 1; }

$(RUN): requirements.lock pyproject.toml setup.py | $(BIN)/python
	@echo "正在安装（第一次要几分钟）……"
	@$(BIN)/pip install --quiet -r requirements.lock
	@$(BIN)/pip install --quiet --no-deps -e .
	@touch $@

$(DEV): requirements-dev.lock pyproject.toml setup.py | $(BIN)/python
	@echo "正在安装（第一次要几分钟）……"
	@$(BIN)/pip install --quiet -r requirements-dev.lock
	@$(BIN)/pip install --quiet --no-deps -e .
	@touch $@

run: $(RUN)
	@$(BIN)/duilian serve $(SERVE)

test: $(DEV)
	$(BIN)/python -m pytest

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/duilian check

bars: $(DEV)
	$(BIN)/python -m eval.bars
	$(BIN)/python -m eval.fidelity.lines
	$(BIN)/python -m eval.reuse
	$(BIN)/python -m eval.hostile_models --sessions 100
	$(BIN)/duilian eval fidelity --model builtin --out runs/fidelity --bars

screenshots: $(DEV)
	$(BIN)/python -m tests.app.screenshots

wheel: $(DEV)
	$(BIN)/python -m build --wheel

# torch's local suffix is cut off, so that each machine takes the build that fits it
lock: | $(BIN)/python
	@$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --allow-unsafe --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --allow-unsafe --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	sed -i 's/^\(torch==[0-9.]*\)+.*/\1/' requirements.lock requirements-dev.lock

clean:
	rm -rf $(VENV) build dist *.egg-info

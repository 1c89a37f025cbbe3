# Queuack's everyday commands. `make` prints this help.

.PHONY: help check lint types test bench crash sim

help:  ## print this help
	@grep -E '^[a-z-]+: .*##' Makefile | sed -E 's/: .*## /\t/' | expand -t 12

check: lint types test  ## everything that CI checks

lint:  ## style
	ruff check . && ruff format --check .

types:  ## static types
	mypy

test:  ## all tests
	python -m pytest

crash:  ## only the crash campaign
	python -m pytest tests/crash

sim:  ## deterministic simulation for SIM_MINUTES (default 1) on every core
	python -m tests.sim

bench:  ## speed, beside peers where they are installed; prints a table, writes JSON
	python -m tests.bench

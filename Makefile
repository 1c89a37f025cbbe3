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

CRASH_KILLS ?= 200

crash:  ## the crash campaign; CRASH_KILLS=200: so many random strikes, and a summary
	CRASH_FULL=1 python -m pytest tests/crash
	python -m tests.crash --kills $(CRASH_KILLS)

sim:  ## deterministic simulation for SIM_MINUTES (default 1) on every core
	python -m tests.sim

bench:  ## speed, beside peers where they are installed; prints a table, writes JSON
	python -m tests.bench

# ringline: how to build, install, test and measure it. `make help` lists the targets.
# The logic is in scripts/; this file only names it.

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
DESTDIR ?=
export PREFIX LIBDIR DESTDIR

.DEFAULT_GOAL := all
.PHONY: load torture asan tsan all lib header abi symbols list install uninstall demo check test bench bench-server mutants sim clean help
.PHONY: command wheel test-nvme test-asyncio test-suites test-programs bench-python bench-many soak

all: lib command ## Build both libraries and the ringline command (default)

lib: ## target/release/libringline.so and libringline.a
	@scripts/build-lib.sh

command: ## target/fast/ringline, the `ringline` command
	@scripts/build-command.sh --quiet

header: ## Make include/ringline.h from the Rust source
	@scripts/header.sh

abi: header ## Make the ABI files of the bindings (Python, Nim, Swift) from the source
	@python3 -B scripts/abi

symbols: lib ## Make abi/symbols.txt from the built library (on purpose: it is the ABI)
	@scripts/symbols.sh

list: ## Make tests/LIST.md from the first comments of the C tests
	@scripts/list-tests.sh

install: lib command ## Install into DESTDIR PREFIX (LIBDIR): library, headers, .pc, CMake, command
	@scripts/install.sh

uninstall: ## Remove what install put there
	@scripts/install.sh --remove

demo: ## Build, install into target/stage, load a C echo server, print what it did
	@scripts/demo.sh

check: ## Format, lints, unit tests and tidy: what to run before each commit
	@scripts/setup.sh build
	@scripts/test.sh format clippy rust tidy

test: ## Everything CI checks; prints the minutes of each part
	@scripts/test.sh

bench-server: lib ## The server runtime beside liburing, libuv, epoll, tokio, monoio: ratios
	@scripts/setup.sh peers
	@benches/servers.py

bench: ## Measure beside liburing in the same run
	@scripts/setup.sh test
	@scripts/build-lib.sh
	@benches/run

test-asyncio: lib ## CPython's own test.test_asyncio on the Python loop (ARGS="--python 3.12")
	@python3 -B bindings/python/asyncio_suite/run.py $(ARGS)

test-suites: lib ## Other projects' own test suites on the Python loop (ARGS="--only tornado")
	@python3 -B bindings/python/suites/run.py $(ARGS)

test-nvme: ## Commands to an NVMe device, emulated in a virtual machine
	@scripts/nvme.sh

test-programs: lib ## uvicorn, aiohttp, asyncpg and others on the Python loop
	@scripts/setup.sh test
	@scripts/programs.sh

wheel: ## The Python wheel and source distribution, tested with each CPython found
	@scripts/setup.sh test
	@scripts/wheel.sh

bench-python: lib ## The Python loop beside asyncio, uvloop, rloop and rsloop, in one run
	@scripts/setup.sh test
	@scripts/programs.sh --bench $(ARGS)

bench-many: lib ## uvicorn under 10,000 connections of wrk: the Python loop beside uvloop
	@scripts/setup.sh test
	@scripts/programs.sh --many $(ARGS)

soak: lib ## uvicorn on the Python loop for ten minutes under rude clients (ARGS="--minutes 1")
	@scripts/setup.sh test
	@scripts/programs.sh --soak $(ARGS)

mutants: ## Remove each guard in turn and expect a test to fail
	@scripts/setup.sh test
	@python3 -B scripts/mutants $(ARGS)

torture: lib ## Make every n-th system call fail under a whole life of a ring (--all of them)
	@scripts/setup.sh test
	@tests/torture/run --all

asan: ## The C, C++ and Rust tests under AddressSanitizer and LeakSanitizer
	@scripts/setup.sh sanitizers
	@scripts/asan.sh

tsan: ## The threaded C programs under ThreadSanitizer, the library included
	@scripts/setup.sh sanitizers
	@scripts/tsan.sh

sim: ## The simulated kernel with a million seeds
	@scripts/sim.sh

load: lib ## Servers under wrk, curl, redis-benchmark; many connections: ten times as long
	@scripts/setup.sh test
	@RINGLINE_LOAD=10 cargo test --profile fast --features capi,cli,tls --test c_programs -- \
	    runtime_churn runtime_famine runtime_ten_thousand
	@RINGLINE_LOAD=10 cargo test --profile fast --features capi,cli,tls --test servers -- \
	    --test-threads=1
	@RINGLINE_LOAD=10 scripts/python.sh -k many_loops

clean: ## Remove target/
	cargo clean

help: ## This list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

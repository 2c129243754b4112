# `make help` lists what this file does. The work itself is CMake's: see CMakePresets.json.
SHELL := /bin/bash
.DEFAULT_GOAL := build

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
# SETUP=no leaves the machine's packages alone (systems that are not Debian).
SETUP ?= yes
ifneq ($(SETUP),no)
TOOLS_READY := build/.setup-tools
ALL_READY := build/.setup-all
FUZZ_READY := build/.setup-fuzz
COVERAGE_READY := build/.setup-coverage
PEERS_READY := build/.setup-peers
PYTHON_READY := build/.setup-python
DEB_READY := build/.setup-deb
WINDOWS_READY := build/.setup-windows
endif

RELEASE := build/release
# Every switch that the demo sets otherwise: the cache keeps what is not said again.
CONFIGURE := cmake --preset release -DPELLUCID_TRAINING=ON -DPELLUCID_TESTS=ON -DPELLUCID_PYTHON=ON

## build       build everything into build/release (the default)
.PHONY: build
build: $(ALL_READY)
	$(CONFIGURE)
	cmake --build --preset release -j $(JOBS)

## demo        denoise the recording in examples/audio and measure it; needs no trainer, so it builds in a minute or two
.PHONY: demo
demo: $(TOOLS_READY)
	@test -f $(RELEASE)/build.ninja || cmake --preset release -DPELLUCID_TRAINING=OFF -DPELLUCID_TESTS=OFF
	@cmake --build --preset release -j $(JOBS) --target pellucid_cli
	@scripts/demo.sh $(RELEASE)/pellucid

## test        build everything and run every test
.PHONY: test
test: build
	ctest --preset release -j $(JOBS)

## test-live   live and the PipeWire microphone in a daemon of its own; ten minutes each of quantum 64 and 1024 (LIVE_SECONDS=600)
LIVE_SECONDS ?= 600
.PHONY: test-live
test-live: build
	PELLUCID_LIVE_SECONDS=$(LIVE_SECONDS) $(RELEASE)/test_pipewire

## test-faults kill -9, full disks, bad sectors, jumping clocks, two runs at once: FAULT_ROUNDS=50 each from FAULT_SEED=1 on
FAULT_ROUNDS ?= 50
FAULT_SEED ?= 1
.PHONY: test-faults
test-faults: build
	PELLUCID_FAULT_ROUNDS=$(FAULT_ROUNDS) PELLUCID_FAULT_SEED=$(FAULT_SEED) ctest --preset release -R '^faults\.' --verbose

## asan        the tests under AddressSanitizer and UndefinedBehaviorSanitizer (without the trainer)
## tsan        the tests under ThreadSanitizer (without the trainer)
## dev         the tests with debug symbols and assertions
.PHONY: asan tsan dev
asan tsan dev: $(ALL_READY)
	cmake --preset $@
	cmake --build --preset $@ -j $(JOBS)
	ctest --preset $@ -j $(JOBS)

## coverage    which lines of src the tests run, by layer (without the trainer); the files stand in build/coverage/files.csv
.PHONY: coverage
coverage: $(COVERAGE_READY)
	cmake --preset coverage
	cmake --build --preset coverage -j $(JOBS)
	@scripts/coverage.sh build/coverage $(JOBS)

## fuzz        feed arbitrary bytes to every reader and the engine, FUZZ_SECONDS each; finds go to build/fuzz
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= model process sound recipe corpus table checkpoint
.PHONY: fuzz
fuzz: $(FUZZ_READY)
	cmake --preset fuzz
	cmake --build --preset fuzz -j $(JOBS) --target $(FUZZ_TARGETS:%=fuzz_%)
	@set -e; cd build/fuzz; for target in $(FUZZ_TARGETS); do \
	  mkdir -p corpus/$$target; \
	  ./fuzz_$$target -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=20 -malloc_limit_mb=512 -artifact_prefix=$$target- \
	    -print_final_stats=1 corpus/$$target ../../tests/fuzz/corpus/$$target; \
	done

## web         put the npm package and the demo page together in build/release/web
.PHONY: web
web: $(ALL_READY)
	$(CONFIGURE)
	cmake --build --preset release -j $(JOBS) --target pellucid_web_package
	@echo "The package is $(RELEASE)/web/pellucid; the demo, in one file: $(RELEASE)/web/pellucid-demo.html"

## web-soak    a minute of the audio worklet in Chromium, without a gap or an underrun; wants an idle machine
.PHONY: web-soak
web-soak: web
	cmake --build --preset release -j $(JOBS) --target pellucid_cli
	PELLUCID_WEB_SECONDS=60 ctest --preset release -R '^web\.package$$' --verbose

## bench       time every shipped model, every kind of layer, and the loader that feeds the trainer
.PHONY: bench
bench: build
	@$(RELEASE)/pellucid bench
	@$(RELEASE)/bench_layers
	@$(RELEASE)/bench_loader

## report      measure every shipped model and make docs/report and the documents' figures; EVAL=DIR is the evaluation set
## report-draw the same from the CSV files of the last measurement: minutes less, nothing measured
EVAL ?= $(wildcard ../shared/data/eval)
.PHONY: report report-draw
report: $(ALL_READY)
	@mkdir -p build && $(CONFIGURE) >build/report.log
	@cmake --build --preset release -j $(JOBS) --target pellucid_cli
	@python3 bench/report/measure.py $(RELEASE)/pellucid --eval "$(EVAL)"
	@python3 bench/applications.py $(RELEASE)/pellucid
	@python3 bench/report/draw.py
report-draw:
	@python3 bench/report/draw.py

## bench-scale time and memory of 100,000 files, of 10 hours in one file, of 10,000 short files, into the report; SCALE="--files 500,1000 .."
.PHONY: bench-scale
bench-scale: $(ALL_READY)
	@mkdir -p build && $(CONFIGURE) >build/bench-scale.log
	@cmake --build --preset release -j $(JOBS) --target pellucid_cli
	@python3 bench/scale.py $(RELEASE)/pellucid $(SCALE)
	@python3 bench/report/draw.py

## bench-peers time SpeexDSP, WebRTC, ffmpeg, RNNoise, GTCRN and ONNX Runtime beside ours; PEERS="--rounds 9 --json"
.PHONY: bench-peers
bench-peers: $(PEERS_READY)
	@mkdir -p build && $(CONFIGURE) >build/bench-peers.log
	@cmake --build --preset release -j $(JOBS) --target pellucid_cli bench_peers
	@node bench/peers/run.js $(PEERS)

## bench-python time the loader beside scipy and soundfile, the trainer beside PyTorch, one core each
.PHONY: bench-python
bench-python: $(PYTHON_READY)
	@mkdir -p build && $(CONFIGURE) >build/bench-python.log
	@cmake --build --preset release -j $(JOBS) --target pellucid_cli bench_loader bench_trainer
	@/usr/bin/python3 bench/python/loader.py $(RELEASE)
	@/usr/bin/python3 bench/python/trainer.py $(RELEASE) recipes/small.toml

## format      apply .clang-format to every source file
.PHONY: format
format: $(ALL_READY)
	scripts/format.sh

## install     install under PREFIX (default /usr/local), and let programs find the library; DESTDIR is honoured
.PHONY: install
install: build
	cmake --install $(RELEASE) --prefix $(PREFIX)
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ]; then ldconfig; fi

## deb         Debian packages of the tool, the library, the models and the plugins into build/deb, past lintian
.PHONY: deb
deb: $(DEB_READY)
	@DEB_BUILD_OPTIONS="parallel=$(JOBS) $$DEB_BUILD_OPTIONS" scripts/deb.sh

## test-deb    build those packages, install them in a fresh Debian, use them there, build a program against them, purge them
.PHONY: test-deb
test-deb: deb
	@scripts/test-deb.sh build/deb

## test-torch2 build the trainer in a Debian 13, with g++ 14 and LibTorch 2, run its tests there, and train and use a model
.PHONY: test-torch2
test-torch2: $(DEB_READY)
	@scripts/test-torch2.sh $(JOBS)

## test-windows the library and plugins for Windows by MinGW-w64, under Wine: DLLs, kernels, a project against them, every model
.PHONY: test-windows
test-windows: $(WINDOWS_READY) build
	@scripts/test-windows.sh $(RELEASE)

## setup       install every Debian package that the project is built with
.PHONY: setup
setup: $(ALL_READY)

## clean       remove what the targets above built
.PHONY: clean
clean:
	rm -rf $(RELEASE) build/deb build/test-torch2 build/windows build/dev build/asan build/tsan build/coverage build/fuzz build/demo

## help        this list
.PHONY: help
help:
	@echo "make TARGET [JOBS=$(JOBS)] [PREFIX=$(PREFIX)] [SETUP=yes|no]"
	@sed -n 's/^## /  /p' $(MAKEFILE_LIST)

# One stamp a set-up, so that a second run does none.
build/.setup-all: tests/onnx/package-lock.json tests/web/package-lock.json
build/.setup-peers: bench/peers/package-lock.json
build/.setup-tools build/.setup-all build/.setup-fuzz build/.setup-coverage build/.setup-peers build/.setup-python build/.setup-deb build/.setup-windows: build/.setup-%: scripts/setup.sh
	@scripts/setup.sh $*

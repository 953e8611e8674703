# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# The doors to the house. Meson does the building; see meson.build.
#
#   make            the command at build/vas, libvas.so and libvas.a beside it
#   make demo       records real programs, replays them, and says what it found
#   make check      every test; the last line counts them
#   make bench      timings, beside the structures of others that can be had; long. With
#                   QUICK=1 in small, two minutes
#   make oracle     random calls compared with the running kernel, CALLS=1000000 of them
#   make fuzz       the fuzzers, at build-fuzz/fuzz/
#   make format     lays out the sources as .clang-format says
#   make install    DESTDIR and PREFIX are heeded
#   make setup      installs what all this needs (demo and check do it by themselves)

BUILD = build
PREFIX = /usr/local
CALLS = 1000000

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@scripts/setup --ask build
	meson setup $(BUILD)

demo:
	@scripts/setup build
	@$(MAKE) --no-print-directory all
	@scripts/demo $(BUILD)/vas

check:
	@scripts/setup check
	@scripts/check

bench:
	@scripts/setup bench
	@$(MAKE) --no-print-directory all
	@scripts/bench $(BUILD) $(if $(QUICK),--quick)

oracle: all
	@ninja -C $(BUILD) tests/oracle tests/oracle-subject
	$(BUILD)/tests/oracle --calls=$(CALLS)

build-fuzz/build.ninja:
	@scripts/setup --ask check
	CC=clang meson setup -Dfuzz=true -Dtests=disabled -Dexamples=false -Dchecks=2 \
		-Db_lundef=false -Db_sanitize=address,undefined build-fuzz

fuzz: build-fuzz/build.ninja
	@ninja -C build-fuzz
	@echo 'To run one: build-fuzz/fuzz/fuzz-trace FOLDER'

format:
	@scripts/check_format.py --fix

install: all
	@meson configure --prefix=$(PREFIX) $(BUILD)
	@meson install -C $(BUILD)
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" != 0 ] || ldconfig

setup:
	@scripts/setup check

clean:
	rm -rf $(BUILD) build-plain build-sanitized build-threads build-fuzz

.PHONY: all bench check clean demo format fuzz install oracle setup

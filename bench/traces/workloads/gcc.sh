# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# A compiler, its assembler, and a driver that waits for both. Large: ten files, one by one.

needs gcc gcc

run() {
	cp -r "$root/include" "$root/src" .
	# shellcheck disable=SC2012
	recorded gcc -std=gnu11 -O2 -Iinclude -Isrc -c $(ls src/space/*.c | tail -n "$times")
}

# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# A suite of shell tests: this project's tests of `vas replay`. Some 300 short programs, half of
# them forked by a shell that then replaces itself. Large: ten times over.

needs python3 python3
needs gzip gzip

run() {
	cp -r "$root/tests/cmd" tests
	cp "$vas" vas
	recorded sh -c 'for i in $(seq "$1"); do sh tests/test_replay.sh ./vas; done' sh "$times"
}

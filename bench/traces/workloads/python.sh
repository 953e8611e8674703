# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# Python with pools of worker processes that share a large list: to read an object is to write to
# its page, where its references are counted.

needs python3 python3

run() {
	cp "$here/programs/workers.py" .
	recorded /usr/bin/python3 workers.py "$times"
}

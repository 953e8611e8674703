# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# A tree of 31 processes that keep growing what they have inherited, by mremap:
# programs/realloc_tree.c. Large: two levels more.

needs gcc gcc

run() {
	built realloc_tree && recorded ./realloc_tree $((times > 1 ? 6 : 4))
}

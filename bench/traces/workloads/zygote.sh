# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# A process of 350 areas, and 50 children that write to some: programs/zygote.c. Large: 500.

needs gcc gcc

run() {
	built zygote && recorded ./zygote $((50 * times))
}

# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# 300 processes, each forked by the one before, which then ends: programs/serial_forks.c.

needs gcc gcc

run() {
	built serial_forks && recorded ./serial_forks $((300 * times))
}

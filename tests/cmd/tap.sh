# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# What the test_*.sh share: counting what passed and failed, in TAP. To be sourced.

count=0
failed=0

# ok CONDITION-STATUS NAME
ok()
{
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		# What the command said, for tests that keep it in files.
		[ -z "${tap_shown:-}" ] || sed 's/^/# /' $tap_shown 2>/dev/null | head -n 20
		failed=$((failed + 1))
	fi
}

skip()
{
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

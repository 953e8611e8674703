# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# A browser starts, shows a page, and ends: processes of many areas, forked from two zygotes, and
# threads. Large: a page with a hundred thousand cells.

needs chromium chromium

page() {
	cat <<-'PAGE'
		<!doctype html><title>a page</title><table id="table"></table><script>
		for (let i = 0; i < 10000; i++) {
			const row = table.insertRow();
			for (let j = 0; j < 10; j++)
				row.insertCell().textContent = i * j;
		}
		</script>
	PAGE
}

run() {
	page=about:blank
	if [ "$times" -gt 1 ]; then
		page >page.html
		page=file://$PWD/page.html
	fi
	recorded chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--user-data-dir="$PWD/data" --dump-dom "$page"
}

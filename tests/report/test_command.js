// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { settle } from "./page.js";
import { browser, shown } from "./shared.js";

test("command: the page that vas compare writes shows a recorded trace", async () => {
	const { VAS, TRACE } = process.env;
	const options = [
		"--html=command.html",
		"--runs=1",
		"--anon-rmap=lineage,anon-vma",
		"--file-rmap=none",
		"--index=none",
	];
	execFileSync(VAS, ["compare", ...options, TRACE], {
		stdio: ["ignore", "ignore", "inherit"],
	});
	const page = await browser.open(`${process.cwd()}/command.html`);
	assert.deepEqual(
		(await shown(page.locator(".bars-card[data-measure=total] tbody th"))).sort(),
		["anon-vma", "lineage"],
	);
	assert.equal(await page.locator(".bars-card[data-measure=total] .bars rect").count(), 2);
	for (const view of ["space", "family", "objects"]) {
		await page.click(`#tab-${view}`);
		await settle(page);
		await page.screenshot({ path: `seen/command-${view}.png` });
	}
	assert.ok((await page.locator("#object-list .row").count()) > 0);
	assert.deepEqual(page.trouble, []);
	await page.close();
});

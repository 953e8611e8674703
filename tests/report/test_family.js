// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

import assert from "node:assert/strict";

import { says } from "./numbers.js";
import { press } from "./page.js";
import { livesAt, momentOf, pageTest, rowsAt, shown, timeline } from "./shared.js";

const VIEW = { view: "family" };
const { processes, memory, sharing } = timeline;

/** The newest sample at a moment. */
function sampleOf(process, moment) {
	const all = [...memory.moment.keys()].filter(
		(i) => memory.process[i] === process && memory.moment[i] <= moment,
	);
	return all.length === 0 ? null : all[all.length - 1];
}

async function checkTree(page) {
	const moment = await momentOf(page, timeline);
	const alive = [...processes.keys()].filter((i) => livesAt(processes[i], moment));
	const rows = page.locator(".tree tbody tr:not(.ended)");
	const names = await shown(rows.locator(".link"));
	assert.deepEqual(
		names.sort(),
		alive
			.map((i) => `${processes[i].pid} ${processes[i].name.split("/").pop()}`)
			.sort(),
		`moment ${moment}`,
	);
	for (const process of alive) {
		const numbers = await shown(
			page.locator(`.tree tr[data-process="${process}"] .number`),
		);
		const sample = sampleOf(process, moment);
		assert.ok(
			says(numbers[numbers.length - 1], rowsAt(timeline, process, moment).length),
			`areas of ${process}`,
		);
		if (sample === null) {
			assert.equal(numbers[0], "not measured");
			continue;
		}
		assert.ok(
			says(numbers[0], memory.resident[sample]),
			`${numbers[0]} of ${process} at ${moment}`,
		);
		assert.ok(
			says(numbers[1], memory.shared[sample]),
			`${numbers[1]} of ${process} at ${moment}`,
		);
	}
	const pairs = sharing.filter(({ a, b }) => alive.includes(a) && alive.includes(b));
	const numbers = await shown(page.locator(".pairs [data-pages]"));
	assert.deepEqual(
		numbers.map(Number).sort(),
		pairs.map(({ pages }) => pages).sort(),
		`pairs at moment ${moment}`,
	);
	return { moment, names };
}

pageTest(
	"processes: at every moment the tree has those that live, with their pages and areas",
	VIEW,
	async (page) => {
		await press(page, "Home");
		const seen = new Set();
		for (let i = 0; i < timeline.moments.line.length; i++) {
			seen.add((await checkTree(page)).names.join());
			await press(page, "ArrowRight");
		}
		assert.ok(seen.size >= 4, "forks, an exec and an exit changed the tree");
	},
);

pageTest("processes: children stand under the process that forked them", VIEW, async (page) => {
	await press(page, "End");
	const levels = await page
		.locator(".tree tbody tr")
		.evaluateAll((nodes) => nodes.map((node) => node.getAttribute("aria-level")));
	assert.deepEqual(await shown(page.locator(".tree .link")), [
		"100 sh",
		"101 ls",
		"104 sh",
		"102 sh",
	]);
	assert.deepEqual(levels, ["1", "2", "3", "2"]);
	assert.deepEqual(await shown(page.locator(".tree .ended .link")), ["101 ls"]);
});

pageTest("processes: the chart of memory is drawn and follows the choice", VIEW, async (page) => {
	const paths = () =>
		page
			.locator(".memory-chart svg path[d]")
			.evaluateAll((all) => all.map((path) => path.getAttribute("d")));
	await press(page, "End");
	const first = await paths();
	assert.ok(
		first.some((path) => path.length > 20),
		"an area is drawn",
	);
	await press(page, "ArrowDown", "ArrowDown", "ArrowDown");
	assert.match(
		await page.locator(".memory-figure figcaption").innerText(),
		/^Memory of 102 /,
	);
	assert.notDeepEqual(await paths(), first);
	await page.screenshot({ path: "seen/processes.png" });
});

pageTest("processes: Enter shows the addresses of the chosen one", VIEW, async (page) => {
	await press(page, "End", "ArrowDown", "Enter");
	assert.equal(await page.locator("#tab-space").getAttribute("aria-selected"), "true");
	assert.equal(await page.locator("#process").inputValue(), "3");
});

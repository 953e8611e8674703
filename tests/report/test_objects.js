// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

import assert from "node:assert/strict";

import { paintedPixels, press, settle } from "./page.js";
import { momentOf, pageTest, rangeOf, shown, timeline } from "./shared.js";

const VIEW = { view: "objects" };
const { areas, objects } = timeline;

/** Page by page: how many areas map it, and where that set changes. The slow way, to compare. */
function factsOf(object, moment) {
	const rows = [...areas.page.keys()].filter(
		(row) =>
			areas.object[row] === object &&
			areas.born[row] <= moment &&
			(areas.died[row] < 0 || moment < areas.died[row]),
	);
	const last = Math.max(0, ...rows.map((row) => areas.object_page[row] + areas.pages[row]));
	const first = Math.min(last, ...rows.map((row) => areas.object_page[row]));
	const mappers = (page) =>
		rows.filter(
			(row) =>
				areas.object_page[row] <= page &&
				page < areas.object_page[row] + areas.pages[row],
		);
	let cells = 0;
	for (let page = first; page < last; page++)
		if (page === first || mappers(page).join() !== mappers(page - 1).join()) cells++;
	return {
		rows,
		cells,
		processes: new Set(rows.map((row) => areas.process[row])).size,
		ranges: new Set(rows.map((row) => `${areas.object_page[row]} ${areas.pages[row]}`))
			.size,
	};
}

async function checkObject(page, object) {
	const moment = await momentOf(page, timeline);
	const { rows, cells, processes, ranges } = factsOf(object, moment);
	const text = await page.locator("#cells-summary").innerText();
	const numbers = text.match(/\d+/g)?.map(Number);
	if (rows.length === 0) assert.match(text, /^No area maps/);
	else
		assert.deepEqual(
			numbers,
			[rows.length, processes, ranges, cells],
			`${objects[object].name} at ${moment}: ${text}`,
		);
	const listed = await shown(page.locator("#object-list .range"));
	assert.deepEqual(listed.sort(), rows.map((row) => rangeOf(timeline, row)).sort());
	return rows.length;
}

pageTest(
	"objects: at every moment the cells and the areas of each object are those of the trace",
	VIEW,
	async (page) => {
		for (const object of objects.keys()) {
			await page.selectOption("#object", String(object));
			await press(page, "Home");
			let most = 0;
			for (let i = 0; i < timeline.moments.line.length; i++) {
				most = Math.max(most, await checkObject(page, object));
				await press(page, "ArrowRight");
			}
			assert.ok(most > 0, objects[object].name);
		}
	},
);

pageTest("objects: bars and cells are drawn, even and to scale", VIEW, async (page) => {
	await page.selectOption("#object", "1");
	await settle(page);
	const even = await paintedPixels(page, ".cells-map", [
		"--kind-file",
		"--kind-code",
		"--tint",
	]);
	for (const color of ["--kind-file", "--kind-code", "--tint"])
		assert.ok(even[color] > 300, `${color}: ${even[color]} pixels`);
	await page.screenshot({ path: "seen/objects.png" });
	await press(page, "e");
	const scaled = await paintedPixels(page, ".cells-map", ["--kind-code"]);
	assert.ok(scaled["--kind-code"] > 300);
	assert.ok(
		scaled["--kind-code"] < 0.95 * even["--kind-code"],
		"25 of 45 pages, but two of three cells",
	);
});

pageTest("objects: names are text, whatever they contain", VIEW, async (page) => {
	assert.ok((await shown(page.locator("#object option"))).includes("/tmp/table <b>"));
});

pageTest("objects: the moment with the most areas is one key away", VIEW, async (page) => {
	for (const object of objects.keys()) {
		await page.selectOption("#object", String(object));
		await press(page, "Home", "m");
		const counts = timeline.moments.line.map((_, i) => factsOf(object, i).rows.length);
		assert.equal(await momentOf(page, timeline), counts.indexOf(Math.max(...counts)));
	}
});

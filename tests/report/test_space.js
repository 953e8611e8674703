// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

import assert from "node:assert/strict";

import { paintedPixels, press, settle } from "./page.js";
import { momentOf, pageTest, rangeOf, rowsAt, shown, timeline } from "./shared.js";

const VIEW = { view: "space" };
const COLORS = ["--kind-code", "--kind-file", "--kind-heap", "--kind-stack"];

/** The list must be the areas of the moment, with the gaps between them. */
async function checkList(page, process) {
	const moment = await momentOf(page, timeline);
	const rows = rowsAt(timeline, process, moment);
	const areas = await shown(page.locator("#space-list .row:not(.gap) .range"));
	const { page: firsts, pages } = timeline.areas;
	const gaps = rows.filter((row, i) =>
		i === 0 ? firsts[row] > 0 : firsts[row] > firsts[rows[i - 1]] + pages[rows[i - 1]],
	);
	assert.deepEqual(
		areas,
		rows.map((row) => rangeOf(timeline, row)),
		`moment ${moment}`,
	);
	assert.equal(
		await page.locator("#space-list .row.gap").count(),
		gaps.length,
		`gaps at moment ${moment}`,
	);
	assert.match(
		await page.locator("#space-summary").innerText(),
		new RegExp(`^${rows.length} areas?,`),
	);
	return { moment, areas };
}

pageTest("addresses: the map has an area of each colour", VIEW, async (page) => {
	const painted = await paintedPixels(page, ".map", COLORS);
	for (const color of COLORS)
		assert.ok(painted[color] > 500, `${color}: ${painted[color]} pixels`);
	await page.screenshot({ path: "seen/addresses.png" });
});

pageTest(
	"addresses: arrow keys, Home and End change the moment and the list",
	VIEW,
	async (page) => {
		await press(page, "Home");
		const first = await checkList(page, 0);
		assert.equal(first.moment, 0);
		const seen = [first];
		for (let i = 0; i < 4; i++) {
			await press(page, "ArrowRight");
			seen.push(await checkList(page, 0));
			assert.ok(seen[i + 1].moment > seen[i].moment);
			assert.notDeepEqual(seen[i + 1].areas, seen[i].areas);
		}
		await press(page, "ArrowLeft");
		assert.deepEqual(await checkList(page, 0), seen[3]);
		await press(page, "End");
		assert.ok((await checkList(page, 0)).moment > seen[4].moment);
		await press(page, "Shift+ArrowLeft");
		assert.equal((await checkList(page, 0)).moment, 0);
	},
);

pageTest("addresses: the slider changes the moment and the list", VIEW, async (page) => {
	await page.locator("#moment").evaluate((slider) => {
		slider.value = "3";
		slider.dispatchEvent(new Event("input"));
	});
	await settle(page);
	assert.equal((await checkList(page, 0)).areas.length, 3);
});

pageTest("addresses: every process has its list", VIEW, async (page) => {
	for (const process of [...timeline.processes.keys()]) {
		await page.selectOption("#process", String(process));
		await settle(page);
		const { areas } = await checkList(page, process);
		assert.ok(areas.length > 0, "a moment of its life is shown");
	}
});

pageTest(
	"addresses: a click chooses what lies there; the tip and the line below tell it",
	VIEW,
	async (page) => {
		const box = await page.locator(".map").boundingBox();
		const at = { x: box.x + box.width * 0.6, y: box.y + 30 };
		await page.mouse.move(at.x, at.y);
		await settle(page);
		const tip = await page.locator(".tip").innerText();
		assert.match(
			tip,
			/^400000-428000 {2}r-xp {2}160 KiB\n\/usr\/bin\/sh, from page 0\ncode of a file; from line 15 \(mmap\), there at the end/,
		);
		await page.mouse.click(at.x, at.y);
		await settle(page);
		assert.equal(
			(await shown(page.locator("#space-list [aria-selected=true] .range")))[0],
			"400000-428000",
		);
		assert.match(
			await page.locator("#space-choice").innerText(),
			/^400000-428000 .*is its page \d+\n/s,
		);
	},
);

pageTest("addresses: down to one page, and back to the whole", VIEW, async (page) => {
	const whole = await paintedPixels(page, ".map", COLORS);
	await press(page, "ArrowDown", "ArrowDown", "p");
	const near = await paintedPixels(page, ".map", COLORS);
	assert.ok(
		near["--kind-code"] > 3 * whole["--kind-code"],
		"the area around the page fills the map",
	);
	assert.equal(near["--kind-stack"], 0, "what is far is out of sight");
	await press(page, "0");
	const again = await paintedPixels(page, ".map", COLORS);
	assert.equal(again["--kind-stack"], whole["--kind-stack"]);
});

pageTest("addresses: keys and wheel zoom both ways", VIEW, async (page) => {
	const picture = () =>
		page
			.locator(".map canvas")
			.first()
			.evaluate((canvas) => canvas.toDataURL());
	const pictures = [await picture()];
	for (const key of ["+", "]", "PageDown"]) {
		await press(page, key);
		pictures.push(await picture());
	}
	await page.mouse.move(600, 500);
	await page.mouse.wheel(0, -300);
	await settle(page);
	pictures.push(await picture());
	assert.equal(new Set(pictures).size, pictures.length, "each changed the picture");
	await press(page, "0");
	assert.equal(await picture(), pictures[0]);
});

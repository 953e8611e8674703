// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/** What the tests share: one browser, one small report, and a test that wants a silent console. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { smallReport } from "./fixture.js";
import { Browser, writePage } from "./page.js";

export const browser = new Browser();
export const report = smallReport();
export const timeline = report.traces[0].timeline;
export const smallFile = writePage("small.html", report);

/** A test with a page of its own, which must not complain or fetch anything. */
export function pageTest(name, options, body) {
	test(name, async () => {
		const page = await browser.open(options.file ?? smallFile, options);
		try {
			await body(page);
			assert.deepEqual(page.trouble, [], "the console");
		} finally {
			await page.close();
		}
	});
}

/** Rows of the areas of a process at a moment, by address. */
export function rowsAt(lines, process, moment) {
	const { areas } = lines;
	const alive = (row) =>
		areas.born[row] <= moment && (areas.died[row] < 0 || moment < areas.died[row]);
	return [...areas.page.keys()]
		.filter((row) => areas.process[row] === process && alive(row))
		.sort((a, b) => areas.page[a] - areas.page[b]);
}

export function livesAt(process, moment) {
	return process.born <= moment && (process.died < 0 || moment < process.died);
}

/** "start-end" of a row, as /proc/PID/maps writes it. */
export function rangeOf({ areas }, row) {
	const address = (page) => (BigInt(page) * 4096n).toString(16);
	return `${address(areas.page[row])}-${address(areas.page[row] + areas.pages[row])}`;
}

/** The moment that the bar shows, by its line in the trace. */
export async function momentOf(page, lines) {
	const text = await page.locator("#moment-text strong").innerText();
	return lines.moments.line.indexOf(
		Number(text.match(/^line ([\d,]+)/)[1].replaceAll(",", "")),
	);
}

export async function shown(locator) {
	return (await locator.allInnerTexts()).map((text) => text.trim());
}

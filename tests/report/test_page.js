// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

import assert from "node:assert/strict";
import { test } from "node:test";

import { press, settle, writePage } from "./page.js";
import { browser, pageTest, report, shown, smallFile } from "./shared.js";

const VIEWS = ["compare", "peers", "space", "family", "objects"];
const KINDS = [
	"code",
	"file",
	"written",
	"shared",
	"anonymous",
	"generated",
	"heap",
	"stack",
	"none",
	"special",
];

/** Contrast of two colours of the style sheet, as WCAG 2 counts it. */
function contrast(a, b) {
	const light = (color) => {
		const [red, green, blue] = [1, 3, 5]
			.map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
			.map((part) =>
				part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
			);
		return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
	};
	const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
	return (high + 0.05) / (low + 0.05);
}

for (const scheme of ["light", "dark"]) {
	pageTest(`page: ${scheme} colours can be read`, { scheme }, async (page) => {
		const color = await page.evaluate(() => {
			const style = getComputedStyle(document.documentElement);
			return Object.fromEntries(
				[...document.styleSheets]
					.flatMap((sheet) => [...sheet.cssRules])
					.filter((rule) => rule.selectorText?.startsWith(":root"))
					.flatMap((rule) => [...rule.style])
					.filter((name) => name.startsWith("--"))
					.map((name) => [name, style.getPropertyValue(name).trim()]),
			);
		});
		const least = (a, b, wanted) =>
			assert.ok(
				contrast(color[a], color[b]) >= wanted,
				`${a} on ${b}: ${contrast(color[a], color[b])}`,
			);
		for (const text of ["--text", "--quiet", "--accent", "--warning"])
			for (const ground of ["--surface", "--background"])
				least(text, ground, 4.5);
		for (const ground of ["--tint", "--gap"]) least("--text", ground, 4.5);
		least("--on-accent", "--accent", 4.5);
		for (const kind of KINDS) {
			least(`--kind-${kind}`, "--surface", 3);
			least("--on-kind", `--kind-${kind}`, 4.5);
		}
		for (const mark of [
			"--bar-good",
			"--own",
			"--with-others",
			"--focus",
			"--now",
			"--strong-line",
		])
			least(mark, "--surface", 3);
	});
}

test("page: dark as the system says, and by the button and the key", async () => {
	const ground = (page) =>
		page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	const light = await browser.open(smallFile, { scheme: "light" });
	const dark = await browser.open(smallFile, { scheme: "dark", view: "space" });
	const [bright, dim] = [await ground(light), await ground(dark)];
	assert.notEqual(bright, dim);
	await dark.screenshot({ path: "seen/addresses-dark.png" });
	await light.click("#theme");
	assert.equal(await ground(light), dim);
	await press(light, "t");
	assert.equal(await ground(light), bright);
	const picture = () =>
		dark
			.locator(".map canvas")
			.first()
			.evaluate((canvas) => canvas.toDataURL());
	const before = await picture();
	await press(dark, "t");
	assert.notEqual(await picture(), before, "the map is drawn anew");
	assert.deepEqual([...light.trouble, ...dark.trouble], []);
	await Promise.all([light.close(), dark.close()]);
});

pageTest(
	"page: all can be reached with Tab, and what has the focus shows it",
	{ view: "space" },
	async (page) => {
		const reached = new Set();
		for (let i = 0; i < 25; i++) {
			await press(page, "Tab");
			const [name, outline] = await page.evaluate(() => {
				const node = document.activeElement;
				return [
					node.id ||
						node.className ||
						node.getAttribute("aria-label"),
					getComputedStyle(node).outlineStyle,
				];
			});
			reached.add(name);
			if (name !== null)
				assert.notEqual(outline, "none", `${name} has the focus`); // null: the body
		}
		for (const name of [
			"tab-space",
			"theme",
			"trace",
			"process",
			"moment",
			"map",
			"space-list",
		])
			assert.ok(reached.has(name), `${name} of ${[...reached]}`);
	},
);

pageTest("page: tabs by arrows and by number; help by its key", {}, async (page) => {
	const chosen = () => page.locator("[role=tab][aria-selected=true]").getAttribute("id");
	await page.locator("#tab-compare").focus();
	await press(page, "ArrowRight");
	assert.equal(await chosen(), "tab-peers");
	await press(page, "ArrowLeft", "ArrowLeft");
	assert.equal(await chosen(), "tab-objects");
	for (const [i, view] of VIEWS.entries()) {
		await press(page, String(i + 1));
		assert.equal(await chosen(), `tab-${view}`);
	}
	await press(page, "?");
	assert.ok(await page.locator("dialog[open]").isVisible());
	await press(page, "Escape");
	assert.equal(await page.locator("dialog[open]").count(), 0);
});

for (const width of [1400, 800, 480]) {
	test(`page: nothing is cut off at a width of ${width}`, async () => {
		for (const view of VIEWS) {
			const page = await browser.open(smallFile, { view, width, height: 600 });
			const over = await page.evaluate(
				() => document.documentElement.scrollWidth - window.innerWidth,
			);
			await page.screenshot({ path: `seen/${view}-${width}.png` });
			assert.ok(over <= 0, `${view}: ${over} pixels too wide`);
			assert.deepEqual(page.trouble, []);
			await page.close();
		}
	});
}

test("page: large data comes deflated and is the same", async () => {
	const page = await browser.open(writePage("packed.html", report, true), { view: "space" });
	const plain = await browser.open(smallFile, { view: "space" });
	const ranges = await shown(page.locator("#space-list .range"));
	assert.ok(ranges.length > 3);
	assert.deepEqual(ranges, await shown(plain.locator("#space-list .range")));
	assert.deepEqual(page.trouble, []);
	await Promise.all([page.close(), plain.close()]);
});

test("page: without a comparison, and without traces", async () => {
	const spaces = await browser.open(
		writePage("spaces.html", { ...report, compare: null, bench: undefined }),
	);
	assert.equal(await spaces.locator("#tab-space").getAttribute("aria-selected"), "true");
	await press(spaces, "1");
	assert.match(await spaces.locator("main").innerText(), /not measured/);
	const figures = await browser.open(
		writePage("figures.html", { ...report, bench: undefined, traces: [] }),
	);
	assert.deepEqual(await shown(figures.locator("[role=tab]")), ["Comparison"]);
	await settle(figures);
	assert.ok((await figures.locator("svg .bars rect").count()) > 0);
	assert.deepEqual([...spaces.trouble, ...figures.trouble], []);
	await Promise.all([spaces.close(), figures.close()]);
});

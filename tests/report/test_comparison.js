// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

import assert from "node:assert/strict";

import { says } from "./numbers.js";
import { settle } from "./page.js";
import { pageTest, report, shown } from "./shared.js";

const { results, summary } = report.compare;
const KINDS = ["anon_rmap", "file_rmap", "index"];
const TIMES = ["total", "map", "fault", "fork", "exit", "mremap", "reclaim", "walk"];
const FIGURES = [
	"ns_per_walk",
	"looks_per_hit",
	"bytes_per_area",
	"bytes_per_page",
	"most_bytes",
	"most_areas",
	"swapped_in",
];
const OF_WALKS = ["walk", "ns_per_walk", "looks_per_hit"]; // an index has none

async function choose(page, trace, kind) {
	await page.selectOption("#compare-trace", trace);
	await page.check(`input[name=kind][value=${kind}]`, { force: true });
	await settle(page);
}

/** {median, least, most} of the JSON, or null. */
function valueOf(result, measure) {
	if (FIGURES.includes(measure)) return { median: result[measure] };
	const times = result.times[measure];
	return times === undefined
		? null
		: { median: times.median_ns, least: times.least_ns, most: times.most_ns };
}

async function readCard(card) {
	const rows = [];
	for (const row of await card.locator("tbody tr:not(.axis)").all()) {
		rows.push({
			design: await row.locator("th").innerText(),
			numbers: await shown(row.locator("td.number")),
		});
	}
	const bars = await card
		.locator("svg .bars rect")
		.evaluateAll((all) => all.map((bar) => Number(bar.getAttribute("width"))));
	return { rows, bars, whiskers: await card.locator("svg .whiskers line").count() };
}

/** A bar for each design, as long as its number. */
function checkBars(name, bars, medians) {
	const most = Math.max(...medians);
	const longest = Math.max(...bars);
	assert.equal(bars.length, medians.length, `${name}: bars`);
	assert.ok(longest > 50, `${name}: the longest bar is ${longest} pixels long`);
	bars.forEach((bar, i) =>
		assert.ok(
			Math.abs(bar / longest - medians[i] / most) < 0.01,
			`${name}: bar ${i} is ${bar} of ${longest}`,
		),
	);
}

async function checkMeasure(page, measure, chosen) {
	const name = `${chosen[0].trace} ${chosen[0].kind} ${measure}`;
	const values = new Map(chosen.map((result) => [result.design, valueOf(result, measure)]));
	const all = [...values.values()];
	if (measure === "most_areas") {
		const text = await page.locator(`.rest [data-measure=${measure}]`).innerText();
		assert.match(text, new RegExp(`: ${all[0].median} under every design`), name);
		return;
	}
	const card = page.locator(`.bars-card[data-measure=${measure}]`);
	if (measure === "mremap" || (OF_WALKS.includes(measure) && chosen[0].kind === "index")) {
		assert.equal(await card.count(), 0, `${name}: no chart without a number`);
		return;
	}
	const { rows, bars, whiskers } = await readCard(card);
	assert.deepEqual(rows.map((row) => row.design).sort(), [...values.keys()].sort(), name);
	for (const { design, numbers } of rows) {
		const value = values.get(design);
		if (value === null) {
			assert.deepEqual(numbers, ["not measured"], `${name} ${design}`);
			continue;
		}
		assert.ok(
			says(numbers[0], value.median),
			`${name} ${design}: ${numbers[0]} is not ${value.median}`,
		);
		if (value.least === undefined) continue;
		const [least, most] = numbers[1].split(" to ");
		assert.ok(
			says(least, value.least) && says(most, value.most),
			`${name} ${design}: ${numbers[1]}`,
		);
	}
	const drawn = rows.map((row) => values.get(row.design)).filter((value) => value !== null);
	checkBars(
		name,
		bars,
		drawn.map((value) => value.median),
	);
	assert.equal(
		whiskers,
		drawn[0].least === undefined ? 0 : drawn.length,
		`${name}: whiskers`,
	);
}

for (const trace of new Set(results.map((result) => result.trace))) {
	for (const kind of KINDS) {
		pageTest(
			`comparison: each number of ${trace}, ${kind}, stands beside its bar`,
			{ view: "compare" },
			async (page) => {
				const chosen = results.filter(
					(result) =>
						result.trace === trace &&
						result.kind === kind &&
						!result.failed,
				);
				await choose(page, trace, kind);
				for (const measure of [...TIMES, ...FIGURES])
					await checkMeasure(page, measure, chosen);
				const good = await shown(
					page.locator(".bars-card[data-measure=total] tr.good th"),
				);
				assert.deepEqual(
					good.sort(),
					chosen
						.filter((result) => result.as_good_as_best)
						.map((result) => result.design)
						.sort(),
				);
			},
		);
	}
}

pageTest(
	"comparison: all traces together, as times the best design's",
	{ view: "compare" },
	async (page) => {
		for (const kind of KINDS) {
			await choose(page, "all", kind);
			const rows = summary.filter((row) => row.kind === kind);
			const cards = await page.locator(".bars-card").all();
			assert.equal(cards.length, TIMES.length - 1); // no mremap
			const good = await shown(
				page.locator(".bars-card[data-measure=total] tr.good th"),
			);
			assert.deepEqual(
				good.sort(),
				rows
					.filter((row) => row.as_good_as_best)
					.map((row) => row.design)
					.sort(),
			);
			for (const card of cards) {
				const measure = await card.getAttribute("data-measure");
				const read = await readCard(card);
				assert.equal(read.rows.length, rows.length);
				const medians = read.rows.map(
					({ design }) =>
						rows.find((row) => row.design === design)
							.times_the_best[measure],
				);
				read.rows.forEach(({ design, numbers }, i) =>
					assert.ok(
						says(numbers[0], medians[i]),
						`${kind} ${measure} ${design}: ${numbers[0]}`,
					),
				);
				checkBars(`${kind} ${measure}`, read.bars, medians);
			}
		}
	},
);

/** The boxes of the labels of an axis, from left to right. */
const labelsOf = (card) =>
	card
		.locator("svg [aria-label='x-axis tick label'] text")
		.evaluateAll((texts) =>
			texts.map((text) => {
				const { left, right } = text.getBoundingClientRect();
				return { left, right };
			}),
		);

for (const width of [380, 1000, 1400]) {
	pageTest(
		`comparison: no label of an axis touches the next, ${width} pixels wide`,
		{ view: "compare", width },
		async (page) => {
			for (const kind of KINDS) {
				await choose(page, "/tmp/family.trace", kind);
				await settle(page);
				for (const card of await page.locator(".bars-card").all()) {
					const labels = await labelsOf(card);
					assert.ok(labels.length > 0);
					for (let i = 1; i < labels.length; i++)
						assert.ok(
							labels[i].left >= labels[i - 1].right + 4,
							await card.getAttribute("data-measure"),
						);
				}
			}
		},
	);
}

pageTest("comparison: by value, or in the order of the JSON", { view: "compare" }, async (page) => {
	await choose(page, "/tmp/family.trace", "index");
	const chosen = results.filter(
		(result) => result.trace === "/tmp/family.trace" && result.kind === "index",
	);
	const designs = () => shown(page.locator(".bars-card[data-measure=map] tbody th"));
	const sorted = [...chosen].sort((a, b) => a.times.map.median_ns - b.times.map.median_ns);
	assert.deepEqual(
		await designs(),
		sorted.map((result) => result.design),
	);
	await page.selectOption("#compare-order", "listed");
	assert.deepEqual(
		await designs(),
		chosen.map((result) => result.design),
	);
	await page.screenshot({ path: "seen/comparison.png" });
});

pageTest(
	"comparison: the numbers of the bench stand beside their bars",
	{ view: "peers" },
	async (page) => {
		for (const areas of [100, 10000]) {
			await page.selectOption("#peers-areas", String(areas));
			await settle(page);
			const chosen = report.bench.results.filter(
				(result) => result.areas === areas,
			);
			const workloads = [...new Set(chosen.map((result) => result.workload))];
			for (const workload of workloads) {
				const { rows, bars, whiskers } = await readCard(
					page.locator(`.bars-card[data-measure=${workload}]`),
				);
				const results = rows.map(({ design }) =>
					chosen.find(
						(result) =>
							result.design === design &&
							result.workload === workload,
					),
				);
				const medians = results
					.filter((result) => result.median !== undefined)
					.map((result) => result.median);
				assert.equal(rows.length, 4);
				checkBars(`${areas} ${workload}`, bars, medians);
				assert.equal(whiskers, workload === "bytes" ? 0 : medians.length);
				rows.forEach(({ numbers }, i) => {
					if (results[i].skipped !== undefined)
						assert.deepEqual(numbers, ["not measured"]);
					else
						assert.ok(
							says(numbers[0], results[i].median),
							`${areas} ${workload} ${results[i].design}: ${numbers[0]}`,
						);
				});
			}
		}
		await page.screenshot({ path: "seen/peers.png" });
	},
);

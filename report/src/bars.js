// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * One measure of all designs: a table whose rows are the designs, with a chart that lies across the
 * rows. So each number stands beside its bar. Bars are medians; whiskers go from the least to the
 * most of all runs.
 */

import { axisX, barX, gridX, plot, ruleX, ruleY, tickX } from "@observablehq/plot";

import { el, oncePerFrame } from "./dom.js";
import { bytes, count } from "./format.js";

const ROW = 26;
const AXIS = 30;
const TICK = 60; // a label and the space beside it
const MARGINS = 40;
const STEPS = [1, 2, 5, 10];

/** Round numbers from 0 to `most`, so few that their labels stand apart. */
function ticksOf(most, width, format) {
	const binary = format === bytes;
	const apart = most / Math.max(1, Math.floor((width - MARGINS) / TICK));
	const least = format === count ? Math.max(1, apart) : apart;
	if (!(most > 0)) return [0];
	const unit = binary ? 2 ** Math.floor(Math.log2(least)) : 10 ** Math.floor(Math.log10(least));
	const step = unit * (binary ? 2 : STEPS.find((factor) => unit * factor >= least));
	return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}

function chart(rows, measure, width) {
	const bars = rows.filter(({ value }) => value !== null);
	const most = Math.max(...bars.map(({ value }) => value.most));
	const ticks = ticksOf(most, width, measure.format);
	const marks = [
		gridX({ ticks, stroke: "var(--line)", strokeOpacity: 1 }),
		barX(bars, {
			x: (row) => row.value.median,
			y: "design",
			fill: (row) => (row.good ? "var(--bar-good)" : "var(--bar)"),
			insetTop: 5,
			insetBottom: 5,
			title: (row) => `${row.design}: ${measure.format(row.value.median)}`,
			className: "bars",
		}),
		ruleX([0], { stroke: "var(--strong-line)" }),
		axisX({
			ticks,
			tickFormat: (value) => (value === 0 ? "0" : measure.format(value)),
			tickSize: 0,
			color: "var(--quiet)",
			label: null,
			fontSize: 11,
		}),
	];
	if (measure.varies) {
		const whisker = { y: "design", stroke: "var(--text)", strokeWidth: 1.25 };
		const ends = { ...whisker, insetTop: 9, insetBottom: 9 };
		marks.push(
			ruleY(bars, {
				...whisker,
				x1: (row) => row.value.least,
				x2: (row) => row.value.most,
				className: "whiskers",
			}),
			tickX(bars, { ...ends, x: (row) => row.value.least }),
			tickX(bars, { ...ends, x: (row) => row.value.most }),
		);
	}
	const picture = plot({
		width,
		height: rows.length * ROW + AXIS,
		marginTop: 0,
		marginBottom: AXIS,
		marginLeft: 16,
		marginRight: MARGINS - 16,
		x: { domain: [0, most > 0 ? most : 1] },
		y: { domain: rows.map((row) => row.design), axis: null, padding: 0 },
		style: { background: "none", overflow: "visible" },
		marks,
	});
	picture.setAttribute("aria-hidden", "true");
	picture.style.height = `${rows.length * ROW + AXIS}px`;
	return picture;
}

/** rows: {design, value, good, why}, in the order to show; why: what a row without a value lacks. */
export function barsCard(rows, measure) {
	const numbers = ({ value, why }) => {
		if (value === null)
			return [
				el(
					"td",
					{
						class: "number missing",
						colspan: measure.varies ? 2 : 1,
						title: why,
					},
					"not measured",
				),
			];
		const cells = [
			el(
				"td",
				{ class: "number", "data-value": value.median },
				measure.format(value.median),
			),
		];
		if (measure.varies) {
			cells.push(
				el(
					"td",
					{
						class: "number spread",
						"data-least": value.least,
						"data-most": value.most,
					},
					`${measure.format(value.least)} to ${measure.format(value.most)}`,
				),
			);
		}
		return cells;
	};
	const cell = el("td", { class: "chart", rowspan: rows.length + 1 });
	const body = rows.map((row, i) =>
		el(
			"tr",
			{ "data-design": row.design, class: row.good ? "good" : "" },
			el("th", { scope: "row" }, row.design),
			i === 0 ? cell : null,
			numbers(row),
		),
	);
	const heads = [
		"Design",
		"",
		measure.varies ? "median" : "value",
		measure.varies ? "least to most" : null,
	];
	const element = el(
		"figure",
		{ class: "bars-card", "data-measure": measure.id },
		el(
			"figcaption",
			{},
			el("strong", {}, measure.title),
			measure.says === ""
				? null
				: el("span", { class: "quiet" }, ` ${measure.says}`),
		),
		el(
			"table",
			{},
			el(
				"thead",
				{},
				el(
					"tr",
					{},
					heads
						.filter((head) => head !== null)
						.map((head) =>
							head === ""
								? el("td", {
										"aria-hidden":
											"true",
									})
								: el("th", { scope: "col" }, head),
						),
				),
			),
			el(
				"tbody",
				{},
				body,
				el(
					"tr",
					{ class: "axis", "aria-hidden": "true" },
					el("td", {}),
					el("td", { colspan: measure.varies ? 2 : 1 }),
				),
			),
		),
	);
	let drawn = 0;
	const draw = oncePerFrame(() => {
		const width = Math.floor(cell.clientWidth);
		if (width < 40 || width === drawn) return;
		drawn = width;
		cell.replaceChildren(chart(rows, measure, width));
	});
	new ResizeObserver(draw).observe(cell);
	return element;
}

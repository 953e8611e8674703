// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/** What one process held in memory over time: its pages, and how many of them others mapped too. */

import { areaY, gridY, lineY, plot, ruleX, ruleY } from "@observablehq/plot";

import { count } from "./format.js";

export function memoryChart(timeline, process, moment, width) {
	const { rows } = timeline.memoryOf(process);
	const [, end] = timeline.lifeOf(process);
	const last = rows[rows.length - 1];
	const samples = last.moment < end ? [...rows, { ...last, moment: end }] : rows;
	const curve = "step-after";
	return plot({
		width,
		height: 170,
		marginLeft: 52,
		marginRight: 16,
		marginTop: 12,
		style: { background: "none" },
		ariaLabel: `Pages of process ${timeline.processName(process)} in memory over time`,
		x: {
			label: null,
			ticks: 6,
			tickSize: 0,
			tickFormat: (at) =>
				Number.isInteger(at) && at < timeline.count
					? `line ${count(timeline.lineAt(at))}`
					: "",
		},
		y: {
			label: null,
			ticks: 4,
			tickSize: 0,
			nice: true,
			zero: true,
			tickFormat: count,
		},
		marks: [
			gridY({ ticks: 4, stroke: "var(--line)", strokeOpacity: 1 }),
			areaY(samples, { x: "moment", y: "resident", fill: "var(--own)", curve }),
			areaY(samples, {
				x: "moment",
				y: "shared",
				fill: "var(--with-others)",
				curve,
			}),
			lineY(samples, {
				x: "moment",
				y: "resident",
				stroke: "var(--text)",
				strokeWidth: 1,
				curve,
			}),
			ruleY([0], { stroke: "var(--strong-line)" }),
			ruleX([moment], { stroke: "var(--now)", strokeWidth: 2 }),
		],
	});
}

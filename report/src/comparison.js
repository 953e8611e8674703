// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * The view of what `vas compare` measured: a trace and a kind of design are chosen, each measure is
 * a chart with its numbers. Which designs are as good as the best was settled by the command, from
 * the spread of its runs; the page only shows it.
 */

import { barsCard } from "./bars.js";
import { choice, el, setOptions } from "./dom.js";
import { count, plural, ratio, short } from "./format.js";
import { isSame, KINDS, MEASURES, rowsOf } from "./measures.js";

const ALL = "all";

export class ComparisonView {
	constructor(state, compare) {
		this.state = state;
		this.compare = compare;
		this.results = (compare?.results ?? []).filter((result) => result.failed !== true);
		this.trace = choice("Trace", "compare-trace", () => this.#show());
		this.order = choice("Order", "compare-order", () => this.#show());
		this.kinds = el("div", {
			class: "segments",
			role: "radiogroup",
			"aria-label": "Kind of design",
		});
		this.content = el("div", { class: "cards" });
		this.note = el("p", { class: "quiet note" });
		this.element = el(
			"section",
			{ class: "comparison" },
			el(
				"div",
				{ class: "tools" },
				this.trace.element,
				this.kinds,
				this.order.element,
			),
			this.note,
			this.content,
		);
		this.#setChoices();
		this.#show();
	}

	#setChoices() {
		const traces = [...new Set(this.results.map((result) => result.trace))];
		const kinds = [...KINDS.keys()].filter((kind) =>
			this.results.some((result) => result.kind === kind),
		);
		const options = traces.map((trace) => [trace, short(trace)]);
		if (this.#summary.length > 0) options.unshift([ALL, "All traces"]);
		setOptions(this.trace.select, options, options[0]?.[0] ?? "");
		setOptions(
			this.order.select,
			[
				["value", "by value"],
				["listed", "as listed"],
			],
			"value",
		);
		this.kinds.replaceChildren(
			...kinds.map((kind, i) =>
				el(
					"label",
					{},
					el("input", {
						type: "radio",
						name: "kind",
						value: kind,
						checked: i === 0,
						onchange: () => this.#show(),
					}),
					el("span", {}, KINDS.get(kind)),
				),
			),
		);
	}

	get #summary() {
		return this.compare?.summary ?? [];
	}

	get #kind() {
		return this.kinds.querySelector("input:checked")?.value;
	}

	#show() {
		if (this.results.length === 0) {
			this.content.replaceChildren(
				el(
					"p",
					{ class: "empty" },
					"This report has no comparison: not measured.",
				),
			);
			return;
		}
		if (this.trace.select.value === ALL) this.#showAll();
		else this.#showTrace(this.trace.select.value);
	}

	#order(rows) {
		if (this.order.select.value === "listed") return rows;
		const value = (row) => row.value?.median ?? Infinity;
		return [...rows].sort((a, b) => value(a) - value(b));
	}

	#showTrace(trace) {
		const results = this.results.filter(
			(result) => result.trace === trace && result.kind === this.#kind,
		);
		const cards = [];
		const same = [];
		const missing = [];
		for (const measure of MEASURES) {
			if (measure.kinds && !measure.kinds.includes(this.#kind)) continue;
			const rows = rowsOf(measure, results).map((row) => ({
				...row,
				good: measure.id === "total" && row.result.as_good_as_best === true,
			}));
			if (rows.length === 0) missing.push(measure.title);
			else if (isSame(rows)) same.push([measure, rows[0].value.median]);
			else cards.push(barsCard(this.#order(rows), measure));
		}
		this.note.textContent = `Median of ${plural(this.compare.runs ?? 1, "run")}; the whiskers go from the least to the most of them. In the first chart, the designs in full colour cannot be told from the best.`;
		this.content.replaceChildren(...cards, this.#rest(results, same, missing));
	}

	#rest(results, same, missing) {
		const wrong = results.filter((result) => result.divergences > 0);
		const items = same.map(([measure, value]) =>
			el(
				"li",
				{ "data-measure": measure.id, "data-value": value },
				`${measure.title}: ${measure.format(value)} under every design`,
			),
		);
		if (missing.length > 0)
			items.push(
				el(
					"li",
					{ class: "missing" },
					`Not measured, or nothing happened: ${missing.join(", ")}`,
				),
			);
		if (wrong.length > 0)
			items.push(
				el(
					"li",
					{},
					`Differs from the recorded program: ${wrong.map((result) => `${result.design} ${plural(result.divergences, "time")}`).join(", ")}`,
				),
			);
		return el(
			"figure",
			{ class: "rest" },
			el("figcaption", {}, el("strong", {}, "Besides")),
			el("ul", {}, items),
		);
	}

	/** How many times the best's time each design takes, as a mean over all traces. */
	#showAll() {
		const rows = this.#summary.filter((row) => row.kind === this.#kind);
		const measures = MEASURES.filter((measure) =>
			rows.some((row) => typeof row.times_the_best?.[measure.id] === "number"),
		);
		const cards = measures.map((measure) => {
			const values = rows.map((row) => {
				const value = row.times_the_best?.[measure.id];
				return {
					design: row.design,
					good: measure.id === "total" && row.as_good_as_best === true,
					value:
						typeof value === "number"
							? {
									median: value,
									least: value,
									most: value,
								}
							: null,
				};
			});
			return barsCard(this.#order(values), {
				...measure,
				varies: false,
				format: ratio,
				says: "times the best design's",
			});
		});
		const traces = Math.max(0, ...rows.map((row) => row.traces ?? 0));
		this.note.textContent = `Geometric means over ${count(traces)} traces: 1.00 is the best design of each trace. In the first chart, the designs in full colour cannot be told from the first.`;
		this.content.replaceChildren(...cards);
	}

	update() {}

	key() {
		return false;
	}
}

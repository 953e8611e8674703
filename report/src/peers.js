// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * The view of `vas bench index`: libvas's indexes of areas beside the structures of others, measured
 * in one run. A number of areas is chosen; each workload is a chart with its numbers.
 */

import { barsCard } from "./bars.js";
import { choice, el, setOptions } from "./dom.js";
import { count, decimal, nanoseconds } from "./format.js";

const WORKLOADS = new Map([
	["find", ["Find, independent", "addresses in no order"]],
	["find_dependent", ["Find, dependent", "each address from the last answer"]],
	["find_read", ["Find and read", "a field of the area"]],
	["find_ge", ["Find or next", "over gaps too"]],
	["iterate", ["Iterate", "per area"]],
	["iterate_read", ["Iterate and read", "per area"]],
	["insert", ["Insert", "in random order"]],
	["insert_ascending", ["Insert, ascending", ""]],
	["erase", ["Erase", "in random order"]],
	["find_erase", ["Find and erase", ""]],
	["copy", ["Copy for a fork", "per area"]],
	["gap", ["Gap search", "in the whole space"]],
	["gap_window", ["Gap search", "in a random window"]],
	["churn", ["Gap, map, unmap", ""]],
	["split_merge", ["Split in three, merge", ""]],
	["find_split_merge", ["Find, split in three, merge", ""]],
	["bytes", ["Bytes per area", ""]],
	["bytes_copied", ["Bytes per area", "after a copy"]],
]);

function measureOf(workload) {
	const [title, says] = WORKLOADS.get(workload) ?? [workload, ""];
	const isBytes = workload.startsWith("bytes");
	return {
		id: workload,
		title,
		says,
		varies: !isBytes,
		format: isBytes ? decimal : nanoseconds,
	};
}

export class PeersView {
	constructor(bench) {
		this.results = bench?.results ?? [];
		this.areas = choice("Areas", "peers-areas", () => this.#show());
		this.content = el("div", { class: "cards" });
		const sources = (bench?.peers ?? []).map(({ name, source, compiler }) =>
			el("li", {}, `${name}: ${[source, compiler].filter(Boolean).join(", ")}`),
		);
		this.element = el(
			"section",
			{ class: "peers" },
			el("div", { class: "tools" }, this.areas.element),
			el(
				"p",
				{ class: "quiet note" },
				"All in one run, on the same areas and requests; medians, with whiskers from the least to the most. Full colour: libvas.",
			),
			this.content,
			sources.length === 0
				? null
				: el(
						"figure",
						{ class: "rest" },
						el(
							"figcaption",
							{},
							el("strong", {}, "Where they come from"),
						),
						el("ul", {}, sources),
					),
		);
		const sizes = [...new Set(this.results.map((result) => result.areas))].filter(
			(size) => typeof size === "number",
		);
		setOptions(
			this.areas.select,
			sizes.map((size) => [size, count(size)]),
			sizes.includes(10000) ? 10000 : sizes[0],
		);
		this.#show();
	}

	#show() {
		const chosen = this.results.filter(
			(result) =>
				result.areas === Number(this.areas.select.value) &&
				result.workload !== undefined,
		);
		const workloads = [...new Set(chosen.map((result) => result.workload))];
		this.content.replaceChildren(
			...workloads
				.map((workload) => this.#card(workload, chosen))
				.filter((card) => card !== null),
		);
	}

	#card(workload, chosen) {
		const rows = chosen
			.filter((result) => result.workload === workload)
			.map(({ design, peer, median, least, most, skipped }) => ({
				design,
				good: peer !== true,
				why: skipped,
				value:
					typeof median === "number"
						? {
								median,
								least: least ?? median,
								most: most ?? median,
							}
						: null,
			}));
		if (rows.every((row) => row.value === null)) return null;
		rows.sort((a, b) => (a.value?.median ?? Infinity) - (b.value?.median ?? Infinity));
		return barsCard(rows, measureOf(workload));
	}

	update() {}

	key() {
		return false;
	}
}

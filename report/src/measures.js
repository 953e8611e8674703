// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * What a comparison measures, each with its unit and where it stands in a result. A value is
 * {median, least, most}; counts that do not vary have the same number three times. A result that
 * lacks a measure has null.
 */

import { bytes, count, decimal, nanoseconds, ratio } from "./format.js";

const RMAPS = ["anon_rmap", "file_rmap"];

function time(id, title, says, kinds = null) {
	return {
		id,
		title,
		says,
		kinds,
		format: nanoseconds,
		varies: true,
		of(result) {
			const times = result.times?.[id];
			return typeof times?.median_ns !== "number"
				? null
				: {
						median: times.median_ns,
						least: times.least_ns,
						most: times.most_ns,
					};
		},
	};
}

function figure(id, title, format, says, kinds) {
	return {
		id,
		title,
		says,
		format,
		kinds,
		varies: false,
		of(result) {
			const value = result[id];
			return typeof value === "number"
				? { median: value, least: value, most: value }
				: null;
		},
	};
}

export const MEASURES = [
	time(
		"total",
		"All of the library's time",
		"in calls, faults, forks, exits and reclaim together",
	),
	time("map", "Map calls", "mmap, munmap, mprotect, brk, madvise and the like"),
	time("fault", "Faults", "pages found, copied, read in"),
	time("fork", "Fork", "areas and page tables copied"),
	time("exit", "Exit", "and exec: everything given back"),
	time("mremap", "mremap", "areas moved and resized"),
	time("reclaim", "Reclaim", "pages scanned, unmapped, written out"),
	time("walk", "Walks of the reverse map", "a part of the times above", RMAPS),
	figure(
		"ns_per_walk",
		"Time of a walk",
		nanoseconds,
		"of the reverse map, for one page",
		RMAPS,
	),
	figure(
		"looks_per_hit",
		"Looks per hit",
		ratio,
		"places looked at for each that maps the page",
		RMAPS,
	),
	figure("bytes_per_area", "Bytes per area", decimal, "of the design's own records", null),
	figure(
		"bytes_per_page",
		"Bytes per page in memory",
		decimal,
		"of the design's own records",
		null,
	),
	figure("most_bytes", "Records at their largest", bytes, "", null),
	figure(
		"most_areas",
		"Most areas at once",
		count,
		"where merging depends on the design",
		null,
	),
	figure("swapped_in", "Pages read back from swap", count, "", null),
];

export const KINDS = new Map([
	["anon_rmap", "Anonymous reverse map"],
	["file_rmap", "File reverse map"],
	["index", "Area index"],
]);

/** Rows {design, value, result} of one measure; empty when no result has it or all are 0. */
export function rowsOf(measure, results) {
	const rows = results.map((result) => ({
		design: result.design,
		result,
		value: measure.of(result),
	}));
	return rows.some(({ value }) => value !== null && value.most > 0) ? rows : [];
}

/** Is it the same for all designs? Then one sentence tells it. */
export function isSame(rows) {
	const [first] = rows;
	return (
		rows.length > 1 &&
		rows.every(
			({ value }) =>
				value !== null &&
				value.median === first.value?.median &&
				value.least === value.most,
		)
	);
}

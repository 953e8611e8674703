// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * Martin Bligh's sub-objects of 2003: the pages of an object, cut wherever an area that maps it
 * begins or ends. Every page of a cell is mapped by the same areas.
 */

import { distinct, upTo } from "./columns.js";

/** rows: areas that map the object. Cells: {first, end, areas}, in order, those without areas too. */
export function cellsOf(timeline, rows) {
	const first = (row) => timeline.object_page[row];
	const end = (row) => timeline.object_page[row] + timeline.pages[row];
	const edges = distinct([...Array.from(rows, first), ...Array.from(rows, end)]);
	const change = new Float64Array(edges.length);
	for (const row of rows) {
		change[upTo(edges, first(row)) - 1]++;
		change[upTo(edges, end(row)) - 1]--;
	}
	const cells = [];
	let areas = 0;
	for (let i = 0; i + 1 < edges.length; i++) {
		areas += change[i];
		cells.push({ first: edges[i], end: edges[i + 1], areas });
	}
	return cells;
}

/** The areas by range: those with the same one are a group {first, end, rows}. */
export function groupsOf(timeline, rows) {
	const groups = new Map();
	for (const row of rows) {
		const [first, end] = [
			timeline.object_page[row],
			timeline.object_page[row] + timeline.pages[row],
		];
		const key = `${first} ${end}`;
		if (!groups.has(key)) groups.set(key, { first, end, rows: [] });
		groups.get(key).rows.push(row);
	}
	return [...groups.values()].sort((a, b) => a.first - b.first || b.end - a.end);
}

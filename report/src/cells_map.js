// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * The drawing of one object, after Bligh's: at the top the object and its cells as a chain, under
 * each cell its areas, one below the other. An area that maps several cells is one bar under all of
 * them; those with the same range are a group. A group hangs as high as the bars above it allow.
 */

import { upTo } from "./columns.js";
import { el, oncePerFrame } from "./dom.js";
import { count, plural } from "./format.js";
import { colorName, colors } from "./palette.js";

const SIDE = 12;
const HEAD = 92; // the object's line, the cells
const CELL_TOP = 42;
const CELL_HEIGHT = 40;
const LEAST_CELL = 26; // pixels, before the picture gets wider than its frame
const ARROW = 18; // between two cells
const BAR = 15;
const BAR_GAP = 3;
const GROUP_GAP = 9;
const MOST_BARS = 40; // of one group, drawn one by one
const MOST_WIDTH = 6000;
const MOST_HEIGHT = 4000;

export class CellsMap {
	#canvas = el("canvas", {});

	constructor() {
		this.element = el(
			"div",
			{
				class: "cells-map",
				tabindex: "0",
				role: "img",
				"aria-describedby": "cells-summary",
			},
			this.#canvas,
		);
		this.draw = oncePerFrame(() => this.#draw());
		new ResizeObserver(this.draw).observe(this.element);
	}

	/** even: cells are as wide as each other; otherwise pages are. */
	set(timeline, cells, groups, even) {
		Object.assign(this, { timeline, cells, even });
		this.#hang(groups);
		this.draw();
	}

	/** Finds the place of each group; those that lie too low are left out. */
	#hang(groups) {
		const firsts = this.cells.map((cell) => cell.first);
		const free = new Float64Array(this.cells.length).fill(HEAD + GROUP_GAP);
		this.hung = [];
		this.bottom = HEAD;
		for (const group of groups) {
			const left = upTo(firsts, group.first) - 1;
			const right = upTo(firsts, group.end - 1);
			let top = 0;
			for (let i = left; i < right; i++) top = Math.max(top, free[i]);
			const bottom =
				top + Math.min(group.rows.length, MOST_BARS) * (BAR + BAR_GAP);
			if (bottom > MOST_HEIGHT) continue;
			free.fill(bottom + GROUP_GAP, left, right);
			this.hung.push({ rows: group.rows, left, right, top });
			this.bottom = Math.max(this.bottom, bottom + GROUP_GAP);
		}
	}

	/** Left edges of the cells, and the right one of the last. */
	#edges(width) {
		const { cells } = this;
		const pages = cells[cells.length - 1].end - cells[0].first;
		const sizes = cells.map((cell) =>
			this.even ? 1 / cells.length : (cell.end - cell.first) / pages,
		);
		const edges = [SIDE];
		for (const size of sizes) edges.push(edges[edges.length - 1] + size * width);
		return edges;
	}

	#size() {
		const frame = this.element.clientWidth;
		const wanted = this.even ? this.cells.length * LEAST_CELL : 0;
		return {
			width: Math.min(MOST_WIDTH, Math.max(frame, wanted + 2 * SIDE)),
			height: this.bottom,
		};
	}

	#draw() {
		if (this.timeline === undefined || this.element.clientWidth === 0) return;
		const ratio = window.devicePixelRatio || 1;
		if (this.cells.length === 0) {
			this.#canvas.width = this.#canvas.height = 0;
			this.#canvas.style.cssText = "width:0;height:0";
			return;
		}
		const { width, height } = this.#size();
		this.#canvas.style.cssText = `width:${width}px;height:${height}px`;
		this.#canvas.width = Math.round(width * ratio);
		this.#canvas.height = Math.round(height * ratio);
		const context = this.#canvas.getContext("2d");
		context.setTransform(ratio, 0, 0, ratio, 0, 0);
		const edges = this.#edges(width - 2 * SIDE);
		this.#drawObject(context, edges);
		this.#drawCells(context, edges);
		this.#drawAreas(context, edges, height);
	}

	#drawObject(context, edges) {
		const [text, quiet] = colors(["--text", "--quiet"]);
		const { cells } = this;
		const [left, right] = [edges[0], edges[edges.length - 1]];
		context.font = "12px system-ui, sans-serif";
		context.fillStyle = quiet;
		context.fillText(`page ${count(cells[0].first)}`, left, 14);
		context.textAlign = "right";
		context.fillText(count(cells[cells.length - 1].end), right, 14);
		context.fillStyle = text;
		context.fillRect(left, 24, right - left, 2);
		let last = -Infinity;
		context.textAlign = "center";
		context.fillStyle = quiet;
		for (let i = 0; i < edges.length; i++) {
			context.fillRect(edges[i], 21, 1, 8);
			const page = i < cells.length ? cells[i].first : cells[i - 1].end;
			if (
				i === 0 ||
				i + 1 === edges.length ||
				edges[i] - Math.max(last, left + 50) < 54 ||
				right - edges[i] < 54
			)
				continue;
			context.fillText(count(page), edges[i], 14);
			last = edges[i];
		}
	}

	/** Boxes with the number of areas, and the arrows between them. */
	#drawCells(context, edges) {
		const [text, quiet, line, surface, tint] = colors([
			"--text",
			"--quiet",
			"--strong-line",
			"--surface",
			"--tint",
		]);
		for (const [i, cell] of this.cells.entries()) {
			const room = this.#room(edges, i);
			const [left, width] = [edges[i] + room, edges[i + 1] - edges[i] - 2 * room];
			context.fillStyle = cell.areas > 0 ? tint : surface;
			context.strokeStyle = line;
			context.setLineDash(cell.areas > 0 ? [] : [3, 3]);
			context.fillRect(left, CELL_TOP, Math.max(1, width), CELL_HEIGHT);
			if (width > 3)
				context.strokeRect(
					left + 0.5,
					CELL_TOP + 0.5,
					width - 1,
					CELL_HEIGHT - 1,
				);
			context.setLineDash([]);
			context.textAlign = "center";
			if (width >= 18) {
				context.fillStyle = cell.areas > 0 ? text : quiet;
				context.font = "600 13px system-ui, sans-serif";
				context.fillText(
					count(cell.areas),
					left + width / 2,
					CELL_TOP + (width >= 70 ? 18 : 25),
				);
			}
			if (width >= 70) {
				context.fillStyle = quiet;
				context.font = "11px system-ui, sans-serif";
				context.fillText(
					plural(cell.end - cell.first, "page"),
					left + width / 2,
					CELL_TOP + 33,
				);
			}
			if (i > 0)
				this.#drawArrow(context, edges[i] - this.#room(edges, i - 1), left);
		}
	}

	/** Between a cell and its edges: for half an arrow, if it is not narrow. */
	#room(edges, i) {
		return edges[i + 1] - edges[i] > 60 ? ARROW / 2 : 1;
	}

	#drawArrow(context, from, to) {
		const y = CELL_TOP + CELL_HEIGHT / 2;
		if (to - from < ARROW) return;
		[context.fillStyle] = colors(["--quiet"]);
		context.fillRect(from, y - 0.75, to - from - 3, 1.5);
		context.beginPath();
		context.moveTo(to, y);
		context.lineTo(to - 6, y - 4);
		context.lineTo(to - 6, y + 4);
		context.fill();
	}

	#drawAreas(context, edges, height) {
		const fills = colors(this.timeline.kinds.map(colorName));
		const [on, text, line] = colors(["--on-kind", "--quiet", "--line"]);
		context.fillStyle = line;
		for (const edge of edges) context.fillRect(edge, HEAD - 6, 1, height - HEAD);
		context.textAlign = "left";
		context.font = "11px system-ui, sans-serif";
		for (const group of this.hung) {
			const left = edges[group.left] + 2;
			const right = edges[group.right] - 2;
			const bars = Math.min(group.rows.length, MOST_BARS);
			for (let i = 0; i < bars; i++) {
				const row = group.rows[i];
				const top = group.top + i * (BAR + BAR_GAP);
				context.fillStyle = fills[this.timeline.kind[row]];
				context.fillRect(left, top, Math.max(1, right - left), BAR);
				const rest = i + 1 === bars ? group.rows.length - bars : 0;
				const label = `${this.timeline.processes[this.timeline.process[row]].pid}${rest > 0 ? ` and ${count(rest)} more like this` : ""}`;
				const fits = context.measureText(label).width + 10 < right - left;
				context.fillStyle = fits ? on : text;
				if (fits) context.fillText(label, left + 6, top + 11.5);
			}
		}
	}
}

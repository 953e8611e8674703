// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * The picture of one process: moments from left to right, addresses from top to bottom (as in
 * /proc/PID/maps), an area as a rectangle. Along the time it counts the moments at which this process
 * changed, so that a column is a change. What of it is seen is told by two viewports.
 */

import { distinct, upTo } from "./columns.js";
import { Fold } from "./fold.js";
import { address, count, protection, short, size } from "./format.js";
import { colorName, colors } from "./palette.js";
import { Viewport } from "./viewport.js";

export const LEFT = 118; // for addresses
export const BOTTOM = 26; // for lines of the trace
const LABEL_HEIGHT = 15;

/**
 * The same rows in an order in which neighbours are far apart. Where a pixel has many areas the one
 * drawn last is seen, and so each kind is seen in proportion to how much there is of it.
 */
function scattered(rows) {
	const count = rows.length;
	let step = Math.floor(count * 0.618) | 1;
	while (divisor(step, count) > 1) step += 2;
	return rows.map((_, i) => rows[(i * step) % count]);
}

function divisor(a, b) {
	return b === 0 ? a : divisor(b, a % b);
}

export class SpacePicture {
	width = 0; // of what is drawn, without addresses and lines
	height = 0;

	set(timeline, process) {
		const rows = timeline.rowsOf(process);
		this.timeline = timeline;
		this.stops = timeline.stopsOf(process);
		this.fold = new Fold(timeline, rows);
		this.rows = scattered(rows);
		this.time = new Viewport(0, this.stops.length, 4);
		this.heights = new Viewport(0, 1, 1);
		this.#place();
	}

	get isReady() {
		return this.timeline !== undefined && this.width > 0;
	}

	/** Where each row lies, once for all pictures. */
	#place() {
		const { timeline, rows, fold, stops } = this;
		const places = (of) => Float64Array.from(rows, of);
		const page = (row) => timeline.page[row];
		this.left = places((row) => upTo(stops, timeline.born[row]) - 1);
		this.right = places((row) => {
			const died = timeline.died[row];
			return died > stops[stops.length - 1]
				? stops.length
				: upTo(stops, died) - 1;
		});
		this.top = places((row) => fold.heightOf(page(row)));
		this.bottom = places((row) => fold.endOf(page(row) + timeline.pages[row]));
	}

	/** Where a column begins, and a height, in pixels. */
	x(column) {
		return LEFT + ((column - this.time.low) / this.time.length) * this.width;
	}

	y(height) {
		return ((height - this.heights.low) / this.heights.length) * this.height;
	}

	draw(context) {
		context.clearRect(0, 0, this.width + LEFT, this.height + BOTTOM);
		context.save();
		context.beginPath();
		context.rect(LEFT, 0, this.width, this.height);
		context.clip();
		this.#drawBlocks(context);
		this.#drawAreas(context);
		this.#drawPages(context);
		context.restore();
		this.#drawAddresses(context);
		this.#drawLines(context);
	}

	#drawBlocks(context) {
		const [gap, text] = colors(["--gap", "--quiet"]);
		const { blocks } = this.fold;
		context.font = "11px system-ui, sans-serif";
		context.textAlign = "center";
		for (let i = 0; i < blocks.length; i++) {
			const [top, bottom] = [this.y(blocks[i].from), this.y(blocks[i].to)];
			context.fillStyle = gap;
			context.fillRect(LEFT, top, this.width, bottom - top);
			if (i + 1 === blocks.length) break;
			const next = this.y(blocks[i + 1].from);
			if (next - bottom < 10 || next < 0 || bottom > this.height) continue;
			context.fillStyle = text;
			const pages = blocks[i + 1].first - blocks[i].end;
			context.fillText(
				`gap of ${size(pages)}, cut`,
				LEFT + this.width / 2,
				(bottom + next) / 2 + 4,
			);
		}
	}

	/** A line at each page, once pages are large enough. */
	#drawPages(context) {
		[context.fillStyle] = colors(["--surface"]);
		context.globalAlpha = 0.3;
		for (const block of this.fold.blocks) {
			const page = (block.scale / this.heights.length) * this.height;
			if (page < 7) continue;
			const first = Math.max(
				block.first,
				this.fold.pageAt(Math.max(block.from, this.heights.low)) ??
					block.end,
			);
			for (
				let at = first;
				at < block.end && this.y(this.fold.heightOf(at)) < this.height;
				at++
			) {
				context.fillRect(
					LEFT,
					Math.round(this.y(this.fold.heightOf(at))),
					this.width,
					1,
				);
			}
		}
		context.globalAlpha = 1;
	}

	#drawAreas(context) {
		const { timeline, rows, time, heights } = this;
		const fills = colors(timeline.kinds.map(colorName));
		const labels = [];
		let kind = -1;
		for (let i = 0; i < rows.length; i++) {
			if (this.right[i] <= time.low || this.left[i] >= time.high) continue;
			if (this.bottom[i] <= heights.low || this.top[i] >= heights.high) continue;
			const x = Math.max(LEFT - 2, this.x(this.left[i]));
			const y = this.y(this.top[i]);
			const width = Math.min(LEFT + this.width + 2, this.x(this.right[i])) - x;
			const height = this.y(this.bottom[i]) - y;
			if (timeline.kind[rows[i]] !== kind) {
				kind = timeline.kind[rows[i]];
				context.fillStyle = fills[kind];
			}
			// Neighbours are kept apart by a line, once there is room for one.
			context.fillRect(
				x,
				y + (height > 3 ? 0.5 : 0),
				Math.max(width - (width > 4 ? 1 : 0), 0.7),
				Math.max(height - (height > 3 ? 1 : 0), 0.7),
			);
			if (height >= LABEL_HEIGHT && width >= 90)
				labels.push([rows[i], x, y, width, height]);
		}
		this.#drawLabels(context, labels);
	}

	#drawLabels(context, labels) {
		const { timeline } = this;
		[context.fillStyle] = colors(["--on-kind"]);
		context.font = "11px system-ui, sans-serif";
		context.textAlign = "left";
		for (const [row, x, y, width, height] of labels.slice(0, 400)) {
			const left = Math.max(x, LEFT) + 6;
			const middle = (Math.max(y, 0) + Math.min(y + height, this.height)) / 2 + 4;
			const text = `${protection(timeline.prot[row])}  ${short(timeline.nameOf(row))}`;
			if (context.measureText(text).width < x + width - left - 4)
				context.fillText(text, left, middle);
		}
	}

	#drawAddresses(context) {
		const [text, line] = colors(["--quiet", "--line"]);
		let last = -Infinity;
		context.font = "11px ui-monospace, monospace";
		context.textAlign = "right";
		for (const page of this.#addresses()) {
			const y = this.y(this.fold.heightOf(page));
			const at = Math.max(y + 4, 10);
			if (y < 0 || y > this.height || at - last < 14) continue;
			context.fillStyle = text;
			context.fillText(address(page), LEFT - 10, at);
			context.fillStyle = line;
			context.fillRect(LEFT - 6, Math.round(y), 6, 1);
			last = at;
		}
	}

	/** Pages to write at the left: where blocks begin, and round ones in large blocks. */
	#addresses() {
		const pages = [];
		for (const block of this.fold.blocks) {
			if (block.to < this.heights.low || block.from > this.heights.high) continue;
			const page = (block.scale / this.heights.length) * this.height;
			let step = 1;
			while (step * page < 36) step *= 2;
			const low =
				this.fold.pageAt(Math.max(block.from, this.heights.low)) ??
				block.first;
			pages.push(block.first);
			for (
				let at = Math.ceil((low + 1) / step) * step;
				at < block.end && pages.length < 500;
				at += step
			) {
				if (this.fold.heightOf(at) > this.heights.high) break;
				if ((at - block.first) * page > 16) pages.push(at);
			}
		}
		return pages;
	}

	#drawLines(context) {
		const [text, line] = colors(["--quiet", "--line"]);
		const step = Math.max(1, Math.ceil((this.time.length / this.width) * 110));
		const ticks = Array.from(
			{ length: Math.ceil(this.time.length / step) + 1 },
			(_, i) => Math.ceil(this.time.low) + i * step,
		);
		context.font = "11px system-ui, sans-serif";
		context.textAlign = "left";
		context.fillStyle = line;
		context.fillRect(LEFT, this.height, this.width, 1);
		for (const column of distinct(ticks)) {
			const x = this.x(column);
			if (column >= this.stops.length || x > LEFT + this.width - 50) continue;
			context.fillStyle = line;
			context.fillRect(x, this.height, 1, 6);
			context.fillStyle = text;
			context.fillText(
				`line ${count(this.timeline.lineAt(this.stops[column]))}`,
				x + 4,
				this.height + 18,
			);
		}
	}
}

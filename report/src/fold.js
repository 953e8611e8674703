// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * A space is 2^47 bytes and more, and nearly all of it is a gap. So that there is something to see,
 * it is folded: what lies close together becomes a block, and the wide gaps between blocks are cut.
 * Each block is drawn to a scale of its own, its height growing with the square root of its size;
 * inside a block the scale is even. All blocks and cuts together have the height 1.
 */

import { upTo } from "./columns.js";

const MOST_BLOCKS = 20;
const LEAST_CUT = 64; // pages
const LEAST_PART = 0.05; // of a block, unless there are many
const CUT_PART = 0.022;

/** [first, end) of the pages that the rows cover, in order; closer than `cut` counts as covered. */
function blocksOf(timeline, rows, cut) {
	const blocks = [];
	for (const row of rows) {
		const first = timeline.page[row];
		const end = first + timeline.pages[row];
		const last = blocks[blocks.length - 1];
		if (last !== undefined && first - last.end < cut)
			last.end = Math.max(last.end, end);
		else blocks.push({ first, end });
	}
	return blocks;
}

export class Fold {
	/** rows: by first page, all that there ever were. */
	constructor(timeline, rows) {
		let cut = LEAST_CUT;
		do {
			this.blocks = blocksOf(timeline, rows, cut);
			cut *= 2;
		} while (this.blocks.length > MOST_BLOCKS);
		this.#setHeights();
	}

	#setHeights() {
		const blocks = this.blocks;
		const forCuts = CUT_PART * (blocks.length - 1);
		const least = Math.min(LEAST_PART, 0.5 / blocks.length);
		let at = 0;
		let total = 0;
		for (const block of blocks) total += Math.sqrt(block.end - block.first);
		for (const block of blocks) {
			block.weight = Math.max(least, Math.sqrt(block.end - block.first) / total);
		}
		total = blocks.reduce((sum, block) => sum + block.weight, 0);
		for (const block of blocks) {
			const height = ((1 - forCuts) * block.weight) / total;
			block.from = at;
			block.scale = height / (block.end - block.first);
			block.to = at + height;
			at = block.to + CUT_PART;
		}
		this.firsts = blocks.map((block) => block.first);
		this.tops = blocks.map((block) => block.from);
	}

	/** The height at which a page begins; one in a cut gap is at the block's end before it. */
	heightOf(page) {
		const block = this.blocks[Math.max(0, upTo(this.firsts, page) - 1)];
		if (block === undefined) return 0;
		return (
			block.from +
			(Math.min(Math.max(page, block.first), block.end) - block.first) *
				block.scale
		);
	}

	/** The height at which the range up to `page` ends. */
	endOf(page) {
		const block = this.blocks[Math.max(0, upTo(this.firsts, page - 1) - 1)];
		if (block === undefined) return 0;
		return block.from + (Math.min(page, block.end) - block.first) * block.scale;
	}

	/** The page drawn at a height; null in a cut. */
	pageAt(height) {
		const block = this.blocks[Math.max(0, upTo(this.tops, height) - 1)];
		if (block === undefined || height < block.from || height >= block.to) return null;
		return Math.min(
			block.end - 1,
			Math.floor(block.first + (height - block.from) / block.scale),
		);
	}

	/** The height of one page in the block with the largest scale. */
	get finest() {
		return this.blocks.reduce((least, block) => Math.min(least, block.scale), 1);
	}
}

// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * The map of one process, to look at and to move in. Two canvases lie on each other: the picture, drawn
 * anew only when what is seen of it changes; and the moment, the choice and the pointer, drawn at each
 * move.
 */

import { upTo } from "./columns.js";
import { el, oncePerFrame } from "./dom.js";
import { colors } from "./palette.js";
import { BOTTOM, LEFT, SpacePicture } from "./space_picture.js";

const NEAR_PAGES = 2; // no nearer than this many pages in sight

export class SpaceMap {
	#areas = el("canvas", { "aria-hidden": "true" });
	#over = el("canvas", { "aria-hidden": "true" });
	picture = new SpacePicture();
	#pointer = null; // {x, y}: where the mouse is
	#drag = null;

	/** on: {hover(place or null), choose(place), open(place), view()}; view: another part is seen. */
	constructor(on) {
		this.on = on;
		this.element = el(
			"div",
			{
				class: "map",
				tabindex: "0",
				role: "application",
				"aria-roledescription": "map of addresses over time",
				"aria-describedby": "space-choice",
			},
			this.#areas,
			this.#over,
		);
		this.draw = oncePerFrame(() => this.drawNow());
		this.drawOver = oncePerFrame(() => this.#drawOver());
		new ResizeObserver(() => this.#resize()).observe(this.element);
		this.#listen();
	}

	set(timeline, process) {
		this.picture.set(timeline, process);
		this.element.setAttribute(
			"aria-label",
			`Areas of process ${timeline.processName(process)}`,
		);
		this.draw();
	}

	setMoment(moment, page, pages) {
		Object.assign(this, { moment, chosenPage: page, chosenPages: pages });
		const column = this.#column();
		const low = this.picture.time.low;
		this.picture.time.reveal(column, column + 1);
		if (low !== this.picture.time.low) this.draw();
		this.drawOver();
	}

	#column() {
		return Math.max(0, upTo(this.picture.stops, this.moment) - 1);
	}

	/* ---- Looking nearer ---- */

	zoomHeights(factor, at = (this.picture.heights.low + this.picture.heights.high) / 2) {
		const block =
			this.picture.fold.blocks[Math.max(0, upTo(this.picture.fold.tops, at) - 1)];
		this.picture.heights.finest = block === undefined ? 1 : NEAR_PAGES * block.scale;
		this.picture.heights.zoom(at, factor);
		this.#seen();
	}

	zoomTime(factor, at = this.#column() + 0.5) {
		this.picture.time.zoom(at, factor);
		this.#seen();
	}

	/** Shows a range of pages with `around` of its height above and below. */
	showPages(page, pages, around = 0.3) {
		const low = this.picture.fold.heightOf(page);
		const length = Math.max(this.picture.fold.endOf(page + pages) - low, 1e-12);
		this.picture.heights.finest = Math.min(length, 1);
		this.picture.heights.show(low - around * length, length * (1 + 2 * around));
		this.#seen();
	}

	panHeights(part) {
		this.picture.heights.pan(part * this.picture.heights.length);
		this.#seen();
	}

	reset() {
		this.picture.heights.reset();
		this.picture.time.reset();
		this.#seen();
	}

	#seen() {
		this.draw();
		this.on.view();
	}

	get isWhole() {
		return this.picture.heights.isWhole && this.picture.time.isWhole;
	}

	/* ---- The mouse ---- */

	#listen() {
		const area = this.element;
		area.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
		area.addEventListener("pointerdown", (event) => this.#press(event));
		area.addEventListener("pointermove", (event) => this.#move(event));
		area.addEventListener("pointerup", (event) => this.#release(event));
		area.addEventListener("pointerleave", () => this.#leave());
		area.addEventListener("dblclick", (event) => {
			const place = this.#at(event);
			if (place.page !== null) this.on.open(place);
		});
	}

	/** The moment and page under the mouse; page is null in a cut. */
	#at(event) {
		const box = this.element.getBoundingClientRect();
		const x = event.clientX - box.left;
		const y = event.clientY - box.top;
		const column = Math.floor(
			this.picture.time.low +
				((x - LEFT) / this.picture.width) * this.picture.time.length,
		);
		const height =
			this.picture.heights.low +
			(y / this.picture.height) * this.picture.heights.length;
		const inside = x >= LEFT && y < this.picture.height;
		return {
			x,
			y,
			inside,
			height,
			column,
			page: inside ? this.picture.fold.pageAt(height) : null,
			moment: this.picture.stops[
				Math.min(this.picture.stops.length - 1, Math.max(0, column))
			],
		};
	}

	#wheel(event) {
		const place = this.#at(event);
		const factor = Math.exp(Math.max(-0.5, Math.min(0.5, event.deltaY * 0.002)));
		event.preventDefault();
		if (event.shiftKey)
			this.zoomTime(
				Math.exp(Math.sign(event.deltaY || event.deltaX) * 0.25),
				place.column + 0.5,
			);
		else this.zoomHeights(factor, place.height);
	}

	#press(event) {
		if (event.button !== 0) return;
		this.#drag = {
			...this.#at(event),
			time: this.picture.time.low,
			heights: this.picture.heights.low,
			moved: false,
		};
		this.element.setPointerCapture(event.pointerId);
	}

	#move(event) {
		const place = this.#at(event);
		const drag = this.#drag;
		this.#pointer = place;
		if (drag === null) {
			this.on.hover(place.inside ? place : null);
			this.drawOver();
			return;
		}
		if (!drag.moved && Math.hypot(place.x - drag.x, place.y - drag.y) < 4) return;
		drag.moved = true;
		this.picture.time.show(
			drag.time -
				((place.x - drag.x) / this.picture.width) *
					this.picture.time.length,
			this.picture.time.length,
		);
		this.picture.heights.show(
			drag.heights -
				((place.y - drag.y) / this.picture.height) *
					this.picture.heights.length,
			this.picture.heights.length,
		);
		this.on.hover(null);
		this.#seen();
	}

	#release(event) {
		const moved = this.#drag?.moved;
		this.#drag = null;
		if (moved === false) this.on.choose(this.#at(event));
	}

	#leave() {
		this.#pointer = null;
		this.on.hover(null);
		this.drawOver();
	}

	/* ---- Drawing ---- */

	#resize() {
		const box = this.element.getBoundingClientRect();
		const ratio = window.devicePixelRatio || 1;
		if (box.width === 0) return;
		for (const canvas of [this.#areas, this.#over]) {
			canvas.width = Math.round(box.width * ratio);
			canvas.height = Math.round(box.height * ratio);
			canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
		}
		this.picture.width = box.width - LEFT;
		this.picture.height = box.height - BOTTOM;
		this.drawNow();
	}

	drawNow() {
		if (!this.picture.isReady) return;
		this.picture.draw(this.#areas.getContext("2d"));
		this.#drawOver();
	}

	#drawOver() {
		if (!this.picture.isReady) return;
		const context = this.#over.getContext("2d");
		const [now, ring] = colors(["--now", "--text"]);
		const column = this.#column();
		const x = this.picture.x(column);
		const width = this.picture.width / this.picture.time.length;
		context.clearRect(0, 0, this.picture.width + LEFT, this.picture.height + BOTTOM);
		context.save();
		context.beginPath();
		context.rect(0, 0, this.picture.width + LEFT, this.picture.height + 6);
		context.clip();
		if (x >= LEFT - 1 && x <= LEFT + this.picture.width) {
			context.fillStyle = now;
			context.globalAlpha = 0.14;
			if (width > 3) context.fillRect(x, 0, width, this.picture.height);
			context.globalAlpha = 1;
			context.fillRect(x - 1, 0, 2, this.picture.height + 6);
		}
		if (this.chosenPage !== null && this.chosenPage !== undefined)
			this.#drawChosen(context, ring);
		if (this.#pointer?.inside && this.#drag === null) {
			context.fillStyle = ring;
			context.globalAlpha = 0.35;
			context.fillRect(this.#pointer.x, 0, 1, this.picture.height);
			context.fillRect(LEFT, this.#pointer.y, this.picture.width, 1);
			context.globalAlpha = 1;
		}
		context.restore();
	}

	#drawChosen(context, ring) {
		const top = this.picture.y(this.picture.fold.heightOf(this.chosenPage));
		const bottom = Math.max(
			top + 3,
			this.picture.y(this.picture.fold.endOf(this.chosenPage + this.chosenPages)),
		);
		if (bottom < 0 || top > this.picture.height) return;
		context.strokeStyle = ring;
		context.lineWidth = 1.5;
		context.strokeRect(LEFT + 1, top - 1, this.picture.width - 2, bottom - top + 2);
		context.fillStyle = ring;
		context.fillRect(LEFT - 6, top, 4, bottom - top);
	}
}

// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * The view of one process: its map over time, and beside it the areas and gaps of the moment, as in
 * /proc/PID/maps. Both show the same choice: a page, and the area or gap that it lies in.
 */

import { el } from "./dom.js";
import { address, count, plural, protection, range, short, size } from "./format.js";
import { List } from "./list.js";
import { colorName } from "./palette.js";
import { SpaceMap } from "./space_map.js";
import { upTo } from "./columns.js";

const BESIDE = 14; // pixels between the pointer and what it tells

export class SpaceView {
	constructor(state, timelines) {
		this.state = state;
		this.timelines = timelines;
		this.map = new SpaceMap({
			hover: (place) => this.#hover(place),
			choose: (place) => this.#choosePlace(place),
			open: (place) => this.#openPlace(place),
			view: () => this.#showZoom(),
		});
		this.list = new List("Areas and gaps at this moment, by address", {
			render: (i) => this.#row(i),
			choose: (i) => state.set({ page: this.items[i].page }),
			open: (i) => this.map.showPages(this.items[i].page, this.items[i].pages),
		});
		this.list.element.id = "space-list";
		this.#build();
	}

	#build() {
		const button = (text, title, onclick) =>
			el("button", { type: "button", title, "aria-label": title, onclick }, text);
		this.legend = el("ul", { class: "legend", "aria-label": "Colours" });
		this.choice = el("p", {
			class: "chosen",
			id: "space-choice",
			"aria-live": "polite",
		});
		this.summary = el("p", { class: "summary", id: "space-summary" });
		this.tip = el("div", { class: "tip", hidden: true });
		this.whole = button("Whole", "Show the whole space (0)", () => this.map.reset());
		this.element = el(
			"section",
			{ class: "space" },
			el(
				"div",
				{ class: "map-side" },
				el(
					"div",
					{ class: "map-tools" },
					this.legend,
					el(
						"span",
						{ class: "buttons" },
						button("+", "Zoom into the addresses (+)", () =>
							this.map.zoomHeights(0.6),
						),
						button("−", "Zoom out of the addresses (−)", () =>
							this.map.zoomHeights(1 / 0.6),
						),
						button("Page", "Zoom to the chosen page (P)", () =>
							this.#openPage(),
						),
						this.whole,
					),
				),
				this.map.element,
				this.choice,
			),
			el("div", { class: "list-side" }, this.summary, this.list.element),
			this.tip,
		);
	}

	get stops() {
		return this.#timeline.stopsOf(this.state.get("process"));
	}

	get #timeline() {
		return this.timelines[this.state.get("trace")];
	}

	/** changed: names of what is new in the state; null: all. */
	update(changed) {
		const { state } = this;
		const shown = `${state.get("trace")} ${state.get("process")}`;
		if (shown !== this.shown) {
			this.shown = shown;
			this.map.set(this.#timeline, state.get("process"));
			this.#showLegend();
			this.#showZoom();
		}
		if (changed === null || changed.has("theme")) this.map.draw();
		this.#setItems();
		const chosen = this.#indexOf(state.get("page"));
		const item = this.items[chosen];
		this.list.set(this.items.length, chosen);
		this.map.setMoment(
			state.get("moment"),
			item === undefined ? null : item.page,
			item?.pages,
		);
		this.#tellChoice(item);
	}

	/** The areas and the gaps before and between them. */
	#setItems() {
		const timeline = this.#timeline;
		const rows = timeline.areasAt(this.state.get("process"), this.state.get("moment"));
		let at = 0;
		let pages = 0;
		this.items = [];
		for (const row of rows) {
			const page = timeline.page[row];
			if (page > at) this.items.push({ page: at, pages: page - at, row: -1 });
			this.items.push({ page, pages: timeline.pages[row], row });
			pages += timeline.pages[row];
			at = page + timeline.pages[row];
		}
		this.firsts = this.items.map((item) => item.page);
		this.summary.textContent = `${plural(rows.length, "area")}, ${size(pages)} of addresses`;
	}

	#indexOf(page) {
		if (page === null) return -1;
		const i = upTo(this.firsts, page) - 1;
		return i >= 0 && page < this.items[i].page + this.items[i].pages ? i : -1;
	}

	#row(i) {
		const { page, pages, row } = this.items[i];
		const timeline = this.#timeline;
		const cell = (name, text) => el("span", { class: name }, text);
		if (row < 0) {
			const children = [
				cell("swatch", ""),
				cell("range", range(page, pages)),
				cell("size", size(pages)),
				cell("mode", ""),
				cell("name", "gap"),
			];
			return { attributes: { class: "row gap" }, children };
		}
		const swatch = el("span", {
			class: "swatch",
			style: `background:var(${colorName(timeline.kindOf(row))})`,
		});
		return {
			attributes: { class: "row", title: timeline.nameOf(row) },
			children: [
				swatch,
				cell("range", range(page, pages)),
				cell("size", size(pages)),
				cell("mode", protection(timeline.prot[row])),
				cell("name", short(timeline.nameOf(row))),
			],
		};
	}

	#showLegend() {
		const timeline = this.#timeline;
		const kinds = new Set(
			Array.from(timeline.rowsOf(this.state.get("process")), (row) =>
				timeline.kindOf(row),
			),
		);
		this.legend.replaceChildren(
			...timeline.kinds
				.filter((kind) => kinds.has(kind))
				.map((kind) =>
					el(
						"li",
						{},
						el("span", {
							class: "swatch",
							style: `background:var(${colorName(kind)})`,
						}),
						kind,
					),
				),
		);
	}

	#showZoom() {
		this.whole.disabled = this.map.isWhole;
	}

	/* ---- What is said of an area ---- */

	#facts(row) {
		const timeline = this.#timeline;
		const object = timeline.object[row];
		const [born, died] = [timeline.born[row], timeline.died[row]];
		const from = object < 0 ? "" : `, from page ${count(timeline.object_page[row])}`;
		const end =
			died >= timeline.count
				? "there at the end"
				: `until line ${count(timeline.lineAt(died))} (${timeline.textAt(died)})`;
		return [
			`${range(timeline.page[row], timeline.pages[row])}  ${protection(timeline.prot[row])}  ${size(timeline.pages[row])}`,
			`${timeline.nameOf(row)}${from}`,
			`${timeline.kindOf(row)}; from line ${count(timeline.lineAt(born))} (${timeline.textAt(born)}), ${end}`,
		];
	}

	#tellChoice(item) {
		this.choice.classList.toggle("quiet", item === undefined);
		if (item === undefined) {
			this.choice.replaceChildren(
				"No area is chosen: click on one, or press ↓. The keys are listed under “?”.",
			);
			return;
		}
		const words =
			item.row < 0
				? [`${range(item.page, item.pages)}  gap of ${size(item.pages)}`]
				: this.#facts(item.row);
		const page = this.state.get("page");
		const timeline = this.#timeline;
		if (item.row >= 0 && timeline.object[item.row] >= 0) {
			words[1] += `; ${address(page)} is its page ${count(timeline.object_page[item.row] + page - item.page)}`;
		}
		this.choice.replaceChildren(
			...words.map((text, i) => el(i === 0 ? "strong" : "span", {}, text)),
		);
	}

	#rowAt(place) {
		const timeline = this.#timeline;
		return timeline
			.rowsOf(this.state.get("process"))
			.find(
				(row) =>
					timeline.page[row] <= place.page &&
					place.page < timeline.page[row] + timeline.pages[row] &&
					timeline.isAlive(row, place.moment),
			);
	}

	#hover(place) {
		const row = place === null || place.page === null ? undefined : this.#rowAt(place);
		this.tip.hidden = row === undefined;
		if (row === undefined) return;
		const { width, left, top } = this.map.element.getBoundingClientRect();
		const side = place.x > width / 2 ? "right" : "left";
		const x = left + place.x;
		this.tip.replaceChildren(...this.#facts(row).map((text) => el("div", {}, text)));
		this.tip.style.cssText = `top:${top + place.y + BESIDE}px;${side}:${side === "left" ? x + BESIDE : window.innerWidth - x + BESIDE}px`;
	}

	#choosePlace(place) {
		const moment = place.inside ? place.moment : this.state.get("moment");
		this.state.set({ moment, ...(place.page === null ? {} : { page: place.page }) });
	}

	#openPlace(place) {
		this.#choosePlace(place);
		const item = this.items[this.#indexOf(place.page)];
		if (item !== undefined && item.row >= 0) this.map.showPages(item.page, item.pages);
	}

	#openPage() {
		const page =
			this.state.get("page") ?? this.items.find((item) => item.row >= 0)?.page;
		if (page === undefined) return;
		this.state.set({ page });
		this.map.showPages(page, 1, 2);
	}

	#chooseNext(distance) {
		const i = this.#indexOf(this.state.get("page"));
		const next = Math.min(this.items.length - 1, Math.max(0, i + distance));
		if (this.items.length > 0) this.state.set({ page: this.items[next].page });
	}

	/** Keys of this view; true: it was one. */
	key(event) {
		const chosen = this.items[this.#indexOf(this.state.get("page"))];
		const acts = {
			"+": () => this.map.zoomHeights(0.6),
			"=": () => this.map.zoomHeights(0.6),
			"-": () => this.map.zoomHeights(1 / 0.6),
			"]": () => this.map.zoomTime(0.6),
			"[": () => this.map.zoomTime(1 / 0.6),
			0: () => this.map.reset(),
			p: () => this.#openPage(),
			PageUp: () => this.map.panHeights(-0.5),
			PageDown: () => this.map.panHeights(0.5),
			ArrowUp: () => this.#chooseNext(-1),
			ArrowDown: () => this.#chooseNext(1),
			Enter: () =>
				chosen !== undefined &&
				chosen.row >= 0 &&
				this.map.showPages(chosen.page, chosen.pages),
		};
		const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
		if (act === undefined) return false;
		act();
		return true;
	}
}

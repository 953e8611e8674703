// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/** The view of one object: its cells and the areas that map it at the moment, and a list of both. */

import { cellsOf, groupsOf } from "./cells.js";
import { CellsMap } from "./cells_map.js";
import { choice, el, setOptions } from "./dom.js";
import { count, plural, protection, range, short } from "./format.js";
import { List } from "./list.js";
import { colorName } from "./palette.js";

export class ObjectsView {
	constructor(state, timelines) {
		this.state = state;
		this.timelines = timelines;
		this.object = choice("Object", "object", (value) =>
			state.set({ object: Number(value) }),
		);
		this.even = el("input", {
			type: "checkbox",
			id: "even",
			checked: true,
			onchange: () => this.update(null),
		});
		this.map = new CellsMap();
		this.summary = el("p", {
			class: "summary",
			id: "cells-summary",
			"aria-live": "polite",
		});
		this.list = new List("Areas that map this object", {
			render: (i) => this.#row(i),
			choose: (i) => this.list.setChosen(i),
			open: (i) => this.#open(i),
		});
		this.list.element.id = "object-list";
		this.element = el(
			"section",
			{ class: "objects" },
			el(
				"div",
				{ class: "tools" },
				this.object.element,
				el(
					"button",
					{
						type: "button",
						title: "The moment with the most areas (M)",
						onclick: () => this.#goToFullest(),
					},
					"Most areas",
				),
				el(
					"label",
					{ class: "check" },
					this.even,
					el("span", {}, "Cells equally wide"),
				),
				this.summary,
			),
			this.map.element,
			el(
				"p",
				{ class: "quiet note" },
				"The object is cut into cells wherever an area that maps it begins or ends; all pages of a cell are mapped by the same areas. The number in a cell is how many areas map it; each bar under it is one of them, with its process.",
			),
			this.list.element,
		);
	}

	get #timeline() {
		return this.timelines[this.state.get("trace")];
	}

	get stops() {
		return Float64Array.from(
			{ length: Math.max(1, this.#timeline.count) },
			(_, i) => i,
		);
	}

	/** Objects by how many rows map them: the most first. */
	#setObjects() {
		const timeline = this.#timeline;
		const rows = new Float64Array(timeline.objects.length);
		for (const object of timeline.object) if (object >= 0) rows[object]++;
		const order = [...rows.keys()].sort((a, b) => rows[b] - rows[a]);
		const known = order.includes(this.state.get("object"));
		setOptions(
			this.object.select,
			order.map((i) => [i, timeline.objects[i].name]),
			known ? this.state.get("object") : order[0],
		);
		if (!known) this.state.set({ object: order[0] ?? null });
	}

	update(changed) {
		const timeline = this.#timeline;
		if (changed === null || changed.has("trace")) this.#setObjects();
		const object = this.state.get("object");
		this.object.select.value = String(object);
		const rows =
			object === null ? [] : timeline.mappersAt(object, this.state.get("moment"));
		const cells = rows.length === 0 ? [] : cellsOf(timeline, rows);
		const groups = rows.length === 0 ? [] : groupsOf(timeline, rows);
		this.rows = groups.flatMap((group) => group.rows);
		this.#summarise(rows, cells, groups);
		this.map.set(timeline, cells, groups, this.even.checked);
		this.map.element.hidden = rows.length === 0;
		this.list.set(this.rows.length, -1);
	}

	#summarise(rows, cells, groups) {
		const processes = new Set(Array.from(rows, (row) => this.#timeline.process[row]))
			.size;
		const name = this.#timeline.objects[this.state.get("object")]?.name;
		this.summary.textContent =
			name === undefined
				? "No area of this trace maps an object."
				: rows.length === 0
					? `No area maps ${short(name)} at this moment.`
					: `${plural(rows.length, "area")} of ${plural(processes, "process", "processes")} in ${plural(groups.length, "range")} make ${plural(cells.length, "cell")}.`;
		this.map.element.setAttribute("aria-label", `${name}: ${this.summary.textContent}`);
	}

	#row(i) {
		const row = this.rows[i];
		const timeline = this.#timeline;
		const first = timeline.object_page[row];
		const cell = (name, text) => el("span", { class: name }, text);
		return {
			attributes: { class: "row" },
			children: [
				el("span", {
					class: "swatch",
					style: `background:var(${colorName(timeline.kindOf(row))})`,
				}),
				cell(
					"pages",
					`pages ${count(first)} to ${count(first + timeline.pages[row] - 1)}`,
				),
				cell("mode", protection(timeline.prot[row])),
				cell("range", range(timeline.page[row], timeline.pages[row])),
				cell("name", timeline.processName(timeline.process[row])),
			],
		};
	}

	#open(i) {
		const row = this.rows[i];
		this.state.set({
			view: "space",
			process: this.#timeline.process[row],
			page: this.#timeline.page[row],
		});
	}

	#goToFullest() {
		const rows = this.#timeline.rowsOfObject(this.state.get("object"));
		if (rows.length > 0) this.state.set({ moment: this.#timeline.fullest(rows) });
	}

	key(event) {
		if (event.key === "e") {
			this.even.checked = !this.even.checked;
			this.update(null);
		} else if (event.key === "m") {
			this.#goToFullest();
		} else {
			return false;
		}
		return true;
	}
}

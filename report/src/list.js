// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * A list of any length: only the rows in sight are elements. One row can be chosen, with a click or
 * with the arrow keys, Page Up and Down, Home and End; Enter opens it.
 */

import { el, oncePerFrame } from "./dom.js";

export const ROW_HEIGHT = 24;

const STEPS = {
	ArrowUp: -1,
	ArrowDown: 1,
	PageUp: -15,
	PageDown: 15,
	Home: -Infinity,
	End: Infinity,
};

export class List {
	#spacer = el("div", { class: "list-spacer", role: "presentation" });
	#count = 0;
	#chosen = -1;

	/**
	 * name: for screen readers; render(i): the children of row i; choose(i), open(i): what a click or
	 * a key did.
	 */
	constructor(name, { render, choose, open }) {
		Object.assign(this, { render, choose, open });
		this.element = el(
			"div",
			{
				class: "list",
				role: "listbox",
				tabindex: "0",
				"aria-label": name,
				onkeydown: (event) => this.#key(event),
			},
			this.#spacer,
		);
		this.element.addEventListener(
			"scroll",
			oncePerFrame(() => this.#draw()),
		);
		new ResizeObserver(oncePerFrame(() => this.#draw())).observe(this.element);
	}

	/** New rows; `chosen` is -1 for none. */
	set(count, chosen) {
		this.#count = count;
		this.#spacer.style.height = `${count * ROW_HEIGHT}px`;
		this.setChosen(chosen);
	}

	setChosen(chosen) {
		this.#chosen = chosen;
		if (chosen >= 0) this.#reveal(chosen);
		this.#draw();
	}

	#reveal(row) {
		const top = row * ROW_HEIGHT;
		const { scrollTop, clientHeight } = this.element;
		if (clientHeight === 0) return;
		if (top < scrollTop) this.element.scrollTop = top;
		else if (top + ROW_HEIGHT > scrollTop + clientHeight)
			this.element.scrollTop = top + ROW_HEIGHT - clientHeight;
	}

	#draw() {
		const first = Math.max(0, Math.floor(this.element.scrollTop / ROW_HEIGHT) - 4);
		const end = Math.min(
			this.#count,
			first + Math.ceil(this.element.clientHeight / ROW_HEIGHT) + 8,
		);
		const rows = [];
		for (let i = first; i < end; i++) rows.push(this.#row(i));
		this.#spacer.replaceChildren(...rows);
		const active =
			this.#chosen >= first && this.#chosen < end
				? `${this.element.id}-${this.#chosen}`
				: null;
		if (active === null) this.element.removeAttribute("aria-activedescendant");
		else this.element.setAttribute("aria-activedescendant", active);
	}

	#row(i) {
		const { attributes, children } = this.render(i);
		return el(
			"div",
			{
				id: `${this.element.id}-${i}`,
				role: "option",
				"aria-selected": i === this.#chosen ? "true" : "false",
				"aria-setsize": this.#count,
				"aria-posinset": i + 1,
				style: `top:${i * ROW_HEIGHT}px`,
				onclick: () => this.choose(i),
				ondblclick: () => this.open(i),
				...attributes,
			},
			children,
		);
	}

	#key(event) {
		if (event.altKey || event.ctrlKey || event.metaKey || this.#count === 0) return;
		if (event.key in STEPS) {
			const to = (this.#chosen < 0 ? -1 : this.#chosen) + STEPS[event.key];
			this.choose(Math.min(this.#count - 1, Math.max(0, to)));
		} else if (event.key === "Enter" && this.#chosen >= 0) {
			this.open(this.#chosen);
		} else {
			return;
		}
		event.preventDefault();
		event.stopPropagation();
	}
}

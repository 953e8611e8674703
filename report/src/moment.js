// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * The bar with which one goes through the trace. It moves along `stops`, the moments that matter to
 * the view: those of one process, or all.
 */

import { upTo } from "./columns.js";
import { el } from "./dom.js";
import { count } from "./format.js";

export class MomentBar {
	#stops = [0];
	#timeline = null;

	constructor(state) {
		this.state = state;
		this.slider = el("input", {
			type: "range",
			id: "moment",
			min: "0",
			step: "1",
			"aria-label": "Moment of the trace",
			oninput: () => this.#go(Number(this.slider.value)),
		});
		this.text = el("output", {
			class: "moment-text",
			id: "moment-text",
			for: "moment",
		});
		this.element = el(
			"div",
			{ class: "moment" },
			this.#button("First moment (Home)", "|◀", () => this.#go(0)),
			this.#button("One step back (left arrow)", "◀", () => this.step(-1)),
			this.slider,
			this.#button("One step on (right arrow)", "▶", () => this.step(1)),
			this.#button("Last moment (End)", "▶|", () => this.#go(Infinity)),
			this.text,
		);
	}

	#button(name, sign, onclick) {
		return el(
			"button",
			{ type: "button", "aria-label": name, title: name, onclick },
			sign,
		);
	}

	setStops(timeline, stops) {
		this.#timeline = timeline;
		this.#stops = stops;
		this.slider.max = String(stops.length - 1);
	}

	get position() {
		return Math.max(0, upTo(this.#stops, this.state.get("moment")) - 1);
	}

	update() {
		const timeline = this.#timeline;
		const moment = this.#stops[this.position];
		const actor = timeline.moments.process[moment];
		const what = `line ${count(timeline.lineAt(moment))}: ${timeline.textAt(moment)}`;
		const who =
			timeline.processes[actor] === undefined
				? ""
				: ` by ${timeline.processName(actor)}`;
		this.slider.value = String(this.position);
		this.slider.setAttribute("aria-valuetext", what + who);
		this.text.replaceChildren(
			el(
				"span",
				{ class: "quiet" },
				`${count(this.position + 1)} of ${count(this.#stops.length)}`,
			),
			el("strong", {}, what),
			el("span", { class: "quiet who" }, who),
		);
	}

	step(distance) {
		this.#go(this.position + distance);
	}

	#go(position) {
		const last = this.#stops.length - 1;
		this.state.set({ moment: this.#stops[Math.min(last, Math.max(0, position))] });
	}

	/** Arrow keys, Home and End; true: the key was one of these. */
	key(event) {
		const steps = {
			ArrowLeft: event.shiftKey ? -10 : -1,
			ArrowRight: event.shiftKey ? 10 : 1,
			Home: -Infinity,
			End: Infinity,
		};
		if (!(event.key in steps)) return false;
		this.step(steps[event.key]);
		return true;
	}
}

// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * The browser report: one page that shows what `vas compare` measured, and the address spaces of the
 * recorded programs over time.
 *
 * The page is one file without a server. Its data is in the file; all of it is held in columns of
 * numbers. One State says what is looked at; views and controls listen to it, and each draws only
 * what changed. The charts are SVG by Observable Plot, with their numbers in tables beside them; the
 * two drawings that can have 100,000 shapes are canvases.
 *
 *	data.js      the data in the page             state.js     what is looked at
 *	timeline.js  one trace                        fold.js      addresses without the wide gaps
 *	comparison.js, measures.js, bars.js           the view "Comparison"
 *	peers.js                                      the view "Peers", of vas bench
 *	space.js, space_map.js, space_picture.js,
 *	viewport.js, list.js                          the view "Addresses"
 *	family.js, memory_chart.js                    the view "Processes"
 *	objects.js, cells.js, cells_map.js            the view "Objects"
 */

import { ComparisonView } from "./comparison.js";
import { readData } from "./data.js";
import { choice, el, setOptions } from "./dom.js";
import { FamilyView } from "./family.js";
import { count, plural, short } from "./format.js";
import { helpDialog } from "./help.js";
import { MomentBar } from "./moment.js";
import { ObjectsView } from "./objects.js";
import { PeersView } from "./peers.js";
import { SpaceView } from "./space.js";
import { State } from "./state.js";
import { themeButton } from "./theme.js";
import { Timeline } from "./timeline.js";

/** A moment worth beginning with: the first at which a process has the most areas. */
function fullest(timeline, process) {
	const rows = timeline.rowsOf(process);
	return rows.length === 0 ? timeline.lifeOf(process)[0] : timeline.fullest(rows);
}

class Page {
	constructor(data) {
		const timelines = (data.traces ?? []).map(
			({ name, timeline }) => new Timeline(name, timeline),
		);
		const spaces = timelines.length > 0;
		this.timelines = timelines;
		this.state = new State({
			view: null,
			trace: 0,
			process: 0,
			moment: 0,
			object: null,
			page: null,
			theme: null,
		});
		this.views = new Map([
			[
				"compare",
				{
					title: "Comparison",
					view: new ComparisonView(this.state, data.compare),
				},
			],
		]);
		const bench = data.bench ?? data.compare?.bench;

		if (bench?.results?.length > 0)
			this.views.set("peers", {
				title: "Peers",
				view: new PeersView(bench),
			});
		if (spaces) {
			this.views.set("space", {
				title: "Addresses",
				view: new SpaceView(this.state, timelines),
				timed: true,
				ofProcess: true,
			});
			this.views.set("family", {
				title: "Processes",
				view: new FamilyView(this.state, timelines),
				timed: true,
			});
			this.views.set("objects", {
				title: "Objects",
				view: new ObjectsView(this.state, timelines),
				timed: true,
			});
		}
		this.#build(data);
		if (spaces) this.#openTrace(0);
		this.state.listen((changed) => this.#update(changed));
		document.addEventListener("keydown", (event) => this.#key(event));
		addEventListener("hashchange", () => this.#showHash());
		this.#showHash(data.compare?.results?.length > 0 || !spaces ? "compare" : "space");
	}

	#build(data) {
		this.help = helpDialog();
		this.tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "Views" });
		for (const [name, { title }] of this.views)
			this.tabs.append(this.#tab(name, title));
		this.trace = choice("Trace", "trace", (value) => this.#openTrace(Number(value)));
		this.process = choice("Process", "process", (value) =>
			this.state.set({ process: Number(value) }),
		);
		this.cut = el(
			"p",
			{ class: "note warning", hidden: true },
			"The trace is long: only its first part is in this report.",
		);
		this.moment = new MomentBar(this.state);
		this.timeBar = el(
			"div",
			{ class: "time-bar" },
			this.trace.element,
			this.process.element,
			this.moment.element,
		);
		this.panel = el("main", { id: "panel", role: "tabpanel" });
		setOptions(
			this.trace.select,
			this.timelines.map((timeline, i) => [i, short(timeline.name)]),
			0,
		);
		const helpButton = el(
			"button",
			{
				type: "button",
				"aria-label": "Keys",
				title: "Keys (?)",
				onclick: () => this.help.showModal(),
			},
			"?",
		);
		document.getElementById("page").replaceChildren(
			el(
				"header",
				{},
				el("h1", {}, "vas"),
				this.tabs,
				el(
					"span",
					{ class: "version quiet" },
					`version ${data.version ?? "unknown"}`,
				),
				helpButton,
				themeButton(this.state),
			),
			this.timeBar,
			this.cut,
			this.panel,
			this.help,
		);
	}

	#tab(name, title) {
		return el(
			"button",
			{
				type: "button",
				role: "tab",
				id: `tab-${name}`,
				"aria-controls": "panel",
				onclick: () => this.state.set({ view: name }),
				onkeydown: (event) => this.#tabKey(event),
			},
			title,
		);
	}

	/** Left and right move along the tabs, as tabs do. */
	#tabKey(event) {
		const names = [...this.views.keys()];
		const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
		if (step === undefined) return;
		const at =
			(names.indexOf(this.state.get("view")) + step + names.length) %
			names.length;
		event.preventDefault();
		event.stopPropagation();
		this.state.set({ view: names[at] });
		document.getElementById(`tab-${names[at]}`).focus();
	}

	#showHash(otherwise = this.state.get("view")) {
		const name = location.hash.slice(1);
		this.state.set({ view: this.views.has(name) ? name : otherwise });
	}

	#openTrace(trace) {
		const timeline = this.timelines[trace];
		const process = timeline.busiest();
		const name = (i) => {
			const [born] = timeline.lifeOf(i);
			return `${timeline.processName(i)}, from line ${count(timeline.lineAt(born) ?? 0)}, ${plural(timeline.rowsOf(i).length, "area")}`;
		};
		const shown = timeline.processes
			.map((_, i) => i)
			.filter((i) => timeline.rowsOf(i).length > 0);
		setOptions(
			this.process.select,
			shown.map((i) => [i, name(i)]),
			process,
		);
		this.cut.hidden = !timeline.cut;
		this.state.set({
			trace,
			process,
			object: null,
			page: null,
			moment: fullest(timeline, process),
		});
	}

	#update(changed) {
		const name = this.state.get("view");
		const { view, timed, ofProcess } = this.views.get(name);
		const anew = changed.has("view");
		if (anew) this.#showView(name);
		if (timed) {
			if (anew || changed.has("trace") || changed.has("process"))
				this.#setStops(view, ofProcess);
			this.moment.update();
		}
		view.update(anew ? null : changed);
	}

	#showView(name) {
		const { view, timed, ofProcess } = this.views.get(name);
		for (const tab of this.tabs.children) {
			const chosen = tab.id === `tab-${name}`;
			tab.setAttribute("aria-selected", String(chosen));
			tab.tabIndex = chosen ? 0 : -1;
		}
		this.panel.setAttribute("aria-labelledby", `tab-${name}`);
		this.panel.replaceChildren(view.element);
		this.timeBar.hidden = timed !== true;
		this.process.element.hidden = ofProcess !== true;
		if (location.hash.slice(1) !== name) history.replaceState(null, "", `#${name}`);
	}

	/** A view of one process stops where that changes, and shows a moment of its life. */
	#setStops(view, ofProcess) {
		const timeline = this.timelines[this.state.get("trace")];
		this.process.select.value = String(this.state.get("process"));
		this.moment.setStops(timeline, view.stops);
		if (!ofProcess) return;
		const process = this.state.get("process");
		if (!timeline.livesAt(process, this.state.get("moment")))
			this.state.set({ moment: fullest(timeline, process) });
	}

	#key(event) {
		if (event.altKey || event.ctrlKey || event.metaKey || this.help.open) return;
		const target = event.target;
		if (
			target.matches("select, input[type=radio]") ||
			(target.matches("button, input[type=checkbox]") &&
				(event.key === "Enter" || event.key === " "))
		)
			return;
		if (this.#do(event)) event.preventDefault();
	}

	#do(event) {
		const { view, timed } = this.views.get(this.state.get("view"));
		const names = [...this.views.keys()];
		if (event.key === "?") this.help.showModal();
		else if (event.key === "t") document.getElementById("theme").click();
		else if (event.key >= "1" && event.key <= String(names.length))
			this.state.set({ view: names[Number(event.key) - 1] });
		else return timed === true && (this.moment.key(event) || view.key(event));
		return true;
	}
}

readData().then((data) => {
	if (data !== null) {
		new Page(data);
		requestAnimationFrame(() =>
			requestAnimationFrame(() => performance.mark("first picture")),
		);
		return;
	}
	const words = "This page has no data: `vas compare --html` fills it.";
	document.getElementById("page").replaceChildren(el("p", { class: "empty" }, words));
});

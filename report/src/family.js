// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * The view of all processes: who forked whom, as it stands at the moment, and what they share. A
 * process that has ended stays in the tree while one that it started lives.
 */

import { el, oncePerFrame } from "./dom.js";
import { count, plural, short, size } from "./format.js";
import { memoryChart } from "./memory_chart.js";

const MOST_PAIRS = 100;

export class FamilyView {
	constructor(state, timelines) {
		this.state = state;
		this.timelines = timelines;
		this.summary = el("p", {
			class: "summary",
			id: "family-summary",
			"aria-live": "polite",
		});
		this.tree = el("tbody", {});
		this.pairs = el("tbody", {});
		this.noPairs = el(
			"p",
			{ class: "empty" },
			"No two processes of this moment share a page.",
		);
		this.chartTitle = el("figcaption", {});
		this.chart = el("div", { class: "memory-chart" });
		this.pairsTable = el(
			"table",
			{ class: "pairs" },
			this.#head(["Process", "Process", "Pages", "seen at"]),
			this.pairs,
		);
		this.element = el(
			"section",
			{ class: "family" },
			this.#key(),
			el(
				"div",
				{ class: "tree-side" },
				el(
					"table",
					{ class: "tree", role: "treegrid" },
					el(
						"caption",
						{ class: "unseen" },
						"Processes at this moment, each under the one that started it",
					),
					this.#head([
						"Process",
						"Pages in memory",
						"all",
						"shared",
						"Areas",
					]),
					this.tree,
				),
			),
			el(
				"div",
				{ class: "pairs-side" },
				el("h2", {}, "Who shares with whom"),
				this.pairsTable,
				this.noPairs,
			),
			el("figure", { class: "memory-figure" }, this.chartTitle, this.chart),
		);
		new ResizeObserver(oncePerFrame(() => this.#showChart())).observe(this.chart);
	}

	#head(names) {
		return el(
			"thead",
			{},
			el(
				"tr",
				{},
				names.map((name) => el("th", { scope: "col" }, name)),
			),
		);
	}

	#key() {
		const swatch = (color) =>
			el("span", { class: "swatch", style: `background:var(${color})` });
		return el(
			"div",
			{ class: "tools" },
			this.summary,
			el(
				"ul",
				{ class: "legend", "aria-label": "Colours" },
				el("li", {}, swatch("--with-others"), "pages that others map too"),
				el("li", {}, swatch("--own"), "pages of its own"),
			),
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

	update() {
		const timeline = this.#timeline;
		const moment = this.state.get("moment");
		const shown = this.#shown();
		const alive = shown.filter(({ process }) => timeline.livesAt(process, moment));
		const most = Math.max(1, ...timeline.memory.resident);
		this.tree.replaceChildren(...shown.map((entry) => this.#row(entry, most)));
		this.summary.textContent = `${plural(alive.length, "process", "processes")} at this moment, of ${count(timeline.processes.length)} in the trace (a program that execs counts anew).`;
		this.#showPairs();
		this.#showChart();
	}

	/**
	 * {process, lines}: those alive and those that link them, each after its parent. lines: for each
	 * generation down to this one, whether a sibling follows.
	 */
	#shown() {
		const timeline = this.#timeline;
		const moment = this.state.get("moment");
		const parents = this.#parents();
		const needed = new Set();
		for (let i = 0; i < timeline.processes.length; i++) {
			if (!timeline.livesAt(i, moment)) continue;
			for (let at = i; at >= 0 && !needed.has(at); at = parents[at])
				needed.add(at);
		}
		const children = new Map();
		for (const process of [...needed].sort((a, b) => a - b)) {
			const parent = parents[process];
			if (!children.has(parent)) children.set(parent, []);
			children.get(parent).push(process);
		}
		const shown = [];
		const visit = (process, lines) => {
			shown.push({ process, lines });
			const below = children.get(process) ?? [];
			below.forEach((child, i) => visit(child, [...lines, i + 1 < below.length]));
		};
		for (const root of children.get(-1) ?? []) visit(root, []);
		return shown;
	}

	/**
	 * The parent of each process, as it is at the moment: one that has become another program by
	 * exec is the newest of its entries.
	 */
	#parents() {
		const timeline = this.#timeline;
		const moment = this.state.get("moment");
		const became = new Map();
		timeline.processes.forEach((process, i) => {
			if (process.exec_of !== undefined && process.born <= moment)
				became.set(process.exec_of, i);
		});
		const newest = (at) => {
			let process = at;
			while (became.has(process)) process = became.get(process);
			return process;
		};
		return timeline.processes.map((process, i) => {
			const parent = process.parent < 0 ? -1 : newest(process.parent);
			return parent === i ? -1 : parent;
		});
	}

	#row({ process, lines }, most) {
		const timeline = this.#timeline;
		const moment = this.state.get("moment");
		const { pid, name, borrows } = timeline.processes[process];
		const alive = timeline.livesAt(process, moment);
		const memory = alive ? timeline.memoryAt(process, moment) : null;
		const choose = () => this.state.set({ process });
		const rail = lines.map((more, i) =>
			el("span", {
				class: `rail${more ? " past" : ""}${i + 1 === lines.length ? " corner" : ""}`,
				"aria-hidden": "true",
			}),
		);
		const what = !alive
			? "has ended"
			: borrows !== undefined
				? `borrows the space of ${timeline.processes[borrows].pid}`
				: "";
		return el(
			"tr",
			{
				class: alive ? "" : "ended",
				"aria-current":
					process === this.state.get("process") ? "true" : null,
				"data-process": process,
				"aria-level": lines.length + 1,
			},
			el(
				"th",
				{ scope: "row" },
				el(
					"div",
					{ class: "node" },
					rail,
					el(
						"button",
						{
							type: "button",
							class: "link",
							title: name,
							onclick: choose,
						},
						`${pid} ${short(name)}`,
					),
					el("span", { class: "quiet" }, what),
				),
			),
			this.#memoryCells(memory, most),
			el(
				"td",
				{ class: "number" },
				alive ? count(timeline.areasAt(process, moment).length) : "",
			),
		);
	}

	#memoryCells(memory, most) {
		if (memory === null)
			return [
				el("td", {}),
				el("td", { class: "number missing" }, "not measured"),
				el("td", {}),
			];
		const own = memory.resident - memory.shared;
		const part = (name, pages) =>
			el("span", { class: name, style: `width:${(100 * pages) / most}%` });
		return [
			el(
				"td",
				{ class: "bar" },
				el(
					"div",
					{ class: "stack", "aria-hidden": "true" },
					part("with-others", memory.shared),
					part("own", own),
				),
			),
			el(
				"td",
				{
					class: "number",
					"data-resident": memory.resident,
					title: size(memory.resident),
				},
				count(memory.resident),
			),
			el(
				"td",
				{
					class: "number",
					"data-shared": memory.shared,
					title: size(memory.shared),
				},
				count(memory.shared),
			),
		];
	}

	/** The sample of each living pair that is nearest to the moment, the largest first. */
	#showPairs() {
		const timeline = this.#timeline;
		const moment = this.state.get("moment");
		const nearest = new Map();
		for (const sample of timeline.sharing) {
			const { a, b } = sample;
			if (!timeline.livesAt(a, moment) || !timeline.livesAt(b, moment)) continue;
			const known = nearest.get(`${a} ${b}`);
			if (
				known === undefined ||
				Math.abs(sample.moment - moment) < Math.abs(known.moment - moment)
			)
				nearest.set(`${a} ${b}`, sample);
		}
		const pairs = [...nearest.values()]
			.sort((x, y) => y.pages - x.pages)
			.slice(0, MOST_PAIRS);
		const name = (process) =>
			`${timeline.processes[process].pid} ${short(timeline.processes[process].name)}`;
		const most = pairs[0]?.pages ?? 1;
		this.pairs.replaceChildren(
			...pairs.map(({ a, b, pages, moment: at }) =>
				el(
					"tr",
					{},
					el("td", {}, name(a)),
					el("td", {}, name(b)),
					el(
						"td",
						{ class: "number", "data-pages": pages },
						el("span", {
							class: "pair-bar",
							style: `width:${(48 * pages) / most}px`,
							"aria-hidden": "true",
						}),
						count(pages),
					),
					el(
						"td",
						{ class: "number quiet" },
						`line ${count(timeline.lineAt(at))}`,
					),
				),
			),
		);
		this.pairsTable.hidden = pairs.length === 0;
		this.noPairs.hidden = pairs.length > 0;
	}

	#showChart() {
		const timeline = this.#timeline;
		const process = this.state.get("process");
		const width = Math.floor(this.chart.clientWidth);
		if (width < 100) return;
		this.chartTitle.replaceChildren(
			el("strong", {}, `Memory of ${timeline.processName(process)}`),
			el("span", { class: "quiet" }, " in pages, over the trace"),
		);
		const measured = timeline.memoryOf(process).rows.length > 0;
		this.chart.replaceChildren(
			measured
				? memoryChart(timeline, process, this.state.get("moment"), width)
				: el(
						"p",
						{ class: "empty" },
						"Not measured: the trace tells no touches of this process, or it uses another's space.",
					),
		);
	}

	key(event) {
		const shown = this.#shown().map((entry) => entry.process);
		const distance = { ArrowUp: -1, ArrowDown: 1 }[event.key];
		if (event.key === "Enter") this.state.set({ view: "space" });
		else if (distance === undefined || shown.length === 0) return false;
		else {
			const at = shown.indexOf(this.state.get("process"));
			this.state.set({
				process: shown[
					Math.min(shown.length - 1, Math.max(0, at + distance))
				],
			});
		}
		return true;
	}
}

// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * One trace: its moments, processes and areas. An area is a row of columns, as the file has them: a
 * rectangle of addresses and moments. "Which are there at this moment?" is answered by looking at
 * all rows of the process: at 100,000 of them that takes less than a millisecond, so there is no
 * index.
 */

import { distinct, upTo } from "./columns.js";

const COLUMNS = [
	"process",
	"page",
	"pages",
	"born",
	"died",
	"prot",
	"kind",
	"object",
	"object_page",
];

export class Timeline {
	#rows;
	#cache = new Map();

	constructor(name, json) {
		const areas = json.areas;

		this.name = name;
		this.processes = json.processes;
		this.objects = json.objects;
		this.kinds = json.kinds;
		this.texts = json.texts;
		this.moments = json.moments;
		this.count = json.moments.line.length;
		this.memory = json.memory ?? { moment: [], process: [], resident: [], shared: [] };
		this.sharing = json.sharing ?? [];
		this.cut = json.cut === true;
		for (const column of COLUMNS) this[column] = Float64Array.from(areas[column]);
		this.died = this.died.map((moment) => (moment < 0 ? this.count : moment));
		this.areaCount = this.page.length;
		this.#sortByProcess();
	}

	/** Rows by process, by first page in each. */
	#sortByProcess() {
		const sorted = Uint32Array.from(this.page.keys()).sort(
			(a, b) => this.process[a] - this.process[b] || this.page[a] - this.page[b],
		);
		const sizes = new Uint32Array(this.processes.length + 1);
		for (const process of this.process) sizes[process + 1]++;
		for (let i = 1; i < sizes.length; i++) sizes[i] += sizes[i - 1];
		this.#rows = this.processes.map((_, i) => sorted.subarray(sizes[i], sizes[i + 1]));
	}

	/** All rows of a process, by first page. */
	rowsOf(process) {
		return this.#rows[process] ?? new Uint32Array(0);
	}

	isAlive(row, moment) {
		return this.born[row] <= moment && moment < this.died[row];
	}

	/** The areas of a process at a moment, by address. */
	areasAt(process, moment) {
		return this.rowsOf(process).filter((row) => this.isAlive(row, moment));
	}

	/** All rows that map an object. */
	rowsOfObject(object) {
		return this.#kept(`object ${object}`, () =>
			Uint32Array.from(this.object.keys()).filter(
				(row) => this.object[row] === object,
			),
		);
	}

	/** The areas of all processes that map an object at a moment. */
	mappersAt(object, moment) {
		return this.rowsOfObject(object).filter((row) => this.isAlive(row, moment));
	}

	/** The first moment at which the most of these rows are there. */
	fullest(rows) {
		const change = new Int32Array(this.count + 1);
		for (const row of rows) {
			change[this.born[row]]++;
			change[this.died[row]]--;
		}
		let areas = 0;
		let best = { areas: 0, moment: 0 };
		for (let moment = 0; moment < this.count; moment++) {
			areas += change[moment];
			if (areas > best.areas) best = { areas, moment };
		}
		return best.moment;
	}

	/** The moments at which the areas of a process changed, its first one among them. */
	stopsOf(process) {
		return this.#kept(`stops ${process}`, () => {
			const [born, died] = this.lifeOf(process);
			const moments = [born];
			for (const row of this.rowsOf(process))
				moments.push(this.born[row], this.died[row]);
			return distinct(
				moments.filter((moment) => moment >= born && moment < died),
			);
		});
	}

	/** [born, died): the moments of a process. */
	lifeOf(process) {
		const { born, died } = this.processes[process];
		return [born, died < 0 ? this.count : Math.max(died, born + 1)];
	}

	livesAt(process, moment) {
		const [born, died] = this.lifeOf(process);
		return born <= moment && moment < died;
	}

	/** The newest sample of a process's memory at a moment, or null. */
	memoryAt(process, moment) {
		const samples = this.memoryOf(process);
		const before = upTo(samples.moments, moment);
		return before === 0 ? null : samples.rows[before - 1];
	}

	/** All samples of a process: their moments, and {moment, resident, shared}. */
	memoryOf(process) {
		return this.#kept(`memory ${process}`, () => {
			const rows = [];
			for (let i = 0; i < this.memory.moment.length; i++) {
				if (this.memory.process[i] !== process) continue;
				const [resident, shared] = [
					this.memory.resident[i],
					this.memory.shared[i],
				];
				rows.push({ moment: this.memory.moment[i], resident, shared });
			}
			return { rows, moments: rows.map((row) => row.moment) };
		});
	}

	textAt(moment) {
		return this.texts[this.moments.text[moment]] ?? "";
	}

	lineAt(moment) {
		return this.moments.line[moment];
	}

	nameOf(row) {
		const object = this.object[row];
		return object < 0 ? `[${this.kindOf(row)}]` : this.objects[object].name;
	}

	kindOf(row) {
		return this.kinds[this.kind[row]] ?? "other";
	}

	/** "14244 /usr/bin/sh" */
	processName(process) {
		const { pid, name } = this.processes[process];
		return `${pid} ${name}`;
	}

	/** The process with the most rows: a good one to begin with. */
	busiest() {
		let best = 0;
		for (let i = 1; i < this.#rows.length; i++) {
			if (this.#rows[i].length > this.#rows[best].length) best = i;
		}
		return best;
	}

	#kept(key, make) {
		if (!this.#cache.has(key)) this.#cache.set(key, make());
		return this.#cache.get(key);
	}
}

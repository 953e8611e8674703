// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/** Reports to show: made up, the same at each run, in the form that `vas compare --html` writes. */

const KINDS = [
	"code of a file",
	"read-only file",
	"data of a file",
	"shared file",
	"anonymous",
	"heap",
	"main stack",
	"guard",
	"special",
];
const OBJECTS = ["/usr/bin/sh", "/usr/lib/libc.so.6", "/tmp/table <b>", "/usr/bin/ls"];

const READ = 1;
const WRITE = 2;
const EXECUTE = 4;
const SHARED = 8;

/** Writes a timeline down, call by call. */
class Recorder {
	constructor() {
		this.timeline = {
			moments: { line: [], process: [], text: [] },
			texts: [],
			processes: [],
			objects: OBJECTS.map((name) => ({ name, kind: "file" })),
			kinds: KINDS,
			areas: {
				process: [],
				page: [],
				pages: [],
				born: [],
				died: [],
				prot: [],
				kind: [],
				object: [],
				object_page: [],
			},
			memory: { moment: [], process: [], resident: [], shared: [] },
			sharing: [],
			cut: false,
		};
	}

	moment(process, what) {
		const { moments, texts } = this.timeline;
		if (!texts.includes(what)) texts.push(what);
		moments.line.push(12 + moments.line.length * 3);
		moments.process.push(process);
		moments.text.push(texts.indexOf(what));
		return moments.line.length - 1;
	}

	start(pid, name, parent, born, more = {}) {
		return (
			this.timeline.processes.push({
				pid,
				name,
				parent,
				born,
				died: -1,
				...more,
			}) - 1
		);
	}

	area(process, born, area) {
		const { areas } = this.timeline;
		const row = { process, born, died: -1, object: -1, object_page: 0, ...area };
		row.kind = KINDS.indexOf(area.kind);
		for (const [name, column] of Object.entries(areas)) column.push(row[name]);
		return areas.page.length - 1;
	}

	alive(process) {
		const { areas } = this.timeline;
		return areas.page
			.map((_, row) => row)
			.filter((row) => areas.process[row] === process && areas.died[row] < 0);
	}

	map(process, area) {
		return this.area(process, this.moment(process, "mmap"), area);
	}

	unmap(process, row) {
		this.timeline.areas.died[row] = this.moment(process, "munmap");
	}

	end(process, moment) {
		for (const row of this.alive(process)) this.timeline.areas.died[row] = moment;
		this.timeline.processes[process].died = moment;
	}

	fork(parent, pid) {
		const { areas, processes } = this.timeline;
		const moment = this.moment(parent, "fork");
		const child = this.start(pid, processes[parent].name, parent, moment);
		for (const row of this.alive(parent)) {
			const copy = Object.fromEntries(
				Object.entries(areas).map(([name, column]) => [name, column[row]]),
			);
			this.area(child, moment, {
				...copy,
				process: child,
				born: moment,
				kind: KINDS[copy.kind],
			});
		}
		return child;
	}

	exec(process, name) {
		const moment = this.moment(process, `exec ${name}`);
		const { pid, parent } = this.timeline.processes[process];
		this.end(process, moment);
		return this.start(pid, name, parent, moment, { exec_of: process });
	}

	exit(process) {
		this.end(process, this.moment(process, "exit"));
	}

	sample(process, resident, shared) {
		const { memory, moments } = this.timeline;
		memory.moment.push(moments.line.length - 1);
		memory.process.push(process);
		memory.resident.push(resident);
		memory.shared.push(shared);
	}

	share(a, b, pages) {
		this.timeline.sharing.push({
			moment: this.timeline.moments.line.length - 1,
			a,
			b,
			pages,
		});
	}
}

/** A shell that forks twice; one child forks and becomes ls, the other stays. */
function family() {
	const recorder = new Recorder();
	const shell = recorder.start(
		100,
		"/usr/bin/sh",
		-1,
		recorder.moment(0, "exec /usr/bin/sh"),
	);
	recorder.map(shell, {
		page: 0x400,
		pages: 40,
		prot: READ | EXECUTE,
		kind: "code of a file",
		object: 0,
	});
	recorder.map(shell, {
		page: 0x7f1234500,
		pages: 30,
		prot: READ,
		kind: "read-only file",
		object: 1,
		object_page: 0,
	});
	recorder.map(shell, {
		page: 0x7f1234530,
		pages: 25,
		prot: READ | EXECUTE,
		kind: "code of a file",
		object: 1,
		object_page: 20,
	});
	const heap = recorder.map(shell, {
		page: 0x5000,
		pages: 33,
		prot: READ | WRITE,
		kind: "heap",
	});
	recorder.map(shell, {
		page: 0x7ffffff00,
		pages: 34,
		prot: READ | WRITE,
		kind: "main stack",
	});
	recorder.sample(shell, 90, 0);
	const first = recorder.fork(shell, 101);
	recorder.share(shell, first, 88);
	recorder.sample(shell, 90, 88);
	recorder.sample(first, 88, 88);
	const grandchild = recorder.fork(first, 104);
	const ls = recorder.exec(first, "/usr/bin/ls");
	recorder.map(ls, {
		page: 0x400,
		pages: 31,
		prot: READ | EXECUTE,
		kind: "code of a file",
		object: 3,
	});
	recorder.map(ls, {
		page: 0x7f9990000,
		pages: 30,
		prot: READ,
		kind: "read-only file",
		object: 1,
		object_page: 0,
	});
	recorder.map(ls, {
		page: 0x7f9990100,
		pages: 8,
		prot: READ | WRITE | SHARED,
		kind: "shared file",
		object: 2,
		object_page: 5,
	});
	recorder.sample(ls, 21, 9);
	recorder.share(shell, ls, 9);
	recorder.unmap(shell, heap);
	recorder.map(shell, { page: 0x5000, pages: 66, prot: READ | WRITE, kind: "heap" });
	const second = recorder.fork(shell, 102);
	recorder.share(shell, second, 77);
	recorder.sample(second, 79, 77);
	recorder.map(second, {
		page: 0x7f1235000,
		pages: 12,
		prot: READ | WRITE,
		kind: "anonymous",
	});
	recorder.exit(ls);
	recorder.sample(grandchild, 60, 51);
	recorder.sample(shell, 95, 77);
	recorder.map(shell, { page: 0x7f1235000, pages: 1, prot: 0, kind: "guard" });
	return recorder.timeline;
}

/** So many areas in one process, each its own moment; some go again. */
export function manyAreas(count) {
	const recorder = new Recorder();
	const process = recorder.start(7, "./many", -1, recorder.moment(0, "exec ./many"));
	const kinds = ["anonymous", "heap", "shared file", "read-only file"];
	for (let i = 0; i < count; i++) {
		const page = 0x7f0000000 + (i % 60000) * 3 + (i % 2);
		const row = recorder.map(process, {
			page,
			pages: 2 - (i % 2),
			prot: READ | WRITE,
			kind: kinds[i % 4],
			object: i % 4 < 2 ? -1 : 1,
			object_page: i,
		});
		if (i >= 60000)
			recorder.timeline.areas.died[row - 60000] =
				recorder.timeline.areas.born[row];
	}
	recorder.sample(process, count, 0);
	return {
		schema: 1,
		tool: "vas",
		version: "0",
		kind: "report",
		compare: null,
		traces: [{ name: "many.trace", timeline: recorder.timeline }],
	};
}

const DESIGNS = {
	anon_rmap: ["anon-vma-chain", "lineage", "pte-chain"],
	file_rmap: ["cells", "list"],
	index: ["btree", "rbtree", "list"],
};
const FIGURES = ["total", "map", "fault", "fork", "exit", "mremap", "reclaim", "walk"];

function compare() {
	let seed = 1;
	const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
	const time = (figure) => {
		const median = figure === "mremap" ? 0 : Math.round(10 ** (3 + 6 * random()));
		return {
			median_ns: median,
			least_ns: Math.round(median * 0.93),
			most_ns: Math.round(median * 1.2),
			spread_ns: median * 0.02,
		};
	};
	const results = [];
	for (const trace of ["/tmp/family.trace", "other.trace"]) {
		for (const [kind, designs] of Object.entries(DESIGNS)) {
			designs.forEach((design, i) => {
				if (trace === "other.trace" && design === "pte-chain") {
					results.push({ trace, kind, design, failed: true });
					return;
				}
				const result = {
					trace,
					kind,
					design,
					failed: false,
					times: Object.fromEntries(
						FIGURES.map((figure) => [figure, time(figure)]),
					),
					best: i === 0,
					as_good_as_best: i < 2,
					divergences: 0,
					walks: 1000,
					ns_per_walk: 30 + 200 * random(),
					looks_per_hit: 1 + 3 * random(),
					most_bytes: Math.round(1e5 * random()),
					bytes_per_area: 200 * random(),
					bytes_per_page: 60 * random(),
					most_areas: 149,
					areas_at_end: 3,
					most_pages: 77,
					swapped_in: Math.round(500 * random()),
					swapped_out: 12,
				};
				// One that is older than some measures.
				if (trace === "other.trace" && design === "rbtree")
					delete result.times.fork;
				results.push(result);
			});
		}
	}
	const summary = Object.entries(DESIGNS).flatMap(([kind, designs]) =>
		designs.map((design, i) => ({
			kind,
			design,
			traces: 2,
			rank: i + 1,
			as_good_as_best: i < 2,
			times_the_best: Object.fromEntries(
				FIGURES.map((figure) => [
					figure,
					figure === "mremap" ? null : 1 + i * random(),
				]),
			),
		})),
	);
	return { schema: "vas-compare", runs: 3, results, summary };
}

/** As `vas bench index --json` writes it. */
function bench() {
	const results = [];
	for (const areas of [100, 10000]) {
		for (const [i, design] of ["btree", "rbtree", "std::map", "judy"].entries()) {
			for (const [j, workload] of ["find", "insert", "gap", "bytes"].entries()) {
				const row = { areas, design, peer: i > 1, workload };
				const median = 9.5 + 31.7 * i + 4.1 * j + areas / 1000;
				results.push(
					design === "judy" && workload === "gap"
						? { ...row, skipped: "no gap index" }
						: {
								...row,
								median,
								least: median * 0.9,
								most: median * 1.3,
							},
				);
			}
		}
	}
	return {
		schema: "vas-bench-index",
		runs: 5,
		peers: [{ name: "std::map", source: "libstdc++ 12", compiler: "g++ 12" }],
		results,
	};
}

export function smallReport() {
	return {
		schema: 1,
		tool: "vas",
		version: "0.1.0",
		kind: "report",
		compare: compare(),
		bench: bench(),
		traces: [{ name: "/tmp/family.trace", timeline: family() }],
	};
}

// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

// Puts the page's scripts and styles into one HTML file, with the licences of what they contain:
//
//     node bundle.js PAGE.html

import { readFile, readdir, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const COMMON = {
	bundle: true,
	minify: true,
	write: false,
	target: "es2022",
	legalComments: "none",
};

/** The packages whose sources went into the bundle, sorted. */
function packagesOf(inputs) {
	const names = new Set();
	for (const path of Object.keys(inputs)) {
		const match = path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
		if (match !== null) names.add(match[1]);
	}
	return [...names].sort();
}

/** What must go with copies of them. Those with the same words share one text. */
async function notices(names) {
	const texts = new Map();
	for (const name of names) {
		const folder = `node_modules/${name}`;
		const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
		if (file === undefined) throw new Error(`${name} has no licence file`);
		const lines = (await readFile(`${folder}/${file}`, "utf8")).trim().split(/\r?\n/);
		const owners = lines.filter((line) => /^copyright/i.test(line.trim())).join(" ");
		const words = lines
			.filter((line) => !/^copyright/i.test(line.trim()))
			.join("\n")
			.trim();
		if (!texts.has(words)) texts.set(words, []);
		texts.get(words).push(`${name}: ${owners}`);
	}
	return [...texts].map(([words, who]) => `${who.join("\n")}\n\n${words}`).join("\n\n\n");
}

const script = await build({
	...COMMON,
	entryPoints: ["src/main.js"],
	format: "iife",
	metafile: true,
});
const style = await build({ ...COMMON, entryPoints: ["src/style.css"] });
const licences = await notices(packagesOf(script.metafile.inputs));
const parts = {
	STYLE: style.outputFiles[0].text.trim(),
	SCRIPT: script.outputFiles[0].text.trim(),
	LICENCES: licences.replaceAll("--", "- -"),
};
const page = (await readFile("src/page.html", "utf8")).replace(
	/@(STYLE|SCRIPT|LICENCES)@/g,
	(_, name) => parts[name],
);
if (page.split("@VAS_REPORT_DATA@").length !== 2)
	throw new Error("the place of the data is not there once");
await writeFile(process.argv[2], page);

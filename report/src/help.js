// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/** The keys, in a dialog. */

import { el } from "./dom.js";

const KEYS = [
	["1 2 3 4 5", "the views, from left to right"],
	["← →", "one step back, one on; with Shift ten"],
	["Home End", "the first moment, the last"],
	["↑ ↓", "the area or process before, after"],
	["Enter", "zoom to the area; in Processes, show its space"],
	["+ −", "zoom into the addresses, out"],
	["[ ]", "zoom out of the time, in"],
	["Page Up, Page Down", "move along the addresses"],
	["P", "zoom to the chosen page"],
	["0", "the whole space"],
	["E", "in Objects: cells equally wide, or pages"],
	["M", "in Objects: the moment with the most areas"],
	["T", "light or dark"],
	["?", "this list; Escape closes it"],
];

export function helpDialog() {
	const dialog = el(
		"dialog",
		{ "aria-labelledby": "help-title" },
		el("h2", { id: "help-title" }, "Keys"),
		el(
			"dl",
			{},
			KEYS.flatMap(([key, what]) => [
				el(
					"dt",
					{},
					key.split(" ").length > 1 && !key.includes(",")
						? key
								.split(" ")
								.flatMap((one) => [
									el("kbd", {}, one),
									" ",
								])
						: el("kbd", {}, key),
				),
				el("dd", {}, what),
			]),
		),
		el(
			"p",
			{ class: "quiet" },
			"With the mouse, on the map: the wheel zooms the addresses, with Shift the time; drag to move; a click chooses, a double click zooms to the area.",
		),
		el("button", { type: "button", onclick: () => dialog.close() }, "Close"),
	);
	return dialog;
}

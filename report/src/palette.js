// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

// Colours come from the style sheet, so that a theme is one list of them. Files are cold, what
// belongs to a process alone is warm. Kinds that are alike share a colour.

const GROUPS = new Map([
	["code of a file", "code"],
	["read-only file", "file"],
	["data of a file", "written"],
	["shared file", "shared"],
	["shared memory", "shared"],
	["anonymous", "anonymous"],
	["huge pages", "anonymous"],
	["generated code", "generated"],
	["heap", "heap"],
	["main stack", "stack"],
	["thread stack", "stack"],
	["guard", "none"],
	["reserved", "none"],
]);

export function colorName(kind) {
	return `--kind-${GROUPS.get(kind) ?? "special"}`;
}

/** Colours by name, as the theme of now has them. For canvases. */
export function colors(names) {
	const style = getComputedStyle(document.documentElement);
	return names.map((name) => style.getPropertyValue(name).trim());
}

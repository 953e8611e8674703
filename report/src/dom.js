// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * Makes an element. In `attributes`, names that begin with "on" are listeners, `class` and `style`
 * are strings, true and false set and leave out; children are nodes and strings, null is left out.
 */
export function el(tag, attributes = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
		else if (value === true) node.setAttribute(name, "");
		else if (value !== false && value !== undefined && value !== null)
			node.setAttribute(name, value);
	}
	node.append(...children.flat().filter((child) => child !== null && child !== undefined));
	return node;
}

/** A <select> of [value, text] pairs with its label. */
export function choice(label, id, onchange) {
	const select = el("select", { id, onchange: () => onchange(select.value) });
	return { select, element: el("label", { class: "choice" }, el("span", {}, label), select) };
}

export function setOptions(select, pairs, value) {
	select.replaceChildren(...pairs.map(([key, text]) => el("option", { value: key }, text)));
	select.value = String(value);
}

/** A function that does `work` once before the next picture, however often it is called. */
export function oncePerFrame(work) {
	let asked = false;
	return () => {
		if (asked) return;
		asked = true;
		requestAnimationFrame(() => {
			asked = false;
			work();
		});
	};
}

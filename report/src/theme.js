// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

// Light or dark: as the system says, until the reader chooses. The choice is not kept: a file has
// no place of its own for it.

import { el } from "./dom.js";

const system = matchMedia("(prefers-color-scheme: dark)");

export function themeButton(state) {
	const button = el("button", { type: "button", id: "theme" });
	let chosen = null;
	const show = () => {
		const theme = chosen ?? (system.matches ? "dark" : "light");
		const other = theme === "dark" ? "light" : "dark";
		document.documentElement.dataset.theme = theme;
		button.textContent = theme === "dark" ? "☀" : "☾";
		button.setAttribute("aria-label", `Use ${other} colours`);
		button.title = `Use ${other} colours (T)`;
		state.set({ theme });
	};
	button.addEventListener("click", () => {
		chosen = state.get("theme") === "dark" ? "light" : "dark";
		show();
	});
	system.addEventListener("change", show);
	show();
	return button;
}

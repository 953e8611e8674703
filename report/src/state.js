// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/**
 * What is being looked at: the view, the trace, the process, the moment, the object, the page that
 * is chosen. Who depends on it is told the names of what changed.
 */
export class State {
	#values;
	#listeners = [];

	constructor(values) {
		this.#values = { ...values };
	}

	get(name) {
		return this.#values[name];
	}

	set(values) {
		const changed = new Set();
		for (const [name, value] of Object.entries(values)) {
			if (this.#values[name] === value) continue;
			this.#values[name] = value;
			changed.add(name);
		}
		if (changed.size > 0) for (const listener of this.#listeners) listener(changed);
	}

	listen(listener) {
		this.#listeners.push(listener);
	}
}

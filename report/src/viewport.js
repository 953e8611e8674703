// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/** The part [low, high] of [least, most] that is seen along one direction, never less than `finest`. */
export class Viewport {
	constructor(least, most, finest) {
		Object.assign(this, { least, most, finest });
		this.reset();
	}

	reset() {
		this.low = this.least;
		this.high = this.most;
	}

	get length() {
		return this.high - this.low;
	}

	get isWhole() {
		return this.low === this.least && this.high === this.most;
	}

	/** Sees `length` from `low` on, moved and cut to what there is. */
	show(low, length) {
		const whole = this.most - this.least;
		const seen = Math.min(whole, Math.max(Math.min(this.finest, whole), length));
		this.low = Math.min(Math.max(low, this.least), this.most - seen);
		this.high = this.low + seen;
	}

	/** factor < 1: nearer. What lies at `at` stays where it is. */
	zoom(at, factor) {
		const seen = Math.max(this.finest, this.length * factor);
		const part = (at - this.low) / this.length;
		this.show(at - part * seen, seen);
	}

	pan(distance) {
		this.show(this.low + distance, this.length);
	}

	/** Moves no more than needed to have [low, high] in sight. */
	reveal(low, high) {
		if (low < this.low) this.pan(low - this.low);
		else if (high > this.high) this.pan(Math.min(high - this.high, low - this.low));
	}
}

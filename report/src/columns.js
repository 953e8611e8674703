// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

// Searches in sorted columns of numbers.

/** How many of the sorted numbers are at most `value`. */
export function upTo(sorted, value) {
	let low = 0;
	let high = sorted.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (sorted[middle] <= value) low = middle + 1;
		else high = middle;
	}
	return low;
}

/** Sorted, each once. */
export function distinct(numbers) {
	const sorted = Float64Array.from(numbers).sort();
	return sorted.filter((number, i) => i === 0 || number !== sorted[i - 1]);
}

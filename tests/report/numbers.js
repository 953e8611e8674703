// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/** Numbers on the page, read as a reader would. */

const UNITS = {
	"": 1,
	bytes: 1,
	KiB: 1024,
	MiB: 1024 ** 2,
	GiB: 1024 ** 3,
	TiB: 1024 ** 4,
	ns: 1,
	µs: 1e3,
	ms: 1e6,
	s: 1e9,
};

export function readNumber(text) {
	const match = text.trim().match(/^([\d,]+(?:\.(\d+))?)(?: (\S+))?$/);
	if (match === null || UNITS[match[3] ?? ""] === undefined)
		throw new Error(`not a number: ${text}`);
	const unit = UNITS[match[3] ?? ""];
	const value = Number(match[1].replaceAll(",", "")) * unit;
	return { value, exactness: (0.5001 * unit) / 10 ** (match[2]?.length ?? 0) };
}

/** Does the text say this number, as exactly as it has digits? */
export function says(text, number) {
	const { value, exactness } = readNumber(text);
	return Math.abs(value - number) <= exactness && (number === 0 || value !== 0);
}

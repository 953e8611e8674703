// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

// Numbers as text. An address is its page number in hexadecimal with three zeros behind: so no
// number is larger than a double can hold.

export const PAGE_BYTES = 4096;

export function count(number) {
	return number.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

export function plural(number, noun, nouns = `${noun}s`) {
	return `${count(number)} ${number === 1 ? noun : nouns}`;
}

/** Three digits that count, without an exponent. */
function three(number) {
	const size = Math.abs(number);
	if (size === 0) return "0";
	const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(size))));
	return number.toLocaleString("en-US", {
		minimumFractionDigits: digits,
		maximumFractionDigits: digits,
	});
}

function scaled(number, units) {
	let at = 0;
	while (at + 1 < units.length && Math.abs(number) >= units[at + 1][0]) at++;
	return [number / units[at][0], units[at][1]];
}

const BYTES = [
	[1, "bytes"],
	[1024, "KiB"],
	[1024 ** 2, "MiB"],
	[1024 ** 3, "GiB"],
	[1024 ** 4, "TiB"],
];
const SECONDS = [
	[1e-9, "ns"],
	[1e-6, "µs"],
	[1e-3, "ms"],
	[1, "s"],
];

export function bytes(number) {
	const [value, unit] = scaled(number, BYTES);
	const text = unit === "bytes" || Number.isInteger(value) ? count(value) : three(value);
	return `${text} ${unit}`;
}

export function seconds(number) {
	if (number === 0) return "0 s";
	const [value, unit] = scaled(number, SECONDS);
	return `${three(value)} ${unit}`;
}

export function nanoseconds(number) {
	return seconds(number * 1e-9);
}

export function ratio(number) {
	return number.toLocaleString("en-US", {
		minimumFractionDigits: 2,
		maximumFractionDigits: 2,
	});
}

export function decimal(number) {
	return number.toLocaleString("en-US", {
		minimumFractionDigits: 1,
		maximumFractionDigits: 1,
	});
}

export function address(page) {
	return page === 0 ? "0" : `${page.toString(16)}000`;
}

export function range(page, pages) {
	return `${address(page)}-${address(page + pages)}`;
}

export function size(pages) {
	return bytes(pages * PAGE_BYTES);
}

/** As in /proc/PID/maps: rw-p. */
export function protection(bits) {
	return (
		(bits & 1 ? "r" : "-") +
		(bits & 2 ? "w" : "-") +
		(bits & 4 ? "x" : "-") +
		(bits & 8 ? "s" : "p")
	);
}

/** The last part of a path; other names as they are. */
export function short(name) {
	return name.startsWith("/") ? name.slice(name.lastIndexOf("/") + 1) || name : name;
}

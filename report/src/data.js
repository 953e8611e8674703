// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

// The report's data: JSON in a script that browsers do not run, written as it is or, when large,
// deflated and in base64.

const PACKED = "deflate-raw:";

async function unpack(text) {
	const letters = atob(text);
	const bytes = new Uint8Array(letters.length);
	for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
	const stream = new Blob([bytes])
		.stream()
		.pipeThrough(new DecompressionStream("deflate-raw"));
	return new Response(stream).json();
}

export async function readData() {
	const text = document.getElementById("vas-report").textContent.trim();
	if (text.startsWith(PACKED)) return unpack(text.slice(PACKED.length));
	if (!text.startsWith("{")) return null;
	return JSON.parse(text);
}

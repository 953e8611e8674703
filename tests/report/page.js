// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

/** Fills the page with data, as the command does, and opens it in a browser of its own. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { deflateRawSync } from "node:zlib";
import { chromium } from "playwright-core";

const MARK = "@VAS_REPORT_DATA@";
const ARGUMENTS = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

export function writePage(name, report, packed = false) {
	const json = JSON.stringify(report).replaceAll("<", "\\u003c");
	const data = packed ? `deflate-raw:${deflateRawSync(json).toString("base64")}` : json;
	const [before, after] = readFileSync(process.env.PAGE, "utf8").split(MARK);
	writeFileSync(name, before + data + after);
	return resolve(name);
}

export class Browser {
	async start() {
		this.profile = mkdtempSync(join(tmpdir(), "vas-report-"));
		const options = {
			executablePath: process.env.BROWSER,
			args: ARGUMENTS,
			headless: true,
			viewport: { width: 1400, height: 900 },
		};
		this.context = await chromium.launchPersistentContext(this.profile, options);
	}

	async end() {
		await this.context.close();
		rmSync(this.profile, { recursive: true, force: true });
	}

	/** A page, and in `page.trouble` all that a reader's console would show, or that it fetches. */
	async open(file, { view = "", scheme = "light", width = 1400, height = 900 } = {}) {
		const page = await this.context.newPage();
		page.trouble = [];
		page.on("console", (message) => page.trouble.push(message.text()));
		page.on("pageerror", (error) => page.trouble.push(String(error)));
		page.on("request", (request) => {
			if (!/^(file|data|about):/.test(request.url()))
				page.trouble.push(request.url());
		});
		await page.setViewportSize({ width, height });
		await page.emulateMedia({ colorScheme: scheme });
		await page.goto(`file://${file}${view === "" ? "" : `#${view}`}`);
		await page.waitForSelector("header");
		await settle(page);
		return page;
	}
}

/** Two pictures later, all that was asked for is drawn. */
export async function settle(page) {
	await page.evaluate(
		() =>
			new Promise((done) =>
				requestAnimationFrame(() =>
					requestAnimationFrame(() => setTimeout(done, 30)),
				),
			),
	);
}

/** Presses keys one after the other. */
export async function press(page, ...keys) {
	for (const key of keys) await page.keyboard.press(key);
	await settle(page);
}

/**
 * How many pixels of the canvases below an element are near each colour of the style sheet, and how
 * many are near none of them (`other`).
 */
export function paintedPixels(page, selector, names) {
	return page.evaluate(
		([where, wanted]) => {
			const style = getComputedStyle(document.documentElement);
			const rgb = (text) =>
				[1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
			const colors = wanted.map((name) =>
				rgb(style.getPropertyValue(name).trim()),
			);
			const counts = wanted.map(() => 0);
			let other = 0;
			for (const canvas of document.querySelectorAll(`${where} canvas`)) {
				const copy = new OffscreenCanvas(
					canvas.width,
					canvas.height,
				).getContext("2d", { willReadFrequently: true });
				copy.drawImage(canvas, 0, 0);
				const { data } = copy.getImageData(
					0,
					0,
					canvas.width,
					canvas.height,
				);
				for (let i = 0; i < data.length; i += 4) {
					if (data[i + 3] < 250) continue;
					const near = colors.findIndex(
						(color) =>
							Math.abs(data[i] - color[0]) +
								Math.abs(data[i + 1] - color[1]) +
								Math.abs(data[i + 2] - color[2]) <=
							6,
					);
					if (near >= 0) counts[near]++;
					else other++;
				}
			}
			return {
				other,
				...Object.fromEntries(wanted.map((name, i) => [name, counts[i]])),
			};
		},
		[selector, names],
	);
}

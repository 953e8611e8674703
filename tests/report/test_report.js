// SPDX-FileCopyrightText: 2026 the vas authors
// SPDX-License-Identifier: MIT

// The tests of the browser report; run.sh says how they are started. Each opens a page in a browser
// and looks at what a reader would see; what it should be is worked out anew from the JSON.

import { after, before } from "node:test";

import { browser } from "./shared.js";

before(() => browser.start());
after(() => browser.end());

await import("./test_comparison.js");
await import("./test_space.js");
await import("./test_family.js");
await import("./test_objects.js");
await import("./test_page.js");
await import("./test_size.js");
await import("./test_command.js");

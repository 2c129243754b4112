// What a page downloads: at most 200 kB, compressed as servers do.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { web } from "./helpers.mjs";

test("a page downloads at most 200 kB", () => {
  const bytes = (name) => gzipSync(readFileSync(join(web, "pellucid", name)), { level: 9 }).length;
  const scripts = ["index.js", "assets.js", "engine.js", "processor.js"];
  for (const program of ["pellucid.wasm", "pellucid-plain.wasm"]) {
    const parts = [...scripts, program, "small.bin"].map((name) => [name, bytes(name)]);
    const whole = parts.reduce((sum, [, size]) => sum + size, 0);
    console.log(`${parts.map(([name, size]) => `${name} ${size}`).join(", ")}: ${whole} bytes`);
    assert.ok(whole <= 200000, `${whole} bytes with ${program}`);
  }
});

// The types: a program that uses all of the package compiles, wrong uses do not.
import { spawnSync } from "node:child_process";
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { npm, scratch, source, web } from "./helpers.mjs";

const tsc = join(npm, "node_modules/typescript/bin/tsc");
const skip = existsSync(tsc) ? false : "TypeScript is not there; scripts/setup.sh installs it from npm.";

test("a program that uses everything compiles, and wrong uses do not", { skip }, () => {
  mkdirSync(join(scratch, "node_modules"), { recursive: true });
  cpSync(join(web, "pellucid"), join(scratch, "node_modules/pellucid"), { recursive: true });
  cpSync(join(source, "tests/web/types.ts"), join(scratch, "types.ts"));
  const options = { strict: true, noEmit: true, target: "es2022", module: "nodenext", moduleResolution: "nodenext", lib: ["es2022", "dom"] };
  writeFileSync(join(scratch, "package.json"), '{ "type": "module" }');
  writeFileSync(join(scratch, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...options, types: [] }, files: ["types.ts"] }));
  const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", scratch], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
});

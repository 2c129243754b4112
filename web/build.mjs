// Puts the npm package and the demo page together: node build.mjs OUT SIMD.wasm PLAIN.wasm
//
// OUT/pellucid is the package, OUT/demo the page beside it, OUT/pellucid-demo.html the same page in one file.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { inlineDemo } from "./inline.mjs";
import { packModel } from "./model.mjs";

const [out, simd, plain] = process.argv.slice(2);
const root = fileURLToPath(new URL("..", import.meta.url));
const text = (path) => readFileSync(root + path, "utf8");

for (const folder of ["pellucid", "demo"]) rmSync(`${out}/${folder}`, { recursive: true, force: true });
const place = `${out}/pellucid`;
mkdirSync(place, { recursive: true });
for (const name of ["index.js", "node.js", "assets.js", "engine.js", "index.d.ts", "node.d.ts", "engine.d.ts"]) {
  cpSync(`${root}web/src/${name}`, `${place}/${name}`);
}
cpSync(simd, `${place}/pellucid.wasm`);
cpSync(plain, `${place}/pellucid-plain.wasm`);
cpSync(`${root}web/README.md`, `${place}/README.md`);
cpSync(`${root}LICENSE`, `${place}/LICENSE`);
writeFileSync(`${place}/small.bin`, packModel(readFileSync(`${root}models/small.safetensors`)));
// The model's card has the licences of what it was trained on. What it points to is not in the package.
const card = text("models/small.md").replace(/\]\(\.\.\/([^)\s]+)\)/g, "] ($1 in Pellucid's source)");
writeFileSync(`${place}/small.md`, card);

// Bundlers copy a worklet's file and follow none of its imports, so it has none.
const engine = text("web/src/engine.js").replace(/^export /gm, "");
const processor = text("web/src/processor.js").replace(/^import .*\n/gm, "");
writeFileSync(`${place}/processor.js`, `${engine}\n${processor}`);

const header = text("include/pellucid/pellucid.h");
const part = (name) => header.match(new RegExp(`PELLUCID_VERSION_${name} (\\d+)`))[1];
const description = JSON.parse(text("web/package.json"));
description.version = `${part("MAJOR")}.${part("MINOR")}.${part("PATCH")}`;
writeFileSync(`${place}/package.json`, JSON.stringify(description, null, 2) + "\n");

cpSync(`${root}web/demo`, `${out}/demo`, { recursive: true });
cpSync(`${root}examples/audio/noisy/office.flac`, `${out}/demo/example.flac`);
writeFileSync(`${out}/pellucid-demo.html`, inlineDemo(out));

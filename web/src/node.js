// Pellucid for Node.js: the engine on Float32Arrays. What needs a page is in index.js.
import { readFile } from "node:fs/promises";

import { assetLoader } from "./assets.js";
import { PellucidError } from "./engine.js";

export { Denoiser, PellucidError } from "./engine.js";
export { hasSimd } from "./assets.js";

async function read(path) {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw new PellucidError("missing", `${path} cannot be read (${error.code ?? error.message}).`);
  }
}

export const load = assetLoader((name) => read(new URL(name, import.meta.url)), read);

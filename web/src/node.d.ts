// Pellucid for Node.js: `import { load, Denoiser } from "pellucid/node"`.

import type { Assets, LoadOptions } from "./engine.js";

export { Assets, Denoiser, LoadOptions, PellucidError, Settings, Status } from "./engine.js";

/** Whether WebAssembly has 128-bit vectors here. */
export function hasSimd(): boolean;

/** Gets module and model, for `new Denoiser(await load(), …)`. */
export function load(options?: LoadOptions): Promise<Assets>;

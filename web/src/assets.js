// What every user of the engine has to have first: its WebAssembly module and a model.
import { PellucidError, unpackModel } from "./engine.js";

// (module (func (result v128) i32.const 0 i8x16.splat))
const SIMD = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11);

/** Whether WebAssembly has 128-bit vectors here. */
export const hasSimd = () => WebAssembly.validate(SIMD);

/**
 * load() of both entry points. `read(name)` gives a file of the package, `fetchModel(model)` one that the user names.
 * The package's own files are read once.
 */
export function assetLoader(read, fetchModel) {
  const kept = new Map();
  const once = (key, make) => {
    if (!kept.has(key)) {
      const promise = make();
      kept.set(key, promise);
      promise.catch(() => kept.delete(key)); // so that a second try asks again
    }
    return kept.get(key);
  };
  return async function load({ model, simd } = {}) {
    if (typeof WebAssembly !== "object") {
      throw new PellucidError("unsupported", "This browser has no WebAssembly; a current one is needed.");
    }
    const program = simd ?? hasSimd() ? "pellucid.wasm" : "pellucid-plain.wasm";
    const [module, bytes] = await Promise.all([
      once(program, async () => compile(program, await read(program))),
      model === undefined ? once("model", async () => unpackModel(await read("small.bin"))) : modelBytes(model, fetchModel),
    ]);
    return { module, model: bytes };
  };
}

async function compile(program, bytes) {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new PellucidError(
      "missing",
      `${program} is no WebAssembly module, or the page's content security policy does not allow 'wasm-unsafe-eval' (${error.message}).`
    );
  }
}

async function modelBytes(model, fetchModel) {
  if (model instanceof ArrayBuffer) return unpackModel(new Uint8Array(model));
  if (ArrayBuffer.isView(model)) return unpackModel(new Uint8Array(model.buffer, model.byteOffset, model.byteLength));
  return unpackModel(await fetchModel(model));
}

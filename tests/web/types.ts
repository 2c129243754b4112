// Compiled, never run, by types.test.mjs. What stands under @ts-expect-error has to be an error.
import { createDenoiser, Denoiser, denoiseBuffer, DenoiserNode, hasSimd, load, PellucidError, setFiles, unsupportedReason } from "pellucid";
import { Denoiser as NodeDenoiser, load as loadInNode } from "pellucid/node";

async function page(context: AudioContext, buffer: AudioBuffer): Promise<void> {
  const reason: string | null = unsupportedReason();
  if (reason !== null || !hasSimd()) return;
  setFiles({ "small.bin": "https://example.org/small.bin" });
  const node: DenoiserNode = await createDenoiser(context, { channels: 2, strength: 0.5, statusIntervalMs: 100, linkChannels: true });
  const parameter: AudioParam = node.strength;
  parameter.setTargetAtTime(1, 0, node.latency + node.latencyFrames);
  node.attenuationLimitDb = Infinity;
  node.postFilter = 0.5;
  node.bypass = node.adaptive = true;
  node.addEventListener("voicechange", (event) => console.log(event.detail.voiceActive, event.detail.time));
  node.connect(context.destination);
  node.reset();
  node.close();
  const clean: AudioBuffer = await denoiseBuffer(buffer, { model: new URL("https://example.org/model.safetensors") });
  console.log(clean.length, node.status?.snrDb);
  const own = new Denoiser(await load({ simd: false }), { sampleRate: 48000 });
  const output: Float32Array[] = own.process([new Float32Array(480)]);
  console.log(output);
  try {
    own.reset();
  } catch (error) {
    if (error instanceof PellucidError && error.code === "model") console.log(error.message);
  }
  // @ts-expect-error: only createDenoiser makes one
  new DenoiserNode(context);
  // @ts-expect-error: a word of no code
  if ((new PellucidError("model", "") as PellucidError).code === "nothing") return;
  // @ts-expect-error: the rate is needed
  new Denoiser(await load(), {});
  // @ts-expect-error: the buffer says how many channels there are
  await denoiseBuffer(buffer, { channels: 1 });
}

async function program(): Promise<void> {
  new NodeDenoiser(await loadInNode({ model: "other.safetensors" }), { sampleRate: 16000 }).strength = 0.5;
}

void page;
void program;

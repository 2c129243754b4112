// The demo page as a person uses it: files, both sides, keys, the microphone, and everything that can be missing.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";

import { launch, launchWithoutMicrophone, missing, serve } from "./browser.mjs";
import { byCli, largestDifference, readWav, recording, scratch, web, writeWav } from "./helpers.mjs";

const SCREENSHOTS = process.env.PELLUCID_SCREENSHOTS; // a folder to leave pictures in

describe("the demo page", { skip: missing }, () => {
  let server, browser;
  const noisy = missing ? null : recording();

  before(async () => {
    server = await serve();
    browser = await launch("--use-fake-ui-for-media-stream");
  });
  after(async () => {
    await browser?.close();
    server?.close();
  });

  async function open({ address = `${server.address}/demo/index.html`, prepare, ...options } = {}) {
    const context = await browser.newContext({ viewport: { width: 1000, height: 860 }, ...options });
    const page = await context.newPage();
    page.problems = [];
    page.on("pageerror", (error) => page.problems.push(error.message));
    await prepare?.(page, context);
    await page.goto(address);
    return page;
  }
  const denoised = (page) => page.getByText(/ s denoised in /).waitFor({ timeout: 60000 });
  const problem = async (page) => {
    await page.locator("#problem").waitFor();
    return page.locator("#problem").textContent();
  };
  const brightness = (page, id) =>
    page.evaluate((id) => {
      const canvas = document.getElementById(id);
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let sum = 0;
      for (let i = 0; i < data.length; ++i) if (i % 4 !== 3) sum += data[i];
      return sum / data.length;
    }, id);
  const position = (page) => page.locator("#position").inputValue().then(Number);

  async function downloaded(page) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click()]);
    const path = join(scratch, "download.wav");
    await download.saveAs(path);
    return { name: download.suggestedFilename(), ...readWav(path) };
  }

  test("a dropped file is drawn, played on both sides, changed and downloaded", async () => {
    const page = await open();
    const rate = await page.evaluate(() => new AudioContext().sampleRate);
    const x = noisy.samples.slice(0, 64000);
    writeWav(join(scratch, "talk.wav"), [x], rate); // at the context's own rate, so that nothing is resampled
    const data = readFileSync(join(scratch, "talk.wav")).toString("base64");
    const transfer = await page.evaluateHandle((data) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], "talk.wav", { type: "audio/wav" }));
      return transfer;
    }, data);
    await page.dispatchEvent("#drop", "drop", { dataTransfer: transfer });
    await denoised(page);
    assert.ok((await brightness(page, "after")) < 0.9 * (await brightness(page, "before")));

    const full = await downloaded(page);
    assert.equal(full.name, "talk.denoised.wav");
    assert.equal(full.rate, rate);
    assert.ok(largestDifference(full.channels[0], byCli([x], rate)[0]) <= 1e-4);

    await page.getByRole("slider", { name: "Strength" }).fill("0");
    await page.getByText(/ s denoised in /).waitFor();
    await page.waitForFunction(() => document.getElementById("strength-value").textContent === "0 %");
    await page.waitForTimeout(500);
    await denoised(page);
    assert.ok(largestDifference((await downloaded(page)).channels[0], x) <= 1e-4);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test("the example plays by keyboard alone, and both sides are in step", async () => {
    const page = await open();
    for (let i = 0; i < 10; ++i) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement.id === "example")) break;
    }
    await page.keyboard.press("Enter");
    await denoised(page);
    await page.evaluate(() => document.activeElement.blur());
    assert.equal(await position(page), 0);
    await page.keyboard.press("Space");
    await page.waitForFunction(() => Number(document.getElementById("position").value) > 0.1);
    await page.getByText("Voice", { exact: true }).waitFor();
    await page.keyboard.press("b");
    assert.ok(await page.locator("#before-view.heard").isVisible());
    if (SCREENSHOTS) mkdirSync(SCREENSHOTS, { recursive: true });
    await page.keyboard.press("b");
    if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, "light.png") });
    await page.keyboard.press("Space");
    assert.equal(await page.locator("#play").textContent(), "Play");
    const stopped = await position(page);
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction((old) => Number(document.getElementById("position").value) > old, stopped);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test("one file opened from the disk, in the dark and offline, does the same", async () => {
    const address = pathToFileURL(join(web, "pellucid-demo.html")).href;
    const page = await open({ address, colorScheme: "dark", offline: true });
    const notes = await page.evaluate(() => [...document.childNodes, ...document.body.childNodes].map((n) => n.nodeType === Node.COMMENT_NODE ? n.data : "").join(""));
    assert.match(notes, /MIT License/);
    assert.match(notes, /LibriSpeech/, "the licences of what the model was trained on");
    await page.getByRole("button", { name: "Hear an example" }).click();
    await denoised(page);
    await page.getByRole("button", { name: "Play" }).click();
    await page.waitForFunction(() => Number(document.getElementById("position").value) > 0.05);
    if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, "dark.png") });
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });

  test("what cannot be read gets a sentence, and the page goes on", async () => {
    const page = await open();
    writeFileSync(join(scratch, "notes.txt"), "no sound");
    await page.locator("#file").setInputFiles(join(scratch, "notes.txt"));
    assert.match(await problem(page), /notes\.txt is no sound that this browser can read/);
    await page.getByRole("button", { name: "Hear an example" }).click();
    await denoised(page);
    assert.ok(await page.locator("#problem").isHidden());
    await page.context().close();
  });

  test("a missing model and an unsupported browser get a sentence", async () => {
    const lost = await open({ prepare: (page) => page.route("**/small.bin", (route) => route.fulfill({ status: 404 })) });
    assert.match(await problem(lost), /small\.bin could not be loaded \(status 404\)/);
    const old = await open({ prepare: (page) => page.addInitScript(() => delete window.AudioWorkletNode) });
    assert.match(await problem(old), /no audio worklets; a current one is needed/);
    assert.ok(await old.getByRole("button", { name: "Use the microphone" }).isDisabled());
    const broken = await open({ prepare: (page) => page.route("**/engine.js", (route) => route.fulfill({ status: 404 })) });
    assert.match(await problem(broken), /This page could not start \(a part of it is missing\)/);
    const ancient = await open({
      prepare: (page) => page.route("**/engine.js", (route) => route.fulfill({ contentType: "text/javascript", body: "class { #! }" })),
    });
    assert.match(await problem(ancient), /This page could not start \(.*SyntaxError/);
  });

  for (const [name, sentence] of [
    ["NotFoundError", /There is no microphone/],
    ["NotReadableError", /another program may be using it/],
    ["none", /gives pages no microphone/],
    ["NotAllowedError", /did not allow the microphone/],
  ]) {
    test(`a microphone that fails (${name}) gets a sentence`, async () => {
      const page = await open({
        address: `${server.address}/demo/index.html${name === "NotAllowedError" ? "?refuse" : ""}`,
        prepare: (page) =>
          name !== "NotAllowedError" && // which comes from Chromium itself
          page.addInitScript((name) => {
            if (name === "none") return Object.defineProperty(navigator, "mediaDevices", { value: undefined });
            navigator.mediaDevices.getUserMedia = async () => {
              throw new DOMException("no", name);
            };
          }, name),
      });
      await page.getByRole("button", { name: "Use the microphone" }).click();
      assert.match(await problem(page), sentence);
      await page.getByRole("button", { name: "Hear an example" }).click();
      await denoised(page);
      await page.context().close();
    });
  }

  // What Chromium itself says, not what a test makes it say.
  test("a machine without a microphone, and a person who refuses it, get a sentence", async () => {
    for (const [start, sentence] of [
      [() => launchWithoutMicrophone("--use-fake-ui-for-media-stream"), /There is no microphone\. Connect one and try again/],
      [() => launch("--use-fake-ui-for-media-stream=deny"), /The browser did not allow the microphone\. Allow it beside the page's address/],
    ]) {
      const other = await start();
      const page = await (await other.newContext()).newPage();
      await page.goto(`${server.address}/demo/index.html`);
      await page.getByRole("button", { name: "Use the microphone" }).click();
      assert.match(await problem(page), sentence);
      await page.getByRole("button", { name: "Hear an example" }).click();
      await denoised(page);
      await other.close();
    }
  });

  test("the microphone is shown live, kept, and survives being pulled out", async () => {
    writeWav(join(scratch, "microphone.wav"), [noisy.samples], noisy.rate);
    const other = await launch("--use-fake-ui-for-media-stream", `--use-file-for-fake-audio-capture=${join(scratch, "microphone.wav")}`);
    const page = await (await other.newContext()).newPage();
    await page.goto(`${server.address}/demo/index.html`);
    await page.getByRole("button", { name: "Use the microphone" }).click();
    await page.locator("#microphone.recording").waitFor();
    await page.getByText("Voice", { exact: true }).waitFor({ timeout: 30000 });
    await page.waitForTimeout(1500); // so that there is something to see
    assert.ok((await brightness(page, "before")) > (await brightness(page, "after")));
    assert.ok(await page.locator("#play").isDisabled());
    await page.getByRole("button", { name: "Stop" }).click();
    await denoised(page);
    assert.match(await page.locator("#state").textContent(), /^recording: [\d.]+ s denoised/);
    assert.ok(await page.locator("#play").isEnabled());
    await page.evaluate(() => {
      const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (wish) => (window.stream = await real(wish));
    });
    await page.getByRole("button", { name: "Use the microphone" }).click();
    await page.locator("#microphone.recording").waitFor();
    await page.waitForTimeout(1000);
    await page.evaluate(() => window.stream.getAudioTracks()[0].dispatchEvent(new Event("ended")));
    assert.match(await problem(page), /The microphone went away; what it heard until then is here/);
    await other.close();
  });

  test("the page example of the repository runs", async () => {
    const page = await open({ address: `${server.address}/examples/javascript/page.html` });
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText(/Running, [\d.]+ ms behind/).waitFor();
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
});

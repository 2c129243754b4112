// Chromium, a server for the built package, and what can be missing of them.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";

import { npm, source, web } from "./helpers.mjs";

const PROGRAMS = [process.env.CHROMIUM, "/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/google-chrome"];
const program = PROGRAMS.find((path) => path && existsSync(path));
const playwright = existsSync(join(npm, "node_modules/playwright-core")) ? createRequire(join(npm, "x.js"))("playwright-core") : null;

/** Why there is no browser to test in; false where there is one. */
export const missing =
  program === undefined
    ? "Chromium is not there; scripts/setup.sh installs Debian's chromium-headless-shell, or set CHROMIUM to its path."
    : playwright === null
      ? "playwright-core is not there; scripts/setup.sh installs it from npm."
      : false;

const TYPES = { ".js": "text/javascript", ".html": "text/html", ".css": "text/css", ".wasm": "application/wasm", ".flac": "audio/flac" };

/** Serves the built package, demo and page example; isolated, so that the page's clock is fine. Pages that
 * end in ?refuse get no microphone. Gives the address. */
export async function serve() {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    const file = path.startsWith("/examples/") ? join(source, path) : join(web, path);
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    if (request.url.endsWith("?refuse")) response.setHeader("Permissions-Policy", "microphone=()");
    if (path === "/blank.html") return response.setHeader("Content-Type", "text/html").end("<!doctype html><title>blank</title>");
    if (!existsSync(file) || path.endsWith("/")) return response.writeHead(404).end();
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream").end(readFileSync(file));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `http://localhost:${server.address().port}`, close: () => server.close() };
}

/** Chromium with a microphone that beeps. */
export const launch = (...flags) => launchWithoutMicrophone("--use-fake-device-for-media-stream", ...flags);

export function launchWithoutMicrophone(...flags) {
  return playwright.chromium.launch({
    executablePath: program,
    args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", ...flags],
  });
}

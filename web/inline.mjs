// The demo page as one file that needs no server: every module and asset becomes a data: address in it.
import { readFileSync } from "node:fs";

const TYPES = { js: "text/javascript", wasm: "application/wasm", bin: "application/octet-stream", flac: "audio/flac" };

export function inlineDemo(out) {
  const address = (path, content = readFileSync(path)) =>
    `data:${TYPES[path.split(".").pop()]};base64,${Buffer.from(content).toString("base64")}`;
  const modules = {};

  // A module's text: what it imports by name of the import map, its files by data: address.
  const inlined = (folder, name) =>
    readFileSync(`${out}/${folder}/${name}`, "utf8")
      .replace(/from "(\.\.?\/)([^"]+)"/g, (_, up, path) => {
        const [place, file] = up === "../" ? path.split("/") : [folder, path];
        const key = `inline/${place}/${file}`;
        if (!(key in modules)) {
          modules[key] = null; // so that a circle of imports would end
          modules[key] = address(file, inlined(place, file));
        }
        return `from "${key}"`;
      })
      .replace(/new URL\("\.\/([^"]+)", import\.meta\.url\)/g, (_, file) => `"${address(`${out}/${folder}/${file}`)}"`);

  const main = inlined("demo", "demo.js");
  const page = readFileSync(`${out}/demo/index.html`, "utf8");
  const style = readFileSync(`${out}/demo/style.css`, "utf8");
  // What goes with the engine and the model wherever they go, and nobody needs to see on the page.
  const notes = ["LICENSE", "small.md"].map((name) => readFileSync(`${out}/pellucid/${name}`, "utf8"));
  const comment = `<!--\n${notes.join("\n").replaceAll("-->", "-- >")}-->\n`;
  const whole = page
    .replace(/<link rel="stylesheet"[^>]*>/, () => `<style>\n${style}</style>`)
    .replace(
      /<script type="module"[^>]*><\/script>/,
      () => `<script type="importmap">${JSON.stringify({ imports: modules })}</script>\n<script type="module">\n${main}</script>`
    );
  return whole + comment;
}

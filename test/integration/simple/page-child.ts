/**
 * A browser in small: loads the page's modules by its import map, in a world without anything of Node, and presses its buttons.
 *
 * Run as `node --experimental-vm-modules page-child.js <url>`; prints what the page shows.
 */

import { once } from "node:events";
import { createContext, SourceTextModule } from "node:vm";
import { WebSocket } from "ws";

const base = process.argv[2] ?? "";

/** What the page uses of an element. */
class Element {
  textContent = "";
  value = "";
  scrollTop = 0;
  scrollHeight = 0;
  onclick: () => void = () => {};
  onkeydown: (event: { key: string }) => void = () => {};
  animate(): void {}
}

const elements = new Map<string, Element>();

function getElementById(id: string): Element {
  const element = elements.get(id) ?? new Element();
  elements.set(id, element);
  return element;
}

async function read(path: string): Promise<string> {
  const response = await fetch(new URL(path, base));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  const isScript = response.headers.get("content-type")?.startsWith("text/javascript") === true;
  if (path.endsWith(".js") && !isScript) throw new Error(`${path} is no script for a browser`);
  return await response.text();
}

const html = await read("/");
const { imports } = JSON.parse(
  /<script type="importmap">([^]*?)<\/script>/.exec(html)?.[1] ?? "",
) as {
  imports: Record<string, string>;
};
const context = createContext({
  document: { getElementById },
  location: { origin: base },
  fetch: (path: string) => fetch(new URL(path, base)),
  ...{ WebSocket, TextEncoder, TextDecoder },
});
const modules = new Map<string, Promise<SourceTextModule>>();

/** Loads a module once. */
function load(path: string): Promise<SourceTextModule> {
  let module = modules.get(path);
  if (module === undefined) {
    module = read(path).then((text) => new SourceTextModule(text, { context, identifier: path }));
    modules.set(path, module);
  }
  return module;
}

const entry = await load(/<script type="module" src="(.*?)">/.exec(html)?.[1] ?? "");
await entry.link((name, from) => {
  const path = imports[name] ?? new URL(name, `${base}${from.identifier}`).pathname;
  if (name.includes(":") && imports[name] === undefined) throw new Error(`no browser has ${name}`);
  return load(path);
});
await entry.evaluate();

/** Waits until the page shows a text. */
async function shows(text: string): Promise<void> {
  while (!getElementById("log").textContent.includes(text)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

await shows("RESPONSE\t1");
// Text that is not ASCII, short and long, takes other ways through the codec.
getElementById("what").value = "grüße";
getElementById("value").value = `${"welt €".repeat(40)}!`;
getElementById("set").onclick();
await shows("RESPONSE\t2");
getElementById("get").onclick();
await shows("RESPONSE\t3");
// The Enter key does what the button behind the field does; other keys do nothing.
getElementById("value").value = "drei";
for (const key of ["x", "Enter"]) getElementById("value").onkeydown({ key });
await shows("RESPONSE\t4");
for (const key of ["x", "Enter"]) getElementById("what").onkeydown({ key });
await shows("RESPONSE\t5");
getElementById("quit").onclick();
await shows("Server closed");
process.stdout.write(getElementById("log").textContent);
if (process.stdout.writableNeedDrain) await once(process.stdout, "drain");

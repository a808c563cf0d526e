// @ts-check
/**
 * Counts the files of src/ that a journey passes through: `node bench/journeys.mjs [--files] [journey...]`
 *
 * A journey is one operation in a node of one thread that has done it before: a call, a frame of a client, `stat` in the
 * console, a hot-fix. V8 counts the calls of every function (precise coverage), source maps lead from dist/ to src/. A function
 * belongs to the journey if it ran at least once each time. Libraries and the services of the test do not count.
 * With `--files` each file is named, with its functions. `ENTRY=<its dist/index.js>` measures another build.
 */

import { existsSync, readFileSync, rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { Session } from "node:inspector/promises";
import { SourceMap } from "node:module";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";

const ENTRY = process.env["ENTRY"] ?? fileURLToPath(new URL("../dist/index.js", import.meta.url));
const DIST = pathToFileURL(`${dirname(ENTRY)}/`).href;
const WARM_UP = 20;
const ROUNDS = 50;
const CONSOLE_PORT = 18_123;
/** A service has a number of log lines for each second; a journey that is measured has its line written. */
const LOG_SECOND_MS = 1100;

/** The most files that each journey should pass through; `seen` is a hot-fix of a text that was applied before. */
const TARGETS = { call: 17, frame: 25, stat: 22, seen: 30, hotfix: 45 };
/** @typedef {keyof typeof TARGETS} Journey */

const SERVICES = {
  "foobar.ts": `let i = 0;
export const response = { echo(x: string) { i += 1; return x; } };
export const accept = { touch() { i += 1; } };
`,
  "agent.ts": `import { skynet, socket } from "snax";
skynet.start(() => {
  skynet.dispatch("client", (fd: number, _source: number, data: Uint8Array) => {
    socket.send(fd, data);
  });
  skynet.dispatch("lua", () => undefined);
});
`,
  "door.ts": `import { skynet, gateserver } from "snax";
let agent = 0;
skynet.start(async () => {
  agent = await skynet.newservice("agent");
  gateserver.start({ connect(fd: number) { gateserver.forward(fd, agent); }, message() {} });
  skynet.register(".door");
});
`,
};

/** @param {number} step */
const patch = (step) =>
  `declare let i: number; export const accept = { touch() { i += ${step}; } };`;

/** Opens the node and returns the journeys, and how to end. @param {string} folder */
async function open(folder) {
  const { start } = await import(pathToFileURL(ENTRY).href);
  const config = {
    services: "./?.ts",
    thread: 0,
    console: `127.0.0.1:${CONSOLE_PORT}`,
    logger: join(folder, "node.log"),
  };
  const node = await start(config, { root: folder });
  const service = await node.snax.newservice("foobar");
  await node.skynet.newservice("door");
  const at = { address: "127.0.0.1", port: 0 };
  const { port } = await node.skynet.call(".door", "lua", "open", at);
  const client = await dial(port);
  const terminal = await dial(CONSOLE_PORT);
  await answer(terminal, "help\n");
  let step = 1;
  /** @type {Record<Journey, () => Promise<unknown>>} */
  const journeys = {
    call: () => service.req.echo("hello"),
    frame: () =>
      new Promise((resolve) => {
        client.once("data", resolve);
        client.write(Buffer.from([0, 5, ...Buffer.from("hello")]));
      }),
    stat: () => answer(terminal, "stat\n"),
    seen: () => node.snax.hotfix(service, patch(1)),
    hotfix: () => node.snax.hotfix(service, patch((step += 1))),
  };
  const close = async () => {
    client.destroy();
    terminal.destroy();
    await node.stop();
  };
  return { journeys, close };
}

/** @param {number} port @returns {Promise<import("node:net").Socket>} */
function dial(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket)).once("error", reject);
  });
}

/** Sends a line to the console and waits for the end of its answer. @param {import("node:net").Socket} socket @param {string} line */
function answer(socket, line) {
  return new Promise((resolve) => {
    let text = "";
    /** @param {Buffer} chunk */
    const take = (chunk) => {
      text += String(chunk);
      if (!/<CMD (OK|Error)>\n$/.test(text)) return;
      socket.off("data", take);
      resolve(text);
    };
    socket.on("data", take).write(line);
  });
}

/**
 * Returns the functions that run each time, by their file of src/.
 *
 * @param {Session} session
 * @param {() => Promise<unknown>} run
 */
async function measure(session, run) {
  for (let i = 0; i < WARM_UP; i += 1) await run();
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  for (let i = 0; i < ROUNDS; i += 1) await run();
  const { result } = await session.post("Profiler.takePreciseCoverage");
  await session.post("Profiler.stopPreciseCoverage");
  /** @type {Map<string, string[]>} */
  const files = new Map();
  for (const { url, functions } of result) {
    if (!url.startsWith(DIST)) continue;
    const find = sourcesOf(fileURLToPath(url));
    for (const { functionName, ranges } of functions) {
      const [range] = ranges;
      // What gives a class its fields is found in a wrong file by Node 20.
      if (range === undefined || range.count < ROUNDS || functionName.startsWith("<")) continue;
      const file = find(range.startOffset);
      if (file === undefined) continue;
      const names = files.get(file) ?? [];
      names.push(functionName || "(anonymous)");
      files.set(file, names);
    }
  }
  return files;
}

/**
 * Returns what finds the file of src/ for a place in a file of dist/.
 *
 * @param {string} path
 * @returns {(offset: number) => string | undefined}
 */
function sourcesOf(path) {
  const text = readFileSync(path, "utf8");
  // Services of the package are copied as they are.
  const map = readMap(`${path}.map`);
  if (map === undefined) return () => relative(dirname(ENTRY), path);
  const lines = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => {
    const after = lines.findIndex((start) => start > offset);
    const line = (after === -1 ? lines.length : after) - 1;
    const entry = map.findEntry(line, offset - (lines[line] ?? 0));
    return "originalSource" in entry ? entry.originalSource.replace(/^.*\/src\//, "") : undefined;
  };
}

/** @param {string} path */
function readMap(path) {
  return existsSync(path) ? new SourceMap(JSON.parse(readFileSync(path, "utf8"))) : undefined;
}

const names = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const isNamingFiles = process.argv.includes("--files");
const unknown = names.find((name) => !Object.hasOwn(TARGETS, name));
if (unknown !== undefined)
  throw new Error(`no journey ${unknown}: ${Object.keys(TARGETS).join(", ")}`);

const folder = await mkdtemp(join(tmpdir(), "snax-journeys-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const [name, text] of Object.entries(SERVICES)) await writeFile(join(folder, name), text);
const { journeys, close } = await open(folder);
const session = new Session();
session.connect();
await session.post("Profiler.enable");
const rows = [];
for (const [name, target] of Object.entries(TARGETS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  await sleep(LOG_SECOND_MS);
  const files = await measure(session, journeys[/** @type {Journey} */ (name)]);
  const functions = [...files.values()].reduce((sum, list) => sum + list.length, 0);
  rows.push({ journey: name, files: files.size, target, functions });
  if (!isNamingFiles) continue;
  console.log(`${name}:`);
  for (const [file, list] of [...files].toSorted(([one], [two]) => (one < two ? -1 : 1)))
    console.log(`  ${file.padEnd(34)} ${list.join(" ")}`);
}
console.table(rows);
session.disconnect();
await close();

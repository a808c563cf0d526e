// @ts-check
/**
 * Counts the files of src/ that a journey passes through: `node bench/journeys.mjs [--files] [journey...]`
 *
 * A journey is one operation in a node of one thread that has done it before: a call, a frame of a client, `stat` in the
 * console, a hot-fix. V8 counts how often every block ran (precise coverage), source maps lead from dist/ to src/. A function
 * belongs to the journey if it ran at least once each time. Libraries and the services of the test do not count.
 *
 * The journey `turn` is a turn that does next to nothing, as any message has one: a timer of a service that is due. What it
 * passes through is the kernel's; the column `beyond` counts the files of a journey that a turn does not pass.
 * With `--files` each file is named, with the lines that ran and its functions. `ENTRY=<its dist/index.js>` measures another
 * build. It ends with 1 if a journey passes more files than it should.
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
const TARGETS = { turn: undefined, call: 17, frame: 25, stat: 22, seen: 30, hotfix: 45 };
/** @typedef {keyof typeof TARGETS} Journey */

/** Every journey passes it. */
const SURE = "kernel/kernel.ts";

/** What ran of a file of src/. @typedef {{ functions: string[], lines: Set<number> }} Run */

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
    turn: () => node.skynet.sleep(1),
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
 * Returns what runs each time, by its file of src/.
 *
 * @param {Session} session
 * @param {() => Promise<unknown>} run
 */
async function measure(session, run) {
  for (let i = 0; i < WARM_UP; i += 1) await run();
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  for (let i = 0; i < ROUNDS; i += 1) await run();
  const { result } = await session.post("Profiler.takePreciseCoverage");
  await session.post("Profiler.stopPreciseCoverage");
  /** @type {Map<string, Run>} */
  const files = new Map();
  for (const { url, functions } of result) {
    if (!url.startsWith(DIST)) continue;
    const { text, find } = sourcesOf(fileURLToPath(url));
    for (const { functionName, ranges } of functions) {
      const [range] = ranges;
      // What gives a class its fields is found in a wrong file by Node 20.
      if (range === undefined || range.count < ROUNDS || functionName.startsWith("<")) continue;
      // The word `function` itself has no place in a map, and would be found in the file before.
      const begin = text.indexOf("(", range.startOffset);
      const { file } = find(begin < 0 ? range.startOffset : begin) ?? {};
      if (file === undefined) continue;
      const run = files.get(file) ?? { functions: [], lines: new Set() };
      run.functions.push(functionName || "(anonymous)");
      files.set(file, run);
    }
    for (const offset of listRunOffsets(functions)) {
      const { file = "", line = 0 } = find(offset) ?? {};
      files.get(file)?.lines.add(line);
    }
  }
  return files;
}

/**
 * Lists a place in each stretch of text, at most ten characters long, that ran each time.
 *
 * @param {import("node:inspector").Profiler.FunctionCoverage[]} functions - the outer ones first, as V8 lists them
 */
function listRunOffsets(functions) {
  const end = Math.max(0, ...functions.map(({ ranges }) => ranges[0]?.endOffset ?? 0));
  const counts = new Uint32Array(end);
  // An inner block stands behind the one that it is in, and says better what ran of it.
  for (const { ranges, functionName } of functions) {
    for (const { startOffset, endOffset, count } of ranges)
      counts.fill(functionName.startsWith("<") ? 0 : count, startOffset, endOffset);
  }
  const offsets = [];
  for (let at = 0; at < end; at += 10) if ((counts[at] ?? 0) >= ROUNDS) offsets.push(at);
  return offsets;
}

/**
 * Returns the text of a file of dist/, and what finds the file of src/, and the line, for a place in it.
 *
 * @param {string} path
 * @returns {{ text: string, find: (offset: number) => { file: string, line: number } | undefined }}
 */
function sourcesOf(path) {
  const text = readFileSync(path, "utf8");
  // Services of the package are copied as they are.
  const map = readMap(`${path}.map`);
  if (map === undefined)
    return { text, find: () => ({ file: relative(dirname(ENTRY), path), line: 0 }) };
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  /** @param {number} offset */
  const find = (offset) => {
    const line = lineAt(starts, offset);
    const entry = map.findEntry(line, offset - (starts[line] ?? 0));
    if (!("originalSource" in entry)) return undefined;
    return { file: entry.originalSource.replace(/^.*\/src\//, ""), line: entry.originalLine };
  };
  return { text, find };
}

/**
 * The number of the line in which a place is.
 *
 * @param {number[]} starts - where the lines begin
 * @param {number} offset
 */
function lineAt(starts, offset) {
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) > offset) high = middle;
    else low = middle;
  }
  return low;
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
await sleep(LOG_SECOND_MS);
const turn = await measure(session, journeys.turn);
for (const [name, target] of Object.entries(TARGETS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  await sleep(LOG_SECOND_MS);
  const files =
    name === "turn" ? turn : await measure(session, journeys[/** @type {Journey} */ (name)]);
  if (!files.has(SURE)) throw new Error(`${name} passes no ${SURE}: nothing was measured`);
  const runs = [...files.values()];
  const beyond = [...files.keys()].filter((file) => !turn.has(file)).length;
  const functions = runs.reduce((sum, run) => sum + run.functions.length, 0);
  const lines = runs.reduce((sum, run) => sum + run.lines.size, 0);
  rows.push({ journey: name, files: files.size, target, beyond, functions, lines });
  if (!isNamingFiles) continue;
  console.log(`${name}:`);
  for (const [file, run] of [...files].toSorted(([one], [two]) => (one < two ? -1 : 1))) {
    const mark = turn.has(file) ? "." : " ";
    const count = String(run.lines.size).padStart(3);
    console.log(`  ${file.padEnd(34)} ${mark}${count}  ${run.functions.join(" ")}`);
  }
}
console.table(rows);
if (rows.some(({ files, target }) => files > (target ?? files))) process.exitCode = 1;
session.disconnect();
await close();

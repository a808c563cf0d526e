/**
 * The check of a patch's types, warm, over a console's TCP port, beside a bare question to the same compiler: the text of the
 * same file with the same change, and its diagnostics.
 *
 * Each patch differs from all before it, so nothing is remembered on either side; the two take turns.
 */

import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { skynet, snax } from "snax";
import { expectEqual } from "../services/lib/check.ts";

const FOLDER = String(skynet.getenv("benchfolder"));
const FILE = join(FOLDER, "long.ts");
const uri = pathToFileURL(FILE).href;
const TEXT = readFileSync(FILE, "utf8");
const OLD = "  return next + state.value + sum;\n";

let socket: Socket;
let serial = 0;
let tell: (method: string, params: object, id?: number) => Promise<unknown>;

export async function init({ program }: { program: string }) {
  const handle = await skynet.newservice("debug_console", 0);
  const { address } = (await skynet.call(handle, "debug", "INFO")) as { address: string };
  socket = connect(Number(address.split(":")[1]), "127.0.0.1");
  socket.setEncoding("utf8");
  await snax.newservice("long");
  tell = openServer(program);
  await tell("initialize", { processId: process.pid, rootUri: null, capabilities: {} }, 1);
  void tell("initialized", {});
  const textDocument = { uri, languageId: "typescript", version: 1, text: TEXT };
  void tell("textDocument/didOpen", { textDocument });
  await bare("0");
  await check("0");
}

/** Starts a compiler of our own. */
function openServer(program: string): typeof tell {
  const child = spawn(program, ["--lsp", "--stdio"], { cwd: FOLDER });
  child.unref();
  const waiting = new Map<number, (result: unknown) => void>();
  let rest = Buffer.alloc(0);
  const send = (message: object) => {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  };
  child.stdout.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const end = rest.indexOf("\r\n\r\n");
      const length = Number(/Content-Length: (\d+)/.exec(rest.toString("latin1", 0, end))?.[1]);
      if (end < 0 || rest.length < end + 4 + length) return;
      const message = JSON.parse(rest.toString("utf8", end + 4, end + 4 + length));
      rest = rest.subarray(end + 4 + length);
      if (message.method === undefined) waiting.get(message.id)?.(message.result);
      else if (message.id !== undefined) send({ id: message.id, result: null });
    }
  });
  return (method, params, id) => {
    send({ id, method, params });
    return id === undefined
      ? Promise.resolve(undefined)
      : new Promise((resolve) => waiting.set(id, resolve));
  };
}

/** Asks the compiler alone. */
async function bare(change: string): Promise<number> {
  serial += 1;
  const text = TEXT.replace(OLD, `  return state.value + ${change};\n`);
  const beginMs = performance.now();
  const textDocument = { uri, version: serial + 1 };
  void tell("textDocument/didChange", { textDocument, contentChanges: [{ text }] });
  const answer = await tell("textDocument/diagnostic", { textDocument: { uri } }, serial + 1);
  const ms = performance.now() - beginMs;
  const { items } = answer as { items: { severity: number }[] };
  expectEqual(items.filter(({ severity }) => severity === 1).length, 0, "errors of the file");
  return ms;
}

/** Asks the console. */
async function check(change: string): Promise<number> {
  const patch = join(FOLDER, "patch.ts");
  writeFileSync(
    patch,
    `export function step0(state: State0): number { return state.value + ${change}; }\n`,
  );
  const beginMs = performance.now();
  const answer = await new Promise<string>((resolve) => {
    let said = "";
    const take = (text: string) => {
      said += text;
      if (!/<CMD \w+>\n$/.test(said)) return;
      socket.off("data", take);
      resolve(said);
    };
    socket.on("data", take);
    socket.write(`check long ${patch}\n`);
  });
  const ms = performance.now() - beginMs;
  if (!/no type errors/.test(answer)) throw new Error(`a check found errors: ${answer}`);
  return ms;
}

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

export const response = {
  async round({ count }: { count: number }) {
    const [alone, checked]: [number[], number[]] = [[], []];
    for (let i = 0; i < count; i += 1) {
      alone.push(await bare(`${serial}`));
      checked.push(await check(`${serial}`));
    }
    return { bare: median(alone), check: median(checked) };
  },
};

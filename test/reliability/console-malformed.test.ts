/** 100,000 malformed lines and requests change nothing: the node answers as before, and keeps no memory of them. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { collect } from "../collector.ts";
import { createRandom } from "../../src/base/random.ts";
import { desk } from "../integration/console/console-client.ts";
import type { LineClient } from "../integration/console/console-client.ts";

const LINES = 50_000;
const REQUESTS = 50_000;
const CLIENTS = 20;
const GROWTH_MAX_BYTES = 5 * 1024 * 1024;
const PROBE_MAX_MS = 200;

const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
const scale = Number(process.env["SCALE"] ?? 1);
console.log(`seed=${seed} scale=${scale}`);
const random = createRandom(seed);

async function heapBytes(): Promise<number> {
  for (let round = 0; round < 5; round += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;

const WORDS = [
  "",
  "list x",
  "kill",
  "kill zz",
  "info",
  "call 4",
  'call 4 {"__proto__": 1',
  "call 4 (((((",
];
const NAMES = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "auth",
  "auth x y",
];
const HEADS = ["GET", "POST", "PUT", "BREW", "get", "GET /", "GET  HTTP/1.1", "POST / HTTP/9.9"];
const FIELDS = [
  "host: x",
  "content-length: -1",
  "content-length: 99999999999",
  "transfer-encoding: x",
];

/** Bytes that are no text of any kind. */
function noise(length: number): string {
  let text = "";
  for (let index = 0; index < length; index += 1) text += String.fromCharCode(random.below(256));
  return text;
}

function badLine(): string {
  switch (random.below(4)) {
    case 0:
      return noise(random.below(60)).replaceAll("\n", " ");
    case 1:
      return pick(WORDS);
    case 2:
      return `${pick(NAMES)} ${noise(5).replaceAll("\n", " ")}`;
    default:
      return `info :${"f".repeat(random.below(40))}`;
  }
}

function badRequest(): string {
  const head = `${pick(HEADS)} ${noise(random.below(10))} HTTP/1.1`.replaceAll("\n", " ");
  const fields = Array.from({ length: random.below(4) }, () => pick(FIELDS)).join("\r\n");
  return `${head}\r\n${fields}${pick(["\r\n\r\n", "\r\n", "", noise(20)])}`;
}

/** Sends lines in one connection, and anew when the console has ended it. */
async function sendLines(port: number, count: number): Promise<void> {
  let left = count;
  while (left > 0) {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    socket.resume();
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    while (left > 0 && !socket.destroyed) {
      const batch = Math.min(left, 50);
      left -= batch;
      const text = Array.from({ length: batch }, badLine).join("\n");
      const isFull = !socket.write(Buffer.from(`${text}\n`, "latin1"));
      if (isFull) {
        await Promise.race([closed, new Promise<void>((resolve) => socket.once("drain", resolve))]);
      }
    }
    socket.end();
    await closed;
  }
}

async function sendRequests(port: number, count: number): Promise<void> {
  for (let done = 0; done < count; done += 1) {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.resume();
    socket.end(Buffer.from(badRequest(), "latin1"));
    await closed;
  }
}

/**
 * Asks again and again while `work` runs; returns the most milliseconds that the process, node and clients together, has
 * worked during one wait. Time that other processes had the processor for does not count.
 */
async function probeDuring(client: LineClient, work: Promise<unknown>): Promise<number> {
  let longest = 0;
  let isDone = false;
  void work.finally(() => (isDone = true));
  while (!isDone) {
    const since = process.cpuUsage();
    equal((await client.run("ping 4")).at(-1), "<CMD OK>");
    const { user, system } = process.cpuUsage(since);
    longest = Math.max(longest, (user + system) / 1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await work;
  return longest;
}

test("100,000 malformed lines and requests change nothing", async (t) => {
  const node = await desk(t, {});
  const client = await node.open();
  const round = (lines: number, requests: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        await sendLines(node.port, lines / CLIENTS);
        await sendRequests(node.port, requests / CLIENTS);
      }),
    );
  const before = await client.run("list");
  await round(1000, 1000);
  const heap = await heapBytes();
  const longest = await probeDuring(client, round(LINES * scale, REQUESTS * scale));
  deepEqual(await client.run("list"), before);
  const growth = (await heapBytes()) - heap;
  console.log(`longest probe worked ${longest.toFixed(0)} ms, heap grown by ${growth} bytes`);
  ok(longest <= PROBE_MAX_MS, `${longest} ms`);
  ok(growth <= GROWTH_MAX_BYTES, `${growth} bytes`);
});

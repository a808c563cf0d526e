/**
 * `npm run load [-- options] [[host:]port]`: many players who ask for a key as fast as they are answered.
 *
 *     100 connections, 1 in flight: 41000 answers/s, p50 2.3 ms, p99 3.9 ms, max 11 ms; opened in 0.2 ms each
 *
 * Each answer is compared with what it has to be: what the server answers first, and what a hot-fix makes of it later. Any other,
 * or a connection that ends, makes the exit code 1.
 */

import { parseArgs } from "node:util";
import { Client } from "./client.ts";
import { Histogram } from "./histogram.ts";
import type { Exchange, LoadConnection } from "./load-connection.ts";
import { explainLoss, openConnection } from "./load-connection.ts";
import { readPlace } from "./place.ts";
import { readSchemas } from "./proto.ts";
import { openTcp } from "./tcp.ts";

const USAGE = `usage: npm run load -- [options] [[host:]port]

  --connections 100   how many play
  --in-flight 1       requests of each that wait at a time
  --seconds 5         how long it is measured, after one second of playing
  --idle 0            further connections, which ask nothing
  --json              one JSON object instead of a line

The server has to let that number in: npm start -- --set maxclient=20000 --set verbose=false
`;

const WARM_UP_MS = 1000;
/** Number of connections that are opened at a time. */
const OPENING_MAX = 32;
const KEY = "hello";
const VALUE = "world";

/** Hot-fixes that may change the answer while it is measured. */
const CHANGES_MAX = 8;

/** Encodes what is sent and what has to come. */
function createExchange(inFlight: number): Exchange & { readonly texts: readonly string[] } {
  const { c2s, s2c } = readSchemas();
  const frame = (packet: Uint8Array): Buffer => {
    const header = Buffer.alloc(2);
    header.writeUInt16BE(packet.length);
    return Buffer.concat([header, packet]);
  };
  const server = c2s.host();
  const encode = s2c.host().attach(c2s);
  const packets = Array.from({ length: inFlight }, (_, slot) =>
    encode("get", { what: KEY }, slot + 1),
  );
  const answersOf = (result: string): Buffer[] =>
    packets.map((packet) => {
      const message = server.dispatch(packet);
      if (message.type !== "REQUEST" || message.name !== "get") throw new Error("not a request");
      return frame(message.response?.({ result }) as Uint8Array);
    });
  const heartbeat = frame(server.attach(s2c)("heartbeat"));
  const answers = [answersOf(VALUE)];
  const texts: string[] = [];
  const learn = (packet: Uint8Array): boolean => {
    const result = readResult(packet, inFlight);
    const isKnown = result === VALUE || texts.includes(result ?? "");
    if (result === undefined || isKnown || texts.length >= CHANGES_MAX) return false;
    answers.unshift(answersOf(result));
    texts.push(result);
    return true;
  };
  return { requests: packets.map(frame), answers, heartbeat, learn, texts };
}

/** The text of an answer to one of the requests; undefined if it is not one. */
function readResult(packet: Uint8Array, inFlight: number): string | undefined {
  const { c2s, s2c } = readSchemas();
  const host = s2c.host();
  const encode = host.attach(c2s);
  for (let session = 1; session <= inFlight; session += 1) encode("get", { what: KEY }, session);
  try {
    const message = host.dispatch(packet);
    const args = message.type === "RESPONSE" ? (message.args as { result?: unknown }) : {};
    return typeof args?.result === "string" ? args.result : undefined;
  } catch {
    // It is nothing of this protocol: the receiver says so.
    return undefined;
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Options {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly inFlight: number;
  readonly seconds: number;
  readonly idle: number;
  readonly isJson: boolean;
}

function readOptions(): Options {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      connections: { type: "string", default: "100" },
      "in-flight": { type: "string", default: "1" },
      seconds: { type: "string", default: "5" },
      idle: { type: "string", default: "0" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const number = (name: "connections" | "in-flight" | "seconds" | "idle"): number => {
    const value = Number(values[name]);
    if (value >= 0 && Number.isFinite(value)) return value;
    throw new Error(`--${name} is ${values[name]}, not a number\n${USAGE}`);
  };
  return {
    ...readPlace(positionals[0]),
    connections: number("connections"),
    inFlight: number("in-flight"),
    seconds: number("seconds"),
    idle: number("idle"),
    isJson: values.json,
  };
}

async function run(options: Options): Promise<void> {
  const { host, port, connections: count, inFlight, seconds, idle, isJson } = options;
  const first = new Client(await openTcp(port, host), readSchemas());
  await first.request("set", { what: KEY, value: VALUE }).catch((error: Error) => {
    throw explainLoss(error);
  });
  first.close();
  await first.closed;

  const exchange = createExchange(inFlight);
  let fail: (why: Error) => void = () => {};
  const failure = new Promise<never>((_, reject) => (fail = reject));
  const all: LoadConnection[] = [];
  const open = async (): Promise<void> => {
    while (all.length < count + idle) {
      const left = Math.min(OPENING_MAX, count + idle - all.length);
      const some = Array.from({ length: left }, () => openConnection(options, exchange, fail));
      all.push(...(await Promise.all(some)));
    }
  };
  const openMs = performance.now();
  await Promise.race([open(), failure]);
  const openEach = (performance.now() - openMs) / (count + idle);
  const players = all.slice(0, count);
  const histogram = new Histogram();
  for (const player of players) player.play();
  await Promise.race([sleep(WARM_UP_MS), failure]);
  for (const player of players) player.histogram = histogram;
  const beginMs = performance.now();
  await Promise.race([sleep(seconds * 1000), failure]);
  const elapsedMs = performance.now() - beginMs;
  for (const player of all) player.end();

  const rate = Math.round((histogram.count / elapsedMs) * 1000);
  const [p50, p99] = [histogram.percentile(0.5), histogram.percentile(0.99)];
  if (isJson) {
    const max = histogram.maxMs;
    const figures = { connections: count, inFlight, idle, openEach, rate, p50, p99, max };
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    return;
  }
  const text = (ms: number): string => `${Number(ms.toPrecision(3))} ms`;
  process.stdout.write(
    `${count} connections, ${inFlight} in flight: ${rate} answers/s, ` +
      `p50 ${text(p50)}, p99 ${text(p99)}, max ${text(histogram.maxMs)}; ` +
      `opened in ${text(openEach)} each\n`,
  );
  const told = exchange.texts.map((answer) => JSON.stringify(answer)).join(", then ");
  if (told !== "") process.stdout.write(`the answers were not "${VALUE}" all along, but ${told}\n`);
}

try {
  await run(readOptions());
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  // Other connections may be open still.
  process.stderr.write(`${text}\n`, () => process.exit(1));
}

/**
 * What it costs a large node to be looked at: `list` and `stat` over a console's TCP port while there are many services, and
 * how long a call of another service waits meanwhile.
 *
 * The client sits on the same thread, so its reading is part of the figures. Each command runs twice: once timed, once
 * watched by a caller that asks an idle service again and again.
 */

import { connect } from "node:net";
import type { Socket } from "node:net";
import { skynet, snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Counter from "../services/counter.ts";
import { expectEqual } from "../services/lib/check.ts";

let socket: Socket;
/** The console's port. */
let port: number;
const SCRAPES = 9;

/** Services that a node has beside ours. */
let others: number;
let probed: ServiceObject<typeof Counter>;

export async function init({ services }: { services: number }) {
  const handle = await skynet.newservice("debug_console", 0);
  const { address } = (await skynet.call(handle, "debug", "INFO")) as { address: string };
  port = Number(address.split(":")[1]);
  socket = connect(port, "127.0.0.1");
  socket.setEncoding("latin1");
  // The first answer has the greeting before it.
  await ask("ping 1");
  others = await ask("list");
  probed = await snax.newservice<typeof Counter>("counter", 1);
  for (let i = 1; i < services; i += 1) await snax.newservice<typeof Counter>("counter", 1);
}

/** Sends a line and counts the lines of the answer. */
function ask(line: string): Promise<number> {
  return new Promise((resolve) => {
    let count = 0;
    let end = "";
    const take = (text: string) => {
      for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count += 1;
      end = (end + text).slice(-20);
      if (!/<CMD \w+>\n$/.test(end)) return;
      socket.off("data", take);
      resolve(count - 1);
    };
    socket.on("data", take);
    socket.write(`${line}\n`);
  });
}

async function time(line: string, services: number): Promise<number> {
  const beginMs = performance.now();
  expectEqual(await ask(line), services + others, `lines of ${line}`);
  return performance.now() - beginMs;
}

/** Calls an idle service while the command runs. @returns the longest that one of the calls took, in milliseconds. */
async function delay(line: string): Promise<number> {
  let isDone = false;
  const asked = ask(line).finally(() => (isDone = true));
  let longest = 0;
  while (!isDone) {
    const beginMs = performance.now();
    expectEqual(await probed.req.total(), 1, "answer under the command");
    longest = Math.max(longest, performance.now() - beginMs);
    await skynet.sleep(1);
  }
  await asked;
  return longest;
}

/** Reads /metrics as Prometheus does. @returns milliseconds of the middle one of a few */
async function scrape(services: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < SCRAPES; i += 1) {
    const beginMs = performance.now();
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    times.push(performance.now() - beginMs);
    const alive = Number(/^snax_services\{type="counter"\} (\d+)$/m.exec(text)?.[1]);
    expectEqual(alive, services, "services in the metrics");
  }
  return times.toSorted((a, b) => a - b)[SCRAPES >> 1] ?? NaN;
}

export const response = {
  async round({ services }: { services: number }) {
    return {
      list: await time("list", services),
      listDelay: await delay("list"),
      stat: await time("stat", services),
      statDelay: await delay("stat"),
      scrape: await scrape(services),
    };
  },
};

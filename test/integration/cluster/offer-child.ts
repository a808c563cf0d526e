/**
 * A process that offers an engine much more than it takes, and says how much it has grown: `offer-child.js URL`, then `offer` over IPC.
 *
 *     child -> "ready"; parent -> "offer" -> child: { refused, waiting, others, grown }
 */

import { codeOf } from "../../../src/base/error.ts";
import { createNatsDriver } from "../../../src/cluster/engine/driver-nats.ts";
import type { Offered } from "./offer.ts";

/** Bytes of each kind that are offered. */
const OFFERED = 200e6;
const PART = 64_000;

const driver = createNatsDriver(process.argv[2] as string, {
  now: () => performance.now(),
  later: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
});

function rss(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().rss;
}

/** Offers claims, reads and broadcasts. */
async function offer(): Promise<Offered> {
  const value = "x".repeat(PART);
  const bytes = Buffer.alloc(PART);
  const counts = { refused: 0, waiting: 0, others: 0 };
  const note = (error: unknown): void => {
    const isDown = codeOf(error) === "ERR_ENGINE_DOWN";
    const { data } = error as { data?: { sent?: boolean } };
    if (!isDown) counts.others += 1;
    else if (data?.sent === false) counts.refused += 1;
    else counts.waiting += 1;
  };
  const before = rss();
  const waiting: Promise<unknown>[] = [];
  let highest = before;
  for (let sum = 0; sum < OFFERED; sum += PART) {
    waiting.push(driver.claim(`name/${sum}`, value, 0).catch(note));
    waiting.push(driver.read(`name/${sum}`).catch(note));
    try {
      driver.broadcast("flood", bytes);
    } catch (error) {
      note(error);
    }
    // As a program would that goes on meanwhile.
    if (waiting.length % 256 === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      highest = Math.max(highest, rss());
    }
  }
  await Promise.all(waiting.splice(0));
  highest = Math.max(highest, rss());
  return { ...counts, grown: highest - before };
}

/** What is compiled and kept when all goes well. */
async function warmUp(): Promise<void> {
  for (let count = 0; count < 300; count += 1) {
    await driver.claim(`name/warm${count % 10}`, "x".repeat(PART), 0);
    await driver.read(`name/warm${count % 10}`);
    driver.broadcast("flood", Buffer.alloc(PART));
  }
}

process.on("message", () => {
  void offer().then((offered) => process.send?.(offered));
});
process.on("disconnect", () => process.exit());
const events = { onUp: () => process.send?.("up"), onDown: () => {}, onHeard: () => {} };
await driver.join({ node: "offers", incarnation: "0123456789abcdef" }, events);
await warmUp();
process.send?.("ready");

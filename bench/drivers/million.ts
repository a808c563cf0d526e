/**
 * A million idle services alive in one process: what they weigh, and how long a call waits while they are called.
 *
 * Every service answers one call after the last was started. Then callers stride over all of them for a while, so that
 * memory is touched everywhere and the collector has to work, and the longest hold of the event loop is noted.
 */

import { snax } from "snax";
import type * as Counter from "../services/counter.ts";
import { expectEqual, microsecondsEach } from "../services/lib/check.ts";
import { createGapMeter } from "../services/lib/gap-meter.ts";
import { readFootprint } from "../services/lib/heap.ts";

const CALLERS = 100;

/** A prime: striding by it visits the services in an order that no cache foresees. */
const STRIDE = 7_919;

const GIGABYTE = 1e9;

async function startMany(count: number) {
  const handles = new Uint32Array(count);
  for (let i = 0; i < count; i += 1) {
    handles[i] = (await snax.newservice<typeof Counter>("counter", i)).handle;
  }
  return handles;
}

async function callEach(handles: Uint32Array) {
  let index = 0;
  for (const handle of handles) {
    const total = await snax.bind<typeof Counter>(handle, "counter").req.total();
    expectEqual(total, index, "answer of an idle service");
    index += 1;
  }
}

/** Keeps all callers busy for a time. @returns the longest hold of the event loop in milliseconds. */
async function measurePause(handles: Uint32Array, durationMs: number) {
  const meter = createGapMeter();
  const endMs = performance.now() + durationMs;
  const keepCalling = async (first: number) => {
    for (let index = first; performance.now() < endMs; index = (index + STRIDE) % handles.length) {
      const counter = snax.bind<typeof Counter>(handles[index] as number, "counter");
      expectEqual(await counter.req.total(), index, "answer under traffic");
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, (_, caller) => keepCalling(caller)));
  return meter.stop();
}

export const response = {
  async round({ count, durationMs }: { count: number; durationMs: number }) {
    const spawnMs = performance.now();
    const handles = await startMany(count);
    const spawn = microsecondsEach(spawnMs, count);
    const callMs = performance.now();
    await callEach(handles);
    const call = microsecondsEach(callMs, count);
    const pause = await measurePause(handles, durationMs);
    const { heapBytes, residentBytes } = readFootprint();
    const peakBytes = process.resourceUsage().maxRSS * 1024;
    return {
      spawn,
      call,
      pause,
      heap: heapBytes / GIGABYTE,
      resident: residentBytes / GIGABYTE,
      peak: peakBytes / GIGABYTE,
    };
  },
};

/**
 * The thread that watches the main thread: for nodes whose services live there (`thread: 0`).
 *
 * While the main thread hangs nobody there can log, so the lines are written from here, straight to where the log goes: stdout,
 * or the end of its file. They may stand before lines that the logger had not written yet.
 */

/* oxlint-disable no-restricted-globals -- no service runs on this thread: its time is its own */

import { appendFileSync, writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { formatLogLine } from "../base/log-line.ts";
import { formatAddress } from "../kernel/address.ts";
import type { Finding, Suspect } from "./examination.ts";
import { examine } from "./examination.ts";
import { connectToMain } from "./inspector-link.ts";
import type { MainWatchOrder, MainWatchReport, WatchedNode } from "./main-watchdog.ts";
import { readPhase } from "./phase.ts";
import type { StallEvent } from "./stall-watch.ts";
import { StallWatch } from "./stall-watch.ts";
import type { StallLine } from "./stall-text.ts";
import { describeInterrupt, describeReturn, describeStall } from "./stall-text.ts";

/** A node with the watch over it. */
interface Watched {
  readonly node: WatchedNode;
  readonly watch: StallWatch;
}

/** Milliseconds between two looks while there is nothing to look at. */
const IDLE_MS = 1000;

const nodes = new Map<string, Watched>();
let timer: NodeJS.Timeout | undefined;
let running: Promise<void> | undefined;

parentPort?.on("message", ({ id, node }: MainWatchOrder) => {
  if (node === undefined) return void leave(id);
  nodes.set(id, { node, watch: new StallWatch(node.limits) });
  if (running === undefined) schedule();
});

/** What has been found is written first: the cut-off handler may have been the last thing that the node did. */
async function leave(id: string): Promise<void> {
  nodes.delete(id);
  await running;
  parentPort?.postMessage({ left: id } satisfies MainWatchReport);
}

function schedule(): void {
  clearTimeout(timer);
  const now = performance.now();
  const pauses = [...nodes.values()].map(({ watch }) => watch.pause(now));
  timer = setTimeout(begin, Math.min(IDLE_MS, ...pauses));
}

function begin(): void {
  running = round().finally(() => {
    running = undefined;
    schedule();
  });
}

async function round(): Promise<void> {
  for (const [id, { node, watch }] of nodes) {
    for (const event of watch.look(performance.now(), readPhase(node.phase))) {
      await act(id, { node, watch }, event).catch((error: unknown) => {
        write(node, { handle: 0, text: `the watchdog failed : ${String(error)}` });
      });
    }
  }
}

async function act(desk: string, { node, watch }: Watched, event: StallEvent): Promise<void> {
  const { kind, phase, ms } = event;
  if (kind === "return") return write(node, describeReturn(phase, ms));
  const isCondemned = kind === "interrupt";
  const finding = await look({ desk, dispatch: phase.dispatch, isCondemned });
  if (finding.kind === "debugged") return watch.excuse(performance.now());
  // It may have returned while it was looked at; that it was long is true all the same.
  if (!isCondemned) return write(node, describeStall(phase, ms, finding));
  if (finding.kind === "interrupted") watch.noteInterrupt();
  write(node, describeInterrupt(phase, ms, finding));
}

async function look(suspect: Suspect): Promise<Finding> {
  const link = connectToMain();
  try {
    return await examine(link, suspect);
  } finally {
    link.close();
  }
}

function write({ log }: WatchedNode, line: StallLine | undefined): void {
  if (line === undefined) return;
  const { path, isJson } = log;
  const entry = { address: formatAddress(line.handle), text: line.text };
  const format = { isJson, isFile: path !== undefined };
  const text = `${formatLogLine(Date.now(), entry, format)}\n`;
  try {
    if (path === undefined) writeSync(1, text);
    else appendFileSync(path, text);
  } catch {
    // A pipe that is full, a disk that is: the main thread logs it when it can.
    parentPort?.postMessage({ lost: line } satisfies MainWatchReport);
  }
}

parentPort?.postMessage({} satisfies MainWatchReport);

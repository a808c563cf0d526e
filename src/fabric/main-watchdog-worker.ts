/**
 * The thread that watches the main thread: for nodes whose services live there (`thread: 0`).
 *
 * While the main thread hangs that thread can log nothing, so the lines are written from here, straight to where the log goes: those
 * that the services wrote before it hung, and then those about it.
 */

/* oxlint-disable no-restricted-globals -- no service runs on this thread: its time is its own */

import { writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { LEVEL, LevelFloor } from "../base/log-level.ts";
import { LogFormatter } from "../base/log-line.ts";
import { formatAddress } from "../kernel/service.ts";
import type { Finding, Suspect } from "./finding.ts";
import { examine } from "./examination.ts";
import { linkMainThread } from "../inspector/link.ts";
import { DRAINER, LogJournal } from "./log-sink.ts";
import type { MainWatchOrder, MainWatchReport, WatchedNode } from "./main-watchdog.ts";
import { readPhase } from "./phase.ts";
import type { StallEvent } from "./stall-watch.ts";
import { StallWatch } from "./stall-watch.ts";
import type { StallLine } from "./stall-text.ts";
import { describeInterrupt, describeReturn, describeStall, isWorthALine } from "./stall-text.ts";

/** A node with the watch over it. */
interface Watched {
  readonly node: WatchedNode;
  readonly watch: StallWatch;
  readonly journal: LogJournal;
  readonly floor: LevelFloor;
  readonly formatter: LogFormatter;
  /** How far its lines had been written at the last look at which some waited; below 0 none did. */
  written: number;
}

/** Milliseconds between two looks while there is nothing to look at. */
const IDLE_MS = 1000;

/** The descriptor of the standard output. */
const STDOUT = 1;

const nodes = new Map<string, Watched>();
let timer: NodeJS.Timeout | undefined;
let running: Promise<void> | undefined;

parentPort?.on("message", ({ id, node }: MainWatchOrder) => {
  if (node === undefined) return void leave(id);
  const { floor, isJson, node: name } = node.log;
  nodes.set(id, {
    node,
    watch: new StallWatch(node.limits),
    journal: new LogJournal(node.log.journal),
    floor: new LevelFloor(floor.words, floor.at),
    formatter: new LogFormatter({ isJson, node: name, address: formatAddress }),
    written: -1,
  });
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
  for (const [id, watched] of nodes) {
    const { node, watch } = watched;
    rescueLines(watched);
    for (const event of watch.look(performance.now(), readPhase(node.phase))) {
      await act(id, watched, event).catch((error: unknown) => {
        const text = `the stall watch failed : ${String(error)}`;
        write(watched, { handle: 0, text, level: LEVEL.error });
      });
    }
  }
}

/** Writes lines that wait since the last look: the main thread, which writes them once a turn, is in a long one. */
function rescueLines(watched: Watched): void {
  const { journal } = watched;
  const isWaiting = journal.pending > 0;
  if (isWaiting && journal.written === watched.written) drain(journal);
  watched.written = isWaiting ? journal.written : -1;
}

function drain(journal: LogJournal): void {
  const { descriptor } = journal;
  if (descriptor < 0) return;
  try {
    journal.drain(DRAINER.watchdog, (bytes) => writeSync(descriptor, bytes));
  } catch {
    // A pipe that is full, a disk that is: they wait for the next look, or the main thread.
  }
}

async function act(desk: string, watched: Watched, event: StallEvent): Promise<void> {
  const { watch } = watched;
  const { kind, phase, ms } = event;
  if (kind === "return") return write(watched, describeReturn(phase, ms));
  const isCondemned = kind === "interrupt";
  const finding = await look({ desk, dispatch: phase.dispatch, isCondemned });
  if (finding.kind === "debugged") return watch.excuse(performance.now());
  // It may have returned while it was looked at; that it was long is true all the same.
  if (!isCondemned) return write(watched, describeStall(phase, ms, finding));
  if (finding.kind === "interrupted") watch.noteInterrupt();
  if (isWorthALine(finding, watch)) write(watched, describeInterrupt(phase, ms, finding));
}

async function look(suspect: Suspect): Promise<Finding> {
  const link = linkMainThread();
  try {
    return await examine(link, suspect);
  } finally {
    link.close();
  }
}

function write({ journal, floor, formatter }: Watched, line: StallLine | undefined): void {
  if (line === undefined || !floor.lets(line.level)) return;
  // What the service said before it stood still is before what is said of it.
  drain(journal);
  const { descriptor } = journal;
  const entry = { ...line, isPlain: false };
  const text = `${formatter.format(Date.now(), entry, descriptor !== STDOUT, false)}\n`;
  try {
    writeSync(descriptor, text);
  } catch {
    // A pipe that is full, a disk that is: the main thread logs it when it can.
    parentPort?.postMessage({ lost: line } satisfies MainWatchReport);
  }
}

parentPort?.postMessage({} satisfies MainWatchReport);

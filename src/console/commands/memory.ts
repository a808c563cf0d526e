/**
 * Commands about memory: what V8 can tell.
 *
 * The services of a thread share a heap, so V8 knows how much of it is used and not by whom. What `mem` says of a service
 * is an estimate (`heap-estimate.ts`); the thread's own line behind the services is measured.
 */

import { writeFileSync } from "node:fs";
import { getHeapStatistics, setFlagsFromString, writeHeapSnapshot } from "node:v8";
import { runInNewContext } from "node:vm";
import { SnaxError } from "../../base/error.ts";
import type { ProfilerSession } from "../../inspector/own-session.ts";
import { openProfiler } from "../../inspector/own-session.ts";
import { formatAddress } from "../../kernel/service.ts";
import type { Context } from "../../service/context.ts";
import type { Command, CommandCall, CommandResult, CommandTable } from "../operator/command.ts";
import { absentCommand } from "../operator/command.ts";
import { estimateBytes } from "../inspect/heap-estimate.ts";
import type { Operator } from "../operator/operator.ts";
import { outputPath, stampedName } from "../operator/output-file.ts";
import { toAll, toThread } from "../threads/thread-route.ts";
import { markInOrder, PartRows } from "../operator/page.ts";
import { visitServices } from "../inspect/service-walk.ts";

/** What `mem` says of a service, or of a thread. */
interface Memory {
  readonly kb: number;
  readonly title: string;
}

async function measure({ operator, part }: CommandCall): Promise<CommandResult> {
  const { threads } = operator.runtime;
  const found = new PartRows(part);
  const { after } = found;
  const note = (context: Context): boolean => {
    const kb = estimateBytes(context) / 1024;
    return found.add(formatAddress(context.handle), { kb, title: context.service.title });
  };
  await visitServices(operator, note, { isHeavy: true, after });
  // A part does not know how many services the heap has.
  if (part !== undefined) return found.table();
  const rows = new Map(found.table());
  const kb = getHeapStatistics().used_heap_size / 1024;
  rows.set(`thread ${threads?.own ?? 0}`, { kb, title: `heap of ${rows.size} services` });
  // The address of a service comes before the word for a thread.
  return markInOrder(rows);
}

const printMemory = (row: unknown): string => {
  const { kb, title } = row as Memory;
  return `${kb.toFixed(2)} Kb (${title})`;
};

/** V8 hands out its collector only to contexts made while the flag is set. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  setFlagsFromString("--no-expose-gc");
}

function cmem(): CommandResult {
  const { rss, external, arrayBuffers } = process.memoryUsage();
  const heap = getHeapStatistics();
  return new Map(
    Object.entries({
      array_buffers: arrayBuffers,
      external,
      heap_limit: heap.heap_size_limit,
      heap_total: heap.total_heap_size,
      heap_used: heap.used_heap_size,
      malloced: heap.malloced_memory,
      total: rss,
    }),
  );
}

/** The session in which the heap is sampled; a thread has one heap for all who ask. */
let sampling: ProfilerSession | undefined;

async function profileHeap({ args: [flag] }: CommandCall): Promise<CommandResult> {
  if (flag === "on" && sampling === undefined) {
    const session = openProfiler();
    sampling = session;
    await session.post("HeapProfiler.enable");
    await session.post("HeapProfiler.startSampling");
  } else if (flag === "off" && sampling !== undefined) {
    const session = sampling;
    sampling = undefined;
    session.disconnect();
  } else if (flag !== undefined && flag !== "on" && flag !== "off") {
    throw new SnaxError("ERR_ARGUMENT", `${flag} is neither on nor off`);
  }
  return `heap profiling is ${sampling === undefined ? "not active" : "active"}`;
}

/** Writes what was sampled since `profactive on`, or else the whole heap, which holds the thread meanwhile. */
async function dumpHeap({ operator }: CommandCall): Promise<CommandResult> {
  if (sampling === undefined) return writeHeapSnapshot(place(operator, "heapsnapshot"));
  const { profile } = await sampling.post("HeapProfiler.getSamplingProfile");
  const path = place(operator, "heapprofile");
  writeFileSync(path, JSON.stringify(profile));
  return path;
}

function place({ runtime }: Operator, ending: string): string {
  return outputPath(runtime, stampedName(runtime, `heap-${runtime.threads?.own ?? 0}`, ending));
}

const gc: Command = {
  help: "gc : force every lua service do garbage collect",
  isChange: true,
  route: toAll,
  run: (use) => {
    collectGarbage();
    return measure(use);
  },
  print: printMemory,
};

/** The commands by name. */
export const memoryCommands: CommandTable = {
  mem: {
    help: "mem : show memory status",
    route: toAll,
    isPaged: true,
    run: measure,
    print: printMemory,
  },
  gc,
  cmem: { help: "Show C memory info", run: cmem },
  jmem: absentCommand("Show jemalloc mem stats", "there is no jemalloc in Node; see cmem"),
  profactive: {
    help: "profactive [on|off] [thread] : activate/deactivate jemalloc heap profiling",
    isChange: true,
    route: toThread(1),
    run: profileHeap,
  },
  dumpheap: {
    help: "dumpheap [thread] : dump heap profiling",
    isChange: true,
    route: toThread(0),
    run: dumpHeap,
  },
};

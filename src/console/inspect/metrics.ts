/**
 * What a node counts, for programs that ask every few seconds.
 *
 * All of it is on the threads' boards or is the process's own, so no thread is asked and nothing is walked: the cost depends on
 * the number of types and threads, not of services. docs/operating.md has the table; a test holds it against this one.
 */

import type { Board } from "../../fabric/board.ts";
import type { Runtime } from "../../service/runtime.ts";
import { LONG_RUNS } from "../../kernel/instruments.ts";
import type { Family, Metric } from "../print/prometheus.ts";
import { isSilent, readReadiness } from "./health.ts";

/** All metrics, in the order in which they are told. */
export const METRICS: readonly Metric[] = [
  { name: "snax_ready", kind: "gauge", help: "1 while the node takes work, else 0." },
  { name: "snax_uptime_seconds", kind: "gauge", help: "Seconds since the node began." },
  { name: "process_cpu_seconds_total", kind: "counter", help: "CPU time of the process." },
  { name: "process_resident_memory_bytes", kind: "gauge", help: "Memory of the process." },
  { name: "snax_services", kind: "gauge", label: "type", help: "Services that live." },
  {
    name: "snax_services_started_total",
    kind: "counter",
    label: "type",
    help: "Services that were made.",
  },
  {
    name: "snax_messages_total",
    kind: "counter",
    label: "type",
    help: "Messages that services handled, answers and timers included.",
  },
  {
    name: "snax_cpu_seconds_total",
    kind: "counter",
    label: "type",
    help: "CPU time of handlers, if `profile` is on.",
  },
  {
    name: "snax_run_seconds",
    kind: "histogram",
    label: "type",
    help: "How long services ran before their thread went on with another, if `profile` is on.",
  },
  {
    name: "snax_errors_total",
    kind: "counter",
    label: "type",
    help: "Requests answered with an error, and errors for which no caller waited.",
  },
  {
    name: "snax_thread_up",
    kind: "gauge",
    label: "thread",
    help: "1 if the thread gave a sign of life in the last 5 seconds, else 0.",
  },
  {
    name: "snax_thread_silent_seconds",
    kind: "gauge",
    label: "thread",
    help: "Seconds since the last sign of life; a thread gives one each second.",
  },
  {
    name: "snax_thread_services",
    kind: "gauge",
    label: "thread",
    help: "Services that live on the thread.",
  },
  {
    name: "snax_thread_messages_total",
    kind: "counter",
    label: "thread",
    help: "Messages that services of the thread handled.",
  },
  {
    name: "snax_thread_cpu_seconds_total",
    kind: "counter",
    label: "thread",
    help: "CPU time of the thread's handlers, if `profile` is on.",
  },
  {
    name: "snax_thread_heap_bytes",
    kind: "gauge",
    label: "thread",
    help: "JavaScript heap in use at the last sign of life.",
  },
  {
    name: "snax_thread_heap_limit_bytes",
    kind: "gauge",
    label: "thread",
    help: "The size to which V8 lets that heap grow.",
  },
  {
    name: "snax_thread_open_calls",
    kind: "gauge",
    label: "thread",
    help: "Calls that waited for an answer at the last sign of life.",
  },
];

/** The bounds of `snax_run_seconds`: what a board counts, in seconds. */
const RUN_BOUNDS: readonly number[] = Array.from({ length: LONG_RUNS }, (_, i) => 2 ** i / 1000);

/** The values of all metrics, as they are added up. */
class Sheet {
  readonly #families: ReadonlyMap<string, Family> = new Map(
    METRICS.map((metric) => [metric.name, { metric, samples: new Map(), spreads: new Map() }]),
  );

  /** Adds to a value: several threads have services of one type. */
  add(name: string, label: string, value: number): void {
    const { samples } = this.#family(name);
    samples.set(label, (samples.get(label) ?? 0) + value);
  }

  /** Adds to the classes of a histogram, whose values add up to `sum`. */
  addSpread(name: string, label: string, counts: readonly number[], sum: number): void {
    const { spreads } = this.#family(name);
    const spread = spreads.get(label) ?? {
      bounds: RUN_BOUNDS,
      counts: counts.map(() => 0),
      sum: 0,
    };
    for (const [index, count] of counts.entries())
      spread.counts[index] = (spread.counts[index] ?? 0) + count;
    spread.sum += sum;
    spreads.set(label, spread);
  }

  #family(name: string): Family {
    const family = this.#families.get(name);
    if (family === undefined) throw new Error(`${name} is no metric`);
    return family;
  }

  get families(): Family[] {
    return [...this.#families.values()];
  }
}

/** Reads all metrics of the node. */
export function readMetrics(runtime: Runtime): Family[] {
  const sheet = new Sheet();
  const { user, system } = process.cpuUsage();
  sheet.add("snax_ready", "", readReadiness(runtime).ok ? 1 : 0);
  sheet.add("snax_uptime_seconds", "", runtime.sinceStartMs / 1000);
  sheet.add("process_cpu_seconds_total", "", (user + system) / 1e6);
  sheet.add("process_resident_memory_bytes", "", process.memoryUsage.rss());
  for (const [thread, board] of runtime.boards.entries()) addBoard(sheet, String(thread), board);
  return sheet.families;
}

function addBoard(sheet: Sheet, thread: string, board: Board): void {
  const { silentMs, heapBytes, heapLimitBytes, openCalls } = board.readBeat();
  sheet.add("snax_thread_up", thread, silentMs === undefined || isSilent(silentMs) ? 0 : 1);
  sheet.add("snax_thread_silent_seconds", thread, (silentMs ?? 0) / 1000);
  sheet.add("snax_thread_heap_bytes", thread, heapBytes);
  sheet.add("snax_thread_heap_limit_bytes", thread, heapLimitBytes);
  sheet.add("snax_thread_open_calls", thread, openCalls);
  for (const { type, messages, cpuMs, errors, born, ended, runs } of board.readTypes()) {
    sheet.add("snax_services", type, born - ended);
    sheet.add("snax_services_started_total", type, born);
    sheet.add("snax_messages_total", type, messages);
    sheet.add("snax_cpu_seconds_total", type, cpuMs / 1000);
    sheet.addSpread("snax_run_seconds", type, runs, cpuMs / 1000);
    sheet.add("snax_errors_total", type, errors);
    sheet.add("snax_thread_services", thread, born - ended);
    sheet.add("snax_thread_messages_total", thread, messages);
    sheet.add("snax_thread_cpu_seconds_total", thread, cpuMs / 1000);
  }
}

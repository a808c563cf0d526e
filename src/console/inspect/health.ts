/**
 * Whether a node is healthy and ready, for the tools that restart it or send it clients.
 *
 *     healthy   every thread has been heard of in the last HEALTH_SILENT_MS; if not, a restart is the cure
 *     ready     healthy, started, and neither draining nor stopping; if not, clients go elsewhere
 *
 * It reads the threads' boards and asks no thread.
 */

import { HEALTH_SILENT_MS } from "../../base/limits.ts";
import type { Runtime } from "../../service/runtime.ts";

/** How a thread is. */
export interface ThreadHealth {
  readonly ok: boolean;
  /** Seconds since it was heard of; `null` if it has not begun. */
  readonly silent: number | null;
}

/** How a node is. */
export interface Health {
  readonly ok: boolean;
  /** Why it is not, for people. */
  readonly reason?: string;
  readonly threads?: Readonly<Record<string, ThreadHealth>>;
}

/** Says whether a thread has been silent for too long. */
export function isSilent(silentMs: number | undefined): boolean {
  return silentMs !== undefined && silentMs >= HEALTH_SILENT_MS;
}

/** Says how the threads are. One that has not begun yet is no fault. */
export function readHealth({ boards }: Runtime): Health {
  const threads: Record<string, ThreadHealth> = {};
  const silent: string[] = [];
  for (const [thread, board] of boards.entries()) {
    const { silentMs } = board.readBeat();
    const ok = !isSilent(silentMs);
    threads[thread] = { ok, silent: silentMs === undefined ? null : silentMs / 1000 };
    if (!ok) silent.push(`thread ${thread} is silent`);
  }
  return silent.length === 0
    ? { ok: true, threads }
    : { ok: false, reason: silent.join(", "), threads };
}

/** Says whether the node takes work. */
export function readReadiness(runtime: Runtime): Health {
  if (runtime.state !== "running") return { ok: false, reason: "stopping" };
  if (runtime.isDraining) return { ok: false, reason: "draining" };
  if (!runtime.isReady) return { ok: false, reason: "starting" };
  const [hindrance] = runtime.hindrances;
  if (hindrance !== undefined) return { ok: false, reason: hindrance.join(": ") };
  const { ok, reason = "" } = readHealth(runtime);
  return ok ? { ok } : { ok, reason };
}

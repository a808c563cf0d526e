/**
 * What the services of a thread hold, as well as it can tell: for the log, when the thread is ended because its heap is full.
 */

import { formatAddress, mailboxLength } from "../kernel/service.ts";
import { estimateBytes } from "../console/inspect/heap-estimate.ts";
import type { Runtime } from "../service/runtime.ts";

/** Services that are named. */
const NAMED_MAX = 5;

/** Milliseconds that the search for them may take: the thread is nearly full, and leaks on. */
const SEARCH_MS = 100;

/** Names the services that hold most. */
export function describeHoldings(runtime: Runtime): string {
  const { kernel, clock } = runtime;
  const until = clock.now() + SEARCH_MS;
  const found: { readonly bytes: number; readonly text: string }[] = [];
  for (const service of kernel.services) {
    const context = runtime.contextOf(service.handle);
    const bytes = context === undefined ? 0 : estimateBytes(context);
    const waiting = mailboxLength(service);
    const text =
      `${formatAddress(service.handle)} ${service.title} about ${(bytes / 2 ** 20).toFixed(1)} MiB, ` +
      `${waiting} messages waiting, ${service.calls?.size ?? 0} open calls, cpu ${(service.cpuMs / 1000).toFixed(1)} s`;
    found.push({ bytes, text });
    if (clock.now() > until) break;
  }
  found.sort((a, b) => b.bytes - a.bytes);
  return found
    .slice(0, NAMED_MAX)
    .map(({ text }) => `    ${text}`)
    .join("\n");
}

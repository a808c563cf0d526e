/**
 * What the connections of clusterd have in common: the sockets, the log, the name of this node, and what was refused.
 *
 * Lines that others can bring about as often as they like have a budget (LineBudget); what is left out is counted.
 */

import type { Level } from "../../base/log-level.ts";
import { LEVEL } from "../../base/log-level.ts";
import type { SocketApi } from "../../net/socket-api.ts";
import { createSocketApi } from "../../net/socket.ts";
import type { Context } from "../../service/context.ts";
import { LineBudget, showInLine } from "../../base/log-line.ts";

/** Longest text of others in a line of the log, in characters. */
const SHOWN_MAX = 200;

/** What clusterd gives its connections. */
export class Hub {
  readonly context: Context;
  readonly socket: SocketApi;
  /** The name of this node, as others see it in traces. */
  readonly nodeName: string;
  /** How often what came was refused, by reason. */
  readonly refusals: Map<string, number> = new Map();
  readonly log: (text: string, level?: Level) => void;
  /** Says whether one more request of another node may be traced: each is several lines of the log. */
  readonly mayTrace: () => boolean;

  /** @param socket - how it connects and listens. @defaultValue the machine's network */
  constructor(context: Context, nodeName: string, socket: SocketApi = createSocketApi(context)) {
    this.context = context;
    this.nodeName = nodeName;
    this.socket = socket;
    const { kernel, clock } = context.runtime;
    const write = (text: string, level?: Level): void =>
      context.runtime.log(context.handle, showInLine(text), level);
    const createBudget = (what: string): LineBudget =>
      new LineBudget({
        now: () => clock.now(),
        later: (ms, run) => void kernel.addTimer(context.service, ms, run),
        tell: (count) => write(`${count} ${what} in a second`, LEVEL.warn),
      });
    const budget = createBudget("lines about the cluster were left out");
    const traces = createBudget("requests of other nodes were not traced");
    this.mayTrace = () => traces.allow();
    this.log = (text, level) => {
      if (!budget.allow()) return;
      write(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text, level);
    };
  }

  /** Counts a refusal. */
  count(reason: string): void {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
  }

  /** Counts a refusal, and tells of it. */
  refused(reason: string, what: string): void {
    this.count(reason);
    this.log(`${what} (${reason})`, LEVEL.warn);
  }

  /** Runs something inside the service after `ms` milliseconds. @returns what cancels it */
  after(ms: number, run: () => void): () => void {
    const { service, runtime } = this.context;
    const timer = runtime.kernel.addTimer(service, ms, run);
    return () => runtime.kernel.removeTimer(service, timer);
  }

  /** Waits `ms` milliseconds inside the service. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }
}

/**
 * How a service reaches clusterd, which holds the connections to other nodes.
 *
 * It is there from the first use on; what a service sends before goes out in order as soon as it
 * is.
 */

import { SnaxError } from "../base/error.ts";
import { LEVEL } from "../base/log-level.ts";
import type { Envelope } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { post, request } from "../service/calls.ts";
import type { Context } from "../service/context.ts";
import { defineNote } from "../service/context.ts";
import { createSkynet } from "../service/skynet.ts";

const DAEMON = "clusterd";
const DAEMON_NAME = ".clusterd";

/** What waits for a handle, of clusterd or of a link, or for why there is none. */
export type Pending = (daemon: number | undefined, error?: unknown) => void;

/** What waits in a service until clusterd is there. */
const pendings = defineNote<Pending[]>();

/**
 * Runs something with clusterd's handle: at once if it is there, else behind what waits for it
 * already.
 */
function withDaemon(context: Context, run: Pending): void {
  const waiting = pendings.peek(context);
  if (waiting !== undefined) return void waiting.push(run);
  const handle = context.runtime.kernel.names.get(DAEMON_NAME);
  if (handle !== undefined) return run(handle);
  const queue = [run];
  pendings.set(context, queue);
  const finish = (daemon: number | undefined, error?: unknown): void => {
    pendings.drop(context);
    for (const later of queue) later(daemon, error);
  };
  createSkynet(context)
    .uniqueservice(DAEMON)
    .then(finish, (error: unknown) => finish(undefined, error));
}

/** Sends clusterd a request. @param ms - the deadline; Infinity = none */
export function requestDaemon(context: Context, envelope: Envelope, ms: number): Promise<unknown> {
  if (pendings.peek(context) === undefined) {
    const daemon = context.runtime.kernel.names.get(DAEMON_NAME);
    if (daemon !== undefined) return request(context, daemon, envelope, ms);
  }
  const ask: Ask = (daemon, leftMs) => request(context, daemon, envelope, leftMs);
  return askOnceKnown(context, { what: DAEMON, ms }, (run) => withDaemon(context, run), ask);
}

/**
 * Milliseconds after which a caller gives up; Infinity = never.
 *
 * @param deadlineMs - 0 = the configuration's `calltimeout`, Infinity = never
 */
export function patienceMs({ runtime }: Context, deadlineMs: number): number {
  const ms = deadlineMs === 0 ? runtime.callTimeoutMs : deadlineMs;
  return ms > 0 ? ms : Infinity;
}

/**
 * When a caller gives up, in milliseconds since the node began: the same on each thread, and no
 * later than when the caller's own timer ends; 0 = never.
 */
export function endOfPatience({ runtime }: Context, ms: number): number {
  return ms === Infinity ? 0 : runtime.sinceStartMs + ms;
}

/**
 * Asks the service that has a handle.
 *
 * @param leftMs - what is left of the deadline; Infinity = none
 */
export type Ask = (handle: number, leftMs: number) => Promise<unknown>;

/**
 * Asks as soon as a handle is known. The deadline counts from this call: what waits for the handle
 * longer fails with ERR_TIMEOUT, and is not sent afterwards.
 *
 * @param goal - `what` is asked, for the error, within `ms` milliseconds; Infinity = whenever.
 * @param wait - runs what it is given once the handle is known, or it is known why there is none.
 */
// oxlint-disable-next-line max-params -- what is awaited, and what comes then
export function askOnceKnown(
  context: Context,
  { what, ms }: { readonly what: string; readonly ms: number },
  wait: (run: Pending) => void,
  ask: Ask,
): Promise<unknown> {
  const { runtime } = context;
  const until = runtime.sinceStartMs + ms;
  return new Promise((resolve, reject) => {
    let isOver = false;
    const giveUp = (): void => {
      isOver = true;
      const text = `no answer from ${what} within ${ms} ms`;
      reject(new SnaxError("ERR_TIMEOUT", text, { data: { ms } }));
    };
    const cancel = ms === Infinity ? undefined : runtime.after(ms, giveUp);
    wait((handle, error) => {
      if (isOver) return;
      cancel?.();
      if (handle === undefined) reject(error as Error);
      else resolve(ask(handle, Math.max(1, Math.ceil(until - runtime.sinceStartMs))));
    });
  });
}

/** Asks clusterd with a command. */
export function askDaemon(
  context: Context,
  values: unknown[],
  ms: number = Infinity,
): Promise<unknown> {
  return requestDaemon(context, { type: PTYPE.lua, method: 0, values }, ms);
}

/**
 * Makes what sends an envelope for a node that is not answered, once it is known to whom; if it
 * can't be sent, the log tells that it is lost. It never throws: behind it others wait for their
 * turn.
 */
export function pushOf(context: Context, node: string, envelope: Envelope): Pending {
  return (handle, error) => {
    if (!context.service.isAlive) return;
    let failure = error;
    try {
      if (handle !== undefined) return void post(context, handle, envelope);
    } catch (thrown) {
      failure = thrown;
    }
    const why = failure instanceof Error ? failure.message : String(failure);
    context.runtime.log(context.handle, `a push to ${node} is lost: ${why}`, LEVEL.warn);
  };
}

/**
 * Sends clusterd what is not answered, for a node; if there is no clusterd, the log tells that it
 * is lost.
 */
export function postDaemon(context: Context, node: string, envelope: Envelope): void {
  withDaemon(context, pushOf(context, node, envelope));
}

/**
 * Calls of nodes of snax, over the links that `cluster.nodes` of the configuration names.
 *
 *     call -> message to the handle of the link (cluster/link/sender.ts) -> the link -> the service
 *
 * The handle of a link is asked for once a thread; what a service says before it is known goes out
 * in order as soon as it is. Values go as they are: what a service can send to another one of its
 * node, for the most part.
 */

import { copyArguments } from "../base/copy.ts";
import type { Envelope } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { post, request } from "../service/calls.ts";
import type { Context } from "../service/context.ts";
import { defineNote } from "../service/context.ts";
import type { Runtime } from "../service/runtime.ts";
import type { Pending } from "./cluster-daemon.ts";
import { askDaemon, askOnceKnown, endOfPatience, patienceMs, pushOf } from "./cluster-daemon.ts";

/**
 * The nodes that a thread can call over links, each with the handle of its link; 0 = no service
 * has asked for it yet.
 */
const links = new WeakMap<Runtime, Links>();

interface Links {
  readonly handles: Map<string, number>;
  /** With an engine every name is a node of snax but these. */
  readonly skynet: object | undefined;
}

function linksOf(runtime: Runtime): Links {
  let known = links.get(runtime);
  if (known === undefined) {
    const cluster = runtime.environment.get("cluster") as ClusterSettings | undefined;
    known = {
      handles: new Map(Object.keys(cluster?.nodes ?? {}).map((node) => [node, 0])),
      skynet: cluster?.engine === undefined ? undefined : (cluster.skynet?.nodes ?? {}),
    };
    links.set(runtime, known);
  }
  return known;
}

/** What of the configuration says which wire leads to a node. */
interface ClusterSettings {
  readonly nodes?: object;
  readonly engine?: string;
  readonly skynet?: { readonly nodes?: object };
}

/** Says whether a node is called over a link: `cluster.nodes` names it, or the engine does. */
export function isLinked({ runtime }: Context, node: string): boolean {
  const { handles, skynet } = linksOf(runtime);
  return handles.has(node) || (skynet !== undefined && !Object.hasOwn(skynet, node));
}

/** What waits in a service until the handle of a link is known, by node. */
const earlies = defineNote<Map<string, Pending[]>>();

/**
 * Runs something with the handle of a link: at once if it is known, else behind what waits for it
 * already.
 */
function withLink(context: Context, node: string, run: Pending): void {
  const { runtime } = context;
  const waiting = earlies.peek(context)?.get(node);
  if (waiting !== undefined) return void waiting.push(run);
  const handle = knownLink(runtime, node);
  if (handle !== undefined) return run(handle);
  const queue = [run];
  const all = earlies.peek(context) ?? new Map<string, Pending[]>();
  earlies.set(context, all.set(node, queue));
  const finish = (found: number | undefined, error?: unknown): void => {
    all.delete(node);
    if (all.size === 0) earlies.drop(context);
    if (found !== undefined) linksOf(runtime).handles.set(node, found);
    for (const later of queue) later(found, error);
  };
  askDaemon(context, ["LINK", node]).then(
    (found) => finish(found as number),
    (error: unknown) => finish(undefined, error),
  );
}

/** The handle of a link, if the thread knows it and it lives: it goes with clusterd. */
function knownLink(runtime: Runtime, node: string): number | undefined {
  const handle = linksOf(runtime).handles.get(node);
  return handle !== undefined && handle !== 0 && runtime.kernel.lives(handle) ? handle : undefined;
}

/**
 * Methods of a message to a link: see cluster/link/sender.ts, which is not loaded where there are
 * no links.
 */
const CALL = 0;
const LINK_QUERY = 1;

/**
 * Calls a service there.
 *
 * @param values - become the message's.
 * @param deadlineMs - 0 = the configuration's `calltimeout`, Infinity = none
 */
// oxlint-disable-next-line max-params -- hot path: an options object would be one more for each call
export function callLinked(
  context: Context,
  node: string,
  address: string | number,
  values: unknown[],
  deadlineMs: number,
): Promise<unknown> {
  values.push(address);
  return ask(context, node, { type: PTYPE.harbor, method: CALL, values }, deadlineMs);
}

/** Asks for the handle of a name, or of the unique service of a type. */
export function queryLinked(
  context: Context,
  node: string,
  key: readonly string[],
  deadlineMs: number,
): Promise<number> {
  const envelope = { type: PTYPE.harbor, method: LINK_QUERY, values: [...key, 0] };
  return ask(context, node, envelope, deadlineMs) as Promise<number>;
}

// oxlint-disable-next-line max-params -- hot path, as above
function ask(
  context: Context,
  node: string,
  envelope: Envelope,
  deadlineMs: number,
): Promise<unknown> {
  const { runtime } = context;
  const ms = patienceMs(context, deadlineMs);
  envelope.values.push(endOfPatience(context, ms));
  const handle = earlies.peek(context) !== undefined ? undefined : knownLink(runtime, node);
  if (handle !== undefined) return request(context, handle, envelope, deadlineMs);
  let kept: Envelope;
  try {
    kept = keep(envelope);
  } catch (error) {
    return Promise.reject(error);
  }
  return askOnceKnown(
    context,
    { what: node, ms },
    (run) => withLink(context, node, run),
    (found, leftMs) => request(context, found, kept, leftMs),
  );
}

/**
 * Makes the values of a message its own: what the caller does with them until it is sent does not
 * change it.
 *
 * @throws {ERR_NOT_SENDABLE} if they can't be sent, here instead of where it would be too late.
 */
function keep({ type, method, values }: Envelope): Envelope {
  return { type, method, values: copyArguments(values, undefined) };
}

/** Sends what is not answered. */
export function sendLinked(
  context: Context,
  node: string,
  address: string | number,
  values: readonly unknown[],
): void {
  const { runtime } = context;
  const envelope = { type: PTYPE.harbor, method: CALL, values: [...values, address, 0] };
  const isWaiting = earlies.peek(context)?.has(node) === true;
  const handle = isWaiting ? undefined : knownLink(runtime, node);
  if (handle !== undefined) return void post(context, handle, envelope);
  withLink(context, node, pushOf(context, node, keep(envelope)));
}

/**
 * `cluster`: services of other nodes, over skynet's own wire.
 *
 *     call -> values packed -- REQ --> clusterd -> the other node -> clusterd -- bytes --> values
 *
 * Values are packed where they are sent and unpacked where they arrive, as in skynet, so clusterd passes bytes on. It is there
 * from the first use on; what a service sends before goes out in order as soon as it is.
 */

import { SnaxError } from "../base/error.ts";
import { checkDeadline, post, request } from "../service/calls.ts";
import type { Context } from "../service/context.ts";
import { requireAlive } from "../service/context.ts";
import { defineApi } from "../service/lazy-api.ts";
import { defineNote } from "../service/part.ts";
import { createSkynet } from "../service/skynet.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { ServiceModule, ServiceObject, SnaxApi } from "../snax/types.ts";
import { decodeSeri, encodeSeri } from "../wire/lua-seri.ts";
import type { ClusterAddress, ClusterApi, ClusterCalls } from "./cluster-api.ts";

const DAEMON = "clusterd";
const DAEMON_NAME = ".clusterd";

/** What a service wants of clusterd before that is there. */
type Pending = (daemon: number | undefined, error?: unknown) => void;

/** What waits in a service until clusterd is there. */
const pendings = defineNote<Pending[]>();

/** Runs something with clusterd's handle: at once if it is there, else behind what waits for it already. */
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

/** Asks clusterd. */
function ask(context: Context, values: unknown[], ms = Infinity): Promise<unknown> {
  if (pendings.peek(context) === undefined) {
    const daemon = context.runtime.kernel.names.get(DAEMON_NAME);
    const envelope = { type: PTYPE.lua, method: 0, values };
    if (daemon !== undefined) return request(context, daemon, envelope, ms);
  }
  return new Promise((resolve, reject) => {
    withDaemon(context, (daemon, error) => {
      if (daemon === undefined) return reject(error as Error);
      resolve(request(context, daemon, { type: PTYPE.lua, method: 0, values }, ms));
    });
  });
}

function checkNode(node: unknown): void {
  if (typeof node === "string" && node !== "") return;
  throw new SnaxError("ERR_ARGUMENT", `the name of a node is a text, not ${typeof node}`);
}

function checkAddress(address: unknown): void {
  if (typeof address === "string" && address !== "") return;
  if (Number.isInteger(address) && (address as number) > 0 && (address as number) <= 0xffffffff) {
    return;
  }
  const shown = typeof address === "number" ? String(address) : typeof address;
  throw new SnaxError("ERR_ARGUMENT", `a service of a node is "@name" or a handle, not ${shown}`);
}

/** Packs values now, so that what becomes of them later is nobody's business. */
function pack(node: string, address: ClusterAddress, values: readonly unknown[]): Uint8Array {
  checkNode(node);
  checkAddress(address);
  return encodeSeri(values);
}

/** Sends an order to clusterd, and unpacks the answer. */
function receive(context: Context, order: unknown[], deadlineMs: number): Promise<never> {
  const ms = deadlineMs === 0 ? context.runtime.callTimeoutMs : deadlineMs;
  const isBounded = ms > 0 && ms !== Infinity;
  const values = ["REQ", ...order, isBounded ? ms : 0];
  const answer = ask(context, values, isBounded ? ms : Infinity);
  return answer.then((bytes) => unpack(bytes as Uint8Array, order) as never);
}

/** Unpacks an answer: several results are an array, none is undefined. */
function unpack(bytes: Uint8Array, [node, address]: readonly unknown[]): unknown {
  try {
    const values = decodeSeri(bytes);
    return values.length <= 1 ? values[0] : values;
  } catch (cause) {
    const text = `the answer of ${String(node)} ${String(address)} can't be unpacked`;
    throw new SnaxError("ERR_MALFORMED", text, { cause, data: { node, address } });
  }
}

function calls(context: Context, deadlineMs: number): ClusterCalls {
  return {
    call: async (node, address, ...values) => {
      const bytes = pack(node, address, values);
      return await receive(context, [node, address, bytes], deadlineMs);
    },
    query: async (node, name) => {
      checkNode(node);
      return await receive(context, [node, 0, encodeSeri([String(name)])], deadlineMs);
    },
  };
}

function send(context: Context, node: string, address: ClusterAddress, ...values: unknown[]): void {
  requireAlive(context);
  const bytes = pack(node, address, values);
  withDaemon(context, (daemon, error) => {
    if (!context.service.isAlive) return;
    if (daemon === undefined) {
      const why = error instanceof Error ? error.message : String(error);
      return context.runtime.log(context.handle, `a push to ${node} is lost: ${why}`);
    }
    const push = ["PUSH", node, address, bytes];
    post(context, daemon, { type: PTYPE.lua, method: 0, values: push });
  });
}

/** `db@sdb`, `db.sdb`: the node, and the address with its prefix. */
const FULL_NAME = /^([^@.]+)([@.].+)$/;

async function proxy(context: Context, node: string, address?: ClusterAddress): Promise<number> {
  const [, name, rest] = address === undefined ? (FULL_NAME.exec(String(node)) ?? []) : [];
  const place = address ?? rest;
  if (place === undefined) {
    throw new SnaxError("ERR_ARGUMENT", `Invalid name ${String(node)}: use "node@name"`);
  }
  checkNode(name ?? node);
  checkAddress(place);
  return (await ask(context, ["PROXY", name ?? node, place])) as number;
}

async function bindSnax(
  context: Context,
  node: string,
  type: string,
  address?: ClusterAddress,
): Promise<ServiceObject> {
  // One that has no file has no numbers, and an object of it could call nothing.
  context.runtime.paths.find(type);
  const unique = [node, ".service", encodeSeri(["QUERY", "snaxd", type])];
  const place = address ?? (await receive(context, unique, 0));
  checkNode(node);
  checkAddress(place);
  const handle = (await ask(context, ["PROXY", node, place, type])) as number;
  const snax = context.runtime.parts.get("snax")?.(context) as SnaxApi;
  return snax.bind<ServiceModule>(handle, type) as ServiceObject;
}

const make = defineApi<Context>({
  call: (context: Context, node: string, address: ClusterAddress, ...values: unknown[]) =>
    calls(context, 0).call(node, address, ...values),
  query: (context: Context, node: string, name: string) => calls(context, 0).query(node, name),
  send,
  open: (context: Context, place: number | string, maxclient?: number) =>
    ask(context, maxclient === undefined ? ["LISTEN", place] : ["LISTEN", place, maxclient]),
  reload: (context: Context, nodes?: object) =>
    ask(context, nodes === undefined ? ["RELOAD"] : ["RELOAD", nodes]),
  register: (context: Context, name: string, handle: number = context.handle) =>
    ask(context, ["REGISTER", name, handle]),
  unregister: (context: Context, name: string) => ask(context, ["UNREGISTER", name]),
  proxy,
  snax: bindSnax,
  within: (context: Context, ms: number): ClusterCalls => {
    checkDeadline(ms);
    return calls(context, ms);
  },
});

/** Makes the `cluster` of one service. */
export function createCluster(context: Context): ClusterApi {
  return make(context) as ClusterApi;
}

/**
 * `cluster`: services of other nodes. Which wire leads to one its name says: those of
 * `cluster.nodes` in the configuration have links (cluster-link.ts), all others are reached over
 * skynet's own wire.
 *
 *     call -> values packed -- REQ --> clusterd -> the other node -> clusterd -- bytes --> values
 *
 * On skynet's wire values are packed where they are sent and unpacked where they arrive, as in
 * skynet, so clusterd passes bytes on.
 */

import { SnaxError } from "../base/error.ts";
import { bound } from "../service/bound.ts";
import { checkDeadline } from "../service/calls.ts";
import type { Context } from "../service/context.ts";
import { requireAlive } from "../service/context.ts";
import { defineApi } from "../service/lazy-api.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { ServiceModule, ServiceObject, SnaxApi } from "../snax/types.ts";
import { decodeSeri, encodeSeri } from "../wire/lua-seri.ts";
import type { LinkEvent } from "../cluster/link/event.ts";
import { tokenOf } from "../service/tenure.ts";
import { takesValuesWhole, Values } from "../service/values.ts";
import type { ClusterAddress, ClusterApi, ClusterCalls } from "./cluster-api.ts";
import { askDaemon, endOfPatience, patienceMs, postDaemon } from "./cluster-daemon.ts";
import { callLinked, isLinked, queryLinked, sendLinked } from "./cluster-link.ts";
import { monitorLinked } from "./cluster-monitor.ts";

function checkNode(node: unknown): void {
  if (typeof node === "string" && node !== "") return;
  throw new SnaxError("ERR_ARGUMENT", `the name of a node is a text, not ${typeof node}`);
}

function checkAddress(address: unknown, most = 0xffffffff): void {
  if (typeof address === "string" && address !== "") return;
  if (Number.isInteger(address) && (address as number) > 0 && (address as number) <= most) return;
  const shown = typeof address === "number" ? String(address) : typeof address;
  throw new SnaxError("ERR_ARGUMENT", `a service of a node is "@name" or a handle, not ${shown}`);
}

/** Over a link a handle alone means no service: it does not say of which process it is. */
function checkLinkAddress(address: unknown): void {
  checkAddress(address, Number.MAX_SAFE_INTEGER);
  if (typeof address === "string" || (address as number) > 0xffffffff) return;
  const why = "a handle of another node comes from cluster.query, or use a name";
  throw new SnaxError(
    "ERR_ARGUMENT",
    `${String(address)} does not say of which process it is: ${why}`,
  );
}

/** Packs values now, so that later changes to them are not sent. */
function pack(node: string, address: ClusterAddress, values: readonly unknown[]): Uint8Array {
  checkNode(node);
  checkAddress(address);
  return encodeSeri(values);
}

/** Sends an order to clusterd, and unpacks the answer. */
function receive(context: Context, order: unknown[], deadlineMs: number): Promise<never> {
  const ms = patienceMs(context, deadlineMs);
  const answer = askDaemon(context, ["REQ", ...order, endOfPatience(context, ms)], ms);
  return answer.then((bytes) => unpack(context, bytes as Uint8Array, order) as never);
}

/** Unpacks an answer: several results are an array, none is undefined. */
function unpack(context: Context, bytes: Uint8Array, [node, address]: readonly unknown[]): unknown {
  try {
    const values = decodeSeri(bytes);
    if (values.length <= 1) return values[0];
    return takesValuesWhole(context) ? new Values(values) : values;
  } catch (cause) {
    const text = `the answer of ${String(node)} ${String(address)} can't be unpacked`;
    throw new SnaxError("ERR_MALFORMED", text, { cause, data: { node, address } });
  }
}

async function callSkynet(
  context: Context,
  [node, address]: readonly [string, ClusterAddress],
  values: readonly unknown[],
  deadlineMs: number,
): Promise<never> {
  const bytes = pack(node, address, values);
  return await receive(context, [node, address, bytes], deadlineMs);
}

// oxlint-disable-next-line max-params -- hot path: an options object would be one more for each call
function call(
  context: Context,
  deadlineMs: number,
  node: string,
  address: ClusterAddress,
  values: unknown[],
): Promise<never> {
  if (!isLinked(context, node)) return callSkynet(context, [node, address], values, deadlineMs);
  try {
    checkLinkAddress(address);
  } catch (error) {
    return Promise.reject(error);
  }
  return callLinked(context, node, address, values, deadlineMs) as Promise<never>;
}

async function query(
  context: Context,
  deadlineMs: number,
  node: string,
  name: string,
): Promise<number> {
  if (isLinked(context, node)) return await queryLinked(context, node, [String(name)], deadlineMs);
  checkNode(node);
  return await receive(context, [node, 0, encodeSeri([String(name)])], deadlineMs);
}

function calls(context: Context, deadlineMs: number): ClusterCalls {
  return {
    call: (node, address, ...values) => call(context, deadlineMs, node, address, values),
    query: (node, name) => query(context, deadlineMs, node, name),
  };
}

function send(context: Context, node: string, address: ClusterAddress, ...values: unknown[]): void {
  requireAlive(context);
  if (isLinked(context, node)) {
    checkLinkAddress(address);
    return sendLinked(context, node, address, values);
  }
  const push = ["PUSH", node, address, pack(node, address, values)];
  postDaemon(context, node, { type: PTYPE.lua, method: 0, values: push });
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
  (isLinked(context, name ?? node) ? checkLinkAddress : checkAddress)(place);
  return (await askDaemon(context, ["PROXY", name ?? node, place])) as number;
}

function findUniqueThere(context: Context, node: string, type: string): Promise<number> {
  if (isLinked(context, node)) return queryLinked(context, node, ["snaxd", type], 0);
  return receive(context, [node, ".service", encodeSeri(["QUERY", "snaxd", type])], 0);
}

async function bindSnax(
  context: Context,
  node: string,
  type: string,
  address?: ClusterAddress,
): Promise<ServiceObject> {
  // On skynet's wire one that has no file has no numbers, and an object of it could call nothing.
  if (!isLinked(context, node)) context.runtime.paths.find(type);
  const place = address ?? (await findUniqueThere(context, node, type));
  checkNode(node);
  (isLinked(context, node) ? checkLinkAddress : checkAddress)(place);
  const handle = (await askDaemon(context, ["PROXY", node, place, type])) as number;
  const snax = context.runtime.parts.get("snax")?.(context) as SnaxApi;
  return snax.bind<ServiceModule>(handle, type) as ServiceObject;
}

const make = defineApi<Context>({
  call: (context: Context, node: string, address: ClusterAddress, ...values: unknown[]) =>
    call(context, 0, node, address, values),
  query: (context: Context, node: string, name: string) => query(context, 0, node, name),
  send,
  open: (context: Context, place: number | string, maxclient?: number) =>
    askDaemon(context, maxclient === undefined ? ["LISTEN", place] : ["LISTEN", place, maxclient]),
  reload: (context: Context, nodes?: object) =>
    askDaemon(context, nodes === undefined ? ["RELOAD"] : ["RELOAD", nodes]),
  register: (context: Context, name: string, handle: number = context.handle) =>
    askDaemon(context, ["REGISTER", name, handle]),
  unregister: (context: Context, name: string) => askDaemon(context, ["UNREGISTER", name]),
  proxy,
  snax: bindSnax,
  monitor: (context: Context, node: string, onEvent: (event: LinkEvent) => unknown) =>
    monitorLinked(context, node, onEvent),
  token: (context: Context): number => {
    const token = tokenOf(context);
    if (token !== undefined) return token;
    throw new SnaxError("ERR_ARGUMENT", "a service that is not global has no fencing token");
  },
  within: (context: Context, ms: number): ClusterCalls => {
    checkDeadline(ms);
    return bound(calls(context, ms), { api: "cluster", member: "within", args: [ms] });
  },
});

/** Makes the `cluster` of one service. */
export function createCluster(context: Context): ClusterApi {
  return make(context) as ClusterApi;
}

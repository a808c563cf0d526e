/**
 * Sockets of other threads: what a service does to one goes there as a word between the threads.
 *
 *     socket.write(id, ...) here -> "socket" "write" id bytes -> the same there, in order with all messages of the pair
 *     gate here, agent there     -> "mark" -> a mark in the agent's mailbox -> "passed" -> the client is read on
 *     its client has ended       -> "last" -> the same; reached when the agent has answered -> "served" -> closed
 *
 * An id says which thread its socket lives on. What comes in is sent on to the service that has
 * started it (handover.ts).
 */

import { askSteward } from "../service/steward.ts";
import type { Context } from "../service/context.ts";
import { describeError } from "../service/error-text.ts";
import type { Runtime } from "../service/runtime.ts";
import { placeMark } from "./flow.ts";
import { GateClient } from "./gate-client.ts";
import { Handover } from "./handover.ts";
import type { NetTable } from "./net-table.ts";
import { netOf } from "./net-table.ts";
import type { Writable } from "./socket-api.ts";
import { requireWritable } from "./outbox.ts";
import type { SocketInfo } from "./socket-api.ts";
import { describeSockets } from "./socket-info.ts";

/** What can be done to a socket of another thread. */
export type RemoteVerb = "write" | "writeLow" | "send" | "close" | "destroy";

/** Joins a runtime's sockets to those of the node's other threads. */
export function joinNet(runtime: Runtime): void {
  const net = netOf(runtime);
  const { words, stewardCommands } = runtime;
  words.set("socket", (verb, id, data) => {
    hear(net, verb as RemoteVerb, id as number, data as Writable);
  });
  words.set("mark", (agent, thread, ...mark) => {
    const reached = (): void => say(runtime, thread as number, "passed", mark);
    const moved = (): void => {
      if (!passOn(runtime, agent as number, "mark", [agent, thread, ...mark])) reached();
    };
    if (!placeMark(runtime, agent as number, { reached, moved })) moved();
  });
  words.set("passed", (id, bytes, epoch) => {
    const client = net.linkOf(id as number)?.consumer;
    if (client instanceof GateClient) client.passed(bytes as number, epoch as number);
  });
  words.set("last", (agent, thread, id) => {
    const reached = (): void => say(runtime, thread as number, "served", [id]);
    const moved = (): void => {
      if (!passOn(runtime, agent as number, "last", [agent, thread, id])) reached();
    };
    if (!placeMark(runtime, agent as number, { endOf: id as number, reached, moved })) moved();
  });
  words.set("served", (id) => {
    const run = net.ending.get(id as number);
    net.ending.delete(id as number);
    run?.();
  });
  net.handover = new Handover(runtime);
  stewardCommands.set("NETSTAT", () => describeSockets(net));
}

/**
 * Does something to a socket of another thread.
 *
 * @returns true: what comes of it shows there.
 * @throws {ERR_ARGUMENT} if the data can't be written.
 */
export function tellSocket(net: NetTable, verb: RemoteVerb, id: number, data?: Writable): boolean {
  if (data !== undefined) requireWritable(data);
  net.runtime.threads?.tell(net.threadOf(id), "socket", verb, id, data);
  return true;
}

/**
 * Asks the agent's thread to put a mark behind what was delivered to it; "passed" comes back.
 *
 * @returns false if the agent lives nowhere.
 */
export function tellMark(net: NetTable, agent: number, mark: readonly number[]): boolean {
  const { threads } = net.runtime;
  const thread = threads?.threadOf(agent);
  if (threads === undefined || thread === undefined) return false;
  threads.tell(thread, "mark", agent, threads.own, ...mark);
  return true;
}

/**
 * Runs something when a service of another thread has handled all that a client sent which sends
 * nothing any more; never if the connection is gone before.
 *
 * @returns false if the service lives nowhere.
 */
export function tellEnd(net: NetTable, agent: number, id: number, run: () => void): boolean {
  const { threads } = net.runtime;
  const thread = threads?.threadOf(agent);
  if (threads === undefined || thread === undefined) return false;
  net.ending.set(id, run);
  net.linkOf(id)?.whenGone(() => net.ending.delete(id));
  threads.tell(thread, "last", agent, threads.own, id);
  return true;
}

/** Says a word to a thread, also to this one: a mark may have come back to where its gate is. */
function say(
  { threads, words }: Runtime,
  thread: number,
  word: string,
  values: readonly unknown[],
): void {
  if (thread === threads?.own) words.get(word)?.(...values);
  else threads?.tell(thread, word, ...values);
}

/**
 * Says to the thread of a service that has gone there what was meant for it.
 *
 * @returns false if it lives nowhere else.
 */
function passOn(
  { threads }: Runtime,
  handle: number,
  word: string,
  values: readonly unknown[],
): boolean {
  const thread = threads?.threadOf(handle);
  if (threads === undefined || thread === undefined || thread === threads.own) return false;
  threads.tell(thread, word, ...values);
  return true;
}

/** Lists the sockets of all threads. */
export async function listSockets(context: Context): Promise<SocketInfo[]> {
  const { runtime } = context;
  const { threads } = runtime;
  const others = [0, ...(threads?.hosts ?? [])].filter((thread) => thread !== (threads?.own ?? 0));
  const lists = await Promise.allSettled(
    others.map((thread) => askSteward(context, thread, "NETSTAT") as Promise<SocketInfo[]>),
  );
  // A thread that dies meanwhile takes its sockets with it.
  const known = lists.flatMap((list) => (list.status === "fulfilled" ? list.value : []));
  return [...describeSockets(netOf(runtime)), ...known].toSorted((a, b) => a.id - b.id);
}

function hear(net: NetTable, verb: RemoteVerb, id: number, data: Writable): void {
  const link = net.linkOf(id);
  if (link === undefined) return;
  try {
    link[verb](data as never);
  } catch (error) {
    net.runtime.logFault(link.owner, `socket error : ${describeError(error)}`);
  }
}

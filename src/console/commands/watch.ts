/**
 * Commands that watch the node for a while, or show what it is doing: load, sockets, threads.
 */

import { getHeapStatistics } from "node:v8";
import { formatAddress, INDEX_MASK, mailboxLength } from "../../kernel/service.ts";
import type { Runtime } from "../../service/runtime.ts";
import type { Service } from "../../kernel/service.ts";
import type { CommandCall, CommandTable, Table } from "../operator/command.ts";
import { readSeconds } from "../operator/command.ts";
import { formatFloat } from "../print/print.ts";
import { toAll } from "../threads/thread-route.ts";
import { visitServices } from "../inspect/service-walk.ts";
import type { ListenRecord } from "../../net/net-table.ts";
import { netOf } from "../../net/net-table.ts";
import { describeSockets } from "../../net/socket-info.ts";
import type { SocketInfo } from "../../net/socket-api.ts";
import type { ClientRecord } from "../operator/socket-table.ts";

/** Services that `top` shows. */
const TOP_LENGTH = 20;

/** What a service did in a span of time. */
interface Load {
  /** Share of the thread's time, 0..1. */
  readonly cpu: number;
  /** Messages per second. */
  readonly message: number;
  readonly mqlen: number;
  readonly title: string;
}

/**
 * What services had done at a moment, by the index of their handle: two numbers for each, so that a walk over a million
 * services leaves a million small objects behind.
 */
class Figures {
  readonly #pages = new Map<number, Float64Array>();

  note({ handle, cpuMs, messageCount }: Service): void {
    const at = 2 * (handle & PAGE_MASK);
    let page = this.#pages.get(pageOf(handle));
    if (page === undefined) this.#pages.set(pageOf(handle), (page = new Float64Array(2 * PAGE)));
    page[at] = cpuMs;
    page[at + 1] = messageCount;
  }

  /** @returns zeros for a service that was not there. */
  of(handle: number): readonly [cpuMs: number, messages: number] {
    const page = this.#pages.get(pageOf(handle));
    const at = 2 * (handle & PAGE_MASK);
    return [page?.[at] ?? 0, page?.[at + 1] ?? 0];
  }
}

/** Services whose figures are in one array. */
const PAGE = 4096;
const PAGE_MASK = PAGE - 1;

function pageOf(handle: number): number {
  return (handle & INDEX_MASK) >>> 12;
}

async function top({ operator, args }: CommandCall): Promise<Table> {
  const seconds = readSeconds(args[0], 1);
  const { clock } = operator.runtime;
  const before = new Figures();
  await visitServices(operator, ({ service }) => before.note(service));
  const since = clock.now();
  await operator.pause(seconds * 1000);
  const ms = clock.now() - since;
  const busiest: Row[] = [];
  await visitServices(operator, ({ service }) => {
    const [cpuMs, messages] = before.of(service.handle);
    const mqlen = mailboxLength(service);
    const message = ((service.messageCount - messages) * 1000) / ms;
    if (message === 0 && mqlen === 0) return;
    const cpu = (service.cpuMs - cpuMs) / ms;
    const last = busiest[TOP_LENGTH - 1];
    if (last !== undefined && compareLoads(last[1], { cpu, message }) <= 0) return;
    busiest.push([formatAddress(service.handle), { cpu, message, mqlen, title: service.title }]);
    busiest.sort(([, one], [, other]) => compareLoads(one, other));
    busiest.length = Math.min(busiest.length, TOP_LENGTH);
  });
  return new Map(busiest);
}

type Row = [address: string, load: Load];

/** The larger one comes first. */
function compareLoads(
  one: Pick<Load, "cpu" | "message">,
  other: Pick<Load, "cpu" | "message">,
): number {
  return other.cpu - one.cpu || other.message - one.message;
}

/** The busiest of all threads first, and no more than fit a screen. */
function byLoad(rows: Table): Table {
  const loads = [...rows] as Row[];
  loads.sort(([, one], [, other]) => compareLoads(one, other));
  return new Map(loads.slice(0, TOP_LENGTH));
}

function printLoad(row: unknown): string {
  const { cpu, message, mqlen, title } = row as Load;
  return `cpu:${(cpu * 100).toFixed(1)}%\tmessage:${Math.round(message)}/s\tmqlen:${mqlen}\t${title}`;
}

function ownThread({ threads: all }: Runtime): number {
  return all?.own ?? 0;
}

/** One line a thread. */
function threads({ operator }: CommandCall): Table {
  const { kernel } = operator.runtime;
  const { used_heap_size: heap } = getHeapStatistics();
  const { utilization } = performance.eventLoopUtilization();
  return new Map([
    [
      String(ownThread(operator.runtime)),
      { busy: utilization, heap, services: kernel.services.size },
    ],
  ]);
}

function printThread(row: unknown): string {
  const { busy, heap, services } = row as Record<string, number>;
  return `busy:${((busy ?? 0) * 100).toFixed(1)}%\theap:${((heap ?? 0) / (1024 * 1024)).toFixed(2)}M\tservices:${services}`;
}

/** The sockets of this thread by number; those of a node with several threads are put in order when all have answered. */
function netstat({ operator }: CommandCall): Table {
  const now = operator.runtime.clock.now();
  const { runtime } = operator;
  const own = [...operator.thread.sockets.records()].map((record): [string, object] => [
    String(record.id),
    record.kind === "LISTEN" ? listenRow(record, now) : clientRow(record, now),
  ]);
  const others = describeSockets(netOf(runtime)).map((socket): [string, object] => [
    String(socket.id),
    socketRow(socket),
  ]);
  const rows = new Map([...own, ...others]);
  return runtime.threads === undefined ? numbered(rows) : rows;
}

/** As skynet's: a list in order of the sockets' numbers. */
function numbered(rows: Table): Table {
  const ordered = [...rows].toSorted(([a], [b]) => Number(a) - Number(b));
  return new Map(ordered.map(([, row], index) => [String(index + 1), row]));
}

function socketRow(socket: SocketInfo): object {
  const { id, owner, type, place, accepted, bytesRead, bytesWritten, unsentBytes } = socket;
  const common = { address: formatAddress(owner), id, rtime: formatSince(socket.readMs), type };
  if (type === "LISTEN") return { accept: accepted, ...common, sock: place };
  const isLink = unsentBytes !== undefined;
  return {
    ...common,
    [isLink ? "peer" : "sock"]: place,
    read: formatBytes(bytesRead ?? 0),
    ...(isLink ? { reading: socket.isReading, writing: unsentBytes > 0 } : {}),
    wbuffer: formatBytes(unsentBytes ?? 0),
    write: formatBytes(bytesWritten ?? 0),
    wtime: formatSince(socket.writtenMs),
  };
}

function listenRow({ id, owner, name, accepted, readAt }: ListenRecord, now: number): object {
  const address = formatAddress(owner);
  return {
    accept: accepted,
    address,
    id,
    rtime: formatAge(readAt, now),
    sock: name,
    type: "LISTEN",
  };
}

function clientRow(record: ClientRecord, now: number): object {
  const { id, owner, name, socket, readAt, writtenAt } = record;
  return {
    address: formatAddress(owner),
    id,
    peer: name,
    read: formatBytes(socket.bytesRead),
    reading: !socket.isPaused(),
    rtime: formatAge(readAt, now),
    type: "TCP",
    wbuffer: formatBytes(socket.writableLength),
    write: formatBytes(socket.bytesWritten),
    writing: socket.writableLength > 0,
    wtime: formatAge(writtenAt, now),
  };
}

/** As skynet writes sizes; nothing for none. */
function formatBytes(size: number): string | number | undefined {
  if (size === 0) return undefined;
  if (size < 1024) return size;
  if (size < 1024 * 1024) return `${formatFloat(size / 1024)}K`;
  return `${formatFloat(size / (1024 * 1024))}M`;
}

/** As skynet writes ages: seconds with hundredths, from a minute on `[h:]m:s`. */
function formatAge(at: number | undefined, now: number): string | undefined {
  return formatSince(at === undefined ? undefined : now - at);
}

function formatSince(ms: number | undefined): string | undefined {
  if (ms === undefined) return undefined;
  const hundredths = Math.floor(ms / 10);
  if (hundredths < 6000) return `${formatFloat(hundredths / 100)}s`;
  const hours = Math.floor(hundredths / 360_000);
  const minutes = Math.floor((hundredths % 360_000) / 6000);
  const seconds = Math.round((hundredths % 6000) / 100);
  return `${hours === 0 ? "" : `${hours}:`}${minutes}:${seconds}s`;
}

/** The commands by name. */
export const watchCommands: CommandTable = {
  top: {
    help: "top [seconds] : services by load",
    route: toAll,
    order: byLoad,
    run: top,
    isOrdered: true,
    print: printLoad,
  },
  threads: {
    help: "threads : show the threads of this node",
    route: toAll,
    run: threads,
    print: printThread,
  },
  netstat: { help: "netstat : show netstat", route: toAll, order: numbered, run: netstat },
};

/**
 * Several threads' fabrics with their kernels on one thread, for tests that say themselves when each has its turn.
 */

import type { MessagePort } from "node:worker_threads";
import { MessageChannel } from "node:worker_threads";

import { createDirectory, Directory } from "../../../src/fabric/directory.ts";
import { Fabric } from "../../../src/fabric/fabric.ts";
import { createDoorbell, Doorbell } from "../../../src/fabric/ring-doorbell.ts";
import { Exchange } from "../../../src/fabric/ring-exchange.ts";
import { closeRing, createRing } from "../../../src/fabric/ring-memory.ts";
import { bereave } from "../../../src/kernel/death.ts";
import { Kernel } from "../../../src/kernel/kernel.ts";
import type { Message } from "../../../src/kernel/message.ts";
import { REPLY } from "../../../src/kernel/message.ts";
import type { Probe, ProbeHandler } from "../../simulator.ts";
import { createProbe, virtualClock } from "../../simulator.ts";
import { PortableTable } from "../../../src/wire/codec-portable.ts";

/** One thread. */
export interface Side {
  readonly thread: number;
  readonly kernel: Kernel;
  readonly fabric: Fabric;
  readonly exchange: Exchange;
  readonly directory: Directory;
  /** What the other threads' fabrics told this one. */
  readonly words: { thread: number; values: readonly unknown[] }[];
  /** What this one could not read. */
  readonly malformed: unknown[];
  /** What services threw. */
  readonly errors: unknown[];
  /** Called when a handle's thread is not known. */
  onUnknown: () => void;
  /** Takes mail in, lets the services run, and publishes what they sent. */
  turn(): void;
  probe(handler?: ProbeHandler): Probe;
}

/** What the threads are made of. */
export interface WorldOptions {
  /** @defaultValue 2 */
  readonly threads?: number;
  /** Bytes of each ring. @defaultValue 256 */
  readonly ringBytes?: number;
  readonly waitingLimit?: number;
  readonly mailboxLimit?: number;
}

/** Threads that are joined. */
export interface FabricWorld {
  readonly sides: readonly Side[];
  /** Joins two threads, as the next incarnation of the pair. */
  join(one: Side, other: Side): void;
  /** Ends a thread: what it has not published is lost. The others have not heard of it yet. */
  kill(side: Side): void;
  /** Tells a thread that another one has died. */
  tellDeath(side: Side, dead: Side): void;
  /** Lets all run until there is nothing to do. */
  settle(): void;
}

/** Creates threads that are joined to each other and have nothing to do. */
export function createFabrics(options: WorldOptions = {}): FabricWorld {
  const { threads = 2, ringBytes = 256 } = options;
  const memory = createDirectory();
  const doorbells = Array.from({ length: threads }, createDoorbell);
  const awake = new Set<number>();
  const rings: { threads: number[]; memory: SharedArrayBuffer }[] = [];
  const dead = new Set<Side>();
  let epoch = 0;
  const sides = doorbells.map((doorbell, thread) =>
    createSide({ ...options, thread, memory, doorbell, wake: () => awake.add(thread) }),
  );
  const link = (side: Side, other: Side, ring: SharedArrayBuffer[], port: MessagePort): void => {
    side.fabric.connect({
      ...{ thread: other.thread, outgoing: ring[0] as SharedArrayBuffer, port },
      incoming: ring[1] as SharedArrayBuffer,
      doorbell: new Doorbell(doorbells[other.thread] as SharedArrayBuffer),
      wake: () => awake.add(other.thread),
    });
  };
  const world: FabricWorld = {
    sides,
    join: (one, other) => {
      epoch += 1;
      const made = [
        createRing({ epoch, bytes: ringBytes }),
        createRing({ epoch, bytes: ringBytes }),
      ];
      const { port1, port2 } = new MessageChannel();
      for (const ring of made) rings.push({ threads: [one.thread, other.thread], memory: ring });
      link(one, other, made, port1);
      link(other, one, made.toReversed(), port2);
    },
    kill: (side) => {
      dead.add(side);
      for (const ring of rings) if (ring.threads.includes(side.thread)) closeRing(ring.memory);
      side.directory.clear(side.thread);
    },
    tellDeath: (side, { thread }) => {
      side.fabric.disconnect(thread);
      bereave(side.kernel, (handle) => side.fabric.isLost(handle));
    },
    settle: () => {
      while (awake.size > 0) {
        for (const thread of [...awake]) {
          awake.delete(thread);
          const side = sides[thread] as Side;
          if (!dead.has(side)) side.turn();
        }
      }
    },
  };
  sides.forEach((one, index) => {
    for (const other of sides.slice(index + 1)) world.join(one, other);
  });
  world.settle();
  return world;
}

/** Answers a request with its arguments. */
export function echo(message: Message, probe: Probe, side: Side): void {
  if (message.reply === REPLY.owed) side.kernel.reply(probe.service, message, message.payload);
}

/** Two threads that are joined, with a service on each. */
export interface Pair {
  readonly world: FabricWorld;
  readonly one: Side;
  readonly two: Side;
  readonly caller: Probe;
  /** Echoes what it is asked. */
  readonly callee: Probe;
}

/** Creates two threads, a service on each; the second one's echoes. */
export function createPair(options: WorldOptions = {}): Pair {
  const world = createFabrics(options);
  const [one, two] = world.sides as [Side, Side];
  const caller = one.probe();
  const callee = two.probe((message, probe) => echo(message, probe, two));
  return { world, one, two, caller, callee };
}

interface SideOptions extends WorldOptions {
  readonly thread: number;
  readonly memory: SharedArrayBuffer;
  readonly doorbell: SharedArrayBuffer;
  readonly wake: () => void;
}

function createSide(options: SideOptions): Side {
  const { thread, memory, doorbell, wake, waitingLimit = 0, mailboxLimit = 0 } = options;
  const clock = virtualClock();
  const directory = new Directory(memory);
  const [words, malformed, errors]: [Side["words"], unknown[], unknown[]] = [[], [], []];
  const fabric = new Fabric({
    ...{ thread, directory, waitingLimit, portables: new PortableTable(), harbor: 0 },
    onWord: (from, values) => void words.push({ thread: from, values }),
    onMalformed: (_from, error) => void malformed.push(error),
    onUnknown: () => side.onUnknown(),
  });
  const exchange = new Exchange({
    ...{ clock, doorbell: new Doorbell(doorbell), polling: { windowMs: 0 }, wake },
    take: (from, record) => fabric.take(from, record),
  });
  const kernel = new Kernel({
    ...{ clock, mailboxLimit, elsewhere: fabric, handles: directory.handleSource(thread) },
    drain: { isSynchronous: true, drain: () => {} },
    waker: { wake, alarm: () => {} },
    events: {
      onError: (_service, error) => void errors.push(error),
      onOverload: () => {},
      onDeath: () => {},
    },
  });
  fabric.attach(kernel, exchange);
  const side: Side = {
    ...{ thread, kernel, fabric, exchange, directory, words, malformed, errors },
    onUnknown: () => {},
    turn: () => {
      fabric.receive();
      kernel.turn();
      if (fabric.rest() === "again") wake();
    },
    probe: (handler) => createProbe(kernel, handler),
  };
  return side;
}

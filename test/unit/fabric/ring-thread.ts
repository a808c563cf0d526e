/**
 * A real thread with a ring in each direction, on Node's own event loop; both sides of ring-threads.test.ts run it.
 *
 * It shows how an event loop drives an exchange: a turn when it is woken, a look per round of the loop while rest() says
 * "again", and nothing at all while it is asleep.
 */

import type { MessagePort } from "node:worker_threads";
import { isMainThread, MessageChannel, parentPort, Worker, workerData } from "node:worker_threads";

import { systemClock } from "../../../src/base/clock.ts";
import { createDoorbell, Doorbell } from "../../../src/fabric/ring-doorbell.ts";
import { Exchange } from "../../../src/fabric/ring-exchange.ts";
import type { Incoming } from "../../../src/fabric/ring-inbox.ts";
import { createRing } from "../../../src/fabric/ring-memory.ts";

/** How a sleeping thread is woken. */
export type WakeBy = "port" | "wait";

/** What a thread needs to be joined to the other. */
export interface Joint {
  readonly outgoing: SharedArrayBuffer;
  readonly incoming: SharedArrayBuffer;
  readonly doorbell: SharedArrayBuffer;
  readonly otherDoorbell: SharedArrayBuffer;
  /** For large records. */
  readonly port: MessagePort;
  readonly wakePort: MessagePort;
  readonly wakeBy: WakeBy;
  readonly windowMs: number;
  /** echo = sends everything back; burst = sends three records and no more. */
  readonly task: "echo" | "burst";
}

/** What the record of a burst is long: the second does not fit the ring. */
export const BURST_LENGTHS = [4, 100_000, 8];

/** Runs turns on this thread; the other one is known as thread 1. */
export class RingThread {
  readonly exchange: Exchange;
  turns = 0;
  readonly #joint: Joint;
  readonly #doorbell: Doorbell;

  constructor(joint: Joint, take: (thread: RingThread, record: Incoming) => void) {
    this.#joint = joint;
    this.#doorbell = new Doorbell(joint.doorbell);
    const other = new Doorbell(joint.otherDoorbell);
    this.exchange = new Exchange({
      clock: systemClock,
      doorbell: this.#doorbell,
      polling: { windowMs: joint.windowMs },
      take: (_thread, record) => take(this, record),
      wake: () => setImmediate(() => this.turn()),
    });
    this.exchange.connect({
      ...joint,
      thread: 1,
      doorbell: other,
      wake:
        joint.wakeBy === "wait"
          ? () => other.notify()
          : () => joint.wakePort.postMessage(undefined),
    });
    joint.wakePort.on("message", () => this.turn());
    this.turn();
  }

  turn(): void {
    this.turns += 1;
    this.exchange.receive();
    this.#rest();
  }

  #rest(): void {
    if (this.exchange.rest() === "again") setImmediate(() => this.#look());
    else if (this.#joint.wakeBy === "wait") this.#doorbell.wait(() => this.turn());
  }

  #look(): void {
    if (this.exchange.hasMail()) this.turn();
    else this.#rest();
  }

  send(bytes: Uint8Array): void {
    this.exchange.send(1, {
      attachments: [],
      write: (target, start, end) => {
        if (end - start < bytes.length) return -bytes.length;
        target.set(bytes, start);
        return bytes.length;
      },
    });
  }

  close(): void {
    this.exchange.disconnect(1);
    this.#joint.wakePort.close();
  }
}

/** Starts the other thread; returns what this one is joined with. */
export function startWorker(
  options: Pick<Joint, "wakeBy" | "windowMs" | "task">,
  ringBytes: number,
): { worker: Worker; joint: Joint } {
  const [mine, theirs] = [0, 1].map(() => createRing({ epoch: 1, bytes: ringBytes })) as [
    SharedArrayBuffer,
    SharedArrayBuffer,
  ];
  const [doorbell, otherDoorbell] = [createDoorbell(), createDoorbell()];
  const large = new MessageChannel();
  const wake = new MessageChannel();
  const workerJoint: Joint = {
    ...options,
    outgoing: theirs,
    incoming: mine,
    doorbell: otherDoorbell,
    otherDoorbell: doorbell,
    port: large.port2,
    wakePort: wake.port2,
  };
  const worker = new Worker(new URL("./ring-thread.js", import.meta.url), {
    workerData: workerJoint,
    transferList: [large.port2, wake.port2],
  });
  const { port1: port } = large;
  const { port1: wakePort } = wake;
  return {
    worker,
    joint: {
      ...options,
      outgoing: mine,
      incoming: theirs,
      doorbell,
      otherDoorbell,
      port,
      wakePort,
    },
  };
}

if (!isMainThread) {
  const joint = workerData as Joint;
  const thread = new RingThread(joint, (self, { bytes, start, end }) => {
    self.send(bytes.slice(start, end));
  });
  if (joint.task === "burst") {
    BURST_LENGTHS.forEach((length, index) => thread.send(new Uint8Array(length).fill(index)));
    thread.exchange.publish();
    parentPort?.postMessage("published");
  }
}

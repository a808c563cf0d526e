/**
 * Clients that mean harm, and an honest one beside them.
 *
 * Every bad stream is bad for certain, so that the gate's counters can be compared with what was sent.
 */

import { connect } from "node:net";
import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { WebSocket } from "ws";
import { createRandom } from "../../../src/base/random.ts";
import type { Random } from "../../../src/base/random.ts";
import { frameOf, Peer } from "./peer.ts";

/** The longest message that the gate under attack takes. */
export const LIMIT_BYTES = 1000;

/** What an attack needs to know. */
export interface Target {
  readonly port: number;
  readonly websocket: number;
}

const NAMES = ["__proto__", "constructor", "toString", "valueOf", "hasOwnProperty"];

function noise(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

function goodFrame(random: Random): Buffer {
  const name = NAMES[random.below(NAMES.length)] as string;
  return random.below(2) === 0 ? frameOf(noise(random, random.below(20))) : frameOf(name);
}

/** A stream that no gate can read to its end: one of its frames is too long, or it stops inside one. */
function badStream(random: Random): Buffer {
  const good = Array.from({ length: random.below(4) }, () => goodFrame(random));
  const size = LIMIT_BYTES + 1 + random.below(0xffff - LIMIT_BYTES);
  const header = Buffer.from([size >> 8, size & 0xff]);
  const tooLong = Buffer.concat([header, noise(random, random.below(200))]);
  const frame = frameOf(noise(random, 1 + random.below(LIMIT_BYTES)));
  const cut = frame.subarray(0, 1 + random.below(frame.length - 1));
  return Buffer.concat([...good, random.below(2) === 0 ? tooLong : cut]);
}

/** Sends one bad stream; resolves when the connection is over. */
export function attack({ port }: Target, random: Random): Promise<void> {
  return new Promise((resolve) => {
    const host = `127.0.0.${2 + random.below(8)}`;
    const socket: Socket = connect({ port, host: "127.0.0.1", localAddress: host });
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.resume();
    socket.on("connect", () => {
      const stream = badStream(random);
      const at = random.below(stream.length);
      socket.write(stream.subarray(0, at));
      socket.end(stream.subarray(at));
    });
  });
}

/** Opens a web socket and sends bytes that are none of its protocol, or too long a message. */
export function attackWeb({ websocket }: Target, random: Random): Promise<void> {
  return new Promise((resolve) => {
    const web = new WebSocket(`ws://127.0.0.1:${websocket}`);
    web.on("error", () => {});
    web.on("close", () => resolve());
    web.on("open", () => {
      const { _socket: socket } = web as unknown as { _socket: Socket };
      // Reserved bits are set, or the mask is missing, or the message is too long.
      const bad = [
        Buffer.concat([Buffer.from([0xf0 | random.below(16)]), noise(random, 20)]),
        Buffer.from([0x81, 1 + random.below(100), 1, 2, 3]),
        Buffer.from([0x82, 0xfe, 0x10, random.below(256), 0, 0, 0, 0, 9]),
      ];
      socket.write(bad[random.below(bad.length)] as Buffer);
    });
  });
}

/** Sends a number of bad streams, some at a time. */
export async function attackAll(
  count: number,
  seed: number,
  attackOne: (random: Random) => Promise<void>,
): Promise<void> {
  const random = createRandom(seed);
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await attackOne(random);
    }
  };
  await Promise.all(Array.from({ length: 50 }, worker));
}

/** An honest client that asks again and again, and how long its answers take. */
export class Honest {
  /** Milliseconds of each answer so far. */
  readonly times: number[] = [];
  readonly #peer: Peer;
  #isOver = false;
  #done: Promise<void> = Promise.resolve();

  constructor(port: number) {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#peer = new Peer(socket);
  }

  /** Begins to ask. */
  start(): void {
    this.#done = this.#run();
  }

  /** Ends the asking; throws if an answer was wrong or missing. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#done;
    this.#peer.socket.destroy();
  }

  /** The time within which `share` of the answers came, in milliseconds. */
  within(share: number): number {
    const sorted = this.times.toSorted((a, b) => a - b);
    return sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  }

  async #run(): Promise<void> {
    for (let n = 0; !this.#isOver; n += 1) {
      const start = performance.now();
      this.#peer.write(frameOf(`honest ${n}`));
      const answer = await this.#peer.frame();
      if (answer !== `honest ${n}`) throw new Error(`honest ${n} was answered with ${answer}`);
      this.times.push(performance.now() - start);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** The sum of a gate's counters of cut clients. */
export function sumOf(cut: Readonly<Record<string, number>>): number {
  return Object.values(cut).reduce((sum, count) => sum + count, 0);
}

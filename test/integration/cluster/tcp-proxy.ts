/**
 * A stretch of network that a test can cut: what connects to it reaches a port of this machine, until it does not.
 *
 *     node -> proxy -> port
 *
 * Cut, connections end and new ones are refused. Silent, connections stay and nothing passes, as behind a cable that is pulled: what was on its
 * way arrives when it is healed, also the end of a side that has given up meanwhile. A side that writes into it is held up.
 */

import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import type { TestContext } from "node:test";

/** Texts of one length that stand for each other on the two sides, as addresses do behind a router. */
export interface Rewriting {
  readonly inside: string;
  readonly outside: string;
}

/** The proxy. */
export class TcpProxy {
  /** Where it is reached, `host:port`. */
  place = "";
  /** How often a node tried to connect while it was silent. */
  attempts = 0;
  #state: "open" | "silent" = "open";
  #server: Server | undefined = undefined;
  readonly #target: number;
  readonly #rewriting: Rewriting | undefined;
  readonly #ways = new Set<Way>();

  /** @param target - the port of this machine that is behind it. */
  constructor(target: number, rewriting?: Rewriting) {
    this.#target = target;
    this.#rewriting = rewriting;
  }

  /** Nothing passes any more; neither side is told. */
  silence(): void {
    this.#state = "silent";
    for (const way of this.#ways) way.hold();
  }

  /** All connections end, and none is taken. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const way of this.#ways) way.cut();
    if (server === undefined) return;
    server.close();
    await once(server, "close");
  }

  /** What comes passes again. */
  async heal(): Promise<void> {
    this.#state = "open";
    for (const way of this.#ways) way.go();
    if (this.#server === undefined) await this.open();
  }

  /** Begins to listen; at the port of before, if there was one. */
  async open(): Promise<void> {
    const [host = "127.0.0.1", port = "0"] = this.place.split(":");
    const server = createServer((socket) => this.#accept(socket));
    server.listen(Number(port), host === "" ? "127.0.0.1" : host);
    await once(server, "listening");
    this.#server = server;
    this.place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  #accept(socket: Socket): void {
    if (this.#state === "silent") this.attempts += 1;
    const way = new Way(socket, this.#target, this.#rewriting, () => this.#ways.delete(way));
    this.#ways.add(way);
    if (this.#state === "open") way.go();
  }
}

/** Starts one that ends with the test. */
export async function tcpProxy(
  t: TestContext,
  target: number,
  rewriting?: Rewriting,
): Promise<TcpProxy> {
  const proxy = new TcpProxy(target, rewriting);
  await proxy.open();
  t.after(() => proxy.cut());
  return proxy;
}

/** One connection through it. */
class Way {
  readonly #near: Socket;
  readonly #target: number;
  readonly #rewriting: Rewriting | undefined;
  readonly #onEnd: () => void;
  #far: Socket | undefined = undefined;
  #isHeld = true;
  #hasEnded = false;

  // oxlint-disable-next-line max-params -- one place makes them
  constructor(near: Socket, target: number, rewriting: Rewriting | undefined, onEnd: () => void) {
    this.#near = near;
    this.#target = target;
    this.#rewriting = rewriting;
    this.#onEnd = onEnd;
    near.pause();
    this.#watch(near);
  }

  hold(): void {
    this.#isHeld = true;
    this.#near.pause();
    this.#far?.pause();
  }

  go(): void {
    this.#isHeld = false;
    if (this.#hasEnded) return this.#end();
    if (this.#far === undefined) this.#connect();
    this.#near.resume();
    this.#far?.resume();
  }

  cut(): void {
    this.#near.destroy();
    this.#far?.destroy();
    this.#onEnd();
  }

  /** What was written before still goes out. */
  #end(): void {
    this.#near.destroySoon();
    this.#far?.destroySoon();
    this.#onEnd();
  }

  #connect(): void {
    const { inside, outside } = this.#rewriting ?? { inside: "", outside: "" };
    const far = connect(this.#target, "127.0.0.1");
    this.#far = far;
    this.#watch(far);
    this.#pass(this.#near, far, inside, outside);
    this.#pass(far, this.#near, outside, inside);
  }

  #watch(socket: Socket): void {
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#hasEnded = true;
      if (!this.#isHeld) this.#end();
    });
  }

  /** Passes bytes on; with a text that is not complete yet it waits for the rest. */
  // oxlint-disable-next-line max-params -- two sides, two texts
  #pass(from: Socket, to: Socket, text: string, other: string): void {
    let rest = "";
    from.on("data", (chunk: Buffer) => {
      let all = rest + chunk.toString("latin1");
      if (text !== "") all = all.replaceAll(text, other);
      const held = beginningAtEnd(all, text);
      rest = all.slice(all.length - held);
      const isTaken = to.write(all.slice(0, all.length - held), "latin1");
      if (isTaken) return;
      from.pause();
      to.once("drain", () => this.#isHeld || from.resume());
    });
  }
}

/** How many characters at the end of a text may be the beginning of another one. */
function beginningAtEnd(text: string, wanted: string): number {
  let size = Math.max(wanted.length - 1, 0);
  while (size > 0 && !text.endsWith(wanted.slice(0, size))) size -= 1;
  return size;
}

/**
 * A network in virtual time: connections between the machines of a simulation, with what a real one does at the worst moment.
 *
 *     socket.write -> segment, on its way for a while -> the other machine -> the process there reads, if it does not stand still
 *
 * As with TCP, bytes arrive in order and once, in pieces of any size. A way that is cut loses nothing: what is on it goes on when
 * it is healed. A connection can be reset on both sides or on one, which the other learns when it writes. The end of a process closes
 * its connections; that of a machine tells no other node, and the next machine at the place knows nothing of them.
 */

import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { Random } from "../../src/base/random.ts";
import type { VirtualClock, VirtualLoop } from "../simulator.ts";

/** Most milliseconds on the way. */
const DELAY_MAX_MS = 2;
/** The same for what is slow, now and then. */
const SLOW_MAX_MS = 150;
/** Most milliseconds after the healing of a way until what waits is sent again. */
const RETRANSMIT_MAX_MS = 1500;
/** Milliseconds until a node that was not answered tries again to connect. */
const SYN_RETRY_MS = 1000;
/** Most milliseconds until a process looks at its sockets. */
const POLL_MAX_MS = 0.05;

/** The event loop of one process: nothing happens in it while the process stands still, and nothing more once it is dead. */
export class ProcessLoop {
  /** The machine it runs on. */
  readonly machine: string;
  /** It stands still until then. */
  frozenUntil = 0;
  isDead = false;
  readonly #world: NetworkWorld;

  constructor(world: NetworkWorld, machine: string) {
    this.#world = world;
    this.machine = machine;
  }

  now(): number {
    return this.#world.clock.now();
  }

  /** Runs something after `ms` milliseconds. @returns what cancels it */
  later(ms: number, run: () => void): () => void {
    const { loop, clock, random, settle } = this.#world;
    let isCancelled = false;
    const enter = (): void => {
      if (isCancelled || this.isDead) return;
      // What waits when it goes on comes in any order.
      if (clock.now() < this.frozenUntil)
        return void loop.at(this.frozenUntil + random.next(), enter);
      run();
      settle();
    };
    const event = loop.at(clock.now() + ms, enter);
    return () => {
      isCancelled = event.isCancelled = true;
    };
  }

  /** Runs something soon, as what comes from outside does. */
  soon(run: () => void): void {
    this.later(this.#world.random.next() * POLL_MAX_MS, run);
  }
}

/** What a network needs of its simulation. */
export interface NetworkWorld {
  readonly clock: VirtualClock;
  readonly loop: VirtualLoop;
  readonly random: Random;
  /** Lets the promises of a process run, before anything else happens. */
  readonly settle: () => void;
}

/** Who takes connections at a place. */
interface Listener {
  readonly loop: ProcessLoop;
  readonly accept: (socket: Socket) => void;
  /** Connections of which the process does not know yet, in order. */
  readonly backlog: SimulatedSocket[];
}

/** All machines, and the ways between them. */
export class Network {
  readonly world: NetworkWorld;
  readonly #listeners = new Map<string, Listener>();
  readonly #cut = new Set<string>();
  readonly #machinesDown = new Set<string>();
  /** What waits for a way to be healed. */
  #waiting: (() => void)[] = [];
  /** Connections that a node still knows. */
  readonly wires = new Set<Wire>();
  #ports = 0;

  constructor(world: NetworkWorld) {
    this.world = world;
  }

  /** Takes connections at a place. @returns what ends that */
  listen(place: string, loop: ProcessLoop, accept: (socket: Socket) => void): () => void {
    const listener = { loop, accept, backlog: [] };
    this.#listeners.set(place, listener);
    return () => {
      if (this.#listeners.get(place) === listener) this.#listeners.delete(place);
    };
  }

  /** Begins to connect. */
  connect(loop: ProcessLoop, machine: string, place: string): Socket {
    const wire = new Wire(this, loop, machine, (this.#ports += 1));
    this.#knock(wire, loop, place);
    return wire.near as unknown as Socket;
  }

  /** Cuts the way from one machine to another one; what is on it waits. */
  cut(from: string, to: string): void {
    this.#cut.add(`${from}>${to}`);
  }

  /** Heals that. */
  heal(from: string, to: string): void {
    this.#cut.delete(`${from}>${to}`);
    this.#goOn();
  }

  /** Heals all ways. */
  healAll(): void {
    this.#cut.clear();
    this.#goOn();
  }

  /** A machine loses its power. */
  turnOff(machine: string): void {
    this.#machinesDown.add(machine);
    for (const wire of this.wires) wire.vanish(machine);
  }

  /** It is there again, and remembers nothing. */
  turnOn(machine: string): void {
    this.#machinesDown.delete(machine);
    this.#goOn();
  }

  /** The operating system closes what a process has left open. */
  closeAll(loop: ProcessLoop): void {
    for (const [place, listener] of this.#listeners) {
      if (listener.loop !== loop) continue;
      this.#listeners.delete(place);
    }
    for (const wire of this.wires) {
      for (const end of [wire.near, wire.far]) if (end.loop === loop) end.closeBySystem();
    }
  }

  /** Says whether something gets from one machine to another one. */
  isOpen(from: string, to: string): boolean {
    return !this.#cut.has(`${from}>${to}`) && !this.#machinesDown.has(to);
  }

  /** Brings something to a machine; what is lost on the way is sent again, until it arrives. */
  carry(from: string, to: string, arrive: () => void): void {
    const go = (): void => {
      if (this.isOpen(from, to)) return arrive();
      this.#waiting.push(() => this.after(this.world.random.next() * RETRANSMIT_MAX_MS, go));
    };
    this.after(this.delay(), go);
  }

  /** Milliseconds that something takes. */
  delay(): number {
    const { random } = this.world;
    return random.next() * (random.below(200) === 0 ? SLOW_MAX_MS : DELAY_MAX_MS);
  }

  /** Lets something happen in the network. */
  after(ms: number, run: () => void): void {
    const { loop, clock } = this.world;
    loop.at(clock.now() + ms, run);
  }

  #goOn(): void {
    for (const run of this.#waiting.splice(0)) run();
  }

  #knock(wire: Wire, loop: ProcessLoop, place: string): void {
    const { near, far } = wire;
    const [here, there] = [loop.machine, far.machine];
    const again = (): void => this.#knock(wire, loop, place);
    this.after(this.delay(), () => {
      if (near.isClosed) return;
      if (!this.isOpen(here, there) || !this.isOpen(there, here))
        return this.after(SYN_RETRY_MS, again);
      const listener = this.#listeners.get(place);
      if (listener === undefined) return this.after(this.delay(), () => near.fail("ECONNREFUSED"));
      far.loop = listener.loop;
      listener.backlog.push(far);
      this.after(this.delay(), () => near.opened());
      listener.loop.soon(() => {
        const first = listener.backlog.shift();
        if (first === undefined) return;
        listener.accept(first as unknown as Socket);
        first.accepted();
      });
    });
  }
}

/** One connection. */
export class Wire {
  readonly network: Network;
  readonly near: SimulatedSocket;
  readonly far: SimulatedSocket;

  // oxlint-disable-next-line max-params -- one place makes them
  constructor(network: Network, loop: ProcessLoop, machine: string, port: number) {
    this.network = network;
    this.near = new SimulatedSocket(this, loop.machine, machine, 7000);
    this.far = new SimulatedSocket(this, machine, loop.machine, 30_000 + port);
    this.near.loop = loop;
    this.near.accepted();
    network.wires.add(this);
  }

  /** The other end. */
  otherOf(end: SimulatedSocket): SimulatedSocket {
    return end === this.near ? this.far : this.near;
  }

  /** Something between the two forgets the connection. @param isHalf - and tells one of them only */
  reset(isHalf: boolean): void {
    const { network } = this;
    network.after(network.delay(), () => this.near.fail("ECONNRESET"));
    if (!isHalf) network.after(network.delay(), () => this.far.fail("ECONNRESET"));
  }

  /** A machine is gone, with all it knew. */
  vanish(machine: string): void {
    for (const end of [this.near, this.far]) {
      if (end.machine === machine && end.loop !== undefined) end.vanish();
    }
  }
}

/** One end of a connection, as far as StreamLink knows a socket of Node's. */
export class SimulatedSocket extends EventEmitter {
  readonly machine: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  loop: ProcessLoop | undefined = undefined;
  /** The operating system has closed it: what comes is answered with a reset. */
  isClosed = false;
  /** The process has let go of it. */
  destroyed = false;
  bytesRead = 0;
  bytesWritten = 0;
  /** The system takes all that is written. */
  readonly writableLength = 0;
  readonly #wire: Wire;
  /** The process knows of it. */
  #isKnown = false;
  #isPaused = true;
  #hasEnded = false;
  /** What has arrived and was not read; undefined = nothing more will come. */
  readonly #inbox: (Buffer | undefined)[] = [];
  /** What is on its way to the other end, in order. */
  readonly #outbox: (Buffer | undefined)[] = [];
  #isSending = false;

  // oxlint-disable-next-line max-params -- one place makes them
  constructor(wire: Wire, machine: string, remoteAddress: string, remotePort: number) {
    super();
    this.#wire = wire;
    this.machine = machine;
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }

  get writable(): boolean {
    return !this.destroyed;
  }

  isPaused(): boolean {
    return this.#isPaused;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.loop?.soon(() => this.#read());
  }

  cork(): void {}

  uncork(): void {}

  write(bytes: Uint8Array, done?: () => void): boolean {
    if (this.destroyed) return false;
    this.bytesWritten += bytes.length;
    this.#send(Buffer.from(bytes));
    if (done !== undefined) this.loop?.soon(done);
    return true;
  }

  destroySoon(): void {
    this.destroy();
  }

  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.closeBySystem();
    this.loop?.soon(() => this.emit("close"));
    return this;
  }

  /** The connection is there, for the one who asked for it. */
  opened(): void {
    if (this.isClosed) return;
    this.loop?.soon(() => {
      if (!this.destroyed) this.emit("connect");
    });
  }

  /** The process has it, on the side that was asked. */
  accepted(): void {
    this.#isKnown = true;
    if (this.isClosed && !this.destroyed) this.#tellFailure("ECONNRESET");
  }

  /** It is gone, says the network. */
  fail(code: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#inbox.length = this.#outbox.length = 0;
    this.#forget();
    if (this.#isKnown) this.#tellFailure(code);
  }

  /** The process closes it, or has ended: what was written still goes out, unless there is something that it has not read. */
  closeBySystem(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#forget();
    const hasUnread = this.#inbox.some((piece) => piece !== undefined);
    if (!hasUnread) return this.#send(undefined);
    this.#outbox.length = 0;
    this.#answerWithReset();
  }

  /** Its machine is gone. */
  vanish(): void {
    this.isClosed = true;
    this.#inbox.length = this.#outbox.length = 0;
    this.#forget();
  }

  /** Something comes from the other end. */
  arrive(piece: Buffer | undefined): void {
    if (this.isClosed) {
      if (piece !== undefined) this.#answerWithReset();
      return;
    }
    this.#inbox.push(piece);
    this.loop?.soon(() => this.#read());
  }

  #send(piece: Buffer | undefined): void {
    this.#outbox.push(piece);
    if (this.#isSending) return;
    this.#isSending = true;
    this.#sendNext();
  }

  #sendNext(): void {
    const { network } = this.#wire;
    const other = this.#wire.otherOf(this);
    network.carry(this.machine, other.machine, () => {
      // One way, one order: what is next arrives, whatever was written first.
      const { random } = network.world;
      for (let count = 1 + random.below(4); count > 0 && this.#outbox.length > 0; count -= 1) {
        other.arrive(this.#outbox.shift());
      }
      this.#isSending = this.#outbox.length > 0;
      if (this.#isSending) this.#sendNext();
    });
  }

  #answerWithReset(): void {
    const { network } = this.#wire;
    const other = this.#wire.otherOf(this);
    network.carry(this.machine, other.machine, () => other.fail("ECONNRESET"));
  }

  #tellFailure(code: string): void {
    this.loop?.soon(() => {
      if (this.destroyed) return;
      this.destroyed = true;
      this.emit("error", Object.assign(new Error(code), { code }));
      this.emit("close");
    });
  }

  #read(): void {
    if (this.#isPaused || this.destroyed || this.#inbox.length === 0) return;
    const pieces = this.#inbox.filter((piece) => piece !== undefined);
    const isEnd = pieces.length < this.#inbox.length;
    this.#inbox.length = 0;
    const all = Buffer.concat(pieces);
    // In two pieces, at any place.
    const at = this.#wire.network.world.random.below(all.length + 1);
    for (const chunk of [all.subarray(0, at), all.subarray(at)]) {
      if (chunk.length === 0 || this.destroyed) continue;
      this.bytesRead += chunk.length;
      this.emit("data", chunk);
    }
    if (!isEnd || this.#hasEnded || this.destroyed) return;
    this.#hasEnded = true;
    this.emit("end");
  }

  #forget(): void {
    const { network, near, far } = this.#wire;
    if (near.isClosed && far.isClosed) network.wires.delete(this.#wire);
  }
}

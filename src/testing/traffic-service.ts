/**
 * One service of the simulated traffic: it posts, calls and answers as chance has it, and tells the
 * referee everything.
 *
 * A message carries its number within the pair (0 = not numbered), the nonce of the call, how many
 * more calls it may cause, and whether its caller has set a deadline. The answer to a call is its
 * nonce.
 */

import { codeOf, SnaxError } from "../base/error.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Envelope, Message } from "../kernel/message.ts";
import { REPLY } from "../kernel/message.ts";
import type { Instance, Service } from "../kernel/service.ts";
import { HOLD } from "../kernel/service.ts";
import { isEnding } from "../kernel/refusal.ts";
import { OpenCall } from "../kernel/open-calls.ts";
import { createEnvelope } from "./probe.ts";
import type { Ending, Referee } from "./referee.ts";
import type { Simulator } from "./simulator.ts";
import * as fault from "./traffic-fault.ts";

/** Most milliseconds of a delayed answer, and of a pause between two bursts. */
const PAUSE_MAX_MS = 10;
/** Deadline of a call that is in a hurry, and of one that must not wait for good; milliseconds. */
const HURRY_MS = 5;
const PATIENCE_MS = 500;

/** What a service needs of the traffic it belongs to. */
export interface TrafficWorld {
  readonly simulator: Simulator;
  readonly referee: Referee;
  /** The handle whose code runs now; 0 = none. */
  running: number;
  /** How many messages are still to be sent. */
  budget: number;
  /** Draws whom to send to; it may be dead. */
  pickTarget(): number;
  /** Draws a name that a service has, or will have. */
  pickName(): string;
}

type Payload = readonly [number: number, nonce: number, hops: number, hasDeadline: boolean];

/** The code of one service. */
export class TrafficService implements Instance {
  readonly #world: TrafficWorld;
  readonly #kernel: Kernel;
  readonly #handle: number;
  readonly #isQueue: boolean;

  constructor(world: TrafficWorld, kernel: Kernel, handle: number) {
    this.#world = world;
    this.#kernel = kernel;
    this.#handle = handle;
    this.#isQueue = world.simulator.faults.fires(fault.QUEUE);
  }

  /** Sends a burst of messages, then rests, until the traffic's budget is used up. */
  begin(): void {
    const { simulator } = this.#world;
    const pauseMs = simulator.random.next() * PAUSE_MAX_MS;
    this.#kernel.addTimer(this.#service(), pauseMs, () => this.#enter(() => this.#burst()));
  }

  /** Handles a message: see Instance. */
  receive(message: Message): void {
    this.#enter(() => this.#handleMessage(message));
  }

  #service(): Service {
    const service = this.#kernel.services.get(this.#handle);
    if (service === undefined) throw new SnaxError("ERR_BUG", `${this.#handle} is dead and runs`);
    return service;
  }

  /** Runs code of the service, and sees to it that nothing else runs meanwhile. */
  #enter(run: () => void): void {
    const world = this.#world;
    const { current } = this.#kernel.scheduler;
    if (world.running !== 0) world.referee.blame(`${this.#handle} runs inside ${world.running}`);
    if (current !== undefined && current.handle !== this.#handle) {
      world.referee.blame(`${this.#handle} runs in the name of ${current.handle}`);
    }
    world.running = this.#handle;
    try {
      run();
    } finally {
      world.running = 0;
    }
  }

  #burst(): void {
    const world = this.#world;
    const { random } = world.simulator;
    for (let count = 1 + random.below(4); count > 0 && world.budget > 0; count -= 1) {
      world.budget -= 1;
      if (random.next() < 0.4) this.#post();
      else this.#call(2, () => {});
    }
    if (world.budget > 0) this.begin();
  }

  #handleMessage(message: Message): void {
    const { referee, simulator } = this.#world;
    const [number, nonce] = message.payload as Payload;
    const service = this.#service();
    if (service.holds !== HOLD.none)
      referee.blame(`${this.#handle} took a message that was to be held`);
    if (number > 0) referee.heard(message.source, this.#handle, number);
    simulator.trace.note(this.#handle, message.source, message.session, number, nonce);
    if (simulator.faults.fires(fault.SLOW)) simulator.clock.advance(simulator.random.next() * 8);
    if (simulator.faults.fires(fault.EXIT)) this.#kernel.kill(service);
    else if (message.reply === REPLY.owed) this.#answer(service, message);
    else if (simulator.faults.fires(fault.THROW)) throw new SnaxError("ERR_REMOTE", "as planned");
  }

  #answer(service: Service, request: Message): void {
    const kernel = this.#kernel;
    const { faults, random } = this.#world.simulator;
    const [, nonce, hops, hasDeadline] = request.payload as Payload;
    if (faults.fires(fault.THROW)) {
      kernel.fail(service, request, new SnaxError("ERR_REMOTE", "as planned"));
    } else if (faults.fires(fault.UNSENDABLE)) {
      kernel.reply(service, request, () => {});
    } else if (hasDeadline && faults.fires(fault.SILENT)) {
      kernel.owe(service, request);
    } else if (hops > 0 && faults.fires(fault.PASS)) {
      this.#pass(service, request);
    } else if (faults.fires(fault.DELAY)) {
      const finish = this.#suspend(service, request);
      const timer = kernel.addTimer(service, random.next() * PAUSE_MAX_MS, () => {
        this.#enter(finish);
      });
      timer.origin = kernel.origin;
    } else if (hops > 0 && random.next() < 0.5) {
      this.#call(hops - 1, this.#suspend(service, request));
    } else {
      this.#reply(service, request, nonce);
    }
  }

  /** Lets another service answer, if there is one. */
  #pass(service: Service, request: Message): void {
    const kernel = this.#kernel;
    const [, nonce, hops, hasDeadline] = request.payload as Payload;
    const { source, session } = request;
    const envelope = this.#envelope(0, nonce, hops - 1, hasDeadline);
    try {
      if (kernel.send(source, this.#world.pickTarget(), envelope, session)) {
        return kernel.ignore(service, request);
      }
    } catch (error) {
      if (codeOf(error) !== "ERR_MAILBOX_FULL") throw error;
    }
    kernel.fail(service, request, new SnaxError("ERR_REMOTE", "as planned"));
  }

  /** Makes a message of the traffic. */
  #envelope(number: number, nonce: number, hops: number, hasDeadline: boolean): Envelope {
    const { faults, random } = this.#world.simulator;
    const values: unknown[] = [number, nonce, hops, hasDeadline];
    if (faults.fires(fault.LARGE)) values.push("x".repeat(random.below(5000)));
    if (faults.fires(fault.SHARED)) values.push(new SharedArrayBuffer(8));
    return createEnvelope(...values);
  }

  /** Leaves the handler as an await does. @returns what ends it with an answer. */
  #suspend(service: Service, request: Message): () => void {
    const [, nonce] = request.payload as Payload;
    this.#kernel.owe(service, request);
    if (this.#isQueue) this.#kernel.hold(service, HOLD.busy);
    return () => {
      this.#reply(service, request, nonce);
      if (this.#isQueue) this.#kernel.release(service, HOLD.busy);
    };
  }

  #reply(service: Service, request: Message, nonce: number): void {
    this.#kernel.reply(service, request, nonce);
    if (!this.#world.simulator.faults.fires(fault.TWICE)) return;
    try {
      this.#kernel.reply(service, request, nonce);
      this.#world.referee.blame(`${this.#handle} answered twice, and no error came`);
    } catch (error) {
      if (codeOf(error) !== "ERR_REPLIED") throw error;
    }
  }

  #post(): void {
    const { referee } = this.#world;
    const target = this.#world.pickTarget();
    const number = referee.numberOf(this.#handle, target);
    try {
      const envelope = this.#envelope(number, -1, 0, false);
      if (this.#kernel.send(this.#handle, target, envelope)) referee.posted(this.#handle, target);
    } catch (error) {
      if (codeOf(error) !== "ERR_MAILBOX_FULL") throw error;
    }
  }

  /** Makes a call; `then` runs as the service when it has ended, however that was. */
  #call(hops: number, then: () => void): void {
    const { referee, simulator } = this.#world;
    const nonce = referee.issue(this.#handle);
    const end = (ending: Ending, value?: unknown): void => {
      referee.settled(nonce, ending, value);
      simulator.trace.note(this.#handle, nonce, ending.length);
      simulator.microtasks.defer(() => this.#enter(then));
    };
    const call = new OpenCall(
      (value) => end("value", value),
      (error) => {
        if (isEnding(error)) this.#endLast(nonce);
        else end(endingOf(error));
      },
    );
    try {
      referee.sent(nonce, this.#request(nonce, hops, call));
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      referee.refused(nonce);
      simulator.microtasks.defer(() => this.#enter(then));
    }
  }

  /** The service has ended, and this is its last turn: some have a last word. */
  #endLast(nonce: number): void {
    const { referee, simulator } = this.#world;
    referee.told(nonce);
    simulator.trace.note(this.#handle, nonce, 0);
    simulator.microtasks.defer(() =>
      this.#enter(() => {
        if (simulator.faults.fires(fault.LAST_WORD)) this.#post();
      }),
    );
  }

  /** @returns the session. */
  #request(nonce: number, hops: number, call: OpenCall): number {
    const { referee, simulator } = this.#world;
    const service = this.#service();
    const isNamed = simulator.faults.fires(fault.BY_NAME);
    const isHurried = simulator.faults.fires(fault.HURRY);
    // A ring of services in queue mode that call each other ends by a deadline alone, and so may a
    // name.
    const hasDeadline = isNamed || isHurried || service.holds !== HOLD.none;
    let session: number;
    if (isNamed) {
      const envelope = this.#envelope(0, nonce, hops, hasDeadline);
      session = this.#kernel.requestNamed(service, this.#world.pickName(), envelope, call);
    } else {
      const target = this.#world.pickTarget();
      const number = referee.numberOf(this.#handle, target);
      const envelope = this.#envelope(number, nonce, hops, hasDeadline);
      session = this.#kernel.request(service, target, envelope, call);
      referee.posted(this.#handle, target);
    }
    if (hasDeadline) {
      const ms = isHurried ? HURRY_MS : PATIENCE_MS;
      this.#kernel.setDeadline(service, call, ms, () => new SnaxError("ERR_TIMEOUT", "as planned"));
    }
    return session;
  }
}

function endingOf(error: unknown): Ending {
  if (codeOf(error) === "ERR_TIMEOUT") return "timeout";
  // As lostError of kernel/refusal.ts says it.
  return String(error).includes("with its thread") ? "lost" : "error";
}

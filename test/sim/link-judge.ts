/**
 * What links promise, as an observer sees it who sees everything: callers tell of each call before it leaves and when it has ended, services of
 * each request that they get, monitors of each event.
 */

import type { LinkEvent } from "../../src/cluster/link/event.ts";
import { Trace } from "../simulator.ts";

/** A call, or a push. */
interface Call {
  readonly caller: number;
  readonly isPush: boolean;
  readonly node: string;
  readonly name: string;
  /** How often it ended. */
  ends: number;
  /** With what the caller was told that it was not sent; undefined: it was not told so. */
  notSent: string | undefined;
  /** Who got it. */
  receiver: number | undefined;
}

/** What a caller says of a call. */
export interface Asked {
  /** The number of the service that asks. */
  readonly caller: number;
  readonly isPush: boolean;
  readonly node: string;
  readonly name: string;
}

/** A service that gets requests. */
export interface Receiver {
  /** Its number: no other service of the simulation has it. */
  readonly number: number;
  readonly node: string;
  readonly name: string;
}

/** Codes with which a call may fail, with what is said of whether it was sent. */
const KNOWN = new Set([
  "ERR_NODE_DOWN true",
  "ERR_NODE_DOWN false",
  "ERR_NODE_UNREACHABLE false",
  "ERR_NODE_UNKNOWN false",
  "ERR_NO_SERVICE undefined",
  "ERR_SERVICE_DEAD undefined",
  "ERR_TIMEOUT undefined",
  "ERR_NOT_SENDABLE undefined",
]);

/** Sees all that happens in one simulation. */
export class LinkJudge {
  /** What was wrong first. */
  error: string | undefined = undefined;
  /** How calls ended, by code. */
  readonly counts = new Map<string, number>();
  /** What happened, as a fingerprint. */
  readonly trace: Trace = new Trace();
  readonly #calls: Call[] = [];
  /** By sender and receiver: the last call that has arrived. */
  readonly #last = new Map<string, number>();
  /** By process, node and reference: the service behind it. */
  readonly #behind = new Map<string, number>();
  readonly #dead = new Set<number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  fault(text: string): void {
    this.error ??= `at ${Math.round(this.#now())} ms: ${text}`;
  }

  /** A call is about to be made. @returns its number */
  begin({ caller, isPush, node, name }: Asked): number {
    const rest = { ends: 0, notSent: undefined, receiver: undefined };
    return this.#calls.push({ caller, isPush, node, name, ...rest }) - 1;
  }

  /** It has ended. @param isKept - it waited for a link when it did: then it is never sent */
  end(id: number, outcome: { value: unknown } | { error: unknown }, isKept = false): void {
    const call = this.#calls[id] as Call;
    call.ends += 1;
    this.#note(1, id);
    if (call.ends > 1) this.fault(`call ${id} ended ${call.ends} times`);
    if ("value" in outcome) return this.#answered(id, call, outcome.value);
    const { code, data } = outcome.error as { code?: string; data?: { sent?: unknown } };
    const key = `${code} ${String(data?.sent)}`;
    this.#count(key);
    if (!KNOWN.has(key)) this.fault(`call ${id} failed with ${key}: ${String(outcome.error)}`);
    if (data?.sent === false || isKept) call.notSent = String(outcome.error);
    if (call.notSent !== undefined) this.#checkNotSent(id, call);
  }

  /** A service has got a request. @param reference - by which handle it was asked for, and by whom; undefined = by name */
  arrived(id: number, { number, node, name }: Receiver, reference: string | undefined): void {
    const call = this.#calls[id];
    this.#note(2, id, number);
    if (call === undefined) return this.fault(`request ${id} arrived, which was never made`);
    if (call.receiver !== undefined) return this.fault(`call ${id} arrived twice`);
    call.receiver = number;
    if (call.notSent !== undefined) this.#checkNotSent(id, call);
    if (call.node !== node || call.name !== name) {
      this.fault(`call ${id} of ${call.name} of ${call.node} reached ${name} of ${node}`);
    }
    if (this.#dead.has(number)) this.fault(`call ${id} reached a service that is dead`);
    const way = `${call.caller}>${number}`;
    const before = this.#last.get(way) ?? -1;
    if (before > id) this.fault(`call ${id} arrived after ${before}, of the same service`);
    this.#last.set(way, id);
    if (reference === undefined) return;
    const behind = this.#behind.get(reference) ?? number;
    this.#behind.set(reference, number);
    if (behind !== number)
      this.fault(`call ${id} by a handle of service ${behind} reached ${number}`);
  }

  /** Services have died, and hear of nothing any more. */
  died(numbers: Iterable<number>): void {
    for (const number of numbers) this.#dead.add(number);
  }

  /** The calls that have not ended, of services that live. */
  get open(): number[] {
    return this.#calls.flatMap(({ ends, isPush, caller }, id) =>
      ends === 0 && !isPush && !this.#dead.has(caller) ? [id] : [],
    );
  }

  /** Describes a call. */
  describe(id: number): string {
    const { caller, node, name, receiver } = this.#calls[id] as Call;
    const what = receiver === undefined ? "never arrived" : `arrived at service ${receiver}`;
    return `call ${id} of service ${caller} to ${name} of ${node}, which ${what}`;
  }

  /** How many calls there were. */
  get size(): number {
    return this.#calls.length;
  }

  /** Mixes something into the fingerprint. */
  #note(...numbers: number[]): void {
    this.trace.note(this.#now(), ...numbers);
    this.trace.mark();
  }

  #answered(id: number, { receiver }: Call, value: unknown): void {
    this.#count("answered");
    const [number, what] = Array.isArray(value) ? (value as unknown[]) : [];
    if (what !== id) this.fault(`call ${id} was answered with ${JSON.stringify(value)}`);
    if (receiver !== number)
      this.fault(`call ${id} was answered by ${String(number)}, not ${receiver}`);
  }

  #checkNotSent(id: number, { receiver, notSent }: Call): void {
    if (receiver === undefined) return;
    this.fault(`call ${id} was not sent (${notSent}), and reached service ${receiver}`);
  }

  #count(key: string): void {
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
}

/** Looks at what one monitor is told of one node. */
export class MonitorCheck {
  readonly #judge: LinkJudge;
  readonly #title: string;
  /** The processes of the node, the oldest first. */
  readonly #incarnations: readonly string[];
  #last: LinkEvent | undefined = undefined;
  #newest = -1;

  // oxlint-disable-next-line max-params -- one place makes them
  constructor(judge: LinkJudge, title: string, incarnations: readonly string[]) {
    this.#judge = judge;
    this.#title = title;
    this.#incarnations = incarnations;
  }

  /** Takes an event. */
  take(event: LinkEvent): void {
    const { state, incarnation } = event;
    const before = this.#last;
    this.#last = event;
    if (before?.state === state) this.#fault(`${state} twice in a row`);
    if (state === "down") {
      const isRight = before === undefined || before.incarnation === incarnation;
      if (!isRight) this.#fault(`down of ${String(incarnation)}, up was ${before.incarnation}`);
      return;
    }
    const at = this.#incarnations.indexOf(incarnation ?? "");
    if (at < 0) this.#fault(`up of ${String(incarnation)}, which there never was`);
    if (at < this.#newest) this.#fault(`up of process ${at} after process ${this.#newest}`);
    this.#newest = at;
  }

  /** Looks at the end whether it is up, with the process that is there. */
  finish(): void {
    const { state = "never told", incarnation } = this.#last ?? {};
    const isNewest = incarnation === this.#incarnations.at(-1);
    if (state !== "up" || !isNewest) this.#fault(`${state} in the end, of process ${this.#newest}`);
  }

  #fault(text: string): void {
    this.#judge.fault(`${this.#title} is told: ${text}`);
  }
}

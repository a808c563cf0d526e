/**
 * Watches the traffic of a simulation and says when a promise is broken.
 *
 * G1: a call ends exactly once, with its own answer. G2: what one service sends to another arrives
 * in order, each message at most once, and none is missing while the receiver lives. It knows
 * nothing of the kernel: it is told what was sent, heard and settled, and compares.
 */

/**
 * How a call ended; `lost` with the thread of the service that should answer, as far as the caller
 * knows.
 */
export type Ending = "value" | "error" | "timeout" | "lost";

interface Issued {
  readonly caller: number;
  /** Set when it ended; `abandoned` when its caller died before. */
  ending: Ending | "abandoned" | undefined;
  session: number;
}

interface Pair {
  readonly source: number;
  readonly target: number;
  sent: number;
  heard: number;
}

/** Counts of one run. */
export interface Tally {
  issued: number;
  values: number;
  errors: number;
  timeouts: number;
  abandoned: number;
  heard: number;
}

/** The judge of one run. */
export class Referee {
  readonly tally: Tally = { issued: 0, values: 0, errors: 0, timeouts: 0, abandoned: 0, heard: 0 };
  readonly #calls: Issued[] = [];
  readonly #open = new Map<number, Set<number>>();
  /** Calls of services that have ended, which are to be told so in a last turn; by service. */
  readonly #untold = new Map<number, Set<number>>();
  readonly #pairs = new Map<string, Pair>();
  /** Calls that ended by their deadline or with a thread: one answer to each may still come. */
  readonly #late = new Set<string>();
  /** Services that ended with their thread: the last of what they sent may never have left it. */
  readonly #cutOff = new Set<number>();
  #problem: string | undefined = undefined;

  /** The first broken promise, or undefined. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Notes a broken promise. */
  blame(problem: string): void {
    this.#problem ??= problem;
  }

  /** Learns of a call before it is made. @returns its nonce. */
  issue(caller: number): number {
    const nonce = this.#calls.push({ caller, ending: undefined, session: 0 }) - 1;
    let open = this.#open.get(caller);
    if (open === undefined) this.#open.set(caller, (open = new Set()));
    open.add(nonce);
    this.tally.issued += 1;
    return nonce;
  }

  /** Learns under which session a call was sent. */
  sent(nonce: number, session: number): void {
    const call = this.#calls[nonce];
    if (call !== undefined) call.session = session;
  }

  /** Learns that a call was refused at once: it was never made. */
  refused(nonce: number): void {
    if (this.#close(nonce, "error") !== undefined) this.tally.errors += 1;
  }

  /** Learns that a call ended; a value must be the nonce itself. */
  settled(nonce: number, ending: Ending, value?: unknown): void {
    const call = this.#close(nonce, ending);
    if (call === undefined) return;
    if (ending === "value") {
      this.tally.values += 1;
      if (value !== nonce) this.blame(`call ${nonce} was answered with ${String(value)}`);
    } else if (ending === "timeout") {
      this.tally.timeouts += 1;
      this.#late.add(`${call.caller}:${call.session}`);
    } else {
      this.tally.errors += 1;
      // It may have been passed on to another thread, without a word of it.
      if (ending === "lost") this.#late.add(`${call.caller}:${call.session}`);
    }
  }

  /** Learns of an answer to which no call was open: only one that came too late may be such. */
  orphaned(caller: number, session: number): void {
    if (this.#late.delete(`${caller}:${session}`)) return;
    this.blame(`an answer came to ${caller}, session ${session}, which waits for none`);
  }

  /** Learns of a death: the calls of the dead get no answer any more, and are told of it once. */
  died(handle: number): void {
    const open = new Set(this.#open.get(handle));
    for (const nonce of open) {
      if (this.#close(nonce, "abandoned") !== undefined) this.tally.abandoned += 1;
    }
    this.#open.delete(handle);
    if (open.size > 0) this.#untold.set(handle, open);
  }

  /** Learns that a call was told of the end of its own service. */
  told(nonce: number): void {
    const caller = this.#calls[nonce]?.caller ?? 0;
    if (this.#untold.get(caller)?.delete(nonce) === true) return;
    this.blame(`call ${nonce} of ${caller} was told twice of its service's end, or too early`);
  }

  /**
   * Learns that a service's thread has ended, with it or after it: the last of what it sent may be
   * lost.
   */
  cutOff(handle: number): void {
    this.#cutOff.add(handle);
  }

  /** The number that the next message of the pair carries. */
  numberOf(source: number, target: number): number {
    return this.#pair(source, target).sent + 1;
  }

  /** Learns that the numbered message was accepted. */
  posted(source: number, target: number): void {
    this.#pair(source, target).sent += 1;
  }

  /** Learns that a numbered message was received. */
  heard(source: number, target: number, number: number): void {
    const pair = this.#pair(source, target);
    if (number !== pair.heard + 1) {
      this.blame(`${target} heard number ${number} of ${source} after number ${pair.heard}`);
    }
    pair.heard = number;
    this.tally.heard += 1;
  }

  /**
   * Judges a run in which nothing more will happen.
   *
   * @param isAlive - says whether the service under a handle lives.
   * @returns the first broken promise, or undefined.
   */
  judge(isAlive: (handle: number) => boolean): string | undefined {
    for (const [caller, open] of this.#open) {
      const [nonce] = open;
      if (nonce !== undefined) this.blame(`call ${nonce} of ${caller} never ended`);
    }
    for (const [caller, untold] of this.#untold) {
      const [nonce] = untold;
      // The last turn may have gone with the thread.
      if (nonce === undefined || this.#cutOff.has(caller)) continue;
      this.blame(`call ${nonce} of ${caller}, which has ended, was never told`);
    }
    for (const { source, target, sent, heard } of this.#pairs.values()) {
      if (isAlive(target) && heard !== sent && !this.#cutOff.has(source)) {
        this.blame(`${target} lives and heard ${heard} of the ${sent} messages of ${source}`);
      }
    }
    return this.#problem;
  }

  #close(nonce: number, ending: Ending | "abandoned"): Issued | undefined {
    const call = this.#calls[nonce];
    if (call === undefined || call.ending !== undefined) {
      this.blame(`call ${nonce} ended twice: ${call?.ending ?? "unknown"}, then ${ending}`);
      return undefined;
    }
    call.ending = ending;
    this.#open.get(call.caller)?.delete(nonce);
    return call;
  }

  #pair(source: number, target: number): Pair {
    const key = `${source}:${target}`;
    let pair = this.#pairs.get(key);
    if (pair === undefined) this.#pairs.set(key, (pair = { source, target, sent: 0, heard: 0 }));
    return pair;
  }
}

/**
 * The watch over the worker threads of a node, from the main thread, which runs no code of users and so is always there.
 *
 *     a look at every phase ten times a second -> StallWatch -> report:    the inspector tells where; a line in the log
 *                                                            -> interrupt: cut off; if that is not safe, or does not help,
 *                                                                          `onHopeless`: the thread is ended
 *
 * Code that loops outside any message (behind `fetch`, in the callback of a package) shows by an event loop that neither rests nor
 * handles messages. It can't be told whose calls depend on it, so it is never cut off: at `interrupt` the thread is ended.
 * An idle thread is asked twice a second whether it still rests.
 */

import type { Worker } from "node:worker_threads";
import { LEVEL } from "../base/log-level.ts";
import { STALL_FLUSH_MS } from "../base/limits.ts";
import type { PhaseWords } from "../kernel/instruments.ts";
import type { Finding, Suspect } from "./finding.ts";
import { IS_LOADING } from "./finding.ts";
import { examine } from "./examination.ts";
import { linkWorker, within } from "../inspector/link.ts";
import type { Phase } from "./phase.ts";
import { readPhase } from "./phase.ts";
import type { Visitor } from "./rounds.ts";
import type { StallLine } from "./stall-text.ts";
import {
  AT_THE_END,
  describeInterrupt,
  describeOutside,
  describeReturn,
  describeStall,
  isWorthALine,
} from "./stall-text.ts";
import type { StallEvent, StallLimits } from "./stall-watch.ts";
import { periodOf, StallWatch } from "./stall-watch.ts";

/** The desk of a worker's node; a worker has one. */
export const WORKER_DESK = "worker";

/** Interrupts after which a handler that still has not returned is hopeless. */
const INTERRUPTS_MAX = 2;

/** Milliseconds beyond the limit after which a handler that could not be cut off is hopeless, native code excepted. */
const PATIENCE_MS = 4000;

/** Milliseconds between two questions to an idle thread's event loop; less where the limits are short. */
const REST_MAX_MS = 500;

/** A thread that is watched. */
export interface WatchedThread {
  readonly thread: number;
  readonly worker: Worker;
  readonly phase: PhaseWords;
}

/** What the watch is made of. */
export interface ThreadWatchOptions {
  readonly limits: StallLimits;
  /** The threads that are up. */
  readonly threads: () => Iterable<WatchedThread>;
  readonly log: (line: StallLine) => void;
  /** A thread can't be brought to its senses. */
  readonly onHopeless: (thread: number, why: string) => void;
}

/** What is known of one worker. */
interface Patient {
  readonly watch: StallWatch;
  /** The same for what runs outside any message. */
  readonly outside: StallWatch;
  /**
   * Resolves when the conversation that is going on is over; undefined if none is. There is one at a time, for a debugger that
   * finds the thread paused takes the other for a user's and touches nothing.
   */
  talk: Promise<void> | undefined;
  /** When to look again for what runs outside any message. */
  outsideAt: number;
  /** The turn that was seen last outside any message. */
  turn: number;
  /** How often the event loop was seen to have rested. */
  rests: number;
  idleMs: number;
  /** It neither rested nor turned between the last two looks. */
  isStill: boolean;
  /** The dispatch that was cut off last, and how often. */
  dispatch: number;
  interrupts: number;
}

/** The watch over the workers of one node. */
export class ThreadWatchdog implements Visitor {
  readonly #options: ThreadWatchOptions;
  readonly #patients = new WeakMap<Worker, Patient>();
  readonly #conversations = new Set<Promise<unknown>>();
  readonly #periodMs: number;
  /** Milliseconds between two questions to an idle thread's event loop. */
  readonly #restMs: number;

  constructor(options: ThreadWatchOptions) {
    this.#options = options;
    this.#periodMs = periodOf(options.limits);
    const { warn, interrupt } = options.limits;
    const least = Math.min(...[warn, interrupt].filter((ms) => ms > 0));
    this.#restMs = Math.max(this.#periodMs, Math.min(REST_MAX_MS, least / 2));
  }

  /**
   * Resolves when every conversation that is under way has come to its end, and its line is in the log; after
   * STALL_FLUSH_MS in any case.
   */
  async settled(): Promise<void> {
    if (this.#conversations.size === 0) return;
    await within(STALL_FLUSH_MS, Promise.allSettled(this.#conversations));
  }

  /** For how many milliseconds code outside any message has kept a thread; 0 = it does not. */
  outsideMs({ worker, phase }: WatchedThread, now: number): number {
    const patient = this.#patients.get(worker);
    const isStill = patient?.isStill === true && readPhase(phase).turn === patient.turn;
    return isStill ? patient.outside.age(now) : 0;
  }

  /**
   * Interrupts what a service does at this moment, on request.
   *
   * @returns what came of it, for people; undefined if it does nothing.
   */
  interrupt(handle: number): Promise<string | undefined> {
    for (const watched of this.#options.threads()) {
      const phase = readPhase(watched.phase);
      if (phase.handle === handle) return this.#interruptNext(watched, handle);
    }
    return Promise.resolve(undefined);
  }

  /** Interrupts a service as soon as no other code talks to its thread. */
  async #interruptNext(watched: WatchedThread, handle: number): Promise<string | undefined> {
    const patient = this.#patientOf(watched.worker);
    while (patient.talk !== undefined) await patient.talk;
    const phase = readPhase(watched.phase);
    if (phase.handle !== handle) return undefined;
    return await this.#talk(watched, patient, this.#interruptNow(watched, phase));
  }

  async #interruptNow(watched: WatchedThread, phase: Phase): Promise<string | undefined> {
    const finding = await look(watched.worker, {
      desk: WORKER_DESK,
      dispatch: phase.dispatch,
      isCondemned: true,
      isByHand: true,
    });
    this.#follow(watched, phase, finding);
    const line = describeInterrupt(phase, undefined, finding);
    if (line !== undefined) this.#options.log(line);
    return line?.text;
  }

  round(now: number): number {
    for (const watched of this.#options.threads()) {
      const patient = this.#patientOf(watched.worker);
      if (patient.talk !== undefined) continue;
      const phase = readPhase(watched.phase);
      const events = patient.watch.look(now, phase);
      const outside = this.#lookOutside(now, watched, patient, phase);
      if (events.length === 0 && outside.length === 0) continue;
      const acting = this.#act(watched, patient, { events, outside }).catch((error: unknown) => {
        const text = `the stall watch failed : ${String(error)}`;
        this.#options.log({ handle: 0, text, level: LEVEL.error });
      });
      void this.#talk(watched, patient, acting);
    }
    return now + this.#periodMs;
  }

  /** Remembers a conversation as long as it lasts; with a thread that has gone it has no end. */
  #talk<T>({ worker }: WatchedThread, patient: Patient, conversation: Promise<T>): Promise<T> {
    const over = new Promise<void>((resolve) => {
      const end = (): void => {
        worker.off("exit", end);
        resolve();
      };
      worker.on("exit", end);
      conversation.then(end, end);
    });
    patient.talk = over;
    this.#conversations.add(over);
    void over.then(() => {
      patient.talk = undefined;
      this.#conversations.delete(over);
    });
    return conversation;
  }

  #patientOf(worker: Worker): Patient {
    let patient = this.#patients.get(worker);
    if (patient === undefined) {
      const { limits } = this.#options;
      patient = {
        watch: new StallWatch(limits),
        outside: new StallWatch(limits),
        talk: undefined,
        ...{
          outsideAt: 0,
          turn: -1,
          rests: 0,
          idleMs: 0,
          isStill: false,
          dispatch: 0,
          interrupts: 0,
        },
      };
      this.#patients.set(worker, patient);
    }
    return patient;
  }

  /**
   * Makes a phase of what the event loop does: one dispatch between two rests or turns. One that does not rest is asked for a
   * turn: callbacks in a row are no stall, however many they are. A thread may not have rested once since it is up.
   */
  // oxlint-disable-next-line max-params -- when, who, what is known of it, what it does: an object would only be taken apart
  #lookOutside(
    now: number,
    { worker }: WatchedThread,
    patient: Patient,
    phase: Phase,
  ): StallEvent[] {
    if (now < patient.outsideAt) return [];
    const isOutside = phase.handle === 0 && phase.turn === patient.turn;
    if (isOutside) {
      const { idle } = worker.performance.eventLoopUtilization();
      patient.isStill = idle === patient.idleMs;
      patient.idleMs = idle;
      if (patient.isStill) worker.postMessage(0);
      else patient.outsideAt = now + this.#restMs;
    } else {
      patient.isStill = false;
    }
    if (!patient.isStill) patient.rests += 1;
    patient.turn = phase.turn;
    return patient.outside.look(now, {
      ...phase,
      handle: isOutside ? 1 : 0,
      dispatch: patient.rests,
    });
  }

  async #act(
    watched: WatchedThread,
    patient: Patient,
    { events, outside }: Readonly<Record<"events" | "outside", readonly StallEvent[]>>,
  ): Promise<void> {
    for (const event of events) await this.#actInside(watched, patient, event);
    for (const event of outside) await this.#actOutside(watched, event);
  }

  async #actInside(watched: WatchedThread, { watch }: Patient, event: StallEvent): Promise<void> {
    const { log } = this.#options;
    const { kind, phase, ms } = event;
    if (kind === "return") return log(describeReturn(phase, ms));
    const isCondemned = kind === "interrupt";
    const suspect = { desk: WORKER_DESK, dispatch: phase.dispatch, isCondemned };
    const finding = await look(watched.worker, suspect);
    if (finding.kind === "debugged") return watch.excuse(performance.now());
    if (!isCondemned) return log(describeStall(phase, ms, finding));
    const line = describeInterrupt(phase, ms, finding);
    if (line !== undefined && isWorthALine(finding, watch)) log(line);
    if (finding.kind === "interrupted") watch.noteInterrupt();
    this.#follow(watched, phase, finding);
    this.#giveUp(watched, ms, finding);
  }

  async #actOutside({ thread, worker }: WatchedThread, { kind, ms }: StallEvent): Promise<void> {
    const { log, onHopeless } = this.#options;
    if (kind === "return") return;
    if (kind === "interrupt") return onHopeless(thread, "code outside any message does not return");
    const finding = await look(worker, { desk: WORKER_DESK, dispatch: 0, isCondemned: false });
    log(describeOutside(thread, ms, finding));
  }

  /** Ends a thread that has been beyond the limit for too long, no matter what was in the way each time. */
  #giveUp({ thread }: WatchedThread, ms: number, finding: Finding): void {
    if (ms < this.#options.limits.interrupt + PATIENCE_MS) return;
    if (finding.kind === "refused" && finding.why !== IS_LOADING) {
      this.#options.onHopeless(thread, finding.why);
    }
  }

  /** Sees whether there is any hope for a thread. */
  #follow({ thread, worker }: WatchedThread, { dispatch }: Phase, finding: Finding): void {
    const { onHopeless } = this.#options;
    const patient = this.#patientOf(worker);
    if (finding.kind === "refused" && finding.isForGood) return onHopeless(thread, finding.why);
    if (finding.kind === "deep") return onHopeless(thread, AT_THE_END);
    if (finding.kind !== "interrupted") return;
    patient.interrupts = patient.dispatch === dispatch ? patient.interrupts + 1 : 1;
    patient.dispatch = dispatch;
    if (patient.interrupts > INTERRUPTS_MAX) onHopeless(thread, "interrupts do not help");
  }
}

async function look(worker: Worker, suspect: Suspect): Promise<Finding> {
  const link = await linkWorker(worker);
  if (link === undefined) return { kind: "silent" };
  try {
    return await examine(link, suspect);
  } finally {
    link.close();
  }
}

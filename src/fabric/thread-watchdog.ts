/**
 * The watch over the worker threads of a node, from the main thread, which runs no code of users and so is always there.
 *
 *     a look at every phase ten times a second -> StallWatch -> report:    the inspector tells where; a line in the log
 *                                                            -> interrupt: cut off; if that is not safe, or does not help,
 *                                                                          `onHopeless`: the thread is ended
 *
 * What loops outside any message (behind `fetch`, in the callback of a package) is found by the event loop that neither rests
 * nor handles messages; nobody can tell whose calls hang on it, so it is never cut off, and at `interrupt` it is hopeless.
 */

/* oxlint-disable no-restricted-globals -- the watch keeps its own time: no service's, and no kernel's */

import type { Worker } from "node:worker_threads";
import type { PhaseWords } from "../kernel/phase.ts";
import type { Finding, Suspect } from "./examination.ts";
import { examine } from "./examination.ts";
import type { Phase } from "./phase.ts";
import { readPhase } from "./phase.ts";
import type { StallLine } from "./stall-text.ts";
import { describeInterrupt, describeOutside, describeReturn, describeStall } from "./stall-text.ts";
import type { StallEvent, StallLimits } from "./stall-watch.ts";
import { periodOf, StallWatch } from "./stall-watch.ts";
import { connectToWorker } from "./worker-inspector.ts";

/** The desk of a worker's node; a worker has one. */
export const WORKER_DESK = "worker";

/** Interrupts after which a handler that still has not returned is hopeless. */
const INTERRUPTS_MAX = 2;

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
  /** A conversation is going on. */
  isBusy: boolean;
  /** How often the event loop was seen to have rested. */
  rests: number;
  idleMs: number;
  /** The dispatch that was cut off last, and how often. */
  dispatch: number;
  interrupts: number;
}

/** The watch over the workers of one node. */
export class ThreadWatchdog {
  readonly #options: ThreadWatchOptions;
  readonly #patients = new WeakMap<Worker, Patient>();
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(options: ThreadWatchOptions) {
    this.#options = options;
    const { warn, interrupt } = options.limits;
    if (warn === 0 && interrupt === 0) return;
    this.#timer = setInterval(() => this.#round(), periodOf(options.limits));
    this.#timer.unref();
  }

  /** Ends the watch. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * Interrupts what a service does at this moment, because somebody asks for it.
   *
   * @returns what came of it, for people; undefined if it does nothing.
   */
  async interrupt(handle: number): Promise<string | undefined> {
    for (const watched of this.#options.threads()) {
      const phase = readPhase(watched.phase);
      if (phase.handle !== handle) continue;
      const finding = await look(watched.worker, {
        desk: WORKER_DESK,
        dispatch: phase.dispatch,
        isCondemned: true,
      });
      this.#follow(watched, phase, finding);
      const line = describeInterrupt(phase, undefined, finding);
      if (line !== undefined) this.#options.log(line);
      return line?.text;
    }
    return undefined;
  }

  #round(): void {
    const now = performance.now();
    for (const watched of this.#options.threads()) {
      const patient = this.#patientOf(watched.worker);
      if (patient.isBusy) continue;
      const phase = readPhase(watched.phase);
      const events = patient.watch.look(now, phase);
      const outside = patient.outside.look(now, this.#outside(watched, patient, phase));
      if (events.length === 0 && outside.length === 0) continue;
      patient.isBusy = true;
      this.#act(watched, patient, { events, outside })
        .catch((error: unknown) => {
          this.#options.log({ handle: 0, text: `the watchdog failed : ${String(error)}` });
        })
        .finally(() => {
          patient.isBusy = false;
        });
    }
  }

  #patientOf(worker: Worker): Patient {
    let patient = this.#patients.get(worker);
    if (patient === undefined) {
      const { limits } = this.#options;
      patient = {
        ...{ watch: new StallWatch(limits), outside: new StallWatch(limits), isBusy: false },
        ...{ rests: 0, idleMs: 0, dispatch: 0, interrupts: 0 },
      };
      this.#patients.set(worker, patient);
    }
    return patient;
  }

  /**
   * Makes a phase of what the event loop does: one dispatch between two rests or turns. A thread that still starts is at rest.
   * One that does not rest is asked for a turn: callbacks in a row are no stall, however many they are.
   */
  #outside({ worker }: WatchedThread, patient: Patient, phase: Phase): Phase {
    if (phase.handle !== 0) return { ...phase, handle: 0 };
    const { idle } = worker.performance.eventLoopUtilization();
    const isResting = idle !== patient.idleMs;
    patient.idleMs = idle;
    if (isResting) patient.rests += 1;
    else if (idle > 0) worker.postMessage(0);
    return { ...phase, handle: idle > 0 ? 1 : 0, dispatch: patient.rests * 2 ** 20 + phase.turn };
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
    if (line !== undefined) log(line);
    if (finding.kind === "interrupted") watch.noteInterrupt();
    this.#follow(watched, phase, finding);
  }

  async #actOutside({ thread, worker }: WatchedThread, { kind, ms }: StallEvent): Promise<void> {
    const { log, onHopeless } = this.#options;
    if (kind === "return") return;
    if (kind === "interrupt") return onHopeless(thread, "code outside any message does not return");
    const finding = await look(worker, { desk: WORKER_DESK, dispatch: 0, isCondemned: false });
    log(describeOutside(thread, ms, finding));
  }

  /** Sees whether there is any hope for a thread. */
  #follow({ thread, worker }: WatchedThread, { dispatch }: Phase, finding: Finding): void {
    const { onHopeless } = this.#options;
    const patient = this.#patientOf(worker);
    if (finding.kind === "refused" && finding.isForGood) return onHopeless(thread, finding.why);
    if (finding.kind !== "interrupted") return;
    patient.interrupts = patient.dispatch === dispatch ? patient.interrupts + 1 : 1;
    patient.dispatch = dispatch;
    if (patient.interrupts > INTERRUPTS_MAX) onHopeless(thread, "interrupts do not help");
  }
}

async function look(worker: Worker, suspect: Suspect): Promise<Finding> {
  const link = await connectToWorker(worker);
  if (link === undefined) return { kind: "silent" };
  try {
    return await examine(link, suspect);
  } finally {
    link.close();
  }
}

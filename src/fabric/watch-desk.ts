/**
 * What a thread lets its watchdog ask: a desk under a global symbol, which the inspector's `Runtime.evaluate` reaches while
 * the thread is paused, whatever it was doing.
 *
 * The watchdog sits on another thread and sees handles and script offsets; which services they are, and which lines of TypeScript,
 * only this thread can tell. A thread has a desk for each node that it runs.
 */

import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { OWN_FILES, OWN_SERVICES } from "../base/own-files.ts";
import { AsyncBooks } from "./async-books.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { PHASE } from "../kernel/instruments.ts";
import type { PhaseWords } from "../kernel/instruments.ts";
import { takeOwnStack } from "../loader/text/own-stack.ts";
import { isGeneratedFrame } from "../loader/text/stack.ts";

/** The symbol of the global. */
const DESKS_KEY = "snax.watch";
const kDesks: unique symbol = Symbol.for(DESKS_KEY) as never;

/** Frames of a stack that a report shows. */
const FRAMES_MAX = 20;

/** Frames among which a getter is looked for that must not be paused. */
const GLANCE_FRAMES_MAX = 10_000;

/** What a thread says of the dispatch in which it is paused. */
export interface DeskReport {
  /** The number of the dispatch; 0 = none is. */
  readonly dispatch: number;
  /** The service that handles the message, e.g. `snax shop`. */
  readonly title: string;
  /** What is handled, e.g. `post shop.buy`. */
  readonly message: string;
  /** Who sent it. */
  readonly sender: string;
  /** Where, one line a frame, positions of the source text. */
  readonly stack: string;
  /** The code is that of the program that started the node. */
  readonly isProgram: boolean;
}

/** What a desk is made of. */
export interface DeskOptions {
  readonly kernel: Kernel;
  readonly phase: PhaseWords;
  /** Says in words what is handled. */
  readonly describe: () => string;
  /** Says in words who sent it. */
  readonly sender: () => string;
  /** Begins a turn after an interrupt. */
  readonly recover: () => void;
  /** The service that stands for the program which started the node. */
  readonly program: () => number;
  /** Says what the thread's services hold, largest first; for the heap guard. @defaultValue nothing */
  readonly holdings?: () => string;
}

/** What Node notes of this thread. */
const asyncBooks = new AsyncBooks();

/** One node's desk on this thread. */
class Desk {
  readonly asyncBooks: AsyncBooks = asyncBooks;
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** Tells whether the thread may be paused. @returns IN_GETTER if not */
  glance(): string {
    const frames = takeOwnStack(GLANCE_FRAMES_MAX, Desk.prototype.glance);
    return frames.some((frame) => GETTER_OF_ERROR.test(frame)) ? IN_GETTER : "";
  }

  /** Tells what is going on. */
  examine(): string {
    const { kernel, phase, describe, sender, program } = this.#options;
    const { current } = kernel.scheduler;
    if (current !== undefined) current.isEndless = true;
    const report: DeskReport = {
      dispatch: phase[PHASE.handle] === 0 ? 0 : (phase[PHASE.dispatch] as number) >>> 0,
      title: current?.title ?? "",
      message: describe(),
      sender: sender(),
      stack: readStack(),
      isProgram: current?.handle === program(),
    };
    return JSON.stringify(report);
  }

  /** Makes the thread ready to be cut off when it goes on, and notes whose handler that is. @returns the number of the dispatch */
  condemn(isByHand = false): string {
    const { kernel, phase } = this.#options;
    const { current } = kernel.scheduler;
    if (current === undefined) return "";
    asyncBooks.prepare();
    kernel.condemned = { service: current, origin: kernel.origin, isByHand };
    return String((phase[PHASE.dispatch] as number) >>> 0);
  }

  /** The same because an operator has asked for it: operators need time to patch the service. */
  condemnByHand(): string {
    return this.condemn(true);
  }

  /**
   * Sees to it that a turn follows an interrupt.
   *
   * @returns "ok", unless what was cut off is still on its way out: UNCUT while its turn goes on, "busy" while what it has left
   * behind runs
   */
  recover(): string {
    const { kernel, recover } = this.#options;
    const stack =
      kernel.condemned === undefined ? [] : takeOwnStack(GLANCE_FRAMES_MAX, Desk.prototype.recover);
    // The first frame is the question itself. A turn that begins takes note of the interrupt: one that is there has not ended.
    if (stack.length > 1) return stack.some((frame) => TURN.test(frame)) ? UNCUT : "busy";
    asyncBooks.finish();
    recover();
    return "ok";
  }

  /** Collects garbage. @returns the bytes of heap that are in use then */
  collect(): string {
    collector ??= openCollector();
    collector();
    return String(getHeapStatistics().used_heap_size);
  }

  /** Says what the services hold. */
  holdings(): string {
    return this.#options.holdings?.() ?? "";
  }
}

let collector: (() => void) | undefined;

/**
 * V8 hands out its collector only to contexts made while the flag is set. The inspector's own command for it waits until the
 * thread has nothing to do, which may be never.
 */
function openCollector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  setFlagsFromString("--no-expose-gc");
  return collect;
}

/** Opens a desk. @returns what closes it. */
export function openDesk(id: string, options: DeskOptions): () => void {
  const holder = globalThis as { [kDesks]?: Map<string, Desk> };
  const desks = holder[kDesks] ?? new Map<string, Desk>();
  if (holder[kDesks] === undefined) {
    Object.defineProperty(globalThis, kDesks, { value: desks, configurable: true });
  }
  desks.set(id, new Desk(options));
  return () => void desks.delete(id);
}

/** What a desk can be asked. */
export type DeskQuestion =
  | "glance"
  | "examine"
  | "condemn"
  | "condemnByHand"
  | "recover"
  | "collect"
  | "holdings";

/** The expression that asks a desk, for `Runtime.evaluate`. */
export function askDesk(id: string, question: DeskQuestion): string {
  return `${deskOf(id)}?.${question}()`;
}

/** The expression that is what Node notes of a desk's thread. */
export function booksOf(id: string): string {
  return `${deskOf(id)}?.asyncBooks`;
}

function deskOf(id: string): string {
  return `globalThis[Symbol.for(${JSON.stringify(DESKS_KEY)})]?.get(${JSON.stringify(id)})`;
}

/** What {@link Desk.recover} says while the turn goes on that was to be cut off. */
export const UNCUT = "uncut";

/** The frame of a turn. */
const TURN = /^ +at Scheduler\.turn /;

/** What {@link Desk.glance} says of a thread that must not be paused. */
export const IN_GETTER = "getter";

/** A frame of what the inspector reads of an error, or of an error's own method: it would be read then. Classes are known by name. */
const GETTER_OF_ERROR =
  /^ +at (?:(?:\S+\.)?get (?:\(|(?:message|stack|name)\b)|(?:new )?[\w$]*(?:Error|Exception)[ .])|\[as (?:message|stack|name)\]/;

/** The stack below the inspector's question, without the runtime's own frames and those of Node. */
function readStack(): string {
  const [, ...frames] = takeOwnStack(FRAMES_MAX * 4, Desk.prototype.examine);
  const kept = frames.filter((line) => !isInnard(line));
  return (kept.length > 0 ? kept : frames).slice(0, FRAMES_MAX).join("\n");
}

function isInnard(line: string): boolean {
  if (line.includes(OWN_SERVICES)) return false;
  return line.includes(OWN_FILES) || line.includes("(node:internal/") || isGeneratedFrame(line);
}

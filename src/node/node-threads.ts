/**
 * The threads of a node as the runtime of one of them sees them: where a service goes, and the words between threads.
 *
 *     launch   handle taken -> "launch" with the service's code -> created at once on its thread -> it begins there
 *     clear    to the main thread first, which tells all others: so that a launch finds every cache as the launcher's
 *
 * The main thread reads every file once and hands the images on; a thread that starts a service by itself reads for itself.
 */

import { copyArguments } from "../base/copy.ts";
import { SnaxError } from "../base/error.ts";
import { HAND_OVER_WORDS, HandOver } from "../fabric/hand-over.ts";
import { NODE_WORD } from "../fabric/node-memory.ts";
import { readPhase } from "../fabric/phase.ts";
import type { Standing } from "../fabric/thread-load.ts";
import { STANDING } from "../fabric/thread-load.ts";
import type { Thread } from "../fabric/thread.ts";
import { INDEX_MASK } from "../kernel/service.ts";
import type { CacheMode } from "../service/skynet-api.ts";
import type { Image, ImageData } from "../loader/weave/image.ts";
import { addBirthCommand, fetchCode } from "../service/birth.ts";
import type { LaunchRequest } from "../service/boot.ts";
import { end, launch, tellFailure } from "../service/boot.ts";
import { clearCache } from "../service/cache.ts";
import { toRemoteError } from "../service/remote-error.ts";
import type { Runtime } from "../service/runtime.ts";
import { stewardIndex } from "../service/steward.ts";
import type { Threads, ThreadWork } from "../service/threads.ts";
import { Tracer } from "../service/tracer.ts";
import { lineOfWords } from "./line-words.ts";

/** Services that run on the main thread, no matter which service starts them: they must answer while every other thread hangs. */
const PINNED: ReadonlySet<string> = new Set([
  "logger",
  "launcher",
  "cdummy",
  "cmaster",
  "cslave",
  "harbor",
  "datacenterd",
  "service_mgr",
  "multicastd",
  "clusterd",
  "sprotoloader",
  "protoloader",
  "debug_console",
  "metricsd",
  "console",
]);

/** More than any thread can host. */
const HANDLES_MAX = INDEX_MASK + 1;

/** What travels of a launch. */
interface Launch {
  readonly handle: number;
  readonly kind: string;
  readonly name: string;
  readonly args: readonly unknown[];
  /** Whether the code is still being made of its text, and is to be asked for. */
  readonly isCodeLater: boolean;
}

/** The code that a thread has got. */
interface Given {
  readonly images: WeakSet<Image>;
  /** The services whose code it has got whole. */
  readonly names: Set<string>;
}

const createGiven = (): Given => ({ images: new WeakSet(), names: new Set() });

/** Services that are killed before others of the thread have their turn. */
const KILLS_IN_A_ROW = 8;

/** The threads of a node, seen from one. */
export class NodeThreads implements Threads {
  readonly own: number;
  readonly hosts: readonly number[];
  readonly #thread: Thread;
  readonly #runtime: Runtime;
  readonly #harborBits: number;
  /** Tells how welcome a new service is on a thread. Only the main thread can tell, and it is where threads are chosen. */
  standing: (thread: number) => Standing = () => STANDING.free;
  /** What a thread has got from this one, by its number. */
  #given: Given[] = [];
  readonly handOver: HandOver;
  /** Handles of services that are to be killed, in slices. */
  readonly #doomed: number[] = [];
  /** The thread that was chosen last. */
  #last = 0;

  /**
   * @param threads - how many threads the node has, the main thread included.
   */
  constructor(thread: Thread, runtime: Runtime, threads: number) {
    this.own = thread.fabric.thread;
    this.hosts = Array.from({ length: threads - 1 }, (_, index) => index + 1);
    this.#thread = thread;
    this.#runtime = runtime;
    this.#harborBits = (Number(runtime.environment.get("harbor") ?? 0) << 24) >>> 0;
    this.handOver = new HandOver({
      thread: this.own,
      kernel: runtime.kernel,
      directory: thread.directory,
      threadOf: (handle) => this.threadOf(handle),
      tell: (to, word, ...values) => this.tell(to, word, ...values),
      others: () => thread.fabric.threads,
      afterwards: (run) => this.#afterwards(run),
      later: (ms, run) => runtime.after(ms, run),
      waitMs: runtime.environment.hotfixMs,
    });
    for (const word of Object.values(HAND_OVER_WORDS)) {
      runtime.words.set(word, (...values) => this.handOver.hear(word, ...values));
    }
    runtime.onThreadDeath.push((dead) => this.handOver.died(dead));
    this.#addWords();
  }

  #afterwards(run: () => void): void {
    const { kernel } = this.#runtime;
    const steward = kernel.services.get(this.steward(this.own));
    if (steward === undefined) return run();
    kernel.soon(steward, () => {
      this.publish();
      run();
    });
  }

  threadOf(handle: number): number | undefined {
    return this.#thread.fabric.threadOf(handle);
  }

  steward(thread: number): number {
    return (this.#harborBits | stewardIndex(thread)) >>> 0;
  }

  get monitor(): number {
    return Atomics.load(this.#thread.words, NODE_WORD.monitor) >>> 0;
  }

  set monitor(handle: number) {
    Atomics.store(this.#thread.words, NODE_WORD.monitor, handle);
  }

  /**
   * The one with the fewest services among those with the best standing; of several, the next after the one that was chosen
   * last.
   */
  choose(name: string): number {
    if (this.isPinned(name)) return 0;
    const { directory } = this.#thread;
    const count = this.hosts.length;
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let step = 0; step < count; step += 1) {
      const thread = this.hosts[(this.#last + step) % count] as number;
      // A thread that has something against it comes last, however few services it has.
      const weight = this.standing(thread) * HANDLES_MAX + directory.count(thread);
      if (weight >= least) continue;
      least = weight;
      best = thread;
    }
    this.#last = best;
    return best;
  }

  /** Says whether a service runs on the main thread, no matter which service starts it; a program's own service of such a name does not. */
  isPinned(name: string): boolean {
    return PINNED.has(name) && this.#runtime.paths.isSystem(name);
  }

  launch(thread: number, { kind, name, args }: LaunchRequest): number {
    const { directory, fabric } = this.#thread;
    const own = copyArguments(args, undefined);
    const handle = (this.#harborBits | directory.claim(thread)) >>> 0;
    try {
      const images = this.imagesFor(thread, name);
      const isCodeLater = images instanceof Promise;
      const order: Launch = { handle, kind, name, args: own, isCodeLater };
      if (fabric.tell(thread, "launch", order, isCodeLater ? [] : images)) return handle;
    } catch (error) {
      directory.release(handle, thread);
      throw error;
    }
    directory.release(handle, thread);
    throw new SnaxError("ERR_SERVICE_DEAD", `thread ${thread} has died and is being replaced`);
  }

  kill(handle: number): void {
    const thread = this.threadOf(handle);
    if (thread === undefined || !this.#thread.fabric.tell(thread, "kill", handle)) return;
    // From this moment it can't be found on this thread any more.
    this.#thread.directory.release(handle, thread);
  }

  clearCache(path: string | undefined): void {
    if (this.own !== 0) return void this.#thread.fabric.tell(0, "clear", path);
    if (path === undefined) this.#given = [];
    // Of one file the image is read anew, and is another one; the programs are built anew of what is there.
    else for (const given of this.#given) given?.names.clear();
    this.#thread.fabric.tellAll("clear", path);
  }

  setCacheMode(mode: string): void {
    if (this.own !== 0) this.#thread.fabric.tell(0, "mode", mode);
    else this.#thread.fabric.tellAll("mode", mode);
  }

  /** Another worker has a thread's number: it has got nothing yet. */
  replaced(thread: number): void {
    this.#given[thread] = createGiven();
  }

  /**
   * The code that a thread needs for a service and has not got yet; what can't be read it will complain of itself. It is a promise
   * only where texts must be transformed first.
   */
  imagesFor(thread: number, name: string): ImageData[] | Promise<ImageData[]> {
    const { cache, paths } = this.#runtime;
    if (this.own !== 0 || cache.mode === "OFF") return [];
    const given = (this.#given[thread] ??= createGiven());
    if (given.names.has(name)) return [];
    try {
      const reached = cache.reach(paths.find(name));
      if (reached instanceof Promise) {
        const again = (): ImageData[] | Promise<ImageData[]> => this.imagesFor(thread, name);
        return reached.then(again, () => []);
      }
      // With EXIST some were read just now for no service: a thread that needs them reads for itself.
      const fresh = [...reached].filter(
        (image) => !given.images.has(image) && cache.images.get(image.file) === image,
      );
      const data = fresh.map((image) => image.toData());
      for (const image of fresh) given.images.add(image);
      // To follow its imports again takes longer than the service does to begin.
      if (cache.mode === "ON") given.names.add(name);
      return data;
    } catch {
      // The service's beginning fails for the same reason on its own thread, which tells the caller.
      return [];
    }
  }

  /** The same without what must be transformed first: the thread reads that for itself. */
  imagesNow(thread: number, name: string): ImageData[] {
    const images = this.imagesFor(thread, name);
    return images instanceof Promise ? [] : images;
  }

  tellAll(word: string, ...values: readonly unknown[]): void {
    this.#thread.fabric.tellAll(word, ...values);
  }

  tell(thread: number, word: string, ...values: readonly unknown[]): void {
    this.#thread.fabric.tell(thread, word, ...values);
  }

  expectMore(): void {
    this.#thread.fabric.expectMore();
  }

  rouse(thread: number): void {
    this.#thread.fabric.rouse(thread);
  }

  publish(): void {
    this.#thread.fabric.publish();
  }

  workOf(thread: number): ThreadWork | undefined {
    const phase = this.#thread.phases[thread];
    return phase === undefined ? undefined : readPhase(phase);
  }

  homesOf(name: string): readonly number[] {
    return this.isPinned(name) ? [0] : this.hosts;
  }

  /** Does what another thread's word says. */
  hear([word, ...values]: readonly unknown[]): void {
    this.#runtime.words.get(word as string)?.(...values);
  }

  /** Gives the runtime the words about services and their code. */
  #addWords(): void {
    const runtime = this.#runtime;
    const { words } = runtime;
    words.set("launch", (order, images) =>
      this.#launchHere(order as Launch, images as readonly ImageData[]),
    );
    words.set("kill", (handle) => this.#killHere(handle as number));
    words.set("line", (...line) => runtime.relay(lineOfWords(line)));
    words.set("abort", () => runtime.abort());
    words.set("stopping", () => {
      runtime.beginStop();
      runtime.kernel.rests.close();
    });
    words.set("clear", (path) => {
      if (this.own === 0) return clearCache(runtime, path as string | undefined);
      runtime.paths.clear();
      runtime.cache.clear(path as string | undefined);
    });
    words.set("trace", (source, session, tag) =>
      Tracer.hear(runtime, source as number, session as number, tag as string | undefined),
    );
    words.set("mode", (mode) => {
      runtime.cache.mode = mode as CacheMode;
      if (this.own === 0) this.setCacheMode(mode as string);
    });
    addBirthCommand(runtime);
    runtime.stewardCommands.set("IMAGES", (_context, [thread, name]) =>
      this.imagesFor(thread as number, name as string),
    );
  }

  #launchHere(order: Launch, images: readonly ImageData[]): void {
    const { handle, kind, name, args } = order;
    const runtime = this.#runtime;
    for (const image of images) runtime.cache.adopt(image);
    const steward = runtime.contextOf(this.steward(this.own));
    const isLater = order.isCodeLater && steward !== undefined;
    try {
      launch(runtime, {
        handle,
        kind,
        name,
        args,
        ...(isLater ? { code: fetchCode(steward, name) } : {}),
      });
    } catch (error) {
      this.#thread.directory.release(handle, this.own);
      tellFailure(runtime, handle, toRemoteError(error, handle));
    }
  }

  /** Thousands of deaths in one go would silence the thread until the last of them is over. */
  #killSome(): void {
    const some = this.#doomed.splice(0, KILLS_IN_A_ROW);
    // First of all: code that watches a death may be cut off.
    if (this.#doomed.length > 0) this.#killSoon();
    for (const handle of some) {
      const target = this.#runtime.contextOf(handle);
      if (target !== undefined) end(target, true);
    }
  }

  #killSoon(): void {
    const { kernel } = this.#runtime;
    const steward = kernel.services.get(this.steward(this.own));
    if (steward !== undefined) kernel.soon(steward, () => this.#killSome());
  }

  #killHere(handle: number): void {
    this.#doomed.push(handle);
    if (this.#doomed.length === 1) this.#killSoon();
  }
}

/**
 * An engine in the memory of this process: for tests, and for nodes that share a process.
 *
 * Nodes that name the same `memory://name` share one. It can be cut off, stopped, killed, made to lose, to double and to reorder, from outside:
 * what an engine far away does at the worst moment this one does when it is told to. It has no timer of its own: what is
 * under way waits by the time of the node that it comes from or goes to, so a node whose time stands still hears nothing.
 */

import { ENGINE_SILENCE_MS } from "../../base/limits.ts";
import type { Random } from "../../base/random.ts";
import { createRandom } from "../../base/random.ts";
import type {
  Driver,
  DriverEvents,
  DriverHost,
  DriverSelf,
  Entry,
  Footing,
  Watcher,
} from "./driver.ts";
import { Backlog, engineError, Questions, sizeOf, WatchView } from "./driver.ts";

/** Milliseconds from a node to the engine. */
const HOP_MS = 1;
/** Milliseconds after which a change that was lost on its way to a watcher is told. */
const RESYNC_MS = 500;
/** Milliseconds until a node has found the engine again. */
const RETURN_MS = 100;

/** What goes wrong, each as a probability from 0 to 1. */
export interface MemoryFaults {
  /** A request, an answer or a change gets lost on its way. */
  loss: number;
  /** A change or a broadcast arrives twice. */
  duplicate: number;
  /** A change or a broadcast is overtaken. */
  reorder: number;
}

/** The engine. */
export class MemoryEngine {
  readonly faults: MemoryFaults = { loss: 0, duplicate: 0, reorder: 0 };
  readonly #random: Random;
  readonly #entries = new Map<string, Entry>();
  readonly #drivers = new Set<MemoryDriver>();
  readonly #cut = new Set<string>();
  #state: "runs" | "stopped" | "killed" = "runs";
  #held: (() => void)[] = [];
  #token = 0;
  #isYoung = false;

  /** @param seed - of what the faults hit. */
  constructor(seed = 1) {
    this.#random = createRandom(seed);
  }

  /** Makes the way of one process to it. */
  driver(host: DriverHost): Driver {
    const driver = new MemoryDriver(this, host);
    this.#drivers.add(driver);
    return driver;
  }

  /** What is under a key. */
  peek(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    return entry?.value === undefined ? undefined : entry;
  }

  /** Cuts a node off from it: what is under way is lost. */
  partition(node: string): void {
    this.#cut.add(node);
    this.#notice();
  }

  /** Ends that. */
  heal(node: string): void {
    this.#cut.delete(node);
    this.#notice();
  }

  /** It stands still, as under SIGSTOP: what comes waits. */
  pause(): void {
    this.#state = "stopped";
    this.#notice();
  }

  /** It goes on. */
  resume(): void {
    this.#state = "runs";
    for (const run of this.#held.splice(0)) run();
    this.#notice();
  }

  /** It dies. @param forgets - and has lost what it held. */
  kill(forgets = false): void {
    this.#state = "killed";
    this.#held = [];
    if (forgets) {
      this.#entries.clear();
      this.#isYoung = true;
    }
    for (const driver of this.#drivers) driver.lose("has closed the connection");
  }

  /** It is started again. */
  start(): void {
    this.#state = "runs";
    this.#notice();
  }

  /** @internal */
  get footing(): Footing {
    return { ageMs: this.#isYoung ? 0 : Infinity };
  }

  /** @internal Says whether a node reaches it. */
  reaches(node: string): boolean {
    return this.#state === "runs" && !this.#cut.has(node);
  }

  /** @internal Brings something from or to a node; `onLost` if it does not arrive. */
  carry(driver: MemoryDriver, run: () => void, onLost: () => void = () => {}): void {
    const { node } = driver.self;
    driver.host.later(HOP_MS, () => {
      if (this.#state === "killed" || this.#cut.has(node) || this.#hits(this.faults.loss)) onLost();
      else if (this.#state === "stopped") this.#held.push(run);
      else run();
    });
  }

  /** @internal Writes by compare-and-set. */
  write(key: string, value: string | undefined, over: number): number | undefined {
    const before = this.#entries.get(key);
    const isRight = before?.value === undefined ? over === 0 : before.token === over;
    if (!isRight) return undefined;
    this.#token += 1;
    const entry = { key, value, token: this.#token };
    this.#entries.set(key, entry);
    for (const driver of this.#drivers) this.#tell(driver, entry);
    return entry.token;
  }

  /** @internal All under a kind. */
  entriesOf(kind: string): Entry[] {
    const all = [...this.#entries.values()];
    return all.filter(({ key, value }) => key.startsWith(`${kind}/`) && value !== undefined);
  }

  /** @internal */
  say(from: MemoryDriver, topic: string, bytes: Uint8Array): void {
    for (const driver of this.#drivers) {
      if (driver !== from) this.#deliver(driver, () => driver.hear(topic, Uint8Array.from(bytes)));
    }
  }

  /** @internal */
  forget(driver: MemoryDriver): void {
    this.#drivers.delete(driver);
  }

  #tell(driver: MemoryDriver, entry: Entry): void {
    const again = (): void => void driver.host.later(RESYNC_MS, () => driver.resync());
    this.#deliver(driver, () => driver.see(entry), again);
  }

  #deliver(driver: MemoryDriver, run: () => void, onLost?: () => void): void {
    const isLate = this.#hits(this.faults.reorder);
    const go = (): void => this.carry(driver, run, onLost);
    if (isLate) driver.host.later(HOP_MS * (1 + this.#random.below(20)), go);
    else go();
    if (this.#hits(this.faults.duplicate)) this.carry(driver, run);
  }

  #hits(probability: number): boolean {
    return probability > 0 && this.#random.next() < probability;
  }

  #notice(): void {
    for (const driver of this.#drivers) driver.notice();
  }
}

/** The way of one process. */
class MemoryDriver implements Driver {
  readonly host: DriverHost;
  self: DriverSelf = { node: "", incarnation: "" };
  readonly #engine: MemoryEngine;
  readonly #views = new Map<WatchView, string>();
  readonly #questions: Questions;
  readonly #backlog = new Backlog();
  #events: DriverEvents | undefined = undefined;
  #isUp = false;

  constructor(engine: MemoryEngine, host: DriverHost) {
    this.#engine = engine;
    this.host = host;
    this.#questions = new Questions(host);
  }

  join(self: DriverSelf, events: DriverEvents): Promise<Footing> {
    this.self = self;
    this.#isUp = true;
    return this.#ask(0, () => this.#engine.footing).then(
      (footing) => {
        this.#events = events;
        this.resync();
        return footing;
      },
      (error: unknown) => {
        this.#isUp = false;
        throw error;
      },
    );
  }

  leave(): Promise<void> {
    this.#events = undefined;
    this.#views.clear();
    this.lose("was left");
    this.#engine.forget(this);
    return Promise.resolve();
  }

  claim(key: string, value: string | undefined, over: number): Promise<number | undefined> {
    return this.#ask(sizeOf(key, value), () => this.#engine.write(key, value, over));
  }

  renew({ key, value, token }: Entry): Promise<number | undefined> {
    return this.#ask(sizeOf(key, value), () => this.#engine.write(key, value, token), true);
  }

  read(key: string): Promise<Entry | undefined> {
    return this.#ask(sizeOf(key), () => this.#engine.peek(key));
  }

  watch(kind: string, watcher: Watcher): () => void {
    const view = new WatchView(watcher);
    this.#views.set(view, kind);
    const first = (): void => {
      if (!this.#isUp || !this.#views.has(view)) return;
      this.#engine.carry(this, () => this.#settle(view, kind), first);
    };
    first();
    return () => this.#views.delete(view);
  }

  broadcast(topic: string, bytes: Uint8Array): void {
    if (!this.#isUp) throw engineError("is away", false);
    const taken = this.#backlog.take(bytes.length);
    const said = Uint8Array.from(bytes);
    const say = (): void => {
      taken();
      this.#engine.say(this, topic, said);
    };
    this.#engine.carry(this, say, taken);
  }

  see(entry: Entry): void {
    if (!this.#isUp) return;
    for (const [view, kind] of this.#views) if (entry.key.startsWith(`${kind}/`)) view.take(entry);
  }

  hear(topic: string, bytes: Uint8Array): void {
    if (this.#isUp) this.#events?.onHeard(topic, bytes);
  }

  resync(): void {
    if (!this.#isUp || !this.#engine.reaches(this.self.node)) return;
    for (const [view, kind] of this.#views) this.#settle(view, kind);
  }

  /** Something between this process and the engine has changed; it is noticed later. */
  notice(): void {
    if (this.#events === undefined) return;
    const reaches = this.#engine.reaches(this.self.node);
    this.host.later(reaches ? RETURN_MS : ENGINE_SILENCE_MS, () => {
      if (this.#engine.reaches(this.self.node) !== reaches) return;
      if (!reaches) return this.lose("is silent");
      if (this.#isUp || this.#events === undefined) return;
      this.#isUp = true;
      this.#events.onUp(this.#engine.footing);
      this.resync();
    });
  }

  lose(why: string): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#backlog.clear();
    this.#questions.lose(why);
    this.#events?.onDown(`the engine ${why}`);
  }

  #settle(view: WatchView, kind: string): void {
    if (this.#views.has(view)) view.settle(this.#engine.entriesOf(kind));
  }

  async #ask<T>(bytes: number, run: () => T, isDue?: boolean): Promise<T> {
    if (!this.#isUp) throw engineError("is away", false);
    const taken = this.#backlog.take(bytes, isDue);
    try {
      return await this.#questions.wait((answer) => {
        this.#engine.carry(this, () => {
          const result = run();
          this.#engine.carry(this, () => answer(result));
        });
      });
    } finally {
      taken();
    }
  }
}

/** Two copies of the package in one process have the same engines. */
const ENGINES: unique symbol = Symbol.for("snax.engines") as never;
const engines: Map<string, MemoryEngine> = ((
  globalThis as { [ENGINES]?: Map<string, MemoryEngine> }
)[ENGINES] ??= new Map());

/** Returns the engine of that name; it is there from the first time on. */
export function memoryEngine(name: string): MemoryEngine {
  let engine = engines.get(name);
  if (engine === undefined) {
    engine = new MemoryEngine();
    engines.set(name, engine);
  }
  return engine;
}

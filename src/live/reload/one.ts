/**
 * New code behind the handle of one running service, with its state.
 *
 *     drained (drain.ts) -> [one turn of the service]
 *       state taken, by names                      (state/take.ts)
 *       new instance: its top level runs, with timers and dispatch; what that goes on with ends (top-level.ts)
 *       state given to it, instances under the new classes
 *       export function reload(old, from), if the new file has one; it may wait
 *       old timers end, the gate opens: what waited meets the new code
 *
 * A failure at any step puts everything back: the old instance was only read. What the new top level or `reload()` has sent
 * by then has gone out.
 */

import { basename } from "node:path";
import { codeOf, SnaxError } from "../../base/error.ts";
import { firstLines } from "../../base/short-list.ts";
import { deadError } from "../../kernel/refusal.ts";
import { HOLD } from "../../kernel/service.ts";
import { Instance } from "../../loader/run/instance.ts";
import type { Program } from "../../loader/run/program.ts";
import type { Context } from "../../service/context.ts";
import {
  callInside,
  EXIT_SIGNAL,
  isThenable,
  lacksOf,
  leavingsOf,
  runInside,
  standsFor,
} from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import { beginningOf } from "../../service/life.ts";
import type { Forgotten } from "../../service/rebirth.ts";
import { forgetCode, tellNewCode } from "../../service/rebirth.ts";
import { surroundingsOf } from "../../service/surroundings.ts";
import { SnaxHost } from "../../snax/snax-host.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import type { ModuleText } from "../../texts/module-text.ts";
import { readModuleText } from "../../texts/module-text.ts";
import { notePendingReload } from "../apply/application.ts";
import { pieceOf, readProgram, readRunning, StateNames } from "../state/names.ts";
import { findPlaces } from "../state/paths.ts";
import type { Restored } from "../state/restore.ts";
import { restoreState } from "../state/restore.ts";
import type { Left, State } from "../state/state.ts";
import { takeState } from "../state/take.ts";
import { hashOf } from "../text/compile.ts";
import { textOf } from "../text/patched-module.ts";
import type { EffectiveText } from "../../texts/effective-text.ts";
import { OldCallbacks } from "./callbacks.ts";
import { listTexts, requireContained } from "./contained.ts";
import { runAtRest } from "./drain.ts";
import { OldTimers } from "./old-timers.ts";
import { placeOfThrow } from "./thrown.ts";
import { asksForQueue } from "./queue-mode.ts";
import { onlyRegisters } from "./start-text.ts";
import { describeWaits, dropWaits, topLevelEnds } from "./top-level.ts";

/** What came of a service. */
export interface Reloaded {
  /** For how many milliseconds its messages waited. */
  readonly heldMs: number;
  /** How many handlers were waited for. */
  readonly drained: number;
  readonly carried: readonly string[];
  readonly fresh: readonly string[];
  readonly leftBehind: readonly string[];
  readonly kept: readonly string[];
}

/** How a service is reloaded. */
export interface ReloadOptions {
  /** The new code, of which there is no instance yet. */
  readonly program: Program;
  /** Whether state that the new text has no name for refuses the reload. */
  readonly isStrict: boolean;
  /** What this caller posted before is handled before. */
  readonly caller: number;
  /** Numbers of the patches that have gone into the service, by hash, as far as they are known. */
  readonly patchIds: ReadonlyMap<string, number>;
}

/**
 * Reloads a service; its old code runs on as if nothing had been if that fails.
 *
 * @throws {ERR_RELOAD} with the cause, {ERR_SERVICE_DEAD} if the service ends.
 */
export async function reloadOne(context: Context, options: ReloadOptions): Promise<Reloaded> {
  const { runtime, service } = context;
  const { kernel, clock, environment } = runtime;
  const old = requireReloadable(context);
  const texts = requireContained(old, options.program, context.kind === SNAX_KIND);
  const edited = readTexts(options.program);
  readProgram(options.program, context.kind === SNAX_KIND);
  readRunning(old, context.kind === SNAX_KIND);
  // What the caller has sent before it asked is the old code's.
  await callInside(context, () => undefined, options.caller);
  const began = clock.now();
  try {
    const limitMs = Number(environment.get("draintimeout"));
    const swap = new Swap(context, { old, options, seen: texts, edited });
    const { outcome, drained } = await runAtRest(context, limitMs, () => swap.run());
    return { ...outcome, heldMs: clock.now() - began, drained };
  } catch (error) {
    if (!service.isAlive) throw deadError(context.handle);
    throw asReloadError(error);
  } finally {
    if (service.isAlive) kernel.release(service, HOLD.draining);
  }
}

function requireReloadable(context: Context): Instance {
  const { code, service, isReady, kind, runtime } = context;
  if (!service.isAlive) throw deadError(context.handle);
  const elsewhere = standsFor.peek(context);
  if (elsewhere !== undefined) throw refusal(`it stands for ${elsewhere}, of another node`);
  if (code === undefined || !isReady) throw refusal("it has not begun yet");
  if (!runtime.kinds.has(kind)) throw refusal("it has no file");
  return code;
}

function refusal(why: string, cause?: unknown): SnaxError {
  return new SnaxError("ERR_RELOAD", why, cause === undefined ? {} : { cause });
}

/** Says of every failure that it was the reload's, and keeps what it was. */
export function asReloadError(error: unknown): SnaxError {
  if (codeOf(error) === "ERR_RELOAD") return error as SnaxError;
  return refusal(messageOf(error), error);
}

type Outcome = Omit<Reloaded, "heldMs" | "drained">;

/** What an exchange is made of, all of it read before the service is held. */
interface SwapParts {
  readonly old: Instance;
  readonly options: ReloadOptions;
  /** What the old instance ran when it was seen that the files have it. */
  readonly seen: readonly EffectiveText[];
  /** The new texts, by file. */
  readonly edited: ReadonlyMap<string, ModuleText>;
}

/** The exchange of one instance for another, in one turn unless the new code waits. */
class Swap {
  readonly #context: Context;
  readonly #old: Instance;
  readonly #options: ReloadOptions;
  readonly #isService: boolean;
  /** What the old instance ran when it was seen that the files have it. */
  readonly #seenTexts: readonly EffectiveText[];
  readonly #edited: ReadonlyMap<string, ModuleText>;
  #timers: OldTimers | undefined;
  #callbacks: OldCallbacks | undefined;
  #forgotten: Forgotten | undefined;
  #undoMethods: (() => void) | undefined;
  #fresh: Instance | undefined;
  #isInTopLevel = false;
  #endPending: (() => void) | undefined;
  #isOver = false;
  /** What its code had registered, with the rest of its parts. */
  #parts: Context["parts"];

  constructor(context: Context, { old, options, seen, edited }: SwapParts) {
    this.#seenTexts = seen;
    this.#edited = edited;
    this.#context = context;
    this.#old = old;
    this.#options = options;
    this.#isService = context.kind === SNAX_KIND;
  }

  /** Runs it; the service is at rest, and this is a turn of it. */
  run(): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#enter((error, outcome) => {
        if (outcome === undefined) reject(error as Error);
        else resolve(outcome);
      });
    });
  }

  #enter(end: (error: unknown, outcome?: Outcome) => void): void {
    const { service, runtime } = this.#context;
    const { kernel, commitments } = runtime;
    let isOver = false;
    let goOn = (): void => {};
    const settle = (error: unknown, outcome?: Outcome): void => {
      if (isOver) return;
      isOver = this.#isOver = true;
      this.#endPending?.();
      keepPromise();
      stopDeadline();
      this.#context.patching = undefined;
      goOn();
      if (outcome === undefined) this.#back();
      else this.#commit();
      if (service.isAlive) kernel.release(service, HOLD.patching);
      end(error, outcome);
    };
    const ms = runtime.environment.hotfixMs;
    const giveUp = (): void => settle(this.#lateError(ms));
    const stopDeadline = runtime.after(ms, () => runInside(this.#context, giveUp));
    // A loop in the new code is cut off: the old one goes on.
    const keepPromise = commitments.add(kernel.origin, service, (error) => settle(error));
    // What the new code begins and waits for is its own; timers of the old one wait.
    kernel.hold(service, HOLD.patching);
    try {
      const outcome = this.#exchange();
      if (!isThenable(outcome)) {
        settle(undefined, outcome);
        return;
      }
      // A patch waits until it is known which code runs.
      this.#context.patching = new Promise((resolve) => {
        goOn = resolve;
      });
      outcome.then(
        (value) => settle(undefined, value),
        (error: unknown) => settle(error),
      );
    } catch (error) {
      settle(error === EXIT_SIGNAL ? deadError(this.#context.handle) : error);
    }
  }

  #exchange(): Outcome | PromiseLike<Outcome> {
    const context = this.#context;
    const { program } = this.#options;
    // A patch has come while the service was drained.
    const running = listTexts(this.#old, this.#isService);
    if (running.some((text, index) => text !== this.#seenTexts[index])) {
      requireContained(this.#old, program, this.#isService);
    }
    const codes = {
      ...{ instance: this.#old, next: program },
      readNames: () => this.#readNames(),
    };
    const timers = (this.#timers = new OldTimers(context, codes));
    this.#callbacks = new OldCallbacks(context, codes, timers.extras);
    const state = takeState(this.#old, {
      isService: this.#isService,
      foreign: "reference",
      isGivenAway: true,
      edited: this.#edited.values(),
      extras: timers.extras,
      own: (value) => timers.own(value),
    });
    this.#requireCarried(state);
    this.#parts = context.parts;
    this.#forgotten = forgetCode(context);
    const fresh = (this.#fresh = new Instance(program, surroundingsOf(context)));
    const filled = this.#blaming("its new top level", () => program.fill(fresh));
    return this.#topLevelEnds(filled).then(() => this.#give(state, fresh));
  }

  /** What the new top level goes on with belongs to it: it ends before the state is given. */
  async #topLevelEnds(filled: unknown): Promise<void> {
    const endPending = (this.#endPending = notePendingReload(this.#context));
    await filled;
    this.#isInTopLevel = true;
    await topLevelEnds(this.#context, () => this.#isOver);
    this.#isInTopLevel = false;
    endPending();
    if (this.#isOver) throw deadError(this.#context.handle);
  }

  #lateError(ms: number): SnaxError {
    if (!this.#isInTopLevel) {
      return refusal(`reload() did not settle within ${ms} ms (hotfixtimeout)`);
    }
    const waits = describeWaits(this.#context);
    return refusal(
      `its new top level goes on after ${ms} ms (hotfixtimeout): ${waits}; what lasts belongs in init; nothing has changed`,
    );
  }

  /** Says of what new code throws which code that was, and where. */
  #blaming<T>(who: string, run: () => T): T {
    const blame = (error: unknown): never => {
      if (error === EXIT_SIGNAL || codeOf(error) === "ERR_RELOAD") throw error;
      const place = placeOfThrow(error, this.#options.program);
      throw refusal(`${who} has thrown: ${messageOf(error)}${place}`, error);
    };
    try {
      const result = run();
      return isThenable(result) ? (result.then((value) => value, blame) as T) : result;
    } catch (error) {
      return blame(error);
    }
  }

  #readNames(): StateNames {
    const names = new StateNames(this.#old, this.#isService);
    for (const text of this.#edited.values()) names.addTables(text);
    return names;
  }

  /** Refuses what can't be carried and the new text has a place for. */
  #requireCarried(state: State): void {
    if (state.left.length === 0) return;
    const roots = state.roots.filter(({ file, name }) => file === "" || this.#hasName(file, name));
    const wanted = new Map<object, Left>();
    for (const [mirror, { left }] of state.odd) if (left !== undefined) wanted.set(mirror, left);
    const places = findPlaces({ roots, odd: state.odd }, wanted);
    const lines = [...places].map(([mirror, { path, file, line }]) => {
      const { why } = wanted.get(mirror) as Left;
      return this.#tell({ path, file, line, why });
    });
    const named = new Set(wanted.values());
    for (const left of state.left) {
      const [name = ""] = left.path.split(".");
      if (named.has(left) || !this.#hasName(left.file, name)) continue;
      lines.push(this.#tell(left));
    }
    if (lines.length > 0) throw refusal(listLines(lines));
  }

  /** Says for people what can't be carried, with its path and line. */
  #tell({ path, file, line, why }: Left): string {
    if (file === "") {
      const ofCallback = this.#callbacks?.explain(path, why);
      return ofCallback ?? this.#timers?.explain(path, why) ?? `${path} is ${why}`;
    }
    return `${path} (${basename(file)}:${line}) is ${why}`;
  }

  /** What is not the entry's is named with its module. */
  #nameLeftBehind({ path, file, line }: Left): string {
    return file === this.#old.entry.image.file ? path : `${path} (${basename(file)}:${line})`;
  }

  #hasName(file: string, name: string): boolean {
    return this.#options.program.nodes.get(file)?.image.names.has(name) === true;
  }

  #give(state: State, fresh: Instance): Outcome | PromiseLike<Outcome> {
    const context = this.#context;
    const timers = this.#timers as OldTimers;
    // From here on what is armed is not of the top level.
    context.code = fresh;
    this.#callbacks?.noteTopLevel();
    timers.begin();
    const restored = restoreState(state, fresh, {
      isService: this.#isService,
      api: fresh.surroundings.api,
      isEdited: (file, name) => this.#isEdited(fresh, file, name),
      own: (name) => timers.find(name),
      stub: (left) => {
        throw refusal(`${left.path} is ${left.why}`);
      },
    });
    if (restored.missing.length > 0) {
      throw refusal(listLines(restored.missing.map((each) => this.#tell(each))));
    }
    const leftBehind = restored.leftBehind.map((each) => this.#nameLeftBehind(each));
    if (this.#options.isStrict && leftBehind.length > 0) {
      throw refusal(`the new text has no state for ${leftBehind.join(", ")} (strict)`);
    }
    timers.fill(restored.extras, fresh);
    this.#callbacks?.fill(restored.extras, fresh);
    this.#readMethods(fresh);
    const migrate = fresh.entry.get("reload");
    const hasMigration = typeof migrate === "function";
    this.#start(fresh, hasMigration);
    const { carried, fresh: made, kept } = restored;
    const outcome = { carried, fresh: made, leftBehind, kept };
    if (!hasMigration) return this.#finish(outcome);
    const old = recallAll(this.#old, restored);
    const run = migrate as (...args: unknown[]) => unknown;
    const result = this.#blaming("reload()", () => run(old, this.#from()));
    if (!isThenable(result)) return this.#finish(outcome);
    this.#endPending = notePendingReload(this.#context);
    return result.then(() => this.#finish(outcome));
  }

  #isEdited(fresh: Instance, file: string, name: string): boolean {
    const before = textIn(this.#old, file, this.#isService);
    const after = textIn(fresh, file, this.#isService);
    if (before === undefined || after === undefined) return true;
    const [one, two] = [pieceOf(before, name), pieceOf(after, name)];
    if (one === undefined || two === undefined) return before.text !== after.text;
    return before.text.slice(one.start, one.end) !== after.text.slice(two.start, two.end);
  }

  /** The methods of a snax service, and its queue mode; their numbers and the profile stay. */
  #readMethods(fresh: Instance): void {
    const { state } = this.#context;
    if (!(state instanceof SnaxHost)) return;
    const { methods, addedExit, isQueue } = state;
    this.#undoMethods = () => Object.assign(state, { methods, addedExit, isQueue });
    const [was, is] = [this.#asksForQueue(this.#old), this.#asksForQueue(fresh)];
    if (was !== undefined && is !== undefined && was !== is) state.isQueue = is;
    state.methods = [];
    state.addedExit = undefined;
    state.readMethods();
  }

  #asksForQueue(instance: Instance): boolean | undefined {
    const { entry } = instance;
    const text = textIn(instance, entry.image.file, this.#isService);
    const init = text && pieceOf(text, "init");
    const isKnown = (init !== undefined) === (entry.get("init") !== undefined);
    return isKnown ? asksForQueue(init) : undefined;
  }

  /** Lets a plain service register what it registers in its start function. */
  #start(fresh: Instance, hasMigration: boolean): void {
    const { start, inits } = beginningOf(this.#context);
    if (start === undefined && inits.length === 0) return;
    if (inits.length === 0 && onlyRegisters(fresh.program.entry.image)) {
      start?.();
      return;
    }
    if (hasMigration) return;
    throw refusal(
      "its start function does more than register handlers and names, and must not run again: " +
        "write `export function reload(old)` that does what is to be done",
    );
  }

  /** What the service handled before it has to handle again. */
  #finish(outcome: Outcome): Outcome {
    const callbacks = this.#callbacks;
    const [lost = callbacks?.stuck] = lacksOf(this.#context, this.#parts);
    if (lost !== undefined) throw refusal(lost);
    const gone = [...leavingsOf(this.#context, this.#parts), ...(callbacks?.leavings ?? [])];
    if (this.#options.isStrict && gone.length > 0) {
      throw refusal(`the new top level does not register ${gone.join(", ")} (strict)`);
    }
    const staying = callbacks?.staying ?? [];
    const { kept, leftBehind } = outcome;
    return { ...outcome, leftBehind: [...leftBehind, ...gone], kept: [...kept, ...staying] };
  }

  #from(): { text: string; patches: number[] } {
    const module = this.#old.entry;
    const { text, patches } = textOf(module, this.#isService);
    const ids = patches.flatMap((patch) => this.#options.patchIds.get(hashOf(patch)) ?? []);
    return { text, patches: ids };
  }

  #commit(): void {
    this.#timers?.endOld();
    this.#callbacks?.commit();
    this.#forgotten?.end();
    this.#old.release();
    this.#context.runtime.kernel.endRest(this.#context.service);
    tellNewCode(this.#context);
  }

  /** Everything is as it was. */
  #back(): void {
    this.#undoMethods?.();
    this.#forgotten?.back();
    this.#callbacks?.back();
    this.#timers?.endNew();
    if (this.#fresh === undefined) return;
    dropWaits(this.#context);
    this.#fresh.release();
  }
}

/** `hooks[0] (hall.ts:31) is a closure; ...` */
function listLines(lines: readonly string[]): string {
  return firstLines(lines, LINES_MAX).join("; ");
}

/** Things that can't be carried which an error names. */
const LINES_MAX = 10;

function readTexts({ nodes }: Program): Map<string, ModuleText> {
  const texts = new Map<string, ModuleText>();
  for (const { image } of nodes.values()) {
    if (image.file.endsWith(".json")) continue;
    try {
      texts.set(image.file, readModuleText(image.text, image.file));
    } catch {
      // What needs the compiler of the project can't be taken apart; its names are those of the image.
    }
  }
  return texts;
}

function textIn(
  instance: Instance,
  file: string,
  isService: boolean,
): ReturnType<typeof textOf> | undefined {
  const node = instance.program.nodes.get(file);
  const module = node && instance.find(node);
  return module && textOf(module, isService && node === instance.program.entry);
}

/** The variables of the old entry as `reload()` sees them: what was carried, and what was left behind. */
function recallAll(old: Instance, restored: Restored): object {
  const { file } = old.entry.image;
  const values = Object.create(null) as object;
  for (const [name, { kind }] of old.entry.image.names) {
    if (kind === "import" || kind === "function" || kind === "const-function") continue;
    if (kind === "class" || kind === "const-class") continue;
    Object.defineProperty(values, name, {
      enumerable: true,
      get: () => restored.recall(file, name) ?? literalOf(old, name, kind),
    });
  }
  return values;
}

function literalOf(old: Instance, name: string, kind: string): unknown {
  return kind === "literal" ? old.entry.read(name) : undefined;
}

/**
 * A service of this thread moves to another one: its code, its state by names, its timers; then what waits (fabric/hand-over.ts).
 *
 *     A   what its modules run                                               prepare
 *     B   the program of the same texts
 *     A   drained, held; its state taken in a turn of its own                pack
 *     B   a new instance                                                     form (arrive.ts); later if none has gone there before
 *     B   its state given to it: stands ready                                adopt (arrive.ts)
 *     A   leaves, if nothing has run inside meanwhile
 *
 * A failure before it leaves changes nothing: the service was only read, and what was made on B is dropped.
 */

import { basename } from "node:path";
import { firstLines } from "../../base/short-list.ts";
import { forwarderOf } from "../../kernel/forwarder.ts";
import { deadError } from "../../kernel/refusal.ts";
import { HOLD, LET_GO } from "../../kernel/service.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { Program } from "../../loader/run/program.ts";
import type { Context } from "../../service/context.ts";
import { beginningOf } from "../../service/life.ts";
import { fireSignal } from "../../service/signal.ts";
import { holdingsOf, standsFor, tiesOf } from "../../service/context.ts";
import type { MigrateResult } from "../../service/skynet-api.ts";
import type { Threads } from "../../service/threads.ts";
import { SnaxHost } from "../../snax/snax-host.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import { runAtRest } from "../reload/drain.ts";
import { LeavingTimers } from "../reload/moving-timers.ts";
import { listTexts } from "../reload/contained.ts";
import { onlyRegisters } from "../reload/start-text.ts";
import type { EffectiveText } from "../../texts/effective-text.ts";
import { readRunning, StateNames } from "../state/names.ts";
import type { State } from "../state/state.ts";
import { takeState } from "../state/take.ts";
import { isSucceeded } from "../swap/one.ts";
import type { LiveThread } from "../rollout/live-thread.ts";
import { orderOften } from "../rollout/thread-order.ts";
import { LeavingObjects, listRegistered } from "./objects.ts";
import type { Adopted, Head, Pack } from "./pack.ts";
import {
  ADOPT,
  PREPARE,
  DISCARD_WORD,
  FORM_WORD,
  BUSY,
  NEEDS_CODE,
  NEEDS_LIST,
  asMigrateError,
  migrateError,
  sizeOf,
  writePack,
} from "./pack.ts";
import type { Wanted } from "./texts.ts";
import { hasFileTexts, imagesOfBases, isOfUndo, MovingUndo, packTexts } from "./texts.ts";

/** How often it is looked whether what puts a move off is over, in milliseconds. */
const LOOK_MS = 1;

/** Things that an error names. */
const NAMED_MAX = 10;

/** The services of this thread that are on their way. */
const moving = new WeakSet<Context>();

/** Moves a service of this thread to another one. @throws {ERR_MIGRATE} with the cause; then nothing has changed */
export async function migrateOne(
  live: LiveThread,
  context: Context,
  { to, caller }: { readonly to: number; readonly caller: number },
): Promise<MigrateResult> {
  const { runtime, service, handle } = context;
  const { clock, environment } = runtime;
  const threads = runtime.threads as Threads;
  const from = threads.own;
  // Order: it does not leave before all that was sent to it where it was has come.
  while (threads.handOver.isComing(handle) && service.isAlive) await runtime.pause(LOOK_MS);
  requireMovable(context);
  if (to === from) return { handle, from, to, held: 0, bytes: 0, waiting: 0, carried: [] };
  const limitMs = Number(environment.get("draintimeout"));
  const began = clock.now();
  const way: Way = { to, caller: threads.threadOf(caller), limitMs, isList: false };
  moving.add(context);
  try {
    for (;;) {
      const moved = await tryToMove(live, context, way);
      if (moved instanceof Moved) return moved.result;
      if (clock.now() - began >= limitMs) {
        throw migrateError(`${moved}, for ${limitMs} ms (draintimeout); nothing has changed`);
      }
      await runtime.pause(LOOK_MS);
    }
  } catch (error) {
    // It ended meanwhile. Killed from another thread it is dead for all others before the word of it comes here.
    const isDead = !service.isAlive || threads.threadOf(handle) === undefined;
    throw isDead ? deadError(handle) : asMigrateError(error);
  } finally {
    moving.delete(context);
  }
}

/** It has moved. */
class Moved {
  readonly result: MigrateResult;

  constructor(result: MigrateResult) {
    this.result = result;
  }
}

/** Something has to be done first that the service waits with. */
class PutOff extends Error {}

const PASSING =
  "something of its thread works in it: a patch, a script, a look at what it waits for";

const TAKEN = "another service has taken its place, in a swap: move that one";

const INTERFERENCE = "patches, scripts or messages of the debugger come into it";

/** Where to, and how long it may take to come to rest. */
interface Way {
  readonly to: number;
  /** The thread of who asked for it; undefined if that one has ended. */
  readonly caller: number | undefined;
  readonly limitMs: number;
  /** The state goes as a list: it has longer chains than the other thread can read. */
  isList: boolean;
}

/** @returns why it has to be tried again, if so: the service goes on meanwhile */
async function tryToMove(live: LiveThread, context: Context, way: Way): Promise<Moved | string> {
  const { to, limitMs } = way;
  const { runtime, service, handle } = context;
  const { kernel, clock } = runtime;
  const threads = runtime.threads as Threads;
  const from = threads.own;
  const { patch } = live.crossing;
  if (patch !== undefined) return `patch ${patch} is under way`;
  const isGone = live.crossing.leave();
  const steward = runtime.contextOf(threads.steward(from)) as Context;
  let began = 0;
  let goOn = (): void => {};
  let hasLeft = false;
  try {
    const texts = await prepare(steward, context, to);
    if (texts === undefined) return `a patch is under way on thread ${to}`;
    began = clock.now();
    const { outcome: pack } = await runAtRest(context, limitMs, () =>
      takePack(context, { from, to }, texts),
    );
    // A patch waits until it is known where the service is.
    context.patching = new Promise((resolve) => {
      goOn = resolve;
    });
    const sent = writePack(pack, way.isList);
    const carried = (await orderOften(steward, to, ADOPT, sent)) as Adopted;
    if (carried === BUSY || carried === NEEDS_CODE) {
      prepared.delete((context.code as Instance).program);
      return carried === BUSY ? `a patch is under way on thread ${to}` : "the texts have changed";
    }
    if (carried === NEEDS_LIST) {
      way.isList = true;
      return "its state is sent as a list";
    }
    if (!service.isAlive) throw deadError(handle);
    if (service.messageCount !== pack.messageCount || service.systemMail?.head !== undefined) {
      return INTERFERENCE;
    }
    if (way.caller !== undefined) threads.rouse(way.caller);
    const waiting = threads.handOver.leave(service, to);
    if (waiting === undefined) throw deadError(handle);
    hasLeft = true;
    texts.way.hasMoved = true;
    context.code?.release();
    fireSignal(context);
    const held = clock.now() - began;
    return new Moved({ handle, from, to, held, bytes: sizeOf(sent), waiting, carried });
  } catch (error) {
    if (error instanceof PutOff) return error.message;
    throw error;
  } finally {
    if (!hasLeft) threads.tell(to, DISCARD_WORD, handle);
    context.patching = undefined;
    goOn();
    isGone();
    if (service.isAlive) {
      kernel.release(service, HOLD.voting);
      kernel.release(service, HOLD.draining);
    }
  }
}

/** Has both threads do beforehand what needs no rest. @returns undefined if the other one is busy */
async function prepare(steward: Context, context: Context, to: number): Promise<Texts | undefined> {
  const { handle, kind, name } = context;
  const instance = context.code as Instance;
  const isService = kind === SNAX_KIND;
  readRunning(instance, isService);
  const seen = listTexts(instance, isService);
  const known = findPrepared(instance.program, to, seen);
  if (known !== undefined && hasFileTexts(known.wanted)) return known;
  const wanted: Wanted = { name, isService, texts: packTexts(instance, isService) };
  if (known !== undefined) return { ...known, wanted };
  const from = steward.runtime.threads?.own;
  type Answer = typeof BUSY | typeof NEEDS_CODE | number;
  let answer = (await orderOften(steward, to, PREPARE, handle, from, wanted)) as Answer;
  if (answer === NEEDS_CODE) {
    const images = imagesOfBases(steward.runtime.cache, instance, isService);
    answer = (await orderOften(steward, to, PREPARE, handle, from, wanted, images)) as Answer;
  }
  if (typeof answer !== "number") return undefined;
  const texts: Texts = { seen, wanted, number: answer, way: { hasMoved: false } };
  let all = prepared.get(instance.program);
  if (all === undefined) prepared.set(instance.program, (all = new Map()));
  all.set(to, texts);
  return texts;
}

/** What other threads have got ready for, by program and thread: it may be gone there since. */
const prepared = new WeakMap<Program, Map<number, Texts>>();

function findPrepared(
  program: Program,
  thread: number,
  seen: readonly EffectiveText[],
): Texts | undefined {
  const known = prepared.get(program)?.get(thread);
  if (known?.seen.length !== seen.length) return undefined;
  return known.seen.every((text, index) => text === seen[index]) ? known : undefined;
}

/** What a service ran when the other thread was asked for it. */
interface Texts {
  readonly seen: readonly EffectiveText[];
  readonly wanted: Wanted;
  /** Of its program on the other thread. */
  readonly number: number;
  /** Whether a service of these texts has come there: the next one will, too. */
  readonly way: { hasMoved: boolean };
}

function requireMovable(context: Context): void {
  const { code, service, handle, isReady, kind, runtime } = context;
  if (!service.isAlive) throw deadError(handle);
  const elsewhere = standsFor.peek(context);
  if (elsewhere !== undefined) throw migrateError(`it stands for ${elsewhere}, of another node`);
  if (code === undefined || !isReady) throw migrateError("it has not begun yet");
  if (!runtime.kinds.has(kind)) throw migrateError("it has no file");
  if (runtime.threads?.own === 0) throw migrateError("it belongs to the main thread");
  if (moving.has(context)) throw migrateError("it is on its way already");
  requireLoose(context);
}

/** What it has got from its thread, or its thread from it: also what its last handlers have begun. */
function requireLoose(context: Context): void {
  const { service, runtime } = context;
  const held = holdingsOf(context);
  if (held.length > 0) throw migrateError(`it holds ${held.join(", ")}`);
  if (isSucceeded(context)) throw migrateError(TAKEN);
  const ties = tiesOf(context);
  if (ties.length > 0) throw migrateError(ties.join("; "));
  for (const each of runtime.kernel.forwarding) {
    if (forwarderOf(each)?.to !== service) continue;
    throw migrateError(
      "an old handle still leads to it, from a swap: wait until the old service has ended",
    );
  }
  const looks = (service.watchers ?? []).flatMap(({ ifMoved = LET_GO }) =>
    ifMoved === LET_GO ? [] : ifMoved,
  );
  if (looks.length > 0) throw migrateError(looks.join(", "));
}

/** Takes what travels, in a turn of the service, which is at rest. */
function takePack(
  context: Context,
  { from, to }: { readonly from: number; readonly to: number },
  { seen, wanted, number, way }: Texts,
): Pack {
  const { code, service, runtime, handle, kind, name, args, state: host } = context;
  const instance = code as Instance;
  const isService = kind === SNAX_KIND;
  if (service.systemMail?.head !== undefined) throw new PutOff(INTERFERENCE);
  requireLoose(context);
  // The code that asks for this turn watches, and no other may: it would not hear of the end.
  const passing = service.watchers?.filter(({ ifMoved }) => ifMoved === undefined) ?? [];
  if (passing.length > 1) throw new PutOff(PASSING);
  requireStart(context, instance);
  if (listTexts(instance, isService).some((text, index) => text !== seen[index])) {
    throw new PutOff(INTERFERENCE);
  }
  const { title } = service;
  const isFormed = way.hasMoved && hasFileTexts(wanted);
  if (isFormed) {
    const head: Head = { handle, from, kind, name, title, args };
    runtime.threads?.tell(to, FORM_WORD, head, number);
    runtime.threads?.publish();
  }
  const timers = new LeavingTimers(context, {
    ...{ instance, next: instance.program, mayBeEmpty: false },
    readNames: () => new StateNames(instance, isService),
    // Those of the top level go like all others, and those that the top level arms on the other thread end.
    isArmedAnew: () => false,
  });
  const objects = new LeavingObjects(context);
  const undo = new MovingUndo(instance);
  for (const [key, value] of undo.extras) timers.extras.set(key, value);
  const state = takeState(instance, {
    ...{ isService, foreign: "missing", extras: timers.extras },
    own: (value) => timers.own(value) ?? objects.own(value),
  });
  const lost = state.left.filter(isOfUndo).map(({ path }) => path);
  requireCarried(state, timers);
  runtime.kernel.hold(service, HOLD.voting);
  return {
    ...{ handle, from, kind, name, title, args: isFormed ? undefined : args },
    isQueue: host instanceof SnaxHost && host.isQueue,
    session: service.session,
    messageCount: service.messageCount,
    cpuMs: service.cpuMs,
    program: number,
    wanted: hasFileTexts(wanted) ? undefined : wanted,
    undo: undo.pack(lost),
    state,
    timers: timers.plans,
    registered: listRegistered(context),
    objects: objects.plans,
  };
}

/** What can't be carried refuses by path and line. */
function requireCarried(state: State, timers: LeavingTimers): void {
  const left = state.left.filter((each) => !isOfUndo(each));
  if (left.length === 0) return;
  const lines = left.map(({ path, file, line, why }) => {
    if (file === "") return timers.explain(path, why);
    return `${path} (${basename(file)}:${line}) is ${why}`;
  });
  throw migrateError(firstLines(lines, NAMED_MAX).join("; "));
}

/** The start function of a plain service runs again, if it does nothing but register. */
function requireStart(context: Context, { program }: Instance): void {
  const { start, inits } = beginningOf(context);
  if (start === undefined && inits.length === 0) return;
  if (inits.length === 0 && onlyRegisters(program.entry.image)) return;
  throw migrateError(
    "its start function does more than register handlers and names, and must not run again",
  );
}

/**
 * A service comes from another thread: its program is found before that one is held, a new instance of it gets the state, and it
 * stands ready until the service has left there (leave.ts).
 *
 * If a service of the same texts has come this way before, the instance is made while the state is being taken: two threads
 * work at the same time.
 */

import { randomInt } from "node:crypto";
import { copyArguments } from "../../base/copy.ts";
import { Instance } from "../../loader/run/instance.ts";
import type { Program } from "../../loader/run/program.ts";
import type { ImageData } from "../../loader/weave/image.ts";
import { callInside, Context, isThenable } from "../../service/context.ts";
import type { SentErrand } from "../../service/errand-slots.ts";
import { openErrand } from "../../service/errand-slots.ts";
import { beginningOf } from "../../service/life.ts";
import type { Runtime } from "../../service/runtime.ts";
import type { SkynetApi } from "../../service/skynet-api.ts";
import { surroundingsOf } from "../../service/surroundings.ts";
import type { Threads } from "../../service/threads.ts";
import { SnaxObject } from "../../snax/service-object.ts";
import { SnaxHost } from "../../snax/snax-host.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import type { SnaxThread } from "../../snax/snax-thread.ts";
import { ArrivingTimers, endArmed } from "../reload/moving-timers.ts";
import { dropWaits, promisesEnd } from "../reload/top-level.ts";
import { readProgram, StateNames } from "../state/names.ts";
import { restoreState } from "../state/restore.ts";
import type { State } from "../state/state.ts";
import type { LiveThread } from "../rollout/live-thread.ts";
import { commitOrder, takeOrder } from "../rollout/thread-order.ts";
import { ArrivingObjects, listRegistered } from "./objects.ts";
import type { Adopted, Head, Pack, SentPack } from "./pack.ts";
import { BUSY, NEEDS_CODE, NEEDS_LIST, asMigrateError, migrateError, readPack } from "./pack.ts";
import type { Wanted } from "./texts.ts";
import { bringLiterals, bringUndo, findProgram, isOfUndo } from "./texts.ts";

/** The numbers of programs begin below this. */
const NUMBERS_FROM_MAX = 2 ** 47;

/** An instance without its state, and its names. */
interface Made {
  readonly fresh: Instance;
  readonly names: StateNames;
}

/** A service whose state is still to come. */
interface Formed {
  readonly context: Context;
  readonly from: number;
  readonly made: Promise<Made>;
}

/** The programs that services are to come with. */
export class ComingPrograms {
  readonly #programs = new Map<number, { readonly program: Program; readonly from: number }>();
  readonly #formed = new Map<number, Formed>();
  /** Those that other threads know by number. */
  readonly #numbered = new Map<number, WeakRef<Program>>();
  /** No number of a thread that had this one's place means anything here. */
  #last = randomInt(NUMBERS_FROM_MAX);

  /** Finds the program of a service before that is held. @returns its number, or why there is none */
  async prepare(
    steward: Context,
    { crossing }: LiveThread,
    [order, handle, from, wanted, images]: readonly unknown[],
  ): Promise<typeof NEEDS_CODE | typeof BUSY | number> {
    takeOrder(openErrand(steward.runtime, order as SentErrand));
    if (crossing.patch !== undefined) return BUSY;
    const program = await findProgram(
      steward,
      wanted as Wanted,
      images as readonly ImageData[] | undefined,
    );
    if (program === undefined) return NEEDS_CODE;
    readProgram(program, (wanted as Wanted).isService);
    this.#programs.set(handle as number, { program, from: from as number });
    return this.#number(program);
  }

  #number(program: Program): number {
    for (const [number, ref] of this.#numbered) {
      const known = ref.deref();
      if (known === program) return number;
      if (known === undefined) this.#numbered.delete(number);
    }
    this.#last += 1;
    this.#numbered.set(this.#last, new WeakRef(program));
    return this.#last;
  }

  /** The program of a number; undefined if it is gone. */
  find(number: number): Program | undefined {
    return this.#numbered.get(number)?.deref();
  }

  /** The program of a service, which comes or does not. */
  take(handle: number): Program | undefined {
    const found = this.#programs.get(handle);
    this.#programs.delete(handle);
    return found?.program;
  }

  /** Makes the instance of a service whose state is being taken. If it can't, the thread that brings the state is told. */
  form({ runtime, crossing }: LiveThread, head: Head, number: number): void {
    const program = this.find(number);
    if (program === undefined || crossing.patch !== undefined) return;
    const context = expect(runtime, head);
    const made = makeInside(context, program, head.args);
    // It is told when the state comes.
    made.catch(() => {});
    this.#formed.set(head.handle, { context, from: head.from, made });
    runtime.threads?.expectMore();
  }

  /** The service that was made under a handle, and gets its state now. */
  takeFormed(handle: number): Formed | undefined {
    const formed = this.#formed.get(handle);
    this.#formed.delete(handle);
    return formed;
  }

  /** A service does not come. */
  forget(handle: number): void {
    this.#programs.delete(handle);
    this.#formed.delete(handle);
  }

  /** A thread has died, and nothing comes from it. */
  forgetThread(thread: number): void {
    for (const list of [this.#programs, this.#formed]) {
      for (const [handle, { from }] of list) if (from === thread) list.delete(handle);
    }
  }
}

/** Makes a service of another thread here, ready to handle messages. @returns the names of what was carried */
export async function adopt(
  steward: Context,
  live: LiveThread,
  coming: ComingPrograms,
  [sent, given]: readonly unknown[],
): Promise<Adopted> {
  const { runtime } = steward;
  const pack = readPack(given as SentPack);
  const order = openErrand(runtime, sent as SentErrand);
  takeOrder(order);
  const { handle, args, state } = pack;
  if (state === undefined) return NEEDS_LIST;
  const formed = coming.takeFormed(handle);
  if (formed !== undefined) {
    commitOrder(order);
    const { context, made } = formed;
    return await settle(context, pack, async () => {
      const { fresh, names } = await made;
      return await callInside(context, () =>
        fill(context, live.snax, { fresh, names, pack, state }),
      );
    });
  }
  if (args === undefined) return NEEDS_CODE;
  const program = await choose(steward, live, coming, pack);
  if (typeof program === "string") return program;
  commitOrder(order);
  const context = expect(runtime, pack);
  return await settle(context, pack, async () => {
    context.args = copyArguments(args, context.service);
    return await callInside(context, async () => {
      const fresh = await make(context, program);
      bringLiterals(fresh, pack.wanted?.texts ?? []);
      return fill(context, live.snax, { fresh, pack, state, names: namesOf(context, fresh) });
    });
  });
}

/** The program that a service comes with, or why there is none. */
async function choose(
  steward: Context,
  { crossing }: LiveThread,
  coming: ComingPrograms,
  { handle, wanted, program: number }: Pack,
): Promise<Program | typeof BUSY | typeof NEEDS_CODE> {
  if (crossing.patch !== undefined) return BUSY;
  const known = coming.take(handle) ?? (wanted ? undefined : coming.find(number));
  const program = known ?? (wanted && (await findProgram(steward, wanted, undefined)));
  if (program === undefined) return NEEDS_CODE;
  return crossing.patch === undefined ? program : BUSY;
}

/** A service stands here under its handle, without code. */
function expect(
  runtime: Runtime,
  { handle, from, kind, name, title }: Omit<Head, "args">,
): Context {
  const context = new Context(runtime, name, title, runtime.kind(kind).receivers, handle);
  context.kind = kind;
  (runtime.threads as Threads).handOver.expect(context.service, from);
  return context;
}

/** Says that a service stands ready when it has got its state; if it does not get it, it does not come. */
async function settle(
  context: Context,
  { session, messageCount, cpuMs }: Pack,
  bring: () => Promise<string[]>,
): Promise<string[]> {
  const { runtime, service, handle } = context;
  try {
    const carried = await bring();
    Object.assign(service, { session, messageCount, cpuMs });
    context.isReady = true;
    return carried;
  } catch (error) {
    (runtime.threads as Threads).handOver.discard(handle);
    throw asMigrateError(error);
  }
}

async function makeInside(
  context: Context,
  program: Program,
  args: readonly unknown[],
): Promise<Made> {
  context.args = copyArguments(args, context.service);
  const fresh = await callInside(context, () => make(context, program));
  return { fresh, names: namesOf(context, fresh) };
}

function namesOf({ kind }: Context, fresh: Instance): StateNames {
  return new StateNames(fresh, kind === SNAX_KIND);
}

/** Its top level runs. What that has begun, its timers among it, has been done where the service was. */
async function make(context: Context, program: Program): Promise<Instance> {
  const fresh = new Instance(program, surroundingsOf(context));
  if (isThenable(program.refill(fresh))) throw migrateError("a module of it awaits at top level");
  await promisesEnd();
  context.code = fresh;
  dropWaits(context);
  endArmed(context);
  return fresh;
}

/** It gets its state; nothing of it is handled yet. */
function fill(
  context: Context,
  snax: SnaxThread,
  { fresh, names, pack, state }: Made & { readonly pack: Pack; readonly state: State },
): string[] {
  const isService = context.kind === SNAX_KIND;
  const { api } = fresh.surroundings;
  const readSignal = (): AbortSignal => (api["skynet"] as SkynetApi).signal;
  const objects = new ArrivingObjects(context, pack.objects, readSignal);
  const timers = new ArrivingTimers(context, pack.timers);
  const restored = restoreState(state, fresh, {
    ...{ isService, names, api },
    own: (name) => timers.own(name) ?? objects.own(name),
    service: (handle, type) => new SnaxObject({ snax, context, deadlineMs: 0 }, handle, type),
    stub: (left) => {
      if (!isOfUndo(left)) throw migrateError(`${left.path} is ${left.why}`);
    },
  });
  // It waits for the answer, which comes soon.
  context.runtime.threads?.rouse(pack.from);
  const [lost] = [...restored.missing, ...restored.leftBehind];
  if (lost !== undefined)
    throw migrateError(`${lost.path} (${lost.file}:${lost.line}) is ${lost.why}`);
  timers.fill(restored.extras, fresh);
  bringUndo(fresh, pack.undo, restored.extras);
  if (isService) {
    const host = new SnaxHost(context, snax.methods.of(context.name));
    context.state = host;
    host.readMethods();
    host.isQueue = pack.isQueue;
  } else beginningOf(context).start?.();
  requireRegistered(context, pack);
  return [...restored.carried];
}

/** What `init` or a handler has registered is not there: without an error no message would be heard any more. */
function requireRegistered(context: Context, { registered }: Pack): void {
  const here = listRegistered(context);
  const lost = registered.filter((each) => !here.includes(each));
  if (lost.length === 0) return;
  throw migrateError(
    `init or a handler has called ${lost.join(", ")}, and that does not run again: do it at the top level of the file`,
  );
}

/**
 * A service comes from another thread: its program is found before that one is held, a new instance of it gets the state, and it
 * stands ready until the service has left there (leave.ts).
 */

import { randomInt } from "node:crypto";
import { copyArguments } from "../../base/copy.ts";
import { Instance } from "../../loader/run/instance.ts";
import type { Program } from "../../loader/run/program.ts";
import type { ImageData } from "../../loader/weave/image.ts";
import { Context, isThenable } from "../../service/context.ts";
import { callInside } from "../../service/job.ts";
import type { SentErrand } from "../../service/errand-slots.ts";
import { openErrand } from "../../service/errand-slots.ts";
import { beginningOf } from "../../service/life.ts";
import type { SkynetApi } from "../../service/skynet-api.ts";
import { surroundingsOf } from "../../service/surroundings.ts";
import type { Threads } from "../../service/threads.ts";
import { SnaxObject } from "../../snax/service-object.ts";
import { SnaxHost } from "../../snax/snax-host.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import type { SnaxThread } from "../../snax/snax-thread.ts";
import { ArrivingTimers, endArmed } from "../reload/moving-timers.ts";
import { readProgram } from "../state/names.ts";
import { restoreState } from "../state/restore.ts";
import type { LiveThread } from "../rollout/live-thread.ts";
import { commitOrder, takeOrder } from "../rollout/thread-order.ts";
import { ArrivingObjects, listRegistered } from "./objects.ts";
import type { Adopted, Pack, SentPack } from "./pack.ts";
import { BUSY, NEEDS_CODE, asMigrateError, migrateError, readPack, readState } from "./pack.ts";
import type { Wanted } from "./texts.ts";
import { bringLiterals, bringUndo, findProgram, isOfUndo } from "./texts.ts";

/** The numbers of programs begin below this. */
const NUMBERS_FROM_MAX = 2 ** 47;

/** The programs that services are to come with. */
export class ComingPrograms {
  readonly #programs = new Map<number, { readonly program: Program; readonly from: number }>();
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

  /** A thread has died, and nothing comes from it. */
  forget(thread: number): void {
    for (const [handle, { from }] of this.#programs) {
      if (from === thread) this.#programs.delete(handle);
    }
  }
}

/** Makes a service of another thread here, ready to handle messages. @returns the names of what was carried */
export async function adopt(
  steward: Context,
  { snax, crossing }: LiveThread,
  coming: ComingPrograms,
  [sent, given]: readonly unknown[],
): Promise<Adopted> {
  const { runtime } = steward;
  const pack = readPack(given as SentPack);
  const order = openErrand(runtime, sent as SentErrand);
  takeOrder(order);
  if (crossing.patch !== undefined) return BUSY;
  const { wanted } = pack;
  const known = coming.take(pack.handle) ?? (wanted ? undefined : coming.find(pack.program));
  const program = known ?? (wanted && (await findProgram(steward, wanted, undefined)));
  if (program === undefined) return NEEDS_CODE;
  if (crossing.patch !== undefined) return BUSY;
  const { handle, from, kind, name, title, args, session, messageCount, cpuMs } = pack;
  commitOrder(order);
  const context = new Context(runtime, name, title, runtime.kind(kind).receivers, handle);
  const { service } = context;
  context.kind = kind;
  const { handOver } = runtime.threads as Threads;
  handOver.expect(service, from);
  try {
    context.args = copyArguments(args, service);
    const carried = await callInside(context, () => begin(context, snax, program, pack));
    Object.assign(service, { session, messageCount, cpuMs });
    context.isReady = true;
    return carried;
  } catch (error) {
    handOver.discard(handle);
    throw asMigrateError(error);
  }
}

/** Its top level runs, and it gets its state; nothing of it is handled yet. */
function begin(context: Context, snax: SnaxThread, program: Program, pack: Pack): string[] {
  const isService = context.kind === SNAX_KIND;
  const fresh = new Instance(program, surroundingsOf(context));
  if (isThenable(program.refill(fresh))) throw migrateError("a module of it awaits at top level");
  context.code = fresh;
  bringLiterals(fresh, pack.wanted?.texts ?? []);
  endArmed(context);
  const { api } = fresh.surroundings;
  const readSignal = (): AbortSignal => (api["skynet"] as SkynetApi).signal;
  const objects = new ArrivingObjects(context, pack.objects, readSignal);
  const timers = new ArrivingTimers(context, pack.timers);
  const state = readState(pack.state);
  const restored = restoreState(state, fresh, {
    isService,
    api,
    own: (name) => timers.own(name) ?? objects.own(name),
    service: (handle, type) => new SnaxObject({ snax, context, deadlineMs: 0 }, handle, type),
    stub: (left) => {
      if (!isOfUndo(left)) throw migrateError(`${left.path} is ${left.why}`);
    },
  });
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

/** What `init` or a handler has registered is not there: without a word nobody would be heard any more. */
function requireRegistered(context: Context, { registered }: Pack): void {
  const here = listRegistered(context);
  const lost = registered.filter((each) => !here.includes(each));
  if (lost.length === 0) return;
  throw migrateError(
    `init or a handler has called ${lost.join(", ")}, and that does not run again: do it at the top level of the file`,
  );
}

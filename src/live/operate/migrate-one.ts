/**
 * One service moves to another thread: its code, its state by names, its timers; then what waits (fabric/hand-over.ts).
 *
 *     A   drained, held; texts and state taken in a turn of its own         pack
 *     B   the same program, a new instance, state given to it: stands ready  adopt
 *     A   leaves, if nothing has run inside meanwhile
 *
 * A failure before it leaves changes nothing: the service was only read, and what was made on B is dropped.
 */

import { deserialize, serialize } from "node:v8";
import { copyArguments } from "../../base/copy.ts";
import { codeOf, SnaxError } from "../../base/error.ts";
import { Forwarder } from "../../kernel/forwarder.ts";
import { deadError } from "../../kernel/refusal.ts";
import { HOLD } from "../../kernel/service.ts";
import { Instance } from "../../loader/run/instance.ts";
import type { Program } from "../../loader/run/program.ts";
import type { ImageData } from "../../loader/weave/image.ts";
import { fetchCode } from "../../service/birth.ts";
import { Context, isThenable } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import { callInside } from "../../service/job.ts";
import { beginningOf } from "../../service/life.ts";
import { holdingsOf, standsFor } from "../../service/part.ts";
import type { MigrateResult } from "../../service/skynet-api.ts";
import { surroundingsOf } from "../../service/surroundings.ts";
import type { Threads } from "../../service/threads.ts";
import { SnaxObject } from "../../snax/service-object.ts";
import { SnaxHost } from "../../snax/snax-host.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import type { SnaxThread } from "../../snax/snax-thread.ts";
import { runAtRest } from "../reload/drain.ts";
import { listTexts } from "../reload/contained.ts";
import type { TimerPlan } from "../reload/moving-timers.ts";
import { ArrivingTimers, endArmed, LeavingTimers } from "../reload/moving-timers.ts";
import { onlyRegisters } from "../reload/start-text.ts";
import { StateNames } from "../state/names.ts";
import { restoreState } from "../state/restore.ts";
import type { State } from "../state/state.ts";
import { takeState } from "../state/take.ts";
import { hashOf } from "../text/patch-code.ts";
import { imagesOf } from "../rollout/fresh-program.ts";
import type { OrderState } from "../rollout/thread-order.ts";
import { commitOrder, orderThread, takeOrder } from "../rollout/thread-order.ts";

/** The command of a thread's steward by which a service comes. */
export const ADOPT = "ADOPT";

/** The word that takes it back. */
export const DISCARD_WORD = "moved.discard";

/** Things that an error names. */
const NAMED_MAX = 10;

/** What travels of a service. */
interface Pack {
  readonly handle: number;
  readonly from: number;
  readonly kind: string;
  readonly name: string;
  readonly title: string;
  readonly args: readonly unknown[];
  readonly isQueue: boolean;
  readonly session: number;
  readonly messageCount: number;
  readonly cpuMs: number;
  /** Its modules, and the hash of each text. */
  readonly texts: readonly (readonly [file: string, hash: string])[];
  readonly state: Uint8Array;
  readonly timers: readonly TimerPlan[];
}

/** The services of this thread that are on their way. */
const moving = new WeakSet<Context>();

/** Moves a service of this thread to another one. @throws {ERR_MIGRATE} with the cause; then nothing has changed */
export async function migrateOne(context: Context, to: number): Promise<MigrateResult> {
  const { runtime, service, handle } = context;
  const { kernel, clock, environment } = runtime;
  const threads = runtime.threads as Threads;
  const from = threads.own;
  // Order: it does not leave before all that was sent to it where it was has come.
  while (threads.handOver.isComing(handle) && service.isAlive) {
    await new Promise<void>((resolve) => void runtime.after(1, resolve));
  }
  requireMovable(context);
  if (to === from) return { handle, from, to, held: 0, bytes: 0, waiting: 0, carried: [] };
  const steward = runtime.contextOf(threads.steward(from)) as Context;
  const began = clock.now();
  let goOn = (): void => {};
  moving.add(context);
  try {
    const limitMs = Number(environment.get("draintimeout"));
    const { outcome: pack } = await runAtRest(context, limitMs, () => takePack(context, from));
    // A patch waits until it is known where the service is.
    context.patching = new Promise((resolve) => {
      goOn = resolve;
    });
    const carried = await sendPack(steward, to, pack, context);
    if (!service.isAlive) throw deadError(handle);
    if (service.messageCount !== pack.messageCount || service.systemMail?.head !== undefined) {
      throw migrateError("something ran inside meanwhile; nothing has changed, try again");
    }
    const waiting = threads.handOver.leave(service, to);
    if (waiting === undefined) throw deadError(handle);
    context.code?.release();
    const held = clock.now() - began;
    return { handle, from, to, held, bytes: pack.state.length, waiting, carried };
  } catch (error) {
    threads.tell(to, DISCARD_WORD, handle);
    throw asMigrateError(error);
  } finally {
    moving.delete(context);
    context.patching = undefined;
    goOn();
    if (service.isAlive) {
      kernel.release(service, HOLD.voting);
      kernel.release(service, HOLD.draining);
    }
  }
}

/** @returns the names of what was carried */
async function sendPack(
  steward: Context,
  to: number,
  pack: Pack,
  { code }: Context,
): Promise<string[]> {
  const answer = await orderThread(steward, to, ADOPT, pack, undefined);
  if (answer !== NEEDS_CODE) return answer as string[];
  const images = imagesOf((code as Instance).program);
  return (await orderThread(steward, to, ADOPT, pack, images)) as string[];
}

/** The answer of a thread that has other texts. */
const NEEDS_CODE = "texts";

/** Refuses to move a service. */
export function migrateError(why: string, cause?: unknown): SnaxError {
  return new SnaxError("ERR_MIGRATE", why, cause === undefined ? {} : { cause });
}

/** Says of every failure that it was the move's, and keeps what it was. */
export function asMigrateError(error: unknown): SnaxError {
  const code = codeOf(error);
  if (code === "ERR_MIGRATE") return error as SnaxError;
  return migrateError(messageOf(error), error);
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
  const held = holdingsOf(context);
  if (held.length > 0) throw migrateError(`it holds ${held.join(", ")}`);
  for (const { instance } of runtime.kernel.services) {
    if (!(instance instanceof Forwarder) || instance.to !== service) continue;
    throw migrateError(
      "an old handle still leads to it, from a swap: wait until the old service has ended",
    );
  }
}

/** Takes what travels, in a turn of the service, which is at rest. */
function takePack(context: Context, from: number): Pack {
  const { code, service, runtime, handle, kind, name, args, state: host } = context;
  const instance = code as Instance;
  const isService = kind === SNAX_KIND;
  // What asks for this turn watches, and nobody else may: it would not hear of the end.
  if ((service.watchers?.length ?? 0) > 1) {
    throw migrateError(
      "something of its thread waits for its end: skynet.signal, a table that it reads, a tool that looks at it",
    );
  }
  const patched = listTexts(instance, isService).find(({ patches }) => patches.length > 0);
  if (patched !== undefined) {
    const { file } = patched.home;
    throw migrateError(
      `${file} runs patches, which can't move yet: write them into the file and reload it`,
    );
  }
  requireStart(context, instance);
  const timers = new LeavingTimers(context, {
    ...{ instance, next: instance.program, mayBeEmpty: false },
    readNames: () => new StateNames(instance, isService),
    // Those of the top level go like all others, and those that the top level arms on the other thread end.
    isArmedAnew: () => false,
  });
  const state = takeState(instance, {
    ...{ isService, foreign: "missing", extras: timers.extras },
    own: (value) => timers.own(value),
  });
  requireCarried(state, timers);
  runtime.kernel.hold(service, HOLD.voting);
  return {
    ...{ handle, from, kind, name, args, title: service.title },
    isQueue: host instanceof SnaxHost && host.isQueue,
    session: service.session,
    messageCount: service.messageCount,
    cpuMs: service.cpuMs,
    texts: [...instance.program.nodes.values()].map(({ image }) => [
      image.file,
      hashOf(image.text),
    ]),
    state: serialize(state),
    timers: timers.plans,
  };
}

/** What can't be carried refuses by path and line. */
function requireCarried({ left }: State, timers: LeavingTimers): void {
  if (left.length === 0) return;
  const lines = left.slice(0, NAMED_MAX).map(({ path, file, line, why }) => {
    if (file === "") return timers.explain(path, why);
    return `${path} (${file.replace(/^.*[/\\]/, "")}:${line}) is ${why}`;
  });
  if (left.length > NAMED_MAX) lines.push(`and ${left.length - NAMED_MAX} more`);
  throw migrateError(lines.join("; "));
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

/** Makes a service of another thread here, ready to handle messages. @returns the names of what was carried */
export async function adopt(
  steward: Context,
  snax: SnaxThread,
  [order, given, images]: readonly unknown[],
): Promise<string[] | typeof NEEDS_CODE> {
  const { runtime } = steward;
  const pack = given as Pack;
  takeOrder(order as OrderState);
  const { handle, from, kind, name, title, args, session, messageCount, cpuMs } = pack;
  const program = await findProgram(steward, pack, images as readonly ImageData[] | undefined);
  if (program === undefined) return NEEDS_CODE;
  commitOrder(order as OrderState);
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

/** The program of the same texts; undefined if they are to be sent. */
async function findProgram(
  steward: Context,
  { name, texts }: Pack,
  images: readonly ImageData[] | undefined,
): Promise<Program | undefined> {
  const { cache, paths } = steward.runtime;
  const path = paths.find(name);
  if (images !== undefined) return await cache.fresh(path, images);
  if (!cache.has(path)) await fetchCode(steward, name);
  const program = await cache.load(path);
  const isSame =
    program.nodes.size === texts.length &&
    texts.every(([file, hash]) => {
      const image = program.nodes.get(file)?.image;
      return image !== undefined && hashOf(image.text) === hash;
    });
  return isSame ? program : undefined;
}

/** Its top level runs, and it gets its state; nothing of it is handled yet. */
function begin(context: Context, snax: SnaxThread, program: Program, pack: Pack): string[] {
  const isService = context.kind === SNAX_KIND;
  const fresh = new Instance(program, surroundingsOf(context));
  if (isThenable(program.fill(fresh))) throw migrateError("a module of it awaits at top level");
  context.code = fresh;
  endArmed(context);
  const timers = new ArrivingTimers(context, pack.timers);
  const state = deserialize(pack.state) as State;
  const restored = restoreState(state, fresh, {
    isService,
    api: fresh.surroundings.api,
    own: (name) => timers.own(name),
    service: (handle, type) => new SnaxObject({ snax, context, deadlineMs: 0 }, handle, type),
    stub: ({ path, why }) => {
      throw migrateError(`${path} is ${why}`);
    },
  });
  const [lost] = [...restored.missing, ...restored.leftBehind];
  if (lost !== undefined)
    throw migrateError(`${lost.path} (${lost.file}:${lost.line}) is ${lost.why}`);
  timers.fill(restored.extras, fresh);
  if (isService) {
    const host = new SnaxHost(context, snax.methods.of(context.name));
    context.state = host;
    host.readMethods();
    host.isQueue = pack.isQueue;
  } else beginningOf(context).start?.();
  return [...restored.carried];
}

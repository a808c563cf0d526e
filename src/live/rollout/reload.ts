/**
 * `snax.reload`: the files as they are now, behind the handles of services that run.
 *
 *     leader    the new program is made: syntax, imports, rules of the loader; nothing has changed
 *     threads   each makes the program of the same texts
 *     try       service by service: drained, state carried, new code in (reload/one.ts), each wholly or not at all
 *     keep      births get the files as they are now, if at least one service runs them, or none lives
 *
 * For a type the main thread leads, for one service its own thread, and births stay as they are.
 */

import { summaryOf } from "../apply/patch-summary.ts";
import type { PatchSummary } from "../apply/patch-summary.ts";
import { codeOf, SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/service.ts";
import { deadError } from "../../kernel/refusal.ts";
import type { Program } from "../../loader/run/program.ts";
import type { ImageData } from "../../loader/weave/image.ts";
import { resolveAddress } from "../../service/calls.ts";
import type { Context } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import { SnaxObject } from "../../snax/service-object.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";
import type { PatchResult } from "../../snax/types.ts";
import type { ReloadOptions, ReloadResult } from "../../snax/types-reload.ts";
import { asReloadError, reloadOne } from "../reload/one.ts";
import { hashOf } from "../text/compile.ts";
import { contextsOf } from "./campaign.ts";
import { clearChanged, freshProgram, imagesOf } from "./fresh-program.ts";
import type { LiveThread } from "./live-thread.ts";
import { absentError, hasMoved } from "./one-service.ts";
import type { Home, PatchKind, PatchOrder, ThreadPart } from "./rollout.ts";
import { given, lead, rollOut } from "./rollout.ts";
import { ASKS_FOR_ITSELF, refuseSelfWait } from "./self-wait.ts";
import type { OrderState } from "./thread-order.ts";
import { beginOrder } from "./thread-order.ts";

/** Services of a thread that are reloaded at a time. */
const SLICE = 64;

interface ReloadCall {
  /** Of one service. */
  readonly handle: number | undefined;
  /** Of all services of a type. */
  readonly type: string | undefined;
  readonly isStrict: boolean;
  /** The handle of the service that asks. */
  readonly caller: number;
}

interface ReloadOrder extends PatchOrder, ReloadCall {
  /** The new texts, as the leader has read them; none if this thread reads them. */
  readonly images: readonly ImageData[];
}

/** What came of the services of a thread. */
interface ThreadReload extends Omit<ReloadResult, "id" | "new"> {
  readonly fresh: readonly string[];
}

/** Reloads; see `SnaxApi.reload`. */
export async function reload(
  live: LiveThread,
  caller: SnaxCaller,
  target: unknown,
  wish: ReloadOptions = {},
): Promise<ReloadResult> {
  const { context } = caller;
  const isStrict = wish.strict === true;
  const { threads } = context.runtime;
  const aim = readTarget(context, target);
  const { handle, type } = aim;
  await refuseSelfWait(caller, "a reload", { handle, types: type === undefined ? [] : [type] });
  const call: ReloadCall = { ...aim, isStrict, caller: context.handle };
  for (;;) {
    const leader = handle === undefined ? 0 : threads?.threadOf(handle);
    try {
      return (await lead(live, context, RELOAD, { leader, call })) as ReloadResult;
    } catch (error) {
      if (!hasMoved(error)) throw error;
    }
  }
}

type Aim = Pick<ReloadCall, "handle" | "type">;

function readTarget(context: Context, target: unknown): Aim {
  if (target instanceof SnaxObject) return { handle: target.handle, type: undefined };
  const isAddress =
    typeof target === "number" || (typeof target === "string" && /^[:.]/.test(target));
  if (!isAddress) {
    if (typeof target === "string" && target !== "") return { handle: undefined, type: target };
    const why = `snax.reload needs a service object, an address or a type, not ${typeof target}`;
    throw new SnaxError("ERR_ARGUMENT", why);
  }
  const handle = resolveAddress(context, target as number | string);
  if (handle === undefined) {
    throw new SnaxError("ERR_NO_SERVICE", `no service has the name ${String(target)}`);
  }
  if (!context.runtime.kernel.lives(handle)) throw deadError(handle);
  return { handle, type: undefined };
}

/** A reload, as the threads are told of it. */
export const RELOAD: PatchKind<ReloadCall, ReloadOrder, ThreadReload, ThreadReload> = {
  name: "reload",
  run: (live, context, call) => {
    const { handle, type } = call;
    // Order: of a patch and a reload every thread has the same one last.
    const key = type ?? live.runtime.contextOf(handle ?? 0)?.name ?? "";
    return live.inTurn([key], () => run(live, context, call));
  },
  prepare: (live, _context, order) => ThreadPartOfReload.prepare(live, order),
  // A thread that has taken another one's place has read the files as they are.
  keepLate: async () => undefined,
};

async function run(live: LiveThread, context: Context, call: ReloadCall): Promise<ReloadResult> {
  const { runtime } = live;
  const { handle } = call;
  const one = handle === undefined ? undefined : runtime.contextOf(handle);
  if (handle !== undefined && one === undefined) throw absentError(runtime, handle);
  const type = call.type ?? one?.name ?? "";
  const program = await freshProgram(live.runtime, type, asReloadError);
  const isOfType = handle === undefined;
  const images = isOfType && runtime.threads !== undefined ? imagesOf(program) : [];
  const id = live.ledger.next();
  const homes: readonly Home[] = isOfType
    ? (runtime.threads?.homesOf(type) ?? [undefined])
    : [runtime.threads?.own];
  const order: ReloadOrder = { ...call, id, images };
  const target = isOfType ? `reload all ${type}` : `reload ${formatAddress(handle)} ${type}`;
  const enter = (said: string, results: readonly PatchResult[]): void => {
    const hash = hashOf(program.entry.image.text);
    live.ledger.enter({ id, hash, target, results, said, texts: new Map(), by: call.caller });
  };
  try {
    const { tried, ended } = await rollOut(live, context, {
      kind: RELOAD,
      order,
      homes,
      stays: ({ values }) => {
        const all = given(values);
        const isNone = all.every(({ failed }) => failed.length === 0);
        return isNone || all.some(({ reloaded }) => reloaded.length > 0);
      },
      onKeep: () => {
        if (isOfType) clearChanged(live.runtime, program);
      },
    });
    const stuck = [...tried.stuck.values()].map(({ code, message, data }) => {
      return { handle: (data as { handle: number }).handle, code, message };
    });
    const all = [...given(tried.values), ...ended, { ...NOTHING, failed: stuck }];
    const { fresh, ...joined } = join(all);
    const result = { id, ...joined, new: fresh };
    const { reloaded, failed, skipped } = result;
    const counts = `${reloaded.length} reloaded, ${failed.length} failed, ${skipped.length} skipped`;
    enter(`done: ${counts}`, [
      ...failed.map(({ handle: each, code }) => ({ handle: each, ok: false, code })),
      ...reloaded.map((each) => ({ handle: each, ok: true })),
    ]);
    const [failure] = failed;
    if (!isOfType && failure !== undefined) {
      throw new SnaxError("ERR_RELOAD", failure.message, { data: { handle: failure.handle } });
    }
    return result;
  } catch (error) {
    const code = codeOf(error) ?? "ERR_RELOAD";
    if (live.ledger.find(id) === undefined && !hasMoved(error)) {
      enter(`refused: ${messageOf(error)}`, [{ handle: handle ?? 0, ok: false, code }]);
    }
    throw error;
  }
}

const NOTHING: ThreadReload = {
  ...{ reloaded: [], failed: [], skipped: [], held: 0, drained: 0 },
  ...{ carried: [], fresh: [], leftBehind: [], kept: [] },
};

/** What came of some services, or threads, together. */
function join(all: readonly ThreadReload[]): ThreadReload {
  const names = (pick: (each: ThreadReload) => readonly string[]): string[] => [
    ...new Set(all.flatMap(pick)),
  ];
  return {
    reloaded: all.flatMap(({ reloaded }) => reloaded),
    failed: all.flatMap(({ failed }) => failed),
    skipped: all.flatMap(({ skipped }) => skipped),
    held: Math.max(0, ...all.map(({ held }) => held)),
    drained: all.reduce((sum, { drained }) => sum + drained, 0),
    carried: names(({ carried }) => carried),
    fresh: names(({ fresh }) => fresh),
    leftBehind: names(({ leftBehind }) => leftBehind),
    kept: names(({ kept }) => kept),
  };
}

/** The services of one thread. */
class ThreadPartOfReload implements ThreadPart<ThreadReload, ThreadReload> {
  readonly summary: PatchSummary = summaryOf("reload");
  readonly #live: LiveThread;
  readonly #order: ReloadOrder;
  readonly #program: Program;
  /** The services that have had a turn. */
  readonly #seen = new Set<Context>();

  private constructor(live: LiveThread, order: ReloadOrder, program: Program) {
    this.#live = live;
    this.#order = order;
    this.#program = program;
  }

  static async prepare(live: LiveThread, order: ReloadOrder): Promise<ThreadPartOfReload> {
    const { runtime } = live;
    const { handle, images } = order;
    const type = order.type ?? runtime.contextOf(handle ?? 0)?.name ?? "";
    const program = await freshProgram(runtime, type, asReloadError, images);
    return new ThreadPartOfReload(live, order, program);
  }

  async try(state: OrderState | undefined): Promise<ThreadReload> {
    return await this.#run(beginOrder(state) ? this.#listContexts() : []);
  }

  /** Services that were born of the old text meanwhile get the new one, too. */
  async keep(): Promise<ThreadReload> {
    return await this.#run(this.#listContexts().filter((context) => !this.#seen.has(context)));
  }

  undo(): void {}

  #listContexts(): Context[] {
    const { handle, type } = this.#order;
    const { runtime } = this.#live;
    if (handle === undefined) return contextsOf(runtime, type ?? "");
    const context = runtime.contextOf(handle);
    return context === undefined ? [] : [context];
  }

  async #run(contexts: readonly Context[]): Promise<ThreadReload> {
    const parts: ThreadReload[] = [];
    const patchIds = new Map(this.#live.ledger.list().map(({ hash, id }) => [hash, id]));
    const reloadIt = async (context: Context): Promise<void> => {
      this.#seen.add(context);
      const { handle } = context;
      const { caller, isStrict } = this.#order;
      try {
        if (handle === caller) throw selfError();
        const options = { program: this.#program, isStrict, caller, patchIds };
        const { heldMs, ...rest } = await reloadOne(context, options);
        parts.push({ ...NOTHING, ...rest, reloaded: [handle], held: heldMs });
      } catch (error) {
        if (context.service.isAlive) {
          const failure = {
            handle,
            code: codeOf(error) ?? "ERR_RELOAD",
            message: messageOf(error),
          };
          parts.push({ ...NOTHING, failed: [failure] });
        } else {
          // The caller asks again at the thread that it has gone to; while all of a type are reloaded none goes.
          const absent = absentError(this.#live.runtime, handle);
          if (hasMoved(absent)) throw absent;
          parts.push({ ...NOTHING, skipped: [{ handle, reason: "it ended meanwhile" }] });
        }
      }
    };
    for (let at = 0; at < contexts.length; at += SLICE) {
      await Promise.all(contexts.slice(at, at + SLICE).map(reloadIt));
    }
    return join(parts);
  }
}

function selfError(): SnaxError {
  return new SnaxError("ERR_RELOAD", ASKS_FOR_ITSELF);
}

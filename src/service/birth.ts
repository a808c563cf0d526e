/**
 * A service that is started on a given thread: that thread is asked, and the launcher is told.
 *
 *     newservice at a thread -> "BEAR" to its steward -> launched there -> BORN to the launcher -> ready -> the answer
 *
 * The launcher is asked first only for what it has to decide or to remember: where a service goes, unique services, the
 * services that it brings back. The text that a service is born from is the node's: a thread that has not read it asks for it.
 */

import { codeOf, SnaxError } from "../base/error.ts";
import { formatAddress } from "../kernel/service.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { deadError } from "../kernel/refusal.ts";
import type { ImageData } from "../loader/weave/image.ts";
import { describeStart, launch, tellLauncher, wayOut } from "./boot.ts";
import { request } from "./calls.ts";
import type { Context } from "./context.ts";
import { toRemoteError } from "./remote-error.ts";
import type { Runtime } from "./runtime.ts";
import { askSteward } from "./steward.ts";

/** The command of a thread's steward. */
const BEAR = "BEAR";

/** Whether a thread can be asked itself; the main thread's programs and nodes of one thread have the launcher beside them. */
export function canBearAt({ runtime }: Context, place: number | undefined, name: unknown): boolean {
  const { threads } = runtime;
  if (threads === undefined || threads.own === 0 || place === undefined) return false;
  return typeof name === "string" && name !== "";
}

/** What is to be started. */
interface Target {
  readonly kind: string;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Starts a service on a thread; resolves with its handle when it is ready. */
export function bearAt(
  context: Context,
  place: number,
  { kind, name, args }: Target,
): Promise<number> {
  const handle = context.runtime.threads?.steward(place) ?? 0;
  const values = [BEAR, kind, name, ...args];
  return request(
    context,
    handle,
    { type: PTYPE.system, method: 0, values },
    Infinity,
  ) as Promise<number>;
}

/** Says whether a birth failed because the thread was not there to take it: nothing of it has been done. */
export function isUntaken({ runtime }: Context, place: number, error: unknown): boolean {
  const absent = deadError(runtime.threads?.steward(place) ?? 0);
  return codeOf(error) === absent.code && (error as Error).message === absent.message;
}

/** How many values are in front of a service's own arguments. */
export const BEAR_OFFSET = 3;

/** Gives the steward of a runtime the command. */
export function addBirthCommand(runtime: Runtime): void {
  runtime.stewardCommands.set(BEAR, (steward, [kind, name, ...args], { source }) =>
    bear(steward, source, { kind: kind as string, name: name as string, args }),
  );
}

async function bear(steward: Context, asker: number, target: Target): Promise<number> {
  const { runtime } = steward;
  const { threads } = runtime;
  const { kind, name, args } = target;
  // What an asker of the own thread says next goes the same way as the news to the launcher.
  const isFar = threads?.threadOf(asker) !== threads?.own;
  // The launcher says the same of what does not exist.
  runtime.kind(kind);
  if (!hasCode(runtime, name)) await fetchCode(steward, name);
  return await new Promise((resolve, reject) => {
    const context = launch(runtime, {
      kind,
      name,
      args,
      onReady: (error) => settle(error),
    });
    tellLauncher(context, "BORN", describeStart(target));
    function settle(error: unknown): void {
      const { service, handle } = context;
      const why = error === undefined || service.isAlive ? error : reasonOf(context, error);
      if (why !== undefined) tellLauncher(context, "REMOVE", handle, true);
      // Order: a service that hears of the birth may ask the launcher next, and it must have heard of it before.
      if (isFar) threads?.publish();
      if (why === undefined) resolve(handle);
      else reject(toRemoteError(why, handle) as Error);
    }
  });
}

/** A service that ends itself before it is ready has done its work in its beginning; one that is killed has not. */
function reasonOf(context: Context, error: unknown): unknown {
  const way = wayOut(context);
  if (way === "self") return undefined;
  const { handle, service } = context;
  const who = `${formatAddress(handle)} (${service.title})`;
  return way === "kill"
    ? new SnaxError("ERR_SERVICE_DEAD", `${who} was killed before it was ready`)
    : error;
}

/** What is not found the service's beginning complains of. */
function hasCode({ cache, paths, threads }: Runtime, name: string): boolean {
  if (threads === undefined || threads.own === 0 || cache.mode !== "ON") return true;
  try {
    return cache.has(paths.find(name));
  } catch {
    return true;
  }
}

/** Gets the images that the main thread has, or reads, of a service's code. */
export async function fetchCode(steward: Context, name: string): Promise<void> {
  const { cache, threads } = steward.runtime;
  for (;;) {
    const { clears } = cache;
    const images = await askSteward(steward, 0, "IMAGES", threads?.own, name);
    // What came before the cache was cleared is not what the others have now.
    if (cache.clears !== clears) continue;
    for (const image of images as ImageData[]) cache.adopt(image);
    return;
  }
}

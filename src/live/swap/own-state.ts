/**
 * What a service has of its own, so that no other one can simply take its place: variables that were written since its beginning,
 * timers that a handler armed, sockets, a gate, channels.
 *
 * The measure is a service that was begun with the same arguments a moment ago: what the text or the beginning gives, both
 * have. What the two differ in is state, unless it is still what the old text says.
 */

import { basename } from "node:path";
import { firstLines } from "../../base/short-list.ts";
import type { Context } from "../../service/context.ts";
import { areInterchangeable } from "../../service/interchangeable.ts";
import { holdingsOf } from "../../service/context.ts";
import { ServiceTimer } from "../../service/timers.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import type { CodeTimer } from "../reload/timers.ts";
import { describe, doesTheSame, isOpenTimer, timersOf } from "../reload/timers.ts";
import { compareStates } from "../state/difference.ts";
import { StateNames } from "../state/names.ts";
import { rootPath } from "../state/paths.ts";
import type { State } from "../state/state.ts";
import { rootKey } from "../state/state.ts";
import { takeState } from "../state/take.ts";
import { isAsWritten } from "../state/written.ts";

/** Things that an error names. */
const NAMED_MAX = 10;

/** What a service holds of the outside world, in words; empty if nothing. */
export function listHeld(context: Context): string[] {
  return holdingsOf(context).map((what) => `it holds ${what}`);
}

/** What a service has that a fresh one, begun with the same arguments, has not; empty if nothing. */
export function listOwn(context: Context, fresh: Context): string[] {
  const own = [...listWritten(context, fresh), ...listTimers(context, fresh)];
  return firstLines(own, NAMED_MAX);
}

function listWritten({ code, kind }: Context, { code: freshCode }: Context): string[] {
  if (code === undefined || freshCode === undefined) return [];
  const options = { isService: kind === SNAX_KIND, foreign: "reference" } as const;
  const names = new StateNames(code, options.isService);
  const asWritten = new Set<string>();
  for (const place of names.roots) {
    if (isStillAsWritten(names, place)) asWritten.add(rootKey(place));
  }
  const before = withoutRoots(takeState(code, options), asWritten);
  const wanted = new Set(before.roots.map(rootKey));
  const all = takeState(freshCode, options);
  const after = { ...all, roots: all.roots.filter((root) => wanted.has(rootKey(root))) };
  const lines: string[] = [];
  for (const root of before.roots) {
    const pair = after.roots.filter((other) => rootKey(other) === rootKey(root));
    if (pair.length === 0 && isEmpty(root.value)) continue;
    const one = { ...before, roots: [root] };
    const options = { differencesMax: 1, isSame: areInterchangeable };
    const [difference] = compareStates(one, { ...after, roots: pair }, options);
    if (difference === undefined) continue;
    const { path, before: now, after: begun } = difference;
    const place = `${basename(root.file)}:${root.line}`;
    const what =
      pair.length === 0
        ? `${rootPath(root)} (${place}) is not in the file any more`
        : `${path} (${place}) was written: ${begun ?? "nothing"} -> ${now ?? "nothing"}`;
    lines.push(what);
  }
  return lines;
}

function isStillAsWritten(names: StateNames, place: StateNames["roots"][number]): boolean {
  try {
    return isAsWritten(names, place, place.read());
  } catch {
    // It can't be read, so it has not been written.
    return true;
  }
}

function withoutRoots(state: State, keys: ReadonlySet<string>): State {
  return { ...state, roots: state.roots.filter((root) => !keys.has(rootKey(root))) };
}

/** A table of the old text that is still empty. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (value instanceof Map || value instanceof Set) return value.size === 0;
  return (
    typeof value === "object" && Reflect.ownKeys(value).length === (Array.isArray(value) ? 1 : 0)
  );
}

function listTimers(context: Context, fresh: Context): string[] {
  return [...lastingTimers(context, fresh)].flatMap((subject) =>
    subject instanceof ServiceTimer && subject.wish.intervalMs > 0
      ? [`a ${describe(subject)} was armed after its beginning`]
      : [],
  );
}

/** The timers of a service that the fresh one has not armed itself. */
export function* lastingTimers(context: Context, fresh: Context): Generator<CodeTimer> {
  for (const { subject, isCancelled } of timersOf(context)) {
    if (isCancelled || !isOpenTimer(subject) || isArmedBy(fresh, subject)) continue;
    yield subject;
  }
}

/** Whether a service has armed a timer as another one has. */
export function isArmedBy(fresh: Context, subject: CodeTimer): boolean {
  if (subject.isOfTopLevel) return true;
  for (const { subject: other } of timersOf(fresh)) {
    if (isOpenTimer(other) && doesTheSame(subject, other)) return true;
  }
  return false;
}

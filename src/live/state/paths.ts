/**
 * Finds by which path something in a state is reached; only where something can't be carried, for the walk is long.
 */

import { DEFAULT_NAME } from "../../loader/read/record.ts";
import type { Left, Odd, Root, State } from "./state.ts";
import { keyText, memberPath } from "./state.ts";

/** Where something in a state hangs. */
export interface Place {
  readonly path: string;
  readonly file: string;
  readonly line: number;
}

/** Tells everything that can't be carried where it hangs. */
export function nameLeft(state: State): void {
  const wanted = new Map<object, Left>();
  for (const [mirror, { left }] of state.odd) if (left !== undefined) wanted.set(mirror, left);
  if (wanted.size === 0) return;
  for (const [mirror, place] of findPlaces(state, wanted)) {
    const left = wanted.get(mirror);
    if (left !== undefined) Object.assign(left, place);
  }
}

/** Finds the shortest way to each of some mirrors. */
export function findPlaces(
  state: Pick<State, "roots" | "odd">,
  wanted: ReadonlyMap<object, unknown> | ReadonlySet<object>,
): Map<object, Place> {
  const found = new Map<object, Place>();
  const seen = new Set<object>();
  let level: (readonly [object, string, Root])[] = [];
  const next: typeof level = [];
  const meet = (value: unknown, path: () => string, root: Root): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    const text = path();
    if (wanted.has(value)) found.set(value, { path: text, file: root.file, line: root.line });
    next.push([value, text, root]);
  };
  for (const root of state.roots) {
    meet(root.value, () => rootPath(root), root);
  }
  while (next.length > 0 && found.size < wanted.size) {
    level = next.splice(0);
    for (const [mirror, path, root] of level) {
      for (const [value, way] of membersOf(mirror, path, state.odd.get(mirror)))
        meet(value, way, root);
    }
  }
  return found;
}

/** `sold`, `Player.count` */
export function rootPath({
  name,
  path = [],
  field,
}: Pick<Root, "name" | "path" | "field">): string {
  const holder = [name === DEFAULT_NAME ? "default" : name, ...path].join(".");
  return field === undefined ? holder : memberPath(holder, field);
}

/** What hangs on a mirror, and by which path. */
export function* membersOf(
  mirror: object,
  path: string,
  odd: Odd | undefined,
): Generator<readonly [value: unknown, path: () => string]> {
  if (mirror instanceof Map) {
    let index = 0;
    for (const [key, value] of mirror) {
      const at = index;
      index += 1;
      yield [key, () => `${path}.keys()[${at}]`];
      yield [value, () => `${path}.get(${keyText(key)})`];
    }
  } else if (mirror instanceof Set) {
    let index = 0;
    for (const value of mirror) {
      const at = index;
      index += 1;
      yield [value, () => `${path}.values()[${at}]`];
    }
  } else if (ArrayBuffer.isView(mirror)) return;
  const isArray = Array.isArray(mirror);
  for (const [key, value] of Object.entries(mirror)) {
    yield [value, () => memberPath(path, key, isArray)];
  }
  for (const { key, value } of odd?.properties ?? []) {
    yield [
      value,
      () => (typeof key === "string" ? memberPath(path, key, isArray) : `${path}[symbol]`),
    ];
  }
}

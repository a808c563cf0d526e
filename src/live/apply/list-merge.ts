/**
 * Puts a list, a Set or a Map with functions in it into the running one; see text/list-text.ts.
 *
 * The patch gives it whole. The running one has to be as the module's text, or the last patch, wrote it: same length,
 * same data, functions where functions were. Then each entry becomes what the patch says, and stays the same object for code that
 * holds it: an entry of a list by its place, one of a Map by its key. Keys that the program has added to a Map stay, behind the
 * others. Anything else is state, which only `hotfix()` changes.
 */

import { isDeepStrictEqual, types } from "node:util";
import { SnaxError } from "../../base/error.ts";
import { showPath } from "../../loader/read/member-key.ts";
import type { ListGift, ListShape, Shape } from "../text/list-text.ts";
import { contentsOf, isPlain, isSameData } from "./contents.ts";
import type { UndoLog } from "./undo-log.ts";

/** Whether the same values are in the same places. */
function isSameList(before: unknown, after: readonly unknown[]): boolean {
  if (!Array.isArray(before) || before.length !== after.length) return false;
  return after.every((value, at) => Object.is(value, before[at]));
}

/** What patches have given, by the running list. */
const givenShapes = new WeakMap<object, ListShape>();

/** Notes what a new list is like, for later patches. */
export function noteList(list: unknown, shape: ListShape): void {
  if (typeof list === "object" && list !== null) givenShapes.set(list, shape);
}

/**
 * Merges; nothing has changed if it throws.
 *
 * @throws {ERR_PATCH} if the running one is not as the text or a patch wrote it.
 */
export function mergeList(
  path: readonly string[],
  { live, given, gift, log }: { live: unknown; given: unknown; gift: ListGift; log: UndoLog },
): void {
  const member = showPath(path);
  const how = `assign it in hotfix(), ${member} = ...`;
  const base = (typeof live === "object" && live && givenShapes.get(live)) || gift.base;
  if (base?.kind !== gift.shape.kind) {
    const why = `${member} is state, since it is not written out in the module's text: ${how}`;
    throw new SnaxError("ERR_PATCH", why);
  }
  if (!isAsWritten(live, base) || hasForeignKey(live, base, gift.shape)) {
    const why = `${member} is state, since it is not what the module's text, or the last patch, wrote: ${how}`;
    throw new SnaxError("ERR_PATCH", why);
  }
  const holder = live as object;
  const before = givenShapes.get(holder);
  log.note(() => {
    if (before === undefined) givenShapes.delete(holder);
    else givenShapes.set(holder, before);
  });
  new ListMerge(log, member).into(live, given, base, gift.shape);
  givenShapes.set(holder, gift.shape);
}

/** Whether a running value is what a text writes. */
function isAsWritten(live: unknown, shape: Shape): boolean {
  if (types.isProxy(live)) return false;
  switch (shape.kind) {
    case "function":
      return typeof live === "function";
    case "data":
      return isSameData(live, shape.value);
    case "object": {
      if (!isPlain(live) || Reflect.ownKeys(live).length !== shape.members.size) return false;
      return [...shape.members].every(([key, member]) => {
        const found = Reflect.getOwnPropertyDescriptor(live, key);
        return found !== undefined && "value" in found && isAsWritten(found.value, member);
      });
    }
    case "list": {
      if (!Array.isArray(live) || live.length !== shape.items.length) return false;
      if (isInOtherOrder(live, shape.items)) return false;
      return shape.items.every((item, at) => isAsWritten(live[at], item));
    }
    case "set": {
      if (!types.isSet(live) || live.size !== shape.items.length) return false;
      const items = [...live];
      if (isInOtherOrder(items, shape.items)) return false;
      return shape.items.every((item, at) => isAsWritten(items[at], item));
    }
    case "map":
      if (!types.isMap(live)) return false;
      return [...shape.entries].every(
        ([key, entry]) => live.has(key) && isAsWritten(live.get(key), entry),
      );
  }
}

/**
 * Whether entries have changed places: one that is not what the text has there, and is what it has elsewhere. What a text is
 * not known of is taken as it is.
 */
function isInOtherOrder(live: readonly unknown[], items: readonly Shape[]): boolean {
  const texts = items.map(textOfShape);
  return live.some((value, at) => {
    const own = texts[at];
    if (own === undefined || own === "") return false;
    const found = textOfValue(value, items[at]);
    return found !== own && texts.includes(found);
  });
}

/** The texts of the functions of an entry; undefined if it has one by name. */
function textOfShape(shape: Shape): string | undefined {
  if (shape.kind === "function") return shape.source;
  if (shape.kind !== "object") return "";
  const parts = [...shape.members.values()].map(textOfShape);
  return parts.includes(undefined) ? undefined : parts.join("\0");
}

function textOfValue(value: unknown, shape: Shape | undefined): string {
  if (shape?.kind === "function") {
    return typeof value === "function" ? Function.prototype.toString.call(value) : "";
  }
  if (shape?.kind !== "object" || !isPlain(value)) return "";
  return [...shape.members]
    .map(([key, member]) => {
      const found: unknown = Reflect.getOwnPropertyDescriptor(value, key)?.value;
      return textOfValue(found, member);
    })
    .join("\0");
}

/** Whether a patch gives a key that the program has put into a Map by itself. */
function hasForeignKey(live: unknown, base: ListShape, given: ListShape): boolean {
  if (base.kind !== "map" || given.kind !== "map") return false;
  const map = live as Map<unknown, unknown>;
  return [...given.entries.keys()].some((key) => map.has(key) && !base.entries.has(key));
}

class ListMerge {
  readonly #log: UndoLog;
  readonly #member: string;

  constructor(log: UndoLog, member: string) {
    this.#log = log;
    this.#member = member;
  }

  into(live: unknown, given: unknown, base: ListShape, shape: ListShape): void {
    const contents = contentsOf(live, given);
    if (contents === undefined) throw this.#fixed();
    const { read, fill, value } = contents;
    const before = read(value);
    const after = this.#contentOf(live, given, base, shape);
    if (Array.isArray(value) && Object.isFrozen(value)) {
      if (isSameList(before, after)) return;
      throw this.#fixed();
    }
    this.#log.note(() => fill(before));
    try {
      fill(after);
    } catch {
      throw this.#fixed();
    }
  }

  #contentOf(live: unknown, given: unknown, base: ListShape, shape: ListShape): unknown[] {
    if (shape.kind === "map" && base.kind === "map") {
      const [own, next] = [live, given] as Map<unknown, unknown>[] as [
        Map<unknown, unknown>,
        Map<unknown, unknown>,
      ];
      const entries = [...next].map(([key, value]) => {
        const item = this.#item(own.get(key), value, base.entries.get(key), shape.entries.get(key));
        return [key, item];
      });
      return [...entries, ...[...own].filter(([key]) => !base.entries.has(key) && !next.has(key))];
    }
    if (shape.kind === "map" || base.kind === "map") throw this.#fixed();
    const [own, next] = [[...(live as Iterable<unknown>)], [...(given as Iterable<unknown>)]];
    return next.map((value, at) => this.#item(own[at], value, base.items[at], shape.items[at]));
  }

  /** @returns what is there afterwards: the running one where it can become what is given. */
  // oxlint-disable-next-line max-params -- two values, and what the texts say of them
  #item(live: unknown, given: unknown, base: Shape | undefined, shape: Shape | undefined): unknown {
    if (base === undefined || shape === undefined || base.kind !== shape.kind) return given;
    if (shape.kind === "function") return given;
    if (shape.kind === "data") {
      if (isDeepStrictEqual(live, given) && isSameData(live, given)) return live;
      const contents = contentsOf(live, given);
      if (contents === undefined || Object.isFrozen(live)) return given;
      const { read, fill, value } = contents;
      const before = read(value);
      this.#log.note(() => fill(before));
      fill(read(contents.given));
      return live;
    }
    if (shape.kind === "object") {
      if (base.kind === "object") this.#object(live as object, given as object, base, shape);
      return live;
    }
    if (base.kind === "list" || base.kind === "set" || base.kind === "map")
      this.into(live, given, base, shape);
    return live;
  }

  // oxlint-disable-next-line max-params -- two values, and what the texts say of them
  #object(
    live: object,
    given: object,
    base: Shape & { kind: "object" },
    shape: Shape & { kind: "object" },
  ): void {
    for (const key of Object.keys(given)) {
      const before = Reflect.getOwnPropertyDescriptor(live, key);
      const after = Reflect.getOwnPropertyDescriptor(given, key) as PropertyDescriptor;
      const value = this.#item(
        before?.value,
        after.value,
        base.members.get(key),
        shape.members.get(key),
      );
      if (before !== undefined && before.value === value) continue;
      this.#put(live, key, before, { ...(before ?? after), value });
    }
    for (const key of base.members.keys()) {
      if (Object.hasOwn(given, key)) continue;
      const before = Reflect.getOwnPropertyDescriptor(live, key) as PropertyDescriptor;
      this.#log.note(() => Reflect.defineProperty(live, key, before));
      if (!Reflect.deleteProperty(live, key)) throw this.#fixed();
    }
  }

  // oxlint-disable-next-line max-params -- a member before and after
  #put(
    live: object,
    key: string,
    before: PropertyDescriptor | undefined,
    after: PropertyDescriptor,
  ): void {
    this.#log.note(() => {
      if (before === undefined) Reflect.deleteProperty(live, key);
      else Reflect.defineProperty(live, key, before);
    });
    if (!Reflect.defineProperty(live, key, after)) throw this.#fixed();
  }

  #fixed(): SnaxError {
    return new SnaxError(
      "ERR_PATCH",
      `${this.#member} can't be changed: the service made it fixed`,
    );
  }
}

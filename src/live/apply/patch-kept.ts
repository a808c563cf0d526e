/**
 * What keeps an old value, or goes on with an old text, when a patch is in: for the line that the log has of it.
 *
 * `snax diff` follows an edit through the whole program, types unknown, and rather names too much. Here only what the
 * texts show is named: see loader/read/begin-uses.ts.
 */

import { basename } from "node:path";
import { isDeepStrictEqual, types } from "node:util";
import { nameFirst } from "../../base/short-list.ts";
import { ANY_MEMBER } from "../../loader/read/begin-uses.ts";
import type { BeginUse, BeginUses } from "../../loader/read/begin-uses.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import { CellSource } from "../../loader/run/module-node.ts";
import type { PatchCode, PatchPart } from "../text/compile.ts";
import type { ListShape } from "../text/list-text.ts";
import { publicName } from "../../loader/read/record.ts";
import type { TableGift } from "../text/table-text.ts";
import { keyOfPath } from "../text/table-text.ts";
import { givesStatic } from "./class-statics.ts";
import { isPlain } from "./contents.ts";
import { showPath } from "../../loader/read/member-key.ts";
import { foreseeKeys } from "./table-keys.ts";
import { memberIn } from "./table-merge.ts";

/** Something that a patch replaces. */
interface Change {
  /** A name of the module, and the members that lead from there. */
  readonly path: readonly string[];
  /**
   * `code` is a function that all its holders follow, `member` one in an object, where a copy of the object has
   * the old one; `list` is changed in place; `entries` are functions in one; `data` is another value.
   */
  readonly kind: "code" | "member" | "list" | "entries" | "data";
  /** Whether an object has no such member yet. */
  readonly isNew: boolean;
  /** Whether the object is frozen: another one stands in its place, and who holds it keeps the old one. */
  readonly isFrozen: boolean;
  /** What people call it. */
  readonly shown: string;
}

/** What messages name of one cause; the rest is counted. */
const SHOWN_MAX = 4;

const MADE = {
  closures: "closures that it has made keep the old text",
  loop: "a call that waits in a loop goes on with the old text",
} as const;

/**
 * Lists what keeps something old, a phrase each.
 *
 * @param instance - a service that does not have the patch yet; undefined if none lives: then nothing was made.
 */
export function keptBy({ node, code }: PatchPart, instance: Instance | undefined): string[] {
  const module = instance?.find(node);
  if (instance === undefined || module?.node !== node) return [];
  const changes = listChanges(code, module);
  if (changes.length === 0 && code.outline.members.length === 0) return [];
  const found = new Findings();
  const { program } = instance;
  found.collect(node.image.data.begins, changes, {
    code,
    where: "",
    isEntry: program.isEntry(node),
  });
  for (const other of program.modules()) {
    if (other === node) continue;
    const renamed = changes.flatMap((change) => {
      const [name = ""] = change.path;
      return other.links.flatMap(({ cell, source }) => {
        if (!(source instanceof CellSource) || source.node !== node) return [];
        if (node.image.data.cells[source.cell] !== name) return [];
        const local = other.image.data.cells[cell] ?? "";
        return [{ ...change, path: [local, ...change.path.slice(1)] }];
      });
    });
    if (renamed.length === 0) continue;
    const where = ` of ${basename(other.image.file)}`;
    found.collect(other.image.data.begins, renamed, {
      code: undefined,
      where,
      isEntry: program.isEntry(other),
    });
  }
  return [...listMade(code, module, changes), ...found.phrases()];
}

function listChanges(code: PatchCode, module: ModuleInstance): Change[] {
  const changes: Change[] = [];
  const add = (kind: Change["kind"], path: readonly string[], isNew = false): void => {
    const [name = "", ...rest] = path;
    const isFrozen = isReplaced(code, module, path);
    const members = rest[0] === "prototype" ? rest.slice(1) : rest;
    changes.push({ kind, path, isNew, isFrozen, shown: showPath([publicName(name), ...members]) });
  };
  for (const [name, kind] of code.replaced) {
    if (kind === "function") add("code", [name]);
    else if (kind === "literal" || kind === "computed") {
      if (!isSame(code.outline.constants.get(name), () => module.read(name))) add("data", [name]);
    }
  }
  for (const [name, members] of code.outline.enums) {
    if (!code.replaced.has(name)) continue;
    for (const [key, value] of members) {
      if (!isSame({ value }, () => memberIn(module.read(name), [name, key])))
        add("data", [name, key]);
    }
  }
  const addTable = (head: readonly string[], gift: TableGift, read: () => unknown): void => {
    const keys = foreseeKeys(gift, code.outline.enums, (name) => module.read(name));
    for (const { path, data } of gift.members) {
      const own = [...head, ...path.slice(1)];
      const list = gift.lists.get(keyOfPath(path));
      if (list !== undefined) add(holdsFunctions(list.shape) ? "entries" : "member", own);
      else if (data === undefined) add("member", own, memberIn(read(), path, keys) === undefined);
      else if (!isSame(data, () => memberIn(read(), path, keys))) {
        const isNew = memberIn(read(), path, keys) === undefined;
        add(isChangedInPlace(data.value) ? "list" : "data", own, isNew);
      }
    }
  };
  for (const [name, gift] of code.tables) addTable([name], gift, () => module.read(name));
  for (const { owner, name, isStatic, kind } of code.outline.members) {
    if (owner.kind !== "class") continue;
    const way = isStatic ? [name] : ["prototype", name];
    add(kind === "accessor" ? "data" : "code", [owner.name, ...way]);
  }
  for (const [owner, { statics }] of code.classes) {
    if (statics === undefined) continue;
    for (const name of statics.names) {
      if (!givesStatic(readLive(module, owner), statics, name)) continue;
      const gift = statics.tables.get(name);
      if (gift === undefined) add("data", [owner, name]);
      else addTable([owner, name], gift, () => staticOf(module.read(owner), name));
    }
  }
  return changes;
}

/** A variable before its declaration has run has no members: the commit will say so. */
export function readLive(module: ModuleInstance, name: string): unknown {
  try {
    return module.read(name);
  } catch {
    return undefined;
  }
}

/** The value of a static field; no getter runs. */
export function staticOf(owner: unknown, name: string): unknown {
  return Reflect.getOwnPropertyDescriptor(Object(owner) as object, name)?.value;
}

/** Whether functions are entries of a list; those of an object in it follow with the object. */
function holdsFunctions(shape: ListShape): boolean {
  const items = shape.kind === "map" ? [...shape.entries.values()] : shape.items;
  return items.some(({ kind }) => kind === "function");
}

/** A list, a Set, a Map or a Date. */
function isChangedInPlace(value: unknown): boolean {
  return typeof value === "object" && value !== null && !isPlain(value) && !types.isRegExp(value);
}

/** Whether a patch gives what is there; what it computes is another value, as far as one can tell. */
function isSame(given: { readonly value: unknown } | undefined, read: () => unknown): boolean {
  if (given === undefined) return false;
  try {
    return isDeepStrictEqual(read(), given.value);
  } catch {
    // A variable before its declaration has run has no value.
    return false;
  }
}

/** Whether another object takes the place of a frozen one. */
function isReplaced(code: PatchCode, module: ModuleInstance, path: readonly string[]): boolean {
  const [name = "", key = ""] = path;
  const isStatic = code.classes.get(name)?.statics?.tables.has(key) === true;
  try {
    if (isStatic) return Object.isFrozen(staticOf(module.read(name), key));
    return code.tables.has(name) && Object.isFrozen(module.read(name));
  } catch {
    // A variable before its declaration has run has no value.
    return false;
  }
}

/** What the functions that are replaced have made. */
function listMade(
  { outline }: PatchCode,
  { image }: ModuleInstance,
  changes: readonly Change[],
): string[] {
  const { makers } = image.data.begins;
  if (makers.size === 0) return [];
  const ways: [way: string, shown: string][] = [];
  for (const { kind, path, shown } of changes) {
    const isOfInstances = path[1] === "prototype";
    if (!isOfInstances && (kind === "code" || kind === "member"))
      ways.push([path.join("."), shown]);
  }
  for (const { owner, name, isStatic, kind, label: shown } of outline.members) {
    if (kind !== "method" || isStatic) continue;
    const local = image.exportOf(owner.name)?.local ?? owner.name;
    ways.push(
      owner.kind === "class"
        ? [`${owner.name}.prototype.${name}`, shown]
        : [`${local}.${name}`, shown],
    );
  }
  return ways.flatMap(([way, shown]) => {
    const made = makers.get(way);
    return made === undefined ? [] : [`${shown}: ${MADE[made]}`];
  });
}

/** A module that something may be kept in. */
interface Place {
  /** The patch, if it is for this module. */
  readonly code: PatchCode | undefined;
  /** What to put behind a name of the module. */
  readonly where: string;
  /** Whether it is the service's own file, of which `init` has run. */
  readonly isEntry: boolean;
}

/** What was found, by its cause. */
class Findings {
  readonly #made = new Map<string, string[]>();
  readonly #copied = new Map<string, string[]>();
  readonly #ran: string[] = [];

  collect(begins: BeginUses, changes: readonly Change[], { code, where, isEntry }: Place): void {
    const causes = new Causes(begins, changes);
    for (const { kind, what, uses } of begins.beginnings) {
      if (kind === "init" && !isEntry) continue;
      const given = code?.replaced.get(what);
      // It is as the patch says.
      if (given === "literal" || given === "computed") continue;
      const cause = causes.of(uses);
      if (cause === undefined) continue;
      const shown = `${publicName(what)}${where}`;
      if (kind === "value") note(this.#made, cause, shown);
      else if (kind === "copier") note(this.#copied, cause, shown);
      else this.#ran.push(`${shown} ran with the old ${cause}`);
    }
  }

  phrases(): string[] {
    const more = this.#ran.length - SHOWN_MAX;
    return [
      ...[...this.#made].map(([cause, names]) => {
        const [was, keep] = names.length > 1 ? ["were", "keep"] : ["was", "keeps"];
        return `${nameFirst(names, SHOWN_MAX)} ${was} made with ${cause}, and ${keep} what came of that`;
      }),
      ...[...this.#copied].map(([cause, names]) => {
        const copy = names.length > 1 ? "copy" : "copies";
        return `${nameFirst(names, SHOWN_MAX)} ${copy} ${cause}: code that has a copy keeps the old one`;
      }),
      ...this.#ran.slice(0, SHOWN_MAX),
      ...(more > 0 ? [`and ${more} more statements`] : []),
    ];
  }
}

/** Finds what of a use is replaced. */
class Causes {
  readonly #called: BeginUses["called"];
  readonly #changes: readonly Change[];
  /** Those of the functions of the module, as far as they were asked for. */
  readonly #known = new Map<string, string | undefined>();

  constructor({ called }: BeginUses, changes: readonly Change[]) {
    this.#called = called;
    this.#changes = changes;
  }

  of(uses: readonly BeginUse[]): string | undefined {
    for (const use of uses) {
      const cause = this.#ofUse(use, this.#changes);
      if (cause !== undefined) return cause;
    }
    return undefined;
  }

  #ofUse(use: BeginUse, changes: readonly Change[]): string | undefined {
    const found = changes.find((change) => isUse(use, change));
    if (found !== undefined) return found.shown;
    const [name = ""] = use.path;
    return use.role === "call" && use.path.length === 1 ? this.#ofCalled(name) : undefined;
  }

  /** Of what a called function calls in its turn only what is read counts: it would be the whole program. */
  #ofCalled(name: string): string | undefined {
    if (this.#known.has(name)) return this.#known.get(name);
    // Functions may call each other.
    this.#known.set(name, undefined);
    const isValue = ({ kind, isNew }: Change): boolean =>
      isNew || kind === "data" || kind === "list";
    const values = this.#changes.filter(isValue);
    const copied = this.#changes.filter(({ kind }) => kind !== "code");
    let cause: string | undefined;
    for (const use of this.#called.get(name) ?? []) {
      cause ??= this.#ofUse(use, use.role === "copy" ? copied : values);
    }
    this.#known.set(name, cause);
    return cause;
  }
}

function isUse(
  { role, path }: BeginUse,
  { path: changed, kind, isNew, isFrozen }: Change,
): boolean {
  const depth = Math.min(path.length, changed.length);
  const isAlike = path
    .slice(0, depth)
    .every((key, at) => key === ANY_MEMBER || key === changed[at]);
  if (!isAlike) return false;
  if (role === "keys") return isNew && path.length === changed.length - 1;
  if (path.length < changed.length) return isFrozen || (role === "copy" && kind !== "code");
  const isWhole = path.length === changed.length;
  switch (kind) {
    case "code":
      return isWhole && role === "call";
    case "member":
      return isWhole && (role === "call" || role === "copy");
    case "list":
      return !isWhole || isFrozen || role === "copy";
    case "entries":
      return role === "copy" || (!isWhole && role !== "call");
    case "data":
      return true;
  }
}

function note(list: Map<string, string[]>, cause: string, name: string): void {
  const known = list.get(cause);
  if (known === undefined) list.set(cause, [name]);
  else if (!known.includes(name)) known.push(name);
}

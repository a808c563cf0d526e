/**
 * What a patch does, in one line for the log: an operator sees at once whether it replaced
 * what was meant.
 *
 * A function, a class or a method whose name was misspelt is added, and never called. A running
 * service is asked before the patch is in whether a class or a group has a method already, since a
 * text may get its methods in ways that only show there; if no service lives yet, the text is read.
 */

import { basename } from "node:path";
import { types, isDeepStrictEqual } from "node:util";
import { PATCH_KEEPS_LENGTH_MAX, PATCH_KEEPS_MAX } from "../../base/limits.ts";
import { isReadKey, memberKeyOf, showPath } from "../../loader/read/member-key.ts";
import type { Keys } from "./table-keys.ts";
import { foreseeKeys } from "./table-keys.ts";
import { dataOf, isWrittenOut } from "../../loader/read/written.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import type { ModuleNode } from "../../loader/run/module-node.ts";
import type { Image } from "../../loader/weave/image.ts";
import type { TextObject } from "../../loader/weave/text-members.ts";
import { readMembers, findValue, memberOf } from "../../loader/weave/text-members.ts";
import type { PatchCode, PatchPart } from "../text/compile.ts";
import type { GivenMember, MemberOwner, PatchOutline } from "../text/patch-outline.ts";
import { askFor } from "../text/patch-outline.ts";
import type { TableGift, TableMember } from "../text/table-text.ts";
import type { MethodKind } from "../../loader/weave/method-check.ts";
import { canStand, kindOf } from "../../loader/weave/method-check.ts";
import { publicName } from "../../loader/read/record.ts";
import { isReconstructed } from "./class-construction.ts";
import type { AnyClass } from "./class-graft.ts";
import { isTaken, keepsOld } from "./method-swap.ts";
import { givesStatic } from "./class-statics.ts";
import { keptBy, readLive, staticOf } from "./patch-kept.ts";
import { isPlain } from "./contents.ts";
import { memberIn } from "./table-merge.ts";

/** What a patch does, before it is in. */
export interface PatchSummary {
  /** In one line, for the log. */
  readonly said: string;
  /** What goes on with an old value or an old text, a phrase each, at most PATCH_KEEPS_MAX. */
  readonly keepsOld: readonly string[];
}

/** The summary of what is no patch, or of a patch that has nothing to do. */
export function summaryOf(said: string): PatchSummary {
  return { said, keepsOld: [] };
}

/** What a result has of it: nothing if the texts show nothing that keeps the old. */
export function keepsOldOf(summary: PatchSummary | undefined): {
  readonly keepsOld?: readonly string[];
} {
  return summary === undefined || summary.keepsOld.length === 0
    ? {}
    : { keepsOld: summary.keepsOld };
}

/** Of what several threads say of one patch: what keeps the old shows only where a service lives. */
export function fullestOf(summaries: readonly PatchSummary[]): PatchSummary | undefined {
  const [first, ...others] = summaries;
  return others.reduce(
    (best, each) => (best && best.keepsOld.length >= each.keepsOld.length ? best : each),
    first,
  );
}

/** The summary of patches that go in together. */
export function joinSummaries(summaries: readonly PatchSummary[]): PatchSummary {
  const said = summaries.flatMap((each) => (each.said === "" ? [] : [each.said])).join("; ");
  return { said, keepsOld: bound(summaries.flatMap(({ keepsOld }) => keepsOld)) };
}

/**
 * Says what the parts of a patch replace and add, and what keeps the old.
 *
 * @param instance - a service that does not have the patch yet; undefined if none lives.
 */
export function summarise(
  parts: readonly PatchPart[],
  instance: Instance | undefined,
): PatchSummary {
  const keepsOld: string[] = [];
  const texts = parts.map((part) => {
    const { node, code } = part;
    const found = instance?.find(node);
    const module = found?.node === node ? found : undefined;
    const said = describeOutline(code.outline, node, module);
    const left =
      module === undefined
        ? []
        : [...listLeft(code.outline, module), ...leftOfTables(code, module)];
    const keeps = [
      ...(left.length > 0 ? [describeLeft(left)] : []),
      ...describeFields(code.outline, module),
      ...describeHidden(code, module),
      ...(mayKeep(part) ? keptBy(part, instance) : []),
    ];
    keepsOld.push(...keeps);
    const all = [said, ...keeps].join("; ");
    return parts.length === 1 ? all : `${basename(node.image.file)} ${all}`;
  });
  return { said: texts.join("; "), keepsOld: bound(keepsOld) };
}

/** Whether it replaces more than methods of the service, or these have made something that is left. */
function mayKeep({ node, code }: PatchPart): boolean {
  return code.replaced.size + code.tables.size + node.image.data.begins.makers.size > 0;
}

function bound(phrases: readonly string[]): string[] {
  if (phrases.length === 0) return [];
  const isFull = phrases.length > PATCH_KEEPS_MAX;
  const shown = phrases.slice(0, isFull ? PATCH_KEEPS_MAX - 1 : PATCH_KEEPS_MAX);
  const short = shown.map((each) =>
    each.length > PATCH_KEEPS_LENGTH_MAX ? `${each.slice(0, PATCH_KEEPS_LENGTH_MAX - 3)}...` : each,
  );
  return isFull ? [...short, `and ${phrases.length - shown.length} more`] : short;
}

/** The members that an owner has, those of its instances and its static ones. */
interface Members {
  readonly own: Names;
  readonly statics: Names;
}

/** Names that are listed only where one of them is missing. */
interface Names extends Iterable<string> {
  has(name: string): boolean;
}

/** The names of the members of some running objects. */
class LiveNames implements Names {
  readonly #holders: readonly object[];

  constructor(holders: readonly object[]) {
    this.#holders = holders;
  }

  has(name: string): boolean {
    return this.#holders.some((holder) => Object.hasOwn(holder, name));
  }

  *[Symbol.iterator](): Generator<string> {
    for (const holder of this.#holders) yield* Object.getOwnPropertyNames(holder);
  }
}

const NO_NAMES: Names = new Set();

function describeOutline(
  outline: PatchOutline,
  node: ModuleNode,
  module: ModuleInstance | undefined,
): string {
  const replaced = [...outline.replaced];
  const added: string[] = [];
  for (const member of outline.members) {
    const hint = hintOf(member, outline, namesIn(member.owner, node, module));
    if (hint === undefined) replaced.push(member.label);
    else added.push(member.label + hint);
  }
  for (const [name, gift] of outline.tables) {
    const sorted = sortMembers(name, gift, module ?? node.image, outline.enums);
    replaced.push(...sorted.set);
    added.push(...sorted.added);
  }
  added.push(...outline.added);
  const said = [
    ...(replaced.length > 0 ? [`sets ${replaced.join(", ")}`] : []),
    ...(added.length > 0 ? [`adds ${added.join(", ")}`] : []),
    ...(outline.removed.length > 0 ? [`takes away ${outline.removed.join(", ")}`] : []),
    ...(outline.runsHotfix ? ["runs hotfix()"] : []),
  ];
  return said.length > 0 ? said.join("; ") : "changes nothing";
}

/**
 * Each instance has a function of its own in its field; it can hand its calls on if the module's
 * text has made it, and not a patch.
 */
function describeFields(
  { fieldFunctions }: PatchOutline,
  module: ModuleInstance | undefined,
): string[] {
  const left = fieldFunctions.filter(
    ({ owner, isFollowed }) => !isFollowed || isMadeByPatches(owner, module),
  );
  if (left.length === 0) return [];
  const labels = left.map(({ owner, name }) => `${publicName(owner)}.${name}`);
  return [`${labels.join(", ")}: live instances keep the old ${left.length > 1 ? "ones" : "one"}`];
}

/** A new field hides the method of that name in new instances; those that live have no such field. */
function describeHidden({ classes }: PatchCode, module: ModuleInstance | undefined): string[] {
  if (module === undefined) return [];
  const hidden = [...classes].flatMap(([owner, { newFields }]) => {
    const known = newFields.length === 0 ? undefined : namesOfClass(owner, module);
    return newFields.flatMap((name) => (known?.has(name) ? `${publicName(owner)}.${name}` : []));
  });
  return hidden.length === 0 ? [] : [`${hidden.join(", ")}: live instances keep the method`];
}

function namesOfClass(name: string, module: ModuleInstance): Names | undefined {
  try {
    return liveMembers({ kind: "class", name }, module)?.own;
  } catch {
    // A class before its declaration has run has no instances.
    return undefined;
  }
}

/** The functions of objects that some text takes out of an object by that name. */
function leftOfTables({ tables, classes }: PatchCode, module: ModuleInstance): string[] {
  const leftOf = (owner: string, label: string, live: unknown, gift: TableGift): string[] => {
    const keys = foreseeKeys(gift, NO_ENUMS, (each) => module.read(each));
    return gift.members.flatMap(({ path, data }) => {
      const last = path.at(-1) ?? "";
      const name = String(keys.get(last) ?? last);
      if (data !== undefined || typeof memberIn(live, path, keys) !== "function") return [];
      const whole = showPath([label, ...path.slice(1)]);
      return isTaken(module, { owner, name }) ? [whole] : [];
    });
  };
  return [
    ...[...tables].flatMap(([owner, gift]) =>
      leftOf(owner, publicName(owner), readLive(module, owner), gift),
    ),
    ...[...classes].flatMap(([owner, { statics }]) => {
      if (statics === undefined) return [];
      const live = readLive(module, owner);
      return [...statics.tables].flatMap(([name, gift]) =>
        givesStatic(live, statics, name)
          ? leftOf(owner, `${publicName(owner)}.${name}`, staticOf(live, name), gift)
          : [],
      );
    }),
  ];
}

function isMadeByPatches(owner: string, module: ModuleInstance | undefined): boolean {
  try {
    const live: unknown = module?.read(owner);
    return typeof live === "function" && isReconstructed(live as AnyClass);
  } catch {
    // A class before its declaration has run has no instances.
    return false;
  }
}

/** The functions and methods that code may hold as values, and that keep their text there. */
function listLeft({ functions, members }: PatchOutline, module: ModuleInstance): string[] {
  return [
    ...[...functions].flatMap(([name, kind]) =>
      isHeldOfOtherKind(name, kind, module) ? [publicName(name)] : [],
    ),
    ...members.flatMap((member) => (isLeft(member, module) ? [member.label] : [])),
  ];
}

/** Code that holds an async function or a generator can't be given one of just any kind. */
function isHeldOfOtherKind(name: string, given: MethodKind, module: ModuleInstance): boolean {
  const known = module.name(name);
  const cell = module.node.cellOf(name);
  if (known?.hasCheck !== true || cell === undefined) return false;
  const kind = kindOf({ async: known.isAsync, generator: known.isGenerator });
  const isHeld = known.isForwarded || module.node.isForwardWanted[cell] === 1;
  return isHeld && canStand(given, kind) === undefined;
}

/** What follows a patch is not said; what can't is. */
function describeLeft(labels: readonly string[]): string {
  const them = labels.length > 1 ? "one of them" : "it";
  return `${labels.join(", ")}: code that took ${them} as a value keeps the old text`;
}

/** Says whether those who hold a method, as it is before the patch, keep its text. */
function isLeft({ owner, name, isStatic, kind }: GivenMember, module: ModuleInstance): boolean {
  if (kind === "accessor") return false;
  const owners = owner.kind === "class" ? [owner.name] : groupNames(owner);
  // What no text takes as a value is not held.
  if (!owners.some((each) => isTaken(module, { owner: each, name }))) return false;
  try {
    return holdersOf(owner, module).some((holder) => {
      const value: unknown = isStatic ? holder.value : membersOf(holder.value, owner);
      const live = Object.getOwnPropertyDescriptor(Object(value), name)?.value as unknown;
      const method = { owner: holder.name, key: name, isStatic };
      return keepsOld(module, method, { live, isGenerator: kind === "generator" });
    });
  } catch {
    // A proxy; or a class before its declaration has run, so that no code holds anything of it.
    return false;
  }
}

function membersOf(value: unknown, { kind }: MemberOwner): unknown {
  return kind === "class" ? (value as { prototype?: unknown }).prototype : value;
}

/**
 * Returns which name may have been meant by a new one, or nothing; undefined if the service has the
 * member.
 */
function hintOf(
  member: GivenMember,
  outline: PatchOutline,
  members: Members | undefined,
): string | undefined {
  const { owner, name, isStatic } = member;
  const known = isStatic ? members?.statics : members?.own;
  if (known === undefined || known.has(name)) return undefined;
  const others = isStatic ? members?.own : members?.statics;
  if (owner.kind === "class" && others?.has(name) === true) {
    return ` (did you mean ${isStatic ? "" : "static "}${name}?)`;
  }
  // What the patch gives as well was not forgotten.
  const given = outline.members.filter((other) => other.owner.name === owner.name);
  return askFor(
    name,
    [...known].filter((each) => !given.some((other) => other.name === each)),
  );
}

function namesIn(
  owner: MemberOwner,
  node: ModuleNode,
  module: ModuleInstance | undefined,
): Members | undefined {
  try {
    if (module !== undefined) return liveMembers(owner, module);
    return readMembers(node.image, owner.kind === "group" ? groupNames(owner) : [owner.name]);
  } catch {
    // A proxy; or a class before its declaration has run: the commit will say so.
    return undefined;
  }
}

function liveMembers(owner: MemberOwner, module: ModuleInstance): Members | undefined {
  const values = holdersOf(owner, module).map(({ value }) => value);
  if (owner.kind === "group")
    return { own: new LiveNames(values.filter(isObject)), statics: NO_NAMES };
  const [live] = values;
  if (typeof live !== "function") return undefined;
  const { prototype } = live;
  refuseProxy(prototype);
  return { own: new LiveNames([prototype].filter(isObject)), statics: new LiveNames([live]) };
}

/** The running class, or the objects of a group, by name. */
function holdersOf(
  owner: MemberOwner,
  module: ModuleInstance,
): { readonly name: string; readonly value: unknown }[] {
  const holders =
    owner.kind === "class"
      ? [{ name: owner.name, value: module.read(owner.name) }]
      : groupNames(owner).map((name) => ({ name, value: module.get(name) }));
  for (const { value } of holders) refuseProxy(value);
  return holders;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** It would run code of the service. */
function refuseProxy(value: unknown): void {
  if (types.isProxy(value)) throw new TypeError("a proxy");
}

/** `accept` and `subscribe` are one group. */
function groupNames({ name }: MemberOwner): string[] {
  return name === "response" ? [name] : ["accept", "subscribe"];
}

/** An object, running or written; undefined keys if it holds none by name, or that cannot be told. */
interface View {
  readonly keys: readonly PropertyKey[] | undefined;
  readonly value: unknown;
  child(key: PropertyKey): View;
}

/** Sorts the members of one object into those that it has and new ones. */
// oxlint-disable-next-line max-params -- a table, and what tells its names
export function sortMembers(
  name: string,
  gift: TableGift,
  source: ModuleInstance | Image,
  enums: PatchOutline["enums"] = NO_ENUMS,
): { set: string[]; added: string[] } {
  const set: string[] = [];
  const added = new Set<string>();
  const { members } = gift;
  const isLive = "read" in source;
  const keys = foreseeKeys(gift, isLive ? enums : NO_ENUMS, (each) => {
    if (!isLive) throw new TypeError("it has no values");
    return source.read(each);
  });
  const root =
    "read" in source ? viewLive(readLive(source, name)) : viewText(findValue(source, name));
  for (const member of members) {
    const label = [publicName(name), ...member.path.slice(1)];
    const found = look(root, member, { members, keys });
    if (found.news !== undefined) {
      added.add(`${showPath(label.slice(0, found.depth))}${found.news}`);
    } else if (!found.isSame) set.push(showPath(label));
  }
  return { set, added: [...added] };
}

interface Look {
  /** How long the way is to what is new, and which name may have been meant. */
  readonly depth?: number;
  readonly news?: string;
  /** Whether the object has that value. */
  readonly isSame?: boolean;
}

const NO_ENUMS: PatchOutline["enums"] = new Map();

function look(
  root: View,
  { path, data }: TableMember,
  { members, keys: names }: { readonly members: readonly TableMember[]; readonly keys: Keys },
): Look {
  let view = root;
  for (let depth = 1; depth < path.length; depth += 1) {
    const label = path[depth] ?? "";
    const key = names.get(label) ?? label;
    const { keys } = view;
    if (keys === undefined) return {};
    if (!keys.includes(key)) {
      const given = new Set(
        members.flatMap((member) => {
          const isBeside = path.slice(0, depth).every((each, at) => member.path[at] === each);
          return isBeside ? [member.path[depth]] : [];
        }),
      );
      const others = keys.filter((each) => typeof each === "string" && !given.has(each));
      const news = isReadKey(label) ? "" : askFor(label, others as string[]);
      return { depth: depth + 1, news };
    }
    view = view.child(key);
  }
  return { isSame: data !== undefined && isDeepStrictEqual(view.value, data.value) };
}

function viewLive(value: unknown): View {
  return {
    keys: isPlain(value) ? Reflect.ownKeys(value) : undefined,
    value,
    child: (key) => viewLive(Reflect.getOwnPropertyDescriptor(value as object, key)?.value),
  };
}

/** What is not written out is no value that a patch could repeat. */
const UNKNOWN = Symbol("unknown");

function viewText(node: TextObject | undefined): View {
  const keys = node?.type === "ObjectExpression" ? writtenKeysOf(node) : undefined;
  const value = node !== undefined && isWrittenOut(node) ? dataOf(node) : UNKNOWN;
  return { keys, value, child: (key) => viewText(memberOf(node, String(key))) };
}

function writtenKeysOf(node: TextObject & { type: "ObjectExpression" }): string[] | undefined {
  const keys: string[] = [];
  for (const property of node.properties) {
    const key = memberKeyOf(property)?.name;
    if (key === undefined) return undefined;
    keys.push(key);
  }
  return keys;
}

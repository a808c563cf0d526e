/**
 * What a patch changes of a class besides its methods, as far as the text tells, and whether it
 * may.
 */

import type { AnyNode, Class } from "acorn";
import type { SnaxError } from "../../base/error.ts";
import { messageOf } from "../../service/error-text.ts";
import type { Image } from "../../loader/weave/image.ts";
import { canStand, kindOf } from "../../loader/weave/method-check.ts";
import { publicName } from "../../loader/read/record.ts";
import type { Syntax } from "../../loader/read/syntax.ts";
import type { ComputedScope } from "../../loader/read/computed.ts";
import type { ClassOutline, FieldOutline } from "./class-outline.ts";
import { readOutline } from "./class-outline.ts";
import { checkConstruction, checkStatic, isConstructing, kindOfStatic } from "./class-rules.ts";
import type { StaticKind } from "./class-rules.ts";
import type { PatchText } from "./patch-text.ts";
import type { RunningClass, RunningText } from "./running-class.ts";
import { readRunningClass } from "./running-class.ts";
import type { TableGift } from "./table-text.ts";
import { readTable } from "./table-text.ts";

/** What changes of the construction of a class, as far as the text tells. */
export interface ConstructionChange {
  /** Whether the patch gives a constructor, and which of its parameters are properties. */
  readonly hasMaker: boolean;
  readonly properties: readonly string[];
  /** What the running class has. */
  readonly running: RunningText;
}

/** What the text of a patch says of the static fields that it gives to a class. */
export interface StaticsChange {
  /** In the order of the text. */
  readonly kinds: readonly StaticKind[];
  /** What messages call them. */
  readonly names: readonly string[];
  /** The members that the patch gives to those that are objects. */
  readonly tables: ReadonlyMap<string, TableGift>;
  /** Those of the objects that the module's text has in the same words: only what patches gave to them is given back. */
  readonly repeated: ReadonlySet<string>;
  /** The same for those whose members can't be given, and why. */
  readonly unread: ReadonlyMap<string, string>;
  /** Whether the running text lacks one of them. */
  readonly isAdding: boolean;
  /** The literals of the running text. */
  readonly literals: ReadonlyMap<PropertyKey, unknown>;
}

/** What a patch changes of a class besides its methods. */
export interface ClassChange {
  /** Undefined if later instances are made as before. */
  readonly construction: ConstructionChange | undefined;
  /** Undefined if the patch gives no static field. */
  readonly statics: StaticsChange | undefined;
  /**
   * The fields that the class has had by its text, and those that are new, properties of the
   * constructor among them.
   */
  readonly fields: readonly string[];
  readonly newFields: readonly string[];
  /** Whether one of them has a name that only shows when it runs. */
  readonly hasComputed: boolean;
  /** The fields with an arrow function which that of live instances can hand its calls to. */
  readonly followed: ReadonlySet<string>;
}

/** What messages call a member whose name only shows when it runs. */
const COMPUTED = "[...]";

/** The class that a patch replaces. */
export interface LiveClass {
  readonly name: string;
  readonly image: Image;
  /** What it is made of, if a patch has added it. */
  readonly running: RunningClass | undefined;
  /** Whether a name is one of the module's or the patch's own. */
  readonly scope: ComputedScope;
  /** Makes the error that names the class. */
  readonly refuse: (why: string) => SnaxError;
}

const NOTHING: ClassChange = {
  construction: undefined,
  statics: undefined,
  fields: [],
  newFields: [],
  hasComputed: false,
  followed: new Set(),
};

/**
 * Reads the fields, the statics and the constructor of a class in a patch.
 *
 * @returns the outline without static fields that do nothing, and what it changes.
 * @throws {ERR_PATCH_CLASS} if the running class can't take them.
 */
export function readClassChange(
  node: Class,
  { syntax, parameterProperties }: PatchText,
  live: LiveClass,
): { outline: ClassOutline; change: ClassChange } {
  const outline = readOutline(node, parameterProperties);
  const isMaking = isConstructing(outline);
  if (!isMaking && !outline.statics.some((field) => field.node.value)) {
    return { outline: { ...outline, statics: [] }, change: NOTHING };
  }
  const running = live.running ?? readRunning(live);
  const refusal = isMaking ? checkConstruction(outline, running) : undefined;
  if (refusal !== undefined) throw live.refuse(refusal);
  const tables = new StaticTables();
  const statics = outline.statics.flatMap((field) => {
    const kind = kindOfStatic(field, running, syntax.code);
    const why = checkStatic(live.name, field, kind, running);
    if (why !== undefined) throw live.refuse(why);
    const isGiven = kind === "table" ? tables.read(field, syntax, running, live) : kind !== "type";
    return isGiven ? [{ field, kind }] : [];
  });
  const given = [
    ...outline.properties,
    ...outline.fields.flatMap(({ node: { value }, name }) => (value ? (name ?? COMPUTED) : [])),
  ];
  const known = new Set([...running.fields, ...running.running.properties]);
  return {
    outline: { ...outline, statics: statics.map(({ field }) => field) },
    change: {
      construction: isMaking
        ? {
            hasMaker: outline.maker !== undefined,
            properties: outline.properties,
            running: running.running,
          }
        : undefined,
      statics:
        statics.length + tables.unread.size === 0 ? undefined : toChange(statics, running, tables),
      fields: given.filter((name) => known.has(name)),
      newFields: given.filter((name) => !known.has(name)),
      hasComputed: given.includes(COMPUTED),
      followed: new Set(
        outline.fields.flatMap((field) =>
          follows(field, running, live) ? [field.name ?? ""] : [],
        ),
      ),
    },
  };
}

/** Says whether the arrow function of a field can run in the place of the one that the image has. */
function follows(
  { node: { value }, name }: FieldOutline,
  { arrows }: RunningClass,
  { image, ...live }: LiveClass,
): boolean {
  if (value?.type !== "ArrowFunctionExpression" || live.running !== undefined) return false;
  // The constructor may set a field of that name to a function that has its parameters.
  if (name === undefined || !arrows.has(name)) return false;
  const { methods, checked } = image.data;
  const held = methods.find(
    (each) => each.fieldLength !== undefined && each.owner === live.name && each.name === name,
  );
  if (held === undefined || !checked.has(held.variable)) return false;
  const takesMore = value.params.length > (held.fieldLength ?? 0);
  const hasRest = value.params.at(-1)?.type === "RestElement";
  return !takesMore && !hasRest && canStand(kindOf(value), held.kind) !== undefined;
}

function toChange(
  statics: readonly { readonly field: FieldOutline; readonly kind: StaticKind }[],
  running: RunningClass,
  { tables, repeated, unread }: StaticTables,
): StaticsChange {
  const literals = new Map<PropertyKey, unknown>();
  for (const [name, { literal }] of running.statics) {
    if (literal !== undefined) literals.set(name, literal.value);
  }
  return {
    kinds: statics.map(({ kind }) => kind),
    names: statics.map(({ field }) => field.name ?? COMPUTED),
    isAdding: statics.some(({ field: { name } }) => !running.statics.has(name ?? "[")),
    ...{ literals, tables, repeated, unread },
  };
}

/** The objects in static fields that a patch gives members to. */
class StaticTables {
  readonly tables = new Map<string, TableGift>();
  readonly repeated = new Set<string>();
  readonly unread = new Map<string, string>();

  /** @returns whether it gives any; one that is repeated need not be readable. */
  // oxlint-disable-next-line max-params -- a field, and the texts that it and the class are in
  read(field: FieldOutline, syntax: Syntax, running: RunningClass, live: LiveClass): boolean {
    const { name = "", node } = field;
    const { start, end } = node.value ?? node;
    const isRepeated = running.statics.get(name)?.text === syntax.code.slice(start, end);
    try {
      this.tables.set(name, readStaticTable(field, syntax, running, live));
    } catch (error) {
      if (!isRepeated) throw error;
      this.unread.set(name, messageOf(error));
      return false;
    }
    if (isRepeated) this.repeated.add(name);
    return true;
  }
}

/** The members that a patch gives to an object in a static field, each of which may be put in place. */
function readStaticTable(
  { name = "", node: { value } }: FieldOutline,
  { code }: Syntax,
  { statics }: RunningClass,
  { name: owner, scope, refuse }: LiveClass,
): TableGift {
  const table = statics.get(name)?.table;
  const texts = { patch: code, module: table?.code ?? "" };
  const place = { value: value as AnyNode, text: table?.node, texts };
  return readTable(`${publicName(owner)}.${name}`, place, scope, (_, why) => refuse(why));
}

function readRunning({ name, image, refuse }: LiveClass): RunningClass {
  let running: RunningClass | undefined;
  try {
    running = readRunningClass(image, name);
  } catch (error) {
    throw refuse(`its fields and its constructor can't be told apart: ${messageOf(error)}`);
  }
  if (running === undefined) throw refuse("its text was not found");
  return running;
}

/**
 * A patch's `const Moves = { tackle: { onHit() { ... } } }` for an object that the module has:
 * which members it gives.
 *
 * Only what can be put in place member by member may be in it: functions, objects of these, and
 * values that are written out. They are made when the patch is bound, before anything changes, so
 * none of them may run code.
 */

import type { AnyNode } from "acorn";
import { isFunction } from "../../loader/read/names.ts";
import type { IsDeclared } from "../../loader/read/written.ts";
import { dataOf, isCollection, isData, isFrozen, thaw } from "../../loader/read/written.ts";
import type { TextObject } from "../../loader/weave/text-members.ts";
import type { MemberKey } from "../../loader/read/member-key.ts";
import { isReadKey, memberKeyOf, showPath, wayText, wayTo } from "../../loader/read/member-key.ts";
import type { ComputedScope } from "../../loader/read/computed.ts";
import type { ListGift, ListTexts } from "./list-text.ts";
import { readList } from "./list-text.ts";
import { memberOf } from "../../loader/weave/text-members.ts";

/** A member that a patch gives, by its way from the name of the module. */
export interface TableMember {
  readonly path: readonly string[];
  /** A value that is written out, for one that is no function. */
  readonly data?: { readonly value: unknown };
}

/** Members that a patch gives to an object or a list of the module. */
export interface TableGift {
  readonly members: readonly TableMember[];
  /**
   * The values that the module's text gives to members that are no functions, by {@link keyOfPath}.
   */
  readonly bases: ReadonlyMap<string, unknown>;
  /** The lists, Sets and Maps with functions in them, by {@link keyOfPath}. */
  readonly lists: ReadonlyMap<string, ListGift>;
  /** Where names in brackets are read: `[Kind.Bow]`, as it is in the paths, with `Kind` and `Bow`. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  /** Where the module's text reads members that are no functions: `{ limit: MAX }`, by {@link keyOfPath}. */
  readonly ways: ReadonlyMap<string, readonly string[]>;
  /** Whether it reads what the same patch may change, so that it is made when the rest is in. */
  readonly isLate: boolean;
  /** What the spreads spread that the patch repeats from the module's text: what they gave is there. */
  readonly spreads: readonly AnyNode[];
}

/** Takes what can't be in a table, and why. */
export type RefuseMember = (node: AnyNode, why: string) => Error;

/**
 * Tells whether a value gives members to what the module has.
 *
 * @param text - what the module's own text has under the name; what is written out there as
 * something else has no such members, what a call has made may have some.
 */
export function hasMembers(
  value: AnyNode,
  text: TextObject | undefined,
  isDeclared: IsDeclared,
  texts: ListTexts,
): boolean {
  if (text !== undefined && readList(value, text, isDeclared, texts)?.base !== undefined)
    return true;
  if (isCollection(value, isDeclared)) {
    return text !== undefined && isCollection(text, isDeclared) && nameOf(text) === nameOf(value);
  }
  if (isFrozen(value, isDeclared)) {
    if (text === undefined || !isFrozen(text, isDeclared)) return false;
    return hasMembers(thaw(value, isDeclared), thaw(text, isDeclared), isDeclared, texts);
  }
  const isMade = text?.type === "NewExpression" || text?.type === "ClassExpression";
  if (isMade) return false;
  if (value.type === "ObjectExpression") return value.properties.length > 0;
  return value.type === "ArrayExpression";
}

function nameOf({ callee }: AnyNode & { type: "NewExpression" }): string {
  return callee.type === "Identifier" ? callee.name : "";
}

/** Reads the members; `text` is what the module's own text has under the name. */
export function readTable(
  name: string,
  {
    value,
    text,
    texts,
  }: {
    readonly value: AnyNode;
    readonly text: TextObject | undefined;
    readonly texts: ListTexts;
  },
  scope: ComputedScope,
  refuse: RefuseMember,
): TableGift {
  const reader = new TableReader(scope, refuse, texts);
  reader.read([name], value, text);
  return reader;
}

/** A way to a member as one text. */
export function keyOfPath(path: readonly string[]): string {
  return path.join("\0");
}

class TableReader implements TableGift {
  readonly members: TableMember[] = [];
  readonly bases = new Map<string, unknown>();
  readonly lists = new Map<string, ListGift>();
  readonly keys = new Map<string, readonly string[]>();
  readonly ways = new Map<string, readonly string[]>();
  readonly spreads: AnyNode[] = [];
  isLate = false;
  readonly #scope: ComputedScope;
  readonly #isDeclared: IsDeclared;
  readonly #refuse: RefuseMember;
  readonly #texts: ListTexts;

  constructor(scope: ComputedScope, refuse: RefuseMember, texts: ListTexts) {
    this.#scope = scope;
    this.#isDeclared = scope.isDeclared;
    this.#refuse = refuse;
    this.#texts = texts;
  }

  read(path: readonly string[], given: AnyNode, text: TextObject | undefined): void {
    const isDeclared = this.#isDeclared;
    const list = readList(given, text, isDeclared, this.#texts);
    if (list !== undefined) {
      this.members.push({ path });
      this.lists.set(keyOfPath(path), list);
      return;
    }
    const inner = thaw(given, isDeclared);
    // The members of a frozen object are read; a frozen list or a Set is a value.
    const value = inner.type === "ObjectExpression" ? inner : given;
    if (text === undefined && path.length > 1 && this.#isCopy(value)) {
      this.members.push({ path });
      this.#noteData(path, value);
      this.isLate = true;
    } else if (value.type === "ObjectExpression") this.#readObject(path, value, text);
    else if (isFunction(value)) this.members.push({ path });
    else if (value.type === "Identifier" || this.#isWay(value)) {
      this.members.push({ path });
      // What it stands for the same patch may change.
      if (value.type !== "Identifier" || this.#scope.isConstant(value.name)) this.isLate = true;
      this.#noteBase(path, text);
    } else if (isData(value, isDeclared)) {
      this.members.push({ path, data: { value: dataOf(value) } });
      this.#noteBase(path, text);
    } else {
      const member = showPath(path);
      const why = `${member} is neither a function nor written out: assign it in hotfix(), ${member} = ...`;
      throw this.#refuse(value, why);
    }
  }

  /** What the module's text has where the patch gives a value. */
  #noteBase(path: readonly string[], text: TextObject | undefined): void {
    if (text === undefined) return;
    const key = keyOfPath(path);
    const way = isFunction(text) ? undefined : wayTo(text);
    if (isData(text, this.#isDeclared)) this.bases.set(key, dataOf(text));
    else if (way !== undefined && way[0] !== undefined && this.#isDeclared(way[0])) {
      this.ways.set(key, way);
    }
  }

  /** `Kind.Bow`, a member of something that the module names. */
  #isWay(node: AnyNode): boolean {
    const [root] = (node.type === "MemberExpression" ? wayTo(node) : undefined) ?? [];
    return root !== undefined && this.#isDeclared(root);
  }

  /** An object that begins with spreads of what the module names, and has only functions and values besides. */
  #isCopy(node: AnyNode): boolean {
    if (node.type !== "ObjectExpression") return false;
    return node.properties.some(({ type }) => type === "SpreadElement") && this.#isEntry(node);
  }

  /** The data that is written out in a new entry is a constant to later patches. */
  #noteData(path: readonly string[], node: AnyNode): void {
    if (node.type === "ObjectExpression") {
      for (const each of node.properties) {
        const name = memberKeyOf(each)?.name;
        if (each.type === "Property" && name !== undefined) {
          this.#noteData([...path, name], each.value);
        }
      }
    } else if (isData(node, this.#isDeclared)) {
      this.members.push({ path, data: { value: dataOf(node) } });
    }
  }

  #isEntry(node: AnyNode): boolean {
    if (isFunction(node) || node.type === "Identifier" || this.#isWay(node)) return true;
    if (node.type !== "ObjectExpression") return isData(node, this.#isDeclared);
    return node.properties.every((each) => {
      if (each.type === "SpreadElement") {
        const [root] = wayTo(each.argument) ?? [];
        return root !== undefined && this.#isDeclared(root);
      }
      const isNamed = !each.computed && memberKeyOf(each)?.name !== "__proto__";
      return isNamed && each.kind === "init" && this.#isEntry(each.value);
    });
  }

  /** What to write in the place of a spread or a computed name. */
  #adviceFor(name: string, property: AnyNode, text: TextObject | undefined): string {
    const { patch } = this.#texts;
    if (property.type !== "Property") {
      const spread = patch.slice(property.start, property.end);
      if (this.#isRepeated(property, text))
        return `${spread} is behind members, and may give others: put it in front of them, or leave it out`;
      return `leave ${spread} out, for what the patch does not name stays; to add what it has, write Object.assign in hotfix()`;
    }
    const key = patch.slice(property.key.start, property.key.end);
    return `[${key}] is computed; write the name itself, or assign it in hotfix(), ${name}[${key}] = ...`;
  }

  /** Whether the module's text has the same spread at the same place, of a name or a member. */
  #isRepeated(spread: AnyNode, text: TextObject | undefined): boolean {
    const given = text === undefined ? text : thaw(text, this.#isDeclared);
    if (given?.type !== "ObjectExpression" || spread.type !== "SpreadElement") return false;
    const way = wayText(spread.argument);
    if (way === undefined) return false;
    return given.properties.some(
      (each) => each.type === "SpreadElement" && wayText(each.argument) === way,
    );
  }

  /** Whether the name can be read: its text begins with a name of the module, or with `Symbol`. */
  #isKnown({ way }: MemberKey): boolean {
    const [root] = way ?? [];
    return root === undefined || root === "Symbol" || this.#isDeclared(root);
  }

  #readObject(
    path: readonly string[],
    { properties }: AnyNode & { type: "ObjectExpression" },
    text: TextObject | undefined,
  ): void {
    const name = showPath(path);
    for (const [at, property] of properties.entries()) {
      const isFirst = properties.slice(0, at).every(({ type }) => type === "SpreadElement");
      if (isFirst && property.type === "SpreadElement" && this.#isRepeated(property, text)) {
        this.spreads.push(property.argument);
        continue;
      }
      const key = memberKeyOf(property);
      if (property.type !== "Property" || key === undefined || !this.#isKnown(key)) {
        const why = `the members of ${name} that change are written out, each by its name`;
        throw this.#refuse(property, `${why}: ${this.#adviceFor(name, property, text)}`);
      }
      if (key.name === "__proto__")
        throw this.#refuse(property, "no member can be named __proto__");
      if (key.way !== undefined) {
        this.keys.set(key.name, key.way);
        this.isLate = true;
      } else if (isReadKey(key.name)) {
        throw this.#refuse(
          property,
          `a member named ${key.name} can't be given: assign it in hotfix()`,
        );
      }
      this.read([...path, key.name], property.value, memberOf(text, key.name));
    }
  }
}

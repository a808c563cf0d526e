/**
 * What an edit of a class does to the running one, and to the instances that live.
 *
 * Methods are grafted onto the running class. Fields and the constructor are for instances made from now
 * on, which is a note. What only a new class could have, another parent, a static block, `#private`
 * members, needs a reload.
 */

import type { AnyNode, Class } from "acorn";
import { DEFAULT_NAME } from "../loader/read/record.ts";
import { wayTo } from "../loader/read/member-key.ts";
import { isFunction, isLiteral } from "../loader/read/names.ts";
import { leftBehind } from "./closure.ts";
import type { EditScene } from "./edit-scene.ts";
import { changeConstruction, changeMember, changeUnnamed, shownText } from "./edit-scene.ts";
import { listMembers, touchesPrivate } from "./member.ts";
import { heldText } from "./held-text.ts";
import type { Member } from "./member.ts";
import type { Part } from "./diff-table.ts";
import { diffStaticTable, tablesIn } from "./diff-table.ts";
import type { Piece } from "./module-text.ts";
import { isSameTree } from "./same-tree.ts";

/** A member of the edited class, and the one of the running class with its key. */
interface MemberPair {
  readonly now: Member;
  readonly was: Member | undefined;
}

/** Compares two texts of a class. */
export function diffClass(scene: EditScene, was: Piece, now: Piece): void {
  new ClassDiff(scene, was, now).run();
}

class ClassDiff {
  readonly #scene: EditScene;
  readonly #was: Piece;
  readonly #now: Piece;
  readonly #name: string;
  readonly #kept: (Member | Part)[] = [];

  constructor(scene: EditScene, was: Piece, now: Piece) {
    this.#scene = scene;
    this.#was = was;
    this.#now = now;
    this.#name = was.name.startsWith("$") ? "default" : was.name;
  }

  run(): void {
    const { was: before, now: after, writer } = this.#scene;
    const [old, edited] = [this.#was.value as Class, this.#now.value as Class];
    if (!isSameTree(old.superClass, edited.superClass)) {
      const parent = edited.superClass ? shownText(after, edited.superClass) : "nothing";
      this.#reload(`it extends ${parent} now`, this.#now.start);
      return;
    }
    const oldMembers = listMembers(old, before.syntax.code, before.syntax.decorated?.decorators);
    const members = listMembers(edited, after.syntax.code, after.syntax.decorated?.decorators);
    const pairs = members.flatMap((now) => {
      const found = oldMembers.find(({ key }) => key === now.key);
      return found !== undefined && this.#isSame(found, now) ? [] : [{ now, was: found }];
    });
    const refusal = this.#findRefusal(oldMembers, pairs);
    if (refusal !== undefined) {
      this.#reload(refusal.why, refusal.at);
      return;
    }
    for (const pair of pairs) this.#compare(pair, members);
    for (const member of oldMembers) {
      if (!members.some(({ key }) => key === member.key)) this.#lose(member, members);
    }
    if (this.#kept.length === 0) return;
    writer.keep(
      { start: this.#now.statement.start, end: edited.body.start + 1 },
      this.#head(edited),
    );
    for (const part of this.#kept) writer.keep(part, "text" in part ? part.text : undefined);
    writer.keep({ start: edited.body.end - 1, end: this.#now.end });
  }

  /** In a service's own file an export means nothing, and a class there needs none in a patch. */
  #head(edited: Class): string | undefined {
    const { syntax } = this.#scene.now;
    if (this.#now.isAlone) return undefined;
    return `const ${syntax.text.slice(this.#now.declaration.start, edited.body.start + 1)}`;
  }

  #isSame(was: Member, now: Member): boolean {
    if (!isSameTree(was.node, now.node)) return false;
    const [before, after] = [this.#scene.was.syntax, this.#scene.now.syntax];
    if (was.kind !== "constructor" || now.kind !== "constructor") return true;
    const propertiesOf = ({ node }: Member, { parameterProperties }: typeof before): string => {
      if (node.type !== "MethodDefinition") return "";
      return node.value.params.map(({ start }) => parameterProperties.has(start)).join();
    };
    return propertiesOf(was, before) === propertiesOf(now, after);
  }

  #findRefusal(
    old: readonly Member[],
    pairs: readonly MemberPair[],
  ): { why: string; at: number } | undefined {
    const hasPrivate = old.some(({ node }) => isPrivate(node));
    for (const { now, was } of pairs) {
      const at = now.start;
      if (now.kind === "static block") return { why: "a static block would run again", at };
      if (touchesPrivate(now.node)) {
        const why = `${now.key} touches #private members, which only the class that made them reaches`;
        return { why, at };
      }
      const isMaking = now.kind === "constructor" || (now.kind === "field" && !now.isStatic);
      if (isMaking && hasPrivate) {
        const why = "it has #private members, and instances of a patched class would lack them";
        return { why, at };
      }
      if (was !== undefined && was.kind !== now.kind) {
        return { why: `${now.key} is a ${now.kind} now and was a ${was.kind}`, at };
      }
      if (now.name === undefined && !this.#isNamed(now)) {
        return { why: `the name of ${now.key} only shows when it is computed`, at };
      }
    }
    return undefined;
  }

  /** Whether a name in brackets is read from somewhere, and means what it meant when the class was made. */
  #isNamed({ node }: Member): boolean {
    const way = node.type === "MethodDefinition" ? wayTo(node.key) : undefined;
    if (way === undefined) return false;
    const [name = ""] = way;
    const { was, now } = this.#scene;
    const [before, after] = [was.byName.get(name), now.byName.get(name)];
    return before?.isConst !== false && isSameTree(before?.value, after?.value);
  }

  #compare(pair: MemberPair, members: readonly Member[]): void {
    const { now } = pair;
    if (now.kind === "field") this.#compareField(pair);
    else if (now.kind === "constructor") {
      changeConstruction(this.#scene, this.#was.name);
      this.#say("note", now, "constructor: for instances made from now on");
      this.#kept.push(now);
    } else {
      this.#compareMethod(pair);
      this.#kept.push(now);
      // A getter without its setter would take that away.
      const other = members.find((each) => isOtherHalf(each, now) && !this.#kept.includes(each));
      if (other !== undefined) this.#kept.push(other);
    }
  }

  #compareMethod({ now, was }: MemberPair): void {
    const { name } = now;
    const what = `${this.#name}.${name ?? now.key}`;
    if (name === undefined) {
      changeUnnamed(this.#scene, now.node, what);
      this.#sayMethod(now, was && leftBehind(functionOf(was), functionOf(now)), was === undefined);
      return;
    }
    if (was === undefined) {
      changeMember(this.#scene, name, what);
      this.#sayMethod(now, undefined, true);
      return;
    }
    const [before, after] = [functionOf(was), functionOf(now)];
    const held = heldText(this.#scene, name, before, after);
    changeMember(this.#scene, name, what, now.kind === "method" && held === undefined);
    this.#sayMethod(now, held ?? leftBehind(before, after));
  }

  #sayMethod(now: Member, why: string | undefined, isNew = false): void {
    if (why !== undefined) this.#say("note", now, `method: ${why}`);
    else this.#say("applied", now, isNew ? "new method" : "method, also of live instances");
  }

  #compareField({ now, was }: MemberPair): void {
    const value = valueOf(now);
    if (now.isStatic) {
      this.#compareStatic({ now, was });
      return;
    }
    if (value === undefined && was === undefined) return;
    changeConstruction(this.#scene, this.#was.name);
    let why = "field: for instances made from now on";
    if (was === undefined)
      why = "new field: live instances lack it, until hotfix() gives it to them";
    else if (value !== undefined && isFunction(value)) {
      why =
        "field that holds a function: live instances may keep the old one, which the log says; make it a method";
    }
    if (value === undefined) why = "field without a value now: it is as it was";
    else this.#kept.push(now);
    this.#say("note", now, why);
  }

  #compareStatic({ now, was }: MemberPair): void {
    const name = now.name ?? "";
    const [before, after] = [was === undefined ? undefined : valueOf(was), valueOf(now)];
    if (was === undefined) {
      if (after === undefined) return;
      const isPlain = isLiteral(after) || isFunction(after);
      this.#say(isPlain ? "applied" : "note", now, isPlain ? "new" : "new: it is computed now");
      this.#kept.push(now);
      return;
    }
    const tables = before && after && tablesIn(this.#scene, before, after);
    if (tables !== undefined) {
      const path = [this.#name, name];
      const parts = diffStaticTable(this.#scene, this.#was, path, tables);
      if (parts.length === 0) return;
      const [, { start, end }] = tables;
      this.#kept.push({ start: now.start, end: start }, ...parts, { start: end, end: now.end });
      return;
    }
    const isConstant = before && after && isLiteral(before) && isLiteral(after);
    const isCode = before && after && isFunction(before) && isFunction(after);
    if ((!isConstant && !isCode) || this.#scene.uses.assigned.has(name)) {
      const how = `${this.#name}.${name} = ...`;
      this.#say(
        "note",
        now,
        `state of the class: it keeps its value; to set it now: hotfix() { ${how}; }`,
      );
      return;
    }
    if (isCode) {
      this.#compareStaticFunction(now, before, after);
      return;
    }
    changeMember(this.#scene, name, `${this.#name}.${name}`);
    const shown = `${shownText(this.#scene.was, before)} -> ${shownText(this.#scene.now, after)}`;
    this.#say("applied", now, `constant, ${shown}`);
    this.#kept.push(now);
  }

  #compareStaticFunction(now: Member, before: AnyNode, after: AnyNode): void {
    const name = now.name ?? "";
    changeMember(this.#scene, name, `${this.#name}.${name}`);
    const held = this.#scene.uses.taken.has(name)
      ? "code that has taken it as a value keeps the old one"
      : undefined;
    const why = held ?? leftBehind(before, after);
    this.#say(
      why === undefined ? "applied" : "note",
      now,
      why === undefined ? "function" : `function: ${why}`,
    );
    this.#kept.push(now);
  }

  #lose(member: Member, members: readonly Member[]): void {
    const { writer } = this.#scene;
    if (member.kind === "static block") return;
    const what = `${this.#name}.${member.key}`;
    const other = members.find(
      ({ name, isStatic }) =>
        name !== undefined && name === member.name && isStatic === member.isStatic,
    );
    // To delete the name would take away what is in its place.
    if (other !== undefined && member.kind !== "field" && member.kind !== "constructor") {
      if (!isOtherHalf(other, member)) return;
      const why = "taken out of the file: the running class keeps this half of the property";
      writer.say("note", what, why);
      return;
    }
    const isState = member.kind === "field" || member.kind === "constructor";
    if (isState) {
      const why = member.isStatic
        ? "taken out of the file: the class keeps it"
        : "taken out of the file: instances have it all the same";
      writer.say("note", what, why);
    } else if (member.name !== undefined && this.#was.name !== DEFAULT_NAME) {
      const way = member.isStatic ? "" : "prototype.";
      writer.delete(`${this.#was.name}.${way}${member.name}`, what);
      changeMember(this.#scene, member.name, what);
      writer.say("applied", what, "taken away");
    } else writer.say("note", what, "taken out of the file: the running class keeps it");
  }

  #say(verdict: "applied" | "note", { key, start }: Member, why: string): void {
    this.#scene.writer.say(verdict, `${this.#name}.${key}`, why, start);
  }

  #reload(why: string, at: number): void {
    this.#scene.writer.say("reload", `class ${this.#name}`, why, at);
  }
}

function isPrivate(node: Member["node"]): boolean {
  return node.type !== "StaticBlock" && node.key.type === "PrivateIdentifier";
}

function isOtherHalf(member: Member, { name, kind, isStatic }: Member): boolean {
  return member.kind === "accessor" && kind === "accessor"
    ? member.name === name && member.isStatic === isStatic
    : false;
}

function functionOf({ node }: Member): AnyNode {
  return node.type === "MethodDefinition" ? node.value : node;
}

function valueOf({ node }: Member): AnyNode | undefined {
  return node.type === "PropertyDefinition" ? (node.value ?? undefined) : undefined;
}

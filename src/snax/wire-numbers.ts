/**
 * The numbers of a type's methods on skynet's wire.
 *
 * Between nodes a method is the number that its place in the text gives it, as in skynet: the first
 * is 5, whatever its group. Its place is where its function is written: in the group, or at the top
 * level if the group names it there.
 *
 *     function ping() {}                          5
 *     function sleep() {}                         6
 *     export const accept = { sleep };
 *     export const response = { ping, error() {} }      7
 *
 * Inside a node other numbers stand for methods (snax-host.ts), on which nodes do not agree.
 */

import { readFileSync } from "node:fs";
import type { Expression, Program, Property, SpreadElement } from "acorn";
import { SnaxError } from "../base/error.ts";
import { parseModule } from "../loader/read/syntax.ts";
import { transformNow } from "../loader/build/transformer.ts";
import type { Group, MethodName } from "./snax-host.ts";
import { FIRST_METHOD, GROUP_EXPORTS } from "./snax-host.ts";

/** The methods of one type, in the order of the text. */
export class WireNumbers {
  readonly #names: readonly MethodName[];

  constructor(names: readonly MethodName[]) {
    this.#names = names;
  }

  /** Returns which method a number stands for. */
  nameOf(number: number): MethodName | undefined {
    return this.#names[number - FIRST_METHOD];
  }

  /** Returns the number of a method. */
  numberOf(group: Group, name: string): number | undefined {
    const at = this.#names.findIndex((method) => method.group === group && method.name === name);
    return at < 0 ? undefined : FIRST_METHOD + at;
  }
}

/**
 * Reads the numbers from a file.
 *
 * @throws {ERR_MODULE} if a group is not written as an object with names: what its methods are only
 * shows when it runs.
 */
export function readWireNumbers(file: string): WireNumbers {
  return wireNumbersOf(readFileSync(file, "utf8"), file);
}

/** The same for a text; `file` is what errors call it. */
export function wireNumbersOf(text: string, file: string): WireNumbers {
  return new WireNumbers(
    new Reader(parseModule(text, file, { transform: transformNow }).ast, file).methods(),
  );
}

/** A method and its place. */
interface Placed extends MethodName {
  readonly at: number;
}

/** Reads the methods of one file. */
class Reader {
  readonly #file: string;
  /** What variables of the top level begin as. */
  readonly #values = new Map<string, Expression | null | undefined>();
  /** Where functions of the top level are written. */
  readonly #functions = new Map<string, number>();
  /** The exported name of each group, and its variable. */
  readonly #exports: [name: string, local: string][] = [];

  constructor(ast: Program, file: string) {
    this.#file = file;
    for (const statement of ast.body) {
      if (statement.type !== "ExportNamedDeclaration") {
        this.#declare(statement);
        continue;
      }
      for (const name of this.#declare(statement.declaration)) this.#exports.push([name, name]);
      if (statement.source) continue;
      for (const { local, exported } of statement.specifiers) {
        if (local.type !== "Identifier" || exported.type !== "Identifier") continue;
        this.#exports.push([exported.name, local.name]);
      }
    }
  }

  /** The methods in their order. */
  methods(): MethodName[] {
    const placed = GROUP_EXPORTS.flatMap(([name, group]) => {
      const local = this.#exports.find(([exported]) => exported === name)?.[1];
      return local === undefined ? [] : this.#list(name, group, this.#values.get(local));
    });
    placed.sort((a, b) => a.at - b.at);
    return placed.map(({ group, name }) => ({ group, name }));
  }

  /** Takes note of what a statement declares. @returns the names of its variables */
  #declare(statement: Program["body"][number] | null | undefined): string[] {
    if (statement?.type === "FunctionDeclaration") {
      this.#functions.set(statement.id.name, statement.start);
    }
    if (statement?.type !== "VariableDeclaration") return [];
    return statement.declarations.flatMap(({ id, init }) => {
      if (id.type !== "Identifier") return [];
      this.#values.set(id.name, init);
      const isFunction =
        init?.type === "ArrowFunctionExpression" || init?.type === "FunctionExpression";
      if (isFunction) this.#functions.set(id.name, init.start);
      return [id.name];
    });
  }

  #list(exported: string, group: Group, value: Expression | null | undefined): Placed[] {
    if (value?.type !== "ObjectExpression") throw this.#unreadable(exported);
    return value.properties.flatMap((property) => this.#method(exported, group, property));
  }

  /** What is plainly no function is no method. */
  #method(exported: string, group: Group, property: Property | SpreadElement): Placed[] {
    if (property.type === "SpreadElement" || property.computed) throw this.#unreadable(exported);
    const { key, value, start } = property;
    if (value.type === "Literal") return [];
    const name = key.type === "Identifier" ? key.name : String((key as { value?: unknown }).value);
    const place = value.type === "Identifier" ? this.#functions.get(value.name) : undefined;
    return [{ group, name, at: place ?? start }];
  }

  #unreadable(exported: string): SnaxError {
    const rule = "on skynet's wire methods are numbered by their order in the text";
    const advice = "write it as an object with the names of its methods";
    return new SnaxError(
      "ERR_MODULE",
      `${this.#file}: ${exported} can't be numbered; ${rule}: ${advice}`,
    );
  }
}

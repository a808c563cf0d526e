/**
 * acorn, with lists of declared names that stay fast when they are long.
 *
 * For each declaration acorn searches the names of its scope for one that clashes: a module with
 * 40,000 names takes seconds. Its rules stay its own; the lists answer from a set once they have
 * grown. What is exported without being declared is left to the caller: in TypeScript that may be a
 * type, of which nothing is left.
 */

import { Parser } from "acorn";
import type { Options, Program } from "acorn";

/**
 * A list up to this length is searched as any other: few scopes are larger, and a set takes room.
 */
const SEARCHED_MAX = 32;

/** A list of names to which names are only added. */
class NameList extends Array<string> {
  #known: Set<string> | undefined = undefined;

  override push(name: string): number {
    this.#known?.add(name);
    return super.push(name);
  }

  /** Says where a name is only as far as the parser asks: at -1, or not. */
  override indexOf(name: string): number {
    if (this.length <= SEARCHED_MAX) return super.indexOf(name);
    this.#known ??= new Set(this);
    return this.#known.has(name) ? 0 : -1;
  }
}

/** What acorn's types leave out of its parser. */
interface ScopeParser extends Parser {
  readonly scopeStack: { var: string[]; lexical: string[]; functions: string[] }[];
  enterScope(flags: number): void;
  parse(): Program;
  raiseRecoverable(offset: number, message: string): void;
}

const UNDECLARED = /^Export '(.*)' is not defined$/s;

/** The parser of a module. */
export interface ModuleParser extends ScopeParser {
  undeclared: Map<string, number> | undefined;
}

/** Makes a parser; `at` is the offset where it begins. */
export type ModuleParserClass = new (options: Options, text: string, at?: number) => ModuleParser;

/** The parser, for those that extend it further. */
export const NameListParser: ModuleParserClass = Parser.extend((Base) => {
  class WithLists extends (Base as unknown as new (...args: unknown[]) => ScopeParser) {
    undeclared: Map<string, number> | undefined = undefined;

    override enterScope(flags: number): void {
      super.enterScope(flags);
      const scope = this.scopeStack.at(-1);
      if (scope === undefined) return;
      scope.var = new NameList();
      scope.lexical = new NameList();
      scope.functions = new NameList();
    }

    override raiseRecoverable(offset: number, message: string): void {
      const name = UNDECLARED.exec(message)?.[1];
      if (name !== undefined && this.undeclared !== undefined) this.undeclared.set(name, offset);
      else super.raiseRecoverable(offset, message);
    }
  }
  return WithLists as unknown as typeof Parser;
}) as unknown as ModuleParserClass;

/**
 * Parses as acorn's own `parse` does.
 *
 * @param undeclared - takes what is exported and not declared, by name, with the offset; without it
 * that is refused.
 */
export function parseTree(
  text: string,
  options: Options,
  undeclared?: Map<string, number>,
): Program {
  const parser = new NameListParser(options, text);
  parser.undeclared = undeclared;
  return parser.parse();
}

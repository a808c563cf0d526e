/**
 * acorn, with lists of declared names that stay fast when they are long.
 *
 * For each declaration acorn searches the names of its scope for one that clashes: a module with 40,000 names takes
 * seconds. Its rules stay its own; the lists answer from a set once they have grown.
 */

import { Parser } from "acorn";
import type { Options, Program } from "acorn";

/** A list up to this length is searched as any other: few scopes are larger, and a set takes room. */
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
}

const NameListParser = Parser.extend((Base) => {
  class WithLists extends (Base as unknown as new (...args: unknown[]) => ScopeParser) {
    override enterScope(flags: number): void {
      super.enterScope(flags);
      const scope = this.scopeStack.at(-1);
      if (scope === undefined) return;
      scope.var = new NameList();
      scope.lexical = new NameList();
      scope.functions = new NameList();
    }
  }
  return WithLists as unknown as typeof Parser;
});

/** Parses as acorn's own `parse` does. */
export function parseTree(text: string, options: Options): Program {
  return NameListParser.parse(text, options) as Program;
}

/**
 * A script that runs in a service: what it is given, and what it has printed.
 *
 * `print`, `args`, `upvalues`, `_U`, `_P`, `begin` and `imported` are used by the woven script (see
 * inject-script.ts). Its functions may outlive it, in a table of the service or a timer: then
 * `print` writes to the log.
 */

import { inspect } from "node:util";
import { INJECT_OUTPUT_MAX } from "../../base/limits.ts";
import type { ImportSetter } from "../../loader/run/followers.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import { messageOf } from "../../service/error-text.ts";
import type { Context } from "../../service/context.ts";
import type { CompiledScript } from "./inject-script.ts";
import type { Tables } from "./inject-tables.ts";
import { allTables, tablesByProtocol } from "./inject-tables.ts";
import { evaluateImports, followImport, readImport } from "../text/patch-import.ts";
import type { PatchImport } from "../text/compile.ts";
import type { Upvalues } from "../../snax/types-upvalues.ts";
import { upvalues } from "./upvalues.ts";

/** What a script needs besides its text. */
export interface ScriptSurroundings {
  readonly context: Context;
  readonly module: ModuleInstance;
  /** The modules that it imports, by number of the request. */
  readonly sources: readonly PatchImport[];
  readonly args: readonly unknown[];
}

/** What the woven text of a script is. */
type PrepareScript = (run: ScriptRun) => () => Promise<void>;

/** One run of a script. */
export class ScriptRun {
  readonly args: readonly unknown[];
  readonly upvalues: Upvalues = upvalues;
  readonly print = (...values: unknown[]): void => this.#print(values.map(show).join("\t"));
  /** Stacks of its functions are counted back as long as one of them is in use. */
  readonly script: CompiledScript;
  /**
   * Modules that are followed hold it weakly: it lives as long as one of the script's functions,
   * which know the run.
   */
  setImport: ImportSetter | undefined = undefined;
  readonly #surroundings: ScriptSurroundings;
  readonly #lines: string[] = [];
  #roomLeft = INJECT_OUTPUT_MAX;
  #isOver = false;

  constructor(script: CompiledScript, surroundings: ScriptSurroundings) {
    this.script = script;
    this.args = surroundings.args;
    this.#surroundings = surroundings;
  }

  // What the woven script uses.

  /** The tables that the handlers of each protocol can reach, by protocol and name. */
  get _P(): Readonly<Record<string, Tables>> {
    return tablesByProtocol(this.#surroundings.context);
  }

  /** All of them in one, and `proto`, the protocols by name. */
  get _U(): Tables {
    return allTables(this.#surroundings.context);
  }

  /** Takes what sets the script's import variables when the modules that have them assign them. */
  begin(set?: ImportSetter): void {
    this.setImport = set;
    if (set === undefined) return;
    const { instance } = this.#surroundings.module;
    for (const [index, { request, name }] of this.script.imports.entries()) {
      const source = this.#surroundings.sources[request];
      if (source !== undefined) followImport(source, { name, index }, instance, set);
    }
  }

  /** Gives the value of an import of the script, by its number. */
  imported(index: number): unknown {
    const entry = this.script.imports[index];
    const source = this.#surroundings.sources[entry?.request ?? -1];
    if (entry === undefined || source === undefined) return undefined;
    return readImport(source, entry.name, this.#surroundings.module.instance);
  }

  // What live/ calls.

  /** Runs the script, in one piece up to its first `await`; resolves when its end is reached. */
  async start(): Promise<void> {
    const { module, sources } = this.#surroundings;
    const evaluating = evaluateImports([{ imports: sources }], module.instance);
    if (evaluating !== undefined) await evaluating;
    for (const name of this.script.values) module.forward(name);
    const prepare = module.evaluate(this.script.code) as PrepareScript;
    await prepare(this)();
  }

  /** Takes what has been printed; what is printed from now on goes to the log. */
  end(): string {
    this.#isOver = true;
    return this.#lines.splice(0).join("\n");
  }

  #print(line: string): void {
    const { context } = this.#surroundings;
    if (this.#isOver) {
      context.runtime.print(context.handle, line);
      return;
    }
    if (this.#roomLeft <= 0) return;
    this.#roomLeft -= line.length + 1;
    if (this.#roomLeft > 0) this.#lines.push(line);
    else this.#lines.push(`... what was printed beyond ${INJECT_OUTPUT_MAX} characters is lost`);
  }
}

/** Texts are printed as they are; anything else as Node shows it. */
function show(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return inspect(value, { depth: 4 });
  } catch (error) {
    return `(${messageOf(error)})`;
  }
}

/**
 * `inject`: a script runs inside a live service, with its private variables in reach.
 *
 *     text -> compiled for the service's own file (inject-script.ts) -> its imports are resolved
 *          -> inside the service, before all that waits there: evaluated (inject-run.ts), awaited -> what it printed
 *
 * A script is no patch: nothing is checked beforehand and nothing is undone. As with skynet's,
 * the caller gets the lines that it printed, also those before an error.
 */

import { copyArguments } from "../../base/copy.ts";
import { SnaxError } from "../../base/error.ts";
import { deadError } from "../../kernel/refusal.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import { mapStacks } from "../../loader/text/stack.ts";
import type { Context } from "../../service/context.ts";
import type { DebugCommand } from "../../service/debug.ts";
import { describeError, messageOf } from "../../service/error-text.ts";
import { runInside } from "../../service/context.ts";
import { Values } from "../../service/values.ts";
import { codeOfService } from "../apply/application.ts";
import type { Script } from "./inject-script.ts";
import { compileScript } from "./inject-script.ts";
import { ScriptRun } from "./inject-run.ts";
import { scopeIn, scopeOf } from "../text/patched-module.ts";
import { resolveImports } from "../text/patch-import.ts";

/** What came of a script. */
export interface InjectResult {
  /** It ran to its end. */
  readonly ok: boolean;
  /** The lines that it printed. */
  readonly output: string;
  /** What it threw, with file, line and column; or why it could not begin. */
  readonly error?: string;
}

/**
 * Runs a script inside a service.
 *
 * @param args - what the script finds as `args`: copies.
 * @returns what came of it, whether it succeeded or not.
 * @throws {ERR_SERVICE_DEAD} if the service is dead, or ends before the script does.
 * @throws {ERR_PATCH} if the service has no code.
 * @throws {ERR_NOT_SENDABLE} if an argument can't be handed over.
 */
export async function inject(
  context: Context,
  script: Script,
  args: readonly unknown[],
): Promise<InjectResult> {
  const instance = codeOfService(context);
  const own = copyArguments(args, context.service);
  let run: ScriptRun;
  try {
    run = await prepare(context, script, { module: instance.entry, args: own });
  } catch (error) {
    return { ok: false, output: "", error: messageOf(error) };
  }
  return await new Promise((resolve, reject) => {
    const { kernel, commitments } = context.runtime;
    const unwatch = kernel.watch(context.handle, () => reject(deadError(context.handle)));
    if (unwatch === undefined) {
      reject(deadError(context.handle));
      return;
    }
    runInside(context, () => {
      const end = commitments.add(kernel.origin, context.service, (error) => {
        unwatch();
        resolve({ ok: false, output: run.end(), error: messageOf(error) });
      });
      execute(run)
        .finally(() => {
          unwatch();
          end();
        })
        .then(resolve, reject);
    });
  });
}

async function prepare(
  context: Context,
  script: Script,
  { module, args }: { readonly module: ModuleInstance; readonly args: readonly unknown[] },
): Promise<ScriptRun> {
  const compiled = compileScript(script, scopeOf(module));
  const sources = await resolveImports(module.node, compiled, {
    program: module.instance.program,
    apiNames: new Set(context.runtime.parts.keys()),
    scopeOf: (node) => scopeIn(module.instance, node),
    codes: new Map(),
  });
  mapStacks(compiled.url, compiled.facts, compiled.code);
  return new ScriptRun(compiled, { context, module, sources, args });
}

async function execute(run: ScriptRun): Promise<InjectResult> {
  try {
    await run.start();
    return { ok: true, output: run.end() };
  } catch (error) {
    return { ok: false, output: run.end(), error: describeError(error) };
  }
}

/** What skynet calls a script without a name. */
const NAMELESS = "=(load)";

/**
 * The debug message RUN: `skynet.call(address, "debug", "RUN", source, filename, ...args)`, as
 * skynet's console sends it.
 *
 * It is answered with two values, as in skynet: whether the script ran to its end, and what it
 * printed, with the error behind it.
 */
export const runScript: DebugCommand = async (context, [text, file = NAMELESS, ...args]) => {
  if (typeof text !== "string" || typeof file !== "string") {
    throw new SnaxError("ERR_ARGUMENT", "RUN needs the text of a script and the name of its file");
  }
  const { ok, output, error } = await inject(context, { file, text }, args);
  const parts = [output, error ?? ""].filter((part) => part !== "");
  return new Values([ok, parts.join("\n")]);
};

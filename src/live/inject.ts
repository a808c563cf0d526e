/**
 * `inject`: a script runs inside a live service, with its private variables in reach.
 *
 *     text -> compiled for the service's own file (inject-script.ts) -> its imports are resolved
 *          -> inside the service, before all that waits there: evaluated (inject-run.ts), awaited -> what it printed
 *
 * A script is no patch: nothing is checked beforehand and nothing is undone. As with skynet's, whoever waits for it gets the
 * lines that it printed, also those before an error.
 */

import { copyArguments } from "../base/copy.ts";
import { deadError } from "../kernel/refusal.ts";
import type { ModuleInstance } from "../loader/module-instance.ts";
import { mapStacks } from "../loader/stack.ts";
import type { Context } from "../service/context.ts";
import { describeError, messageOf } from "../service/error-text.ts";
import { runInside } from "../service/job.ts";
import { codeOfService, scopeIn } from "./apply.ts";
import type { Script } from "./inject-script.ts";
import { compileScript } from "./inject-script.ts";
import { ScriptRun } from "./inject-run.ts";
import type { LiveNode } from "./live-node.ts";
import { scopeOf } from "./name-scope.ts";
import { resolveImports } from "./patch-import.ts";

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
  live: LiveNode,
  context: Context,
  script: Script,
  args: readonly unknown[],
): Promise<InjectResult> {
  const instance = codeOfService(context);
  const own = copyArguments(args, context.service);
  let run: ScriptRun;
  try {
    run = await prepare(live, context, script, { module: instance.entry, args: own });
  } catch (error) {
    return { ok: false, output: "", error: messageOf(error) };
  }
  return await new Promise((resolve, reject) => {
    const { kernel, commitments } = live.node.runtime;
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
  live: LiveNode,
  context: Context,
  script: Script,
  { module, args }: { readonly module: ModuleInstance; readonly args: readonly unknown[] },
): Promise<ScriptRun> {
  const compiled = compileScript(script, scopeOf(module));
  const sources = await resolveImports(module.node, compiled, {
    program: module.instance.program,
    apiNames: new Set(live.node.runtime.parts.keys()),
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

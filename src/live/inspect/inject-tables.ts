/**
 * `_P` and `_U` of a script: the objects and functions that a service's handlers can reach by name,
 * as skynet's inject gives them.
 *
 * From each handler every variable that it uses is looked at: objects and functions get their names
 * in the result, and a function of the service's own modules is followed in turn. The nearest to
 * the handler wins a name. Variables are only read.
 */

import { INJECT_FUNCTIONS_MAX } from "../../base/limits.ts";
import { ModuleInstance } from "../../loader/run/module-instance.ts";
import { handlersOf } from "../../service/answers.ts";
import type { Context } from "../../service/context.ts";
import { SnaxHost } from "../../snax/snax-host.ts";
import type { CapturedScope, OpenFunction } from "./upvalues-scopes.ts";
import { openFunction, valueOf, visibleValues } from "./upvalues-scopes.ts";
import type { InspectorSession } from "../../inspector/object-session.ts";
import { withSession } from "../../inspector/object-session.ts";

/** Objects and functions by the name of the variable that holds them. */
export type Tables = Record<string, object>;

/**
 * Returns the tables of each protocol that the service handles; those of a snax service's methods
 * are under `snax`.
 */
export function tablesByProtocol(context: Context): Record<string, Tables> {
  return withSession((session) => {
    const result: Record<string, Tables> = Object.create(null);
    for (const [protocol, handlers] of handlersByProtocol(context)) {
      result[protocol] = collectTables(session, handlers);
    }
    return result;
  });
}

/** Returns the tables of all protocols, and the protocols themselves under `proto`. */
export function allTables(context: Context): Tables {
  const handlers = handlersByProtocol(context);
  const proto: Tables = Object.create(null);
  for (const [name, [dispatch]] of handlers) proto[name] = { name, dispatch };
  const tables = withSession((session) => collectTables(session, [...handlers.values()].flat()));
  tables["proto"] = proto;
  return tables;
}

function handlersByProtocol(context: Context): Map<string, readonly unknown[]> {
  const handlers = new Map<string, readonly unknown[]>();
  for (const [protocol, handler] of handlersOf(context)) handlers.set(protocol, [handler]);
  const { state } = context;
  if (state instanceof SnaxHost) {
    handlers.set(
      "snax",
      state.methods.filter((method) => method !== undefined),
    );
  }
  return handlers;
}

function collectTables(session: InspectorSession, handlers: readonly unknown[]): Tables {
  const tables: Tables = Object.create(null);
  const queue = [...handlers];
  const known = new Set(queue);
  // The queue grows while it is walked: nearest functions first.
  for (const code of queue) {
    const open = tryOpen(session, code);
    if (open === undefined || !(handlers.includes(code) || isOfService(open.scopes))) continue;
    for (const [name, value] of visibleValues(open)) {
      if (open.text.used?.has(name) === false) continue;
      const isFunction = typeof value === "function";
      if (!isFunction && (typeof value !== "object" || value === null)) continue;
      tables[name] ??= value;
      if (!isFunction || known.has(value) || known.size >= INJECT_FUNCTIONS_MAX) continue;
      known.add(value);
      queue.push(value);
    }
  }
  return tables;
}

/** Native code and functions of other realms hold nothing that a script could use. */
function tryOpen(session: InspectorSession, code: unknown): OpenFunction | undefined {
  try {
    return openFunction(session, code);
  } catch {
    return undefined;
  }
}

/** The code of a package, or our own, holds no table of commands. */
function isOfService(scopes: readonly CapturedScope[]): boolean {
  return valueOf(scopes, "$snax") instanceof ModuleInstance;
}

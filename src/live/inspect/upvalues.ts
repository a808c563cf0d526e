/**
 * `upvalues(fn)`: live access to the variables that a closure captured, as debug.getupvalue and
 * setupvalue of Lua give it.
 *
 *     fn -> looked through to the function that the author wrote (upvalues-scopes.ts) -> an `eval` in its scope
 *        (upvalues-reach.ts) -> an object with an accessor for each variable
 *
 * The function's body does not run, and nothing remains on the thread: no domain, no breakpoint, no
 * global. What Lua's upvaluejoin does can't be done: V8 keeps variables in contexts that closures
 * share, and no protocol puts a closure into another context, or one variable into two.
 */

import { inspect } from "node:util";
import { directOf } from "../../loader/weave/frame.ts";
import type { Captured, Upvalues, UpvalueScope } from "../../snax/types-upvalues.ts";
import { reachScope } from "./upvalues-reach.ts";
import type { ScopeEval } from "./upvalues-reach.ts";
import { isSpeakable, openFunction, refuse, visibleValues } from "./upvalues-scopes.ts";
import type { OpenFunction } from "./upvalues-scopes.ts";
import type { ClassMember } from "./upvalues-text.ts";
import { withSession } from "../../inspector/object-session.ts";
import type { InspectorSession } from "../../inspector/object-session.ts";

function open(fn: unknown): Captured {
  return withSession((session) => {
    const opened = openCode(session, fn);
    return createView(opened, reachScope(session, opened));
  });
}

function listScopes(fn: unknown): UpvalueScope[] {
  return withSession((session) =>
    openFunction(session, fn).scopes.map(({ kind, name, values }) => ({
      ...{ kind, name },
      names: [...values.keys()].filter(isSpeakable),
    })),
  );
}

/** Live access to the variables that closures captured; see `Upvalues`. */
export const upvalues: Upvalues = Object.assign(open, { scopes: listScopes }) as Upvalues;

/**
 * Opens a function; for a class whose constructor can't be entered alone, a method of it, which has
 * the same variables.
 */
function openCode(session: InspectorSession, fn: unknown): OpenFunction {
  const opened = openFunction(session, fn);
  const { code, text } = opened;
  if (text.kind !== "class" || text.constructsAtOnce) return opened;
  for (const member of text.members) {
    const method = findMember(code, member);
    if (method !== undefined) return openFunction(session, method);
  }
  throw refuse(code, "a class with fields and no method: give a function that it uses");
}

/** Returns a method that still is the one of the class's text. */
function findMember(code: object, { name, isStatic, slot, text }: ClassMember): unknown {
  const holder: unknown = isStatic
    ? code
    : Object.getOwnPropertyDescriptor(code, "prototype")?.value;
  const method: unknown = Object.getOwnPropertyDescriptor(holder, name)?.[slot];
  const isSame = typeof method === "function" && Function.prototype.toString.call(method) === text;
  return isSame ? method : undefined;
}

/**
 * What the function uses is enumerable; what else its scopes hold can be read and written by name,
 * too.
 */
function createView(opened: OpenFunction, evaluate: ScopeEval): Captured {
  const view = Object.create(null) as Captured;
  const values = visibleValues(opened);
  const accessors = evaluate(accessorsOf([...values.keys()], opened)) as object;
  for (const [name, value] of values) {
    const accessor = Object.getOwnPropertyDescriptor(accessors, name);
    if (accessor === undefined || isHidden(accessor, value)) continue;
    const enumerable = opened.text.used?.has(name) ?? true;
    Object.defineProperty(view, name, { ...accessor, enumerable, configurable: false });
  }
  Object.defineProperty(view, inspect.custom, { value: () => snapshot(view) });
  return view;
}

function accessorsOf(names: readonly string[], { scopes }: OpenFunction): string {
  const accessors = names.map((name) => {
    const value = name === "$value" ? "$v" : "$value";
    const scope = scopes.find(({ values }) => values.has(name));
    // Calls by the function's name may go to a variable of their own.
    const direct = scope?.values.has(directOf(name)) === true ? `${directOf(name)}=` : "";
    return `get ${name}(){return ${name}},set ${name}(${value}){${direct}${name}=${value}}`;
  });
  return `({${accessors.join()}})`;
}

/**
 * V8 lists a variable although one of the same name hides it that no closure captured, and so is
 * gone: then reading it fails. It also fails before a variable's declaration has run; such a one is
 * listed without a value.
 */
function isHidden({ get }: PropertyDescriptor, value: unknown): boolean {
  try {
    get?.();
    return false;
  } catch {
    return value !== undefined;
  }
}

/** The values as they are, for people. */
function snapshot(view: Captured): object {
  const values: Captured = Object.create(null) as Captured;
  for (const name of Object.keys(view)) {
    try {
      values[name] = view[name];
    } catch (error) {
      values[name] = error;
    }
  }
  return values;
}

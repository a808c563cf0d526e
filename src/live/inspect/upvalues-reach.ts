/**
 * Into the scope of a function that runs: the function is called with a conditional breakpoint at
 * its beginning.
 *
 *     breakpoints -> call -> V8 evaluates the condition where the body would begin: it hands out a direct `eval` there
 *         -> the condition asks V8 to terminate the call, and is false: nothing pauses, and the body does not begin
 *
 * Since nothing pauses, a debugger that an operator has attached hears of nothing. If breakpoints do
 * not work at the moment (this is called out of a debugger's pause), a function of our own
 * finds that out before the other is called.
 */

import { SnaxError } from "../../base/error.ts";
import type { Location, OpenFunction } from "./upvalues-scopes.ts";
import { refuse } from "./upvalues-scopes.ts";
import type { InspectorSession } from "../../inspector/object-session.ts";
import { GLOBAL_NAME, withGlobal } from "../../inspector/object-session.ts";

/** Evaluates a text in the scope of a function, as its own first statement would see it. */
export type ScopeEval = (code: string) => unknown;

/**
 * Which place of a body runs first is the compiler's secret: `for (;; n++) f()` begins in its
 * middle. So the first few get a breakpoint each.
 */
const PLACES_MAX = 8;

/**
 * Milliseconds after which V8 would end the call by itself; with a limit it forgets the termination
 * afterwards.
 */
const LIMIT_MS = 5000;

const TAKE = `${GLOBAL_NAME}.take($snaxCode=>eval($snaxCode))`;
const ARM = `${GLOBAL_NAME}.arm()`;

/**
 * Returns an `eval` inside the scope of a function, whose body does not run.
 *
 * @throws {ERR_ARGUMENT} if breakpoints do not work at the moment.
 */
export function reachScope(session: InspectorSession, open: OpenFunction): ScopeEval {
  let isArmed = false;
  let found: ScopeEval | undefined;
  const desk = {
    arm: (): boolean => {
      isArmed = true;
      return false;
    },
    take: (scopeEval: ScopeEval): boolean => {
      found = scopeEval;
      // The last thing that happens before V8 looks whether the call should go on.
      session.terminateExecution();
      return false;
    },
    run: (): void => {
      tripwire();
      if (isArmed) callCode(open);
    },
  };
  const tripwire = (): void => {};
  session.enableDebugger();
  breakAtCall(session, tripwire, ARM);
  breakAtBody(session, open);
  withGlobal(desk, () => runAndEnd(session));
  if (found !== undefined) return found;
  if (!isArmed) throw refuse(open.code, "a debugger holds the thread");
  throw new SnaxError("ERR_BUG", "a function was called and did not stop at its beginning");
}

function breakAtCall(session: InspectorSession, code: object, condition: string): void {
  const objectId = session.idOf(code);
  session.setBreakpoint("Debugger.setBreakpointOnFunctionCall", { objectId, condition });
}

/**
 * Breakpoints on the first places of the body, behind the default values of parameters, which do
 * not run.
 */
function breakAtBody(session: InspectorSession, { code, location, text }: OpenFunction): void {
  // Where V8 says that a class begins need not be its constructor.
  const { locations } =
    text.kind === "class"
      ? { locations: [] }
      : session.post<{ locations: readonly Location[] }>("Debugger.getPossibleBreakpoints", {
          start: location,
          restrictToFunction: true,
        });
  const { lines, columns } = text.body;
  const line = location.lineNumber + lines;
  const column = lines === 0 ? location.columnNumber + columns : columns;
  const inBody = locations.filter(
    ({ lineNumber, columnNumber }) =>
      lineNumber > line || (lineNumber === line && columnNumber >= column),
  );
  if (inBody.length === 0) breakAtCall(session, code, TAKE);
  for (const { scriptId, lineNumber, columnNumber } of inBody.slice(0, PLACES_MAX)) {
    const place = { scriptId, lineNumber, columnNumber };
    session.setBreakpoint("Debugger.setBreakpoint", { location: place, condition: TAKE });
  }
}

/** Runs what is on the desk; that it was terminated is what should happen. */
function runAndEnd(session: InspectorSession): void {
  try {
    session.post("Runtime.evaluate", { expression: `${GLOBAL_NAME}.run()`, timeout: LIMIT_MS });
  } catch (error) {
    if (!String((error as Error).message).includes("terminated")) throw error;
  }
}

const generatorNext = Object.getPrototypeOf(function* () {}.prototype) as Generator;
const asyncGeneratorNext = Object.getPrototypeOf(async function* () {}.prototype) as AsyncGenerator;

function callCode({ code, text }: OpenFunction): void {
  const args = Array.from({ length: text.patternCount }, createSponge) as never[];
  if (text.kind === "class") {
    Reflect.construct(code, args);
    return;
  }
  const result = Reflect.apply(code, undefined, args);
  if (text.kind !== "generator") return;
  // The body of a generator begins at the first `next`.
  if (Symbol.asyncIterator in (result as object)) void asyncGeneratorNext.next.call(result);
  else generatorNext.next.call(result);
}

/** How many elements a pattern such as `[...rest]` gets out of one argument. */
const SPONGE_ELEMENTS = 64;

/**
 * An argument that fits every pattern and is never undefined, so that no default value is computed.
 */
function createSponge(): unknown {
  let elements = 0;
  const sponge: unknown = new Proxy(() => sponge, {
    get: (_target, key) => {
      if (key === "done") return (elements += 1) > SPONGE_ELEMENTS;
      return key === Symbol.toPrimitive ? String : sponge;
    },
  });
  return sponge;
}

/**
 * Logpoints: a value is logged whenever a line of one service runs, and nothing stops.
 *
 *     line runs -> V8 evaluates the breakpoint's condition there: $snaxLogpointN(2,()=>(expression)) -> the log; false
 *
 * A condition that is false stops nothing, so no debugger is needed, and an attached one hears of nothing. All
 * services of a file share its script: those that were not asked about run the condition too, and it does nothing. While
 * there is a logpoint, V8 keeps the functions that hold one unoptimised; without any, nothing of this exists.
 *
 * A service that is reloaded has another script. Its logpoints go to the line of the new text that says what theirs said, and
 * end, with a line in the log, if none does or several do.
 */

import { parseExpressionAt } from "acorn";
import { LOGPOINT_HITS_MAX, LOGPOINTS_MAX } from "../../base/limits.ts";
import { SnaxError } from "../../base/error.ts";
import { beginBreakpoints } from "../../inspector/lasting-breakpoints.ts";
import { OwnSession } from "../../inspector/own-session.ts";
import { formatAddress } from "../../kernel/service.ts";
import type { Context } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import { formatLine } from "../../service/information.ts";
import { followCode } from "../../service/rebirth.ts";
import { LineBudget } from "../../base/log-line.ts";
import { NODE_WORD } from "../../fabric/node-memory.ts";
import type { Runtime } from "../../service/runtime.ts";
import type { ScriptPlace, ScriptPosition } from "./script-place.ts";
import { findAgain, sourceLineOf } from "./script-place.ts";

/** Characters of a value that the list shows. */
const SHOWN_MAX = 80;

/** A logpoint as an operator sees it. */
export interface LogpointRow {
  readonly address: string;
  /** `file:line`: the line that has code, which may be behind the one that was asked for. */
  readonly place: string;
  readonly expression: string;
  /** How often the line has run; not counted while it ran more than LOGPOINT_HITS_MAX times a second. */
  readonly hits: number;
  /** What it gave last. */
  readonly last: string | undefined;
}

interface Logpoint {
  readonly context: Context;
  readonly expression: string;
  site: Site;
  readonly budget: LineBudget;
  readonly unwatch: () => void;
  hits: number;
  last: string | undefined;
}

/** A line with logpoints, and V8's breakpoint that stands for all of them. */
interface Site {
  readonly key: string;
  readonly place: ScriptPlace;
  readonly numbers: Set<number>;
  /** V8's breakpoint; empty while there is none. */
  breakpoint: string;
  /** When the second began in which `evaluated` counts. */
  since: number;
  evaluated: number;
  /** `file:line` of where V8 has put it. */
  shown: string;
}

/** What V8 answers. */
interface Breakpoint {
  readonly breakpointId: string;
  readonly locations: readonly ScriptPosition[];
}

/** Several nodes of a thread have a table each. */
let tableCount = 0;

/** The logpoints of one node on one thread. */
export class LogpointTable {
  readonly #runtime: Runtime;
  readonly #name: string;
  readonly #points = new Map<number, Logpoint>();
  readonly #sites = new Map<string, Site>();
  /** Open while there are logpoints. */
  #session: OwnSession | undefined;
  #endBreakpoints: () => void = () => {};
  readonly #words: Int32Array;

  /** @param words - where the number of the last logpoint is; shared by a node's threads. */
  constructor(runtime: Runtime, words: Int32Array) {
    this.#runtime = runtime;
    this.#words = words;
    tableCount += 1;
    this.#name = `$snaxLogpoint${tableCount}`;
  }

  /**
   * Sets a logpoint.
   *
   * @returns its number.
   * @throws {ERR_ARGUMENT} if the expression is not valid, no code is there, or there are LOGPOINTS_MAX already.
   */
  add(context: Context, place: ScriptPlace, expression: string): number {
    if (this.#points.size >= LOGPOINTS_MAX) {
      throw refuse(`there are ${LOGPOINTS_MAX} logpoints already; \`logpoint off n\` ends one`);
    }
    checkExpression(expression);
    const number = Atomics.add(this.#words, NODE_WORD.logpoint, 1) + 1;
    const site = this.#siteOf(place);
    const { handle } = context;
    const stopWatch = this.#runtime.kernel.watch(
      handle,
      () => this.remove(number),
      `logpoint ${number} looks at it: \`logpoint off ${number}\` first`,
    );
    const stopFollow = followCode(context, () => this.#followCode(number));
    const unwatch = (): void => {
      stopWatch?.();
      stopFollow();
    };
    const budget = this.#budgetFor(number, handle);
    const point = { context, expression, site, budget, unwatch, hits: 0, last: undefined };
    this.#points.set(number, point);
    site.numbers.add(number);
    try {
      this.#refresh(site);
    } catch (error) {
      this.remove(number);
      throw error;
    }
    return number;
  }

  /** Ends a logpoint; false if there is none of that number. */
  remove(number: number): boolean {
    const point = this.#points.get(number);
    if (point === undefined) return false;
    this.#points.delete(number);
    point.unwatch();
    point.site.numbers.delete(number);
    if (this.#points.size === 0) this.#close();
    else this.#refresh(point.site);
    return true;
  }

  /** The numbers of all logpoints. */
  numbers(): number[] {
    return [...this.#points.keys()];
  }

  /** What is set, oldest first. */
  rows(): Map<string, LogpointRow> {
    return new Map([...this.#points].map(([number, point]) => [String(number), rowOf(point)]));
  }

  /** The service of a logpoint has been reloaded. */
  #followCode(number: number): void {
    const point = this.#points.get(number);
    if (point === undefined) return;
    const { context, site: old } = point;
    const { shown, place } = old;
    const end = (why: string): void => {
      this.remove(number);
      this.#runtime.logAsked(context.handle, `logpoint ${number} ${shown} has ended: ${why}`);
    };
    try {
      const next = findAgain(context, place);
      if (next === undefined) return end("the reloaded text has no such line, or several");
      // The script has the name of the one before, so the same place needs a breakpoint anew, too.
      const site = this.#siteOf(next);
      point.site = site;
      old.numbers.delete(number);
      site.numbers.add(number);
      if (old !== site) this.#refresh(old);
      this.#refresh(site);
    } catch (error) {
      end(messageOf(error));
    }
  }

  #budgetFor(number: number, handle: number): LineBudget {
    const runtime = this.#runtime;
    return new LineBudget({
      now: () => runtime.clock.now(),
      later: (ms, run) => void runtime.after(ms, run),
      tell: (count) =>
        runtime.logAsked(handle, `${count} lines of logpoint ${number} were left out in a second`),
    });
  }

  #siteOf(place: ScriptPlace): Site {
    const key = `${place.scriptLine} ${place.url}`;
    let site = this.#sites.get(key);
    if (site === undefined) {
      site = { key, place, numbers: new Set(), breakpoint: "", since: 0, evaluated: 0, shown: "" };
      this.#sites.set(key, site);
    }
    return site;
  }

  /** Makes V8's breakpoint say what the site's logpoints say. */
  #refresh(site: Site): void {
    const { numbers, place } = site;
    this.#lift(site);
    if (numbers.size === 0) {
      this.#sites.delete(site.key);
      return;
    }
    const calls = [...numbers].map((number) => {
      const expression = this.#points.get(number)?.expression;
      // The line's end ends a comment in the expression.
      return `${this.#name}(${number},()=>(${expression}\n))`;
    });
    const { breakpointId, locations } = this.#post("Debugger.setBreakpointByUrl", {
      url: place.url,
      lineNumber: place.scriptLine,
      condition: `${calls.join()},false`,
    }) as Breakpoint;
    site.breakpoint = breakpointId;
    // Services that were not reloaded have another script of the file, in which V8 puts it where the line was that it knows.
    const past = ({ lineNumber }: ScriptPosition): number =>
      lineNumber < place.scriptLine ? Infinity : lineNumber - place.scriptLine;
    const [at] = locations.toSorted((a, b) => past(a) - past(b));
    const found = at === undefined ? undefined : sourceLineOf(place.image, at);
    if (found === undefined || found.isGenerated) {
      throw refuse(`there is no code at ${place.name}:${place.line} or behind it`);
    }
    site.shown = `${found.name ?? place.name}:${found.line}`;
  }

  #lift(site: Site): void {
    if (site.breakpoint === "") return;
    this.#post("Debugger.removeBreakpoint", { breakpointId: site.breakpoint });
    site.breakpoint = "";
  }

  /** Lets a line run unseen for the rest of the second, if it has run too often in it. */
  #bound(site: Site, number: number): void {
    const runtime = this.#runtime;
    const now = runtime.clock.now();
    if (now - site.since >= 1000) {
      site.since = now;
      site.evaluated = 0;
    }
    site.evaluated += 1;
    if (site.evaluated < LOGPOINT_HITS_MAX || site.breakpoint === "") return;
    // Within the condition of this very breakpoint, as a debugger may within its pause.
    this.#lift(site);
    runtime.logAsked(
      0,
      `logpoint ${number} ${site.shown} is not seen for the rest of this second: the line runs too often`,
    );
    runtime.after(1000 - (now - site.since), () => {
      if (this.#sites.get(site.key) === site && site.breakpoint === "") this.#refresh(site);
    });
  }

  /** The line of a logpoint runs. Nothing of what happens here may reach the code of the line. */
  readonly #hit = (number: number, read: () => unknown): void => {
    const point = this.#points.get(number);
    if (point === undefined) return;
    this.#bound(point.site, number);
    const { handle, service } = point.context;
    if (this.#runtime.kernel.scheduler.current !== service) return;
    point.hits += 1;
    const text = describe(read);
    point.last = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text;
    if (!point.budget.allow()) return;
    const { expression, site } = point;
    this.#runtime.logAsked(handle, `logpoint ${number} ${site.shown} ${expression} : ${text}`);
  };

  #post(method: string, params: object): unknown {
    return this.#open().post(method, params);
  }

  #open(): OwnSession {
    if (this.#session !== undefined) return this.#session;
    const session = new OwnSession();
    session.enableDebugger();
    this.#endBreakpoints = beginBreakpoints(this.#words, NODE_WORD.logpointThreads);
    Reflect.defineProperty(globalThis, this.#name, { value: this.#hit, configurable: true });
    return (this.#session = session);
  }

  #close(): void {
    this.#sites.clear();
    if (this.#session === undefined) return;
    this.#session.close();
    this.#session = undefined;
    this.#endBreakpoints();
    Reflect.deleteProperty(globalThis, this.#name);
  }
}

function rowOf({ context, expression, site, hits, last }: Logpoint): LogpointRow {
  return { address: formatAddress(context.handle), place: site.shown, expression, hits, last };
}

function describe(read: () => unknown): string {
  try {
    return formatLine([read()]);
  } catch (error) {
    return `threw ${messageOf(error)}`;
  }
}

/** An expression that does not end, or is more than one, would be part of ours. */
function checkExpression(text: string): void {
  let end: number;
  try {
    ({ end } = parseExpressionAt(text, 0, { ecmaVersion: "latest" }));
  } catch (error) {
    throw refuse(`${JSON.stringify(text)} is no expression: ${messageOf(error)}`);
  }
  if (/^\s*(?:\/\/.*)?$/.test(text.slice(end))) return;
  throw refuse(`${JSON.stringify(text)} is more than one expression`);
}

function refuse(why: string): SnaxError {
  return new SnaxError("ERR_ARGUMENT", why);
}

/**
 * The debugger that `debug` attaches to a service: a conversation with an operator, and one with V8.
 *
 *     lines -> DebugDriver -> commands of V8's inspector -> the thread, which stands still meanwhile
 *                          <- Debugger.paused
 *
 * It runs on another thread than the one it stops, and knows neither how the lines come nor how the thread is reached. Lines
 * are obeyed one after the other: those that need a stopped service wait for the stop. What ends the conversation (`cont`,
 * the client's end, the deadline, an error), the thread goes on.
 */

import { setTimeout as pause } from "node:timers/promises";
import { formatAddress } from "../../kernel/service.ts";
import { messageOf } from "../../service/error-text.ts";
import type { InspectorLink, Json } from "../../inspector/link.ts";
import { ScriptTable } from "../../inspector/scripts.ts";
import type { Frame, Place, Scope } from "./frame.ts";
import { framesOf, isOwnFrame, nameOfScope, OWN_SCRIPTS, STOP_SCRIPT } from "./frame.ts";
import { DESK_NAME } from "./desk.ts";
import type { LineTerminal } from "../operator/command.ts";
import { showAnswer } from "../print/print.ts";

/** What is debugged, and how long. */
export interface DebugOptions {
  readonly link: InspectorLink;
  readonly terminal: LineTerminal;
  readonly handle: number;
  readonly title: string;
  /** Milliseconds after which the service goes on, whatever the operator does. */
  readonly deadlineMs: number;
}

/** Milliseconds that an expression may take. */
const EVALUATION_MS = 1000;

/** Milliseconds in which a step has usually ended; after that the operator sees that the service runs. */
const STEP_MS = 300;

/** Variables of one scope that are shown. */
const VARIABLES_SHOWN_MAX = 100;

/** How to go on from a stop. */
const STEPS: ReadonlyMap<string, string> = new Map([
  ["s", "Debugger.stepInto"],
  ["n", "Debugger.stepOver"],
  ["o", "Debugger.stepOut"],
  ["c", "Debugger.resume"],
]);

const HELP = `s: step into   n: next   o: step out   c: on to the next message   cont: detach, and let it run
bt: stack   locals: variables   watch [protocol]: stop only at messages of it
anything else is evaluated where the service stands; n = 5 sets a variable
`;

/** Reading a variable before its declaration has run fails on some releases of Node. */
const READ_VARIABLES = `function(names){
  return names.map(name=>{try{return ${DESK_NAME}.show(this[name])}catch{return "(not declared yet)"}})}`;

/** A conversation. */
export class DebugDriver {
  readonly #options: DebugOptions;
  /** Where the service has stopped; undefined while it runs. */
  #frames: readonly Frame[] | undefined;
  #isLeaving = false;
  #notice: () => void = () => {};
  readonly #scripts = new ScriptTable();

  constructor(options: DebugOptions) {
    const { terminal } = options;
    const shown: LineTerminal = {
      write: (text) => terminal.write(showAnswer(text)),
      nextLine: () => terminal.nextLine(),
      close: () => terminal.close(),
    };
    this.#options = { ...options, terminal: shown };
  }

  /** Talks until the end. @returns what ended it. */
  async run(): Promise<string> {
    const { link } = this.#options;
    link.onEvent = (method, params) => this.#take(method, params);
    try {
      await link.insist("Debugger.enable");
      await link.insist("Debugger.setBlackboxPatterns", { patterns: OWN_SCRIPTS });
      this.#greet();
      return await this.#talkInTime();
    } catch (error) {
      return messageOf(error);
    } finally {
      await this.#leave();
    }
  }

  async #talkInTime(): Promise<string> {
    const { deadlineMs, terminal } = this.#options;
    const alarm = new AbortController();
    const late = pause(deadlineMs, `${deadlineMs / 1000} s are over`, { signal: alarm.signal });
    // Called off: it is not waited for any more.
    late.catch(() => {});
    const why = await Promise.race([this.#talk(), late]);
    alarm.abort();
    terminal.close();
    return why;
  }

  async #talk(): Promise<string> {
    const { terminal } = this.#options;
    for (;;) {
      const line = await terminal.nextLine();
      if (line === undefined) return "the client has gone";
      const [word = "", argument] = line.trim().split(/[\s("')]+/);
      if (word === "cont") return "detached";
      if (word === "watch") await this.#watch(argument === "" ? undefined : argument);
      else if (word === "?" || word === "help") terminal.write(HELP);
      else if (line.trim() !== "" && !(await this.#obey(line.trim()))) continue;
      this.#prompt();
    }
  }

  #greet(): void {
    const { handle, title, deadlineMs, terminal } = this.#options;
    terminal.write(
      `Attached to ${formatAddress(handle)} (${title}). It stops at its next message, and with it every service of ` +
        `its thread; for ${deadlineMs / 1000} s at most. ? for help, cont to detach.\n`,
    );
    this.#prompt();
  }

  #prompt(): void {
    const { handle, terminal } = this.#options;
    const place = this.#frames?.[0]?.place;
    terminal.write(
      place === undefined ? `${formatAddress(handle)}> ` : `${place.file}(${place.line})> `,
    );
  }

  async #watch(protocol: string | undefined): Promise<void> {
    const argument = protocol === undefined ? "" : JSON.stringify(protocol);
    const why = await this.#ask(`watch(${argument})`);
    if (typeof why === "string" && why !== "") this.#options.terminal.write(`${why}\n`);
  }

  /** What needs a service that stands still. @returns whether a prompt is due: a service that stops again has got one. */
  async #obey(line: string): Promise<boolean> {
    while (this.#frames === undefined) await this.#nextStop();
    const { terminal } = this.#options;
    const [frame] = this.#frames;
    const step = STEPS.get(line);
    try {
      if (line === "bt") terminal.write(this.#frames.map(printFrame).join(""));
      else if (line === "locals") terminal.write(await this.#locals(frame));
      else if (step !== undefined) return !(await this.#step(step));
      else terminal.write(`${await this.#evaluate(frame, line)}\n`);
    } catch (error) {
      terminal.write(`${messageOf(error)}\n`);
    }
    return true;
  }

  #nextStop(): Promise<void> {
    return new Promise((resolve) => (this.#notice = resolve));
  }

  /** Goes on. @returns whether the service stands still again soon. */
  async #step(method: string): Promise<boolean> {
    const stop = this.#nextStop().then(() => true);
    this.#frames = undefined;
    await this.#options.link.insist(method);
    return Promise.race([stop, pause(STEP_MS, false)]);
  }

  async #locals(frame: Frame | undefined): Promise<string> {
    const lines: string[] = [];
    for (const scope of frame?.scopes ?? []) lines.push(...(await this.#variables(scope)));
    return lines.join("");
  }

  async #variables(scope: Scope): Promise<string[]> {
    const kind = nameOfScope(scope);
    const { objectId } = scope.object;
    if (kind === undefined || objectId === undefined) return [];
    const { result } = await this.#options.link.insist("Runtime.getProperties", {
      objectId,
      ownProperties: true,
    });
    const names = (result as readonly { readonly name: string }[])
      .map(({ name }) => name)
      .filter((name) => name !== "arguments" && !name.startsWith("$snax"));
    const shown = names.slice(0, VARIABLES_SHOWN_MAX);
    const answer = await this.#options.link.insist("Runtime.callFunctionOn", {
      objectId,
      functionDeclaration: READ_VARIABLES,
      arguments: [{ value: shown }],
      returnByValue: true,
    });
    const texts = valueOf(answer) as readonly string[];
    const lines = shown.map((name, index) => `${kind} ${name} = ${texts[index]}\n`);
    const more = names.length - shown.length;
    return more === 0 ? lines : [...lines, `${kind} ... and ${more} more\n`];
  }

  /** First as an expression whose value is shown, then as a statement, as skynet does. */
  async #evaluate(frame: Frame | undefined, text: string): Promise<string> {
    const answer = await this.#run(frame, `${DESK_NAME}.show((${text}\n))`);
    if (!isSyntaxError(answer)) return describe(answer);
    const second = await this.#run(frame, text);
    return describe(isSyntaxError(second) ? answer : second);
  }

  #run(frame: Frame | undefined, expression: string): Promise<Json> {
    return this.#options.link.insist("Debugger.evaluateOnCallFrame", {
      callFrameId: frame?.id ?? "",
      expression,
      silent: true,
      timeout: EVALUATION_MS,
    });
  }

  async #ask(question: string): Promise<unknown> {
    const answer = await this.#options.link.insist("Runtime.evaluate", {
      expression: `${DESK_NAME}.${question}`,
      returnByValue: true,
      silent: true,
    });
    return valueOf(answer);
  }

  #take(method: string, params: Json): void {
    if (method === "Debugger.scriptParsed") this.#scripts.add(params);
    if (method !== "Debugger.paused") return;
    this.#stop(params).catch((error: unknown) => {
      // An operator who leaves has asked V8 to let the thread go; what was asked meanwhile comes to nothing.
      if (this.#isLeaving) return;
      this.#options.terminal.write(`${messageOf(error)}\n`);
      this.#options.link.insist("Debugger.resume").catch(() => {});
    });
  }

  /** The thread stands still: at our own function, at the service's code, or somewhere that does not matter here. */
  async #stop(params: Json): Promise<void> {
    const { link, terminal } = this.#options;
    const frames = framesOf(params, this.#scripts);
    if (frames[0]?.url === STOP_SCRIPT) return void (await link.insist("Debugger.stepInto"));
    if (!(await this.#ask("isTarget()"))) return void (await link.insist("Debugger.resume"));
    const own = frames.filter((frame) => !isOwnFrame(frame));
    for (const frame of own) {
      const question = `place(${JSON.stringify(frame.url)},${JSON.stringify(frame.at)})`;
      const [file, line, text] = (await this.#ask(question)) as [string, number, string];
      frame.place = { file, line, text } satisfies Place;
    }
    this.#frames = own;
    const place = own[0]?.place;
    if (place !== undefined) terminal.write(`\n${place.file}:${place.line}: ${place.text}\n`);
    this.#prompt();
    this.#notice();
  }

  /** The thread goes on, and forgets that there was a debugger. */
  async #leave(): Promise<void> {
    const { link } = this.#options;
    this.#isLeaving = true;
    try {
      await this.#ask("watchNothing()");
      // Order: a thread that stands still is let go first. One that was asked to forget its debugger while it stood
      // still has been seen to stand still for ever.
      await link.insist("Debugger.resume").catch(() => {});
      await link.insist("Debugger.disable");
    } finally {
      link.close();
    }
  }
}

function printFrame({ name, place }: Frame): string {
  return `${name === "" ? "(anonymous)" : name} ${place?.file}:${place?.line}\n`;
}

interface Evaluated {
  readonly result?: { readonly value?: unknown; readonly description?: string };
  readonly exceptionDetails?: {
    readonly text: string;
    readonly exception?: { readonly className?: string; readonly description?: string };
  };
}

function isSyntaxError(answer: Json): boolean {
  const { exceptionDetails } = answer as Evaluated;
  return exceptionDetails?.exception?.className === "SyntaxError";
}

/** The value, or the first line of what was thrown. */
function describe(answer: Json): string {
  const { result, exceptionDetails: thrown } = answer as Evaluated;
  if (thrown === undefined)
    return typeof result?.value === "string" ? result.value : String(result?.description);
  return (thrown.exception?.description ?? thrown.text).split("\n")[0] ?? "";
}

function valueOf(answer: Json): unknown {
  const { result, exceptionDetails: thrown } = answer as Evaluated;
  if (thrown !== undefined) throw new Error(describe(answer));
  return result?.value;
}

/**
 * Runs the lines of an operator: a line in, an outcome out.
 *
 *     line -> a turn of the console's service -> command -> outcome -> the log, if it changes something
 *
 * Commands run inside the service, so what they cost and whom they call is under its address. Nothing here throws: a
 * failure is an outcome.
 */

import { SnaxError } from "../../base/error.ts";
import type {
  Command,
  CommandCall,
  CommandResult,
  Outcome,
  Terminal,
} from "../operator/command.ts";
import type { AuditOutcome } from "../operator/audit.ts";
import type { Operator } from "../operator/operator.ts";
import type { Asker, Role } from "../operator/role.ts";
import type { Part } from "../operator/page.ts";
import { describeFailure } from "../print/print.ts";
import { writeResult } from "../print/json.ts";
import { runRouted } from "../threads/thread-route.ts";
import { COMMANDS } from "./command-list.ts";

/** Longest part of a line, or of what came of it, that the log shows, in characters. */
const SHOWN_MAX = 200;

/** Milliseconds after which the log tells of a command that still runs. */
const AUDIT_WAIT_MS = 1000;

/** How a client talks, and what it wants of an answer. */
export interface Ways {
  readonly terminal?: Terminal;
  readonly part?: Part;
}

/**
 * Runs a line.
 *
 * @param asker - the client; a command that needs another role is refused.
 * @param ways - its connection, if it talks in lines, and which rows it wants.
 * @returns what came of it; never settles if the console's service ends meanwhile.
 */
export function execute(
  operator: Operator,
  line: string,
  asker: Asker,
  { terminal, part }: Ways = {},
): Promise<Outcome> {
  const { runtime, context } = operator;
  return new Promise((resolve) => {
    runtime.kernel.soon(context.service, () => {
      void run({ operator, line, terminal, part, args: [] }, asker).then(resolve);
    });
  });
}

/** The command that a line asks for; undefined if there is none of that name. */
export function commandOf(line: string): Command | undefined {
  return COMMANDS.get(firstOf(line));
}

async function run(asked: CommandCall, asker: Asker): Promise<Outcome> {
  const { operator, line } = asked;
  const [name = "", ...args] = line.trim().split(/\s+/);
  const command = COMMANDS.get(name);
  if (command === undefined) return { ok: false, command, error: unknownCommand() };
  const { isJson, words } = takeJson(command, args);
  const refusal = refuse(asked, command, words, asker);
  if (refusal !== undefined) return { ok: false, command, error: refusal };
  const surplus = findSurplus(command, words);
  if (surplus !== undefined) return { ok: false, command, error: surplusError(name, surplus) };
  const isChange = changes(command, words);
  const call = { ...asked, args: words, isJson, isChange };
  const settle = (work: Promise<CommandResult>): Promise<Outcome> =>
    work.then(
      (result) =>
        isJson
          ? { ok: true, command: JSON_ROW, result: writeResult(result) }
          : { ok: true, command, result },
      (error: unknown) => ({ ok: false, command, error }),
    );
  if (!isChange) return settle(runRouted(command, call));
  const audit = auditor(operator, showLine(operator, command, line), asker);
  const endWatch = watch(operator, audit);
  const onLate = (work: Promise<CommandResult>): void => {
    void settle(work).then((outcome) =>
      audit("late", `${outcome.ok ? "" : HEADS.failed}${summarize(outcome)}`),
    );
  };
  const outcome = await settle(runRouted(command, { ...call, onLate }));
  endWatch();
  audit(outcome.ok ? "ok" : "failed", summarize(outcome));
  return outcome;
}

/** Says whether a command changes something, or runs code, with these words. */
export function changes({ isChange }: Command, words: readonly string[]): boolean {
  return typeof isChange === "function" ? isChange(words) : isChange === true;
}

/**
 * The role that a command needs with these words: one that changes something needs `operate`, and so does one whose answer
 * may hold secrets.
 */
export function roleFor(command: Command, words: readonly string[]): Role {
  return command.isConfidential === true || changes(command, words) ? "operate" : "read";
}

/** Tells the log and the audit of a command. */
type Auditor = (outcome: AuditOutcome, what: string) => void;

/** What is before the outcome in the log. */
const HEADS: Readonly<Record<AuditOutcome, string>> = {
  ok: "",
  failed: "failed : ",
  refused: "refused : ",
  runs: "",
  late: "ended at last : ",
  "cut off": "",
};

function auditor({ runtime, context, thread }: Operator, shown: string, asker: Asker): Auditor {
  const { name, reason } = asker;
  const why = reason === undefined ? "" : ` because ${JSON.stringify(shorten(reason))}`;
  return (outcome, what) => {
    const said = thread.audit.withoutTokens(flatten(`${HEADS[outcome]}${what}`));
    runtime.logAsked(
      context.handle,
      `${name} ran ${JSON.stringify(shorten(shown))}${why} : ${shorten(said)}`,
    );
    thread.audit.note(asker, { command: shown, outcome, message: what });
  };
}

/** The line as the log and the audit show it. */
function showLine({ thread }: Operator, { conceal }: Command, line: string): string {
  return thread.audit.withoutTokens(conceal?.(line) ?? line);
}

/** Refuses a command that the asker's role does not allow. */
function refuse(
  { operator, line }: CommandCall,
  command: Command,
  words: readonly string[],
  asker: Asker,
): SnaxError | undefined {
  if (asker.role === "operate" || roleFor(command, words) === "read") return undefined;
  const message = `${firstOf(line)} needs the token to operate: this one may only read`;
  auditor(operator, showLine(operator, command, line), asker)("refused", message);
  return new SnaxError("ERR_FORBIDDEN", message);
}

function firstOf(line: string): string {
  return /\S+/.exec(line)?.[0] ?? "";
}

/** Stands for a command whose result is JSON by now. */
const JSON_ROW: Command = { help: "", run: () => undefined };

/** A word that the command would pass over in silence. */
function findSurplus({ words }: Command, given: readonly string[]): string | undefined {
  if (words === undefined) return undefined;
  const isOption = (word: string): boolean => word.startsWith("--");
  const unknown = given.find((word) => isOption(word) && !words.options.includes(word));
  return unknown ?? given.filter((word) => !isOption(word))[words.most];
}

function surplusError(name: string, word: string): SnaxError {
  return new SnaxError("ERR_ARGUMENT", `${name} does not know what to do with ${word}`);
}

/** Takes the word `--json` out, where the command knows it; behind `--` words are others' own. */
function takeJson(
  { hasJson }: Command,
  args: readonly string[],
): { readonly isJson: boolean; readonly words: readonly string[] } {
  const end = args.indexOf("--");
  const own = args.slice(0, end < 0 ? undefined : end);
  if (hasJson !== true || !own.includes("--json")) return { isJson: false, words: args };
  const words = [...own.filter((word) => word !== "--json"), ...args.slice(own.length)];
  return { isJson: true, words };
}

/**
 * Sees to it that the log tells also of a command that takes long, and of one that ends its own console.
 *
 * @returns a function that ends the watch.
 */
function watch({ runtime, context }: Operator, audit: Auditor): () => void {
  const { kernel } = runtime;
  const { service } = context;
  const timer = kernel.addTimer(service, AUDIT_WAIT_MS, () => audit("runs", "runs"));
  const unwatch = kernel.watch(service.handle, () =>
    audit("cut off", "the console ended before the command"),
  );
  return () => {
    kernel.removeTimer(service, timer);
    unwatch?.();
  };
}

/** What is said of an outcome; a service may have put anything into its error. */
function summarize(outcome: Outcome): string {
  if (!outcome.ok) return describeFailure(outcome.error);
  const { result } = outcome;
  return typeof result === "string" && result !== "" ? result : "ok";
}

function flatten(text: string): string {
  return text.replaceAll("\n", " : ");
}

function shorten(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text;
}

/** In skynet's words. */
function unknownCommand(): SnaxError {
  return new SnaxError("ERR_NO_METHOD", "Invalid command, type help for command list");
}

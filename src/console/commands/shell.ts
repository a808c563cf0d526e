/**
 * Runs the lines of an operator: a line in, an outcome out.
 *
 *     line -> a turn of the console's service -> command -> outcome -> the log, if it changes something
 *
 * Commands run inside the service, so what they cost and whom they call stands under its address. Nothing here throws: a
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
import type { Operator } from "../operator/operator.ts";
import { describeFailure } from "../print/failure.ts";
import { writeResult } from "../print/json.ts";
import { runRouted } from "../threads/thread-route.ts";
import { COMMANDS } from "./command-list.ts";

/** Longest part of a line, or of what came of it, that the log shows, in characters. */
const SHOWN_MAX = 200;

/** Milliseconds after which the log tells of a command that still runs. */
const AUDIT_WAIT_MS = 1000;

/**
 * Runs a line.
 *
 * @param who - the client, for the log.
 * @param terminal - its connection, if it talks in lines.
 * @returns what came of it; never settles if the console's service ends meanwhile.
 */
export function execute(
  operator: Operator,
  line: string,
  who: string,
  terminal?: Terminal,
): Promise<Outcome> {
  const { runtime, context } = operator;
  return new Promise((resolve) => {
    runtime.kernel.soon(context.service, () => {
      void run({ operator, line, terminal, args: [] }, who).then(resolve);
    });
  });
}

async function run(asked: CommandCall, who: string): Promise<Outcome> {
  const { operator, line } = asked;
  const [name = "", ...args] = line.trim().split(/\s+/);
  const command = COMMANDS.get(name);
  if (command === undefined) return { ok: false, command, error: unknownCommand() };
  const { isJson, words } = takeJson(command, args);
  const surplus = findSurplus(command, words);
  if (surplus !== undefined) return { ok: false, command, error: surplusError(name, surplus) };
  const call = { ...asked, args: words };
  const settle = (work: Promise<CommandResult>): Promise<Outcome> =>
    work.then(
      (result) =>
        isJson
          ? { ok: true, command: JSON_ROW, result: writeResult(result) }
          : { ok: true, command, result },
      (error: unknown) => ({ ok: false, command, error }),
    );
  if (command.isChange !== true) return settle(runRouted(command, call));
  const shown = command.conceal?.(line) ?? line;
  const audit = (what: string): void => {
    const text = `${who} ran ${JSON.stringify(shorten(shown))} : ${what}`;
    operator.runtime.logAsked(operator.context.handle, text);
  };
  const endWatch = watch(operator, audit);
  const onLate = (work: Promise<CommandResult>): void => {
    void settle(work).then((outcome) => audit(`ended at last : ${summarize(outcome)}`));
  };
  const outcome = await settle(runRouted(command, { ...call, onLate }));
  endWatch();
  audit(summarize(outcome));
  return outcome;
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
function watch({ runtime, context }: Operator, audit: (what: string) => void): () => void {
  const { kernel } = runtime;
  const { service } = context;
  const timer = kernel.addTimer(service, AUDIT_WAIT_MS, () => audit("runs"));
  const unwatch = kernel.watch(service.handle, () => audit("the console ended before the command"));
  return () => {
    kernel.removeTimer(service, timer);
    unwatch?.();
  };
}

/** What the log says of an outcome: one line, whatever a service has put into its error. */
function summarize(outcome: Outcome): string {
  if (!outcome.ok) return `failed : ${flatten(describeFailure(outcome.error))}`;
  const { result } = outcome;
  return typeof result === "string" && result !== "" ? flatten(result) : "ok";
}

function flatten(text: string): string {
  return shorten(text.replaceAll("\n", " : "));
}

function shorten(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text;
}

/** In skynet's words. */
function unknownCommand(): SnaxError {
  return new SnaxError("ERR_NO_METHOD", "Invalid command, type help for command list");
}

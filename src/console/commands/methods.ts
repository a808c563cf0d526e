/**
 * `call` and `post`: a request or a message to a service, typed by hand.
 *
 *     call ADDRESS METHOD literal, ...     a method of a snax service
 *     call ADDRESS literal, ...            the protocol lua, as in skynet
 *
 * What stands for a method is a word without quotes. Arguments are literals: they are read, never run.
 */

import { SnaxError } from "../../base/error.ts";
import { suggest } from "../../base/suggestion.ts";
import { deadError } from "../../kernel/refusal.ts";
import type { Group } from "../../snax/snax-host.ts";
import { bind } from "../../snax/snax-functions.ts";
import { readAddress } from "../operator/address.ts";
import type { CommandCall, CommandResult, CommandTable } from "../operator/command.ts";
import { parseLiterals } from "../../texts/literal.ts";
import type { Operator } from "../operator/operator.ts";
import { toService } from "../threads/thread-route.ts";

/** What an operator wants to say to a service. */
interface Question {
  readonly handle: number;
  /** The type and the method, if it is one; else the message goes by the protocol lua. */
  readonly method: { readonly type: string; readonly name: string } | undefined;
  readonly values: unknown[];
}

async function readQuestion({ operator, args, line }: CommandCall): Promise<Question> {
  const handle = readAddress(operator, args[0]);
  const text = textBehind(line);
  const [, name, rest = ""] = METHOD.exec(text) ?? [];
  const type = name === undefined ? undefined : await typeOf(operator, handle);
  if (name === undefined || type === undefined) {
    return { handle, method: undefined, values: parseLiterals(text) };
  }
  return { handle, method: { type, name }, values: rest === "" ? [] : parseLiterals(rest) };
}

/** A name that is no literal, and what is behind it. */
const METHOD =
  /^(?!(?:true|false|null|nil|undefined|NaN|Infinity)\b)([\p{L}_$][\p{L}\p{N}_$]*)(?:\s+(.*))?$/su;

/**
 * Returns what is behind the command and the address.
 *
 * @throws {ERR_ARGUMENT} if it is nothing.
 */
export function textBehind(line: string): string {
  const text = /^\s*\S+\s+\S+\s+(.+)$/s.exec(line)?.[1]?.trimEnd() ?? "";
  if (text === "") throw new SnaxError("ERR_ARGUMENT", "need arguments");
  return text;
}

/** The type of a snax service on any thread; undefined for others. */
async function typeOf({ runtime, skynet }: Operator, handle: number): Promise<string | undefined> {
  const own = runtime.kernel.services.get(handle)?.title;
  const find = (): Promise<(string | undefined)[]> =>
    skynet.call(".launcher", "lua", "TITLES", [handle]);
  const [kind, type] = (own ?? (await find())[0] ?? "").split(" ");
  return kind === "snax" ? type : undefined;
}

/** The methods of a group, to be called by name. */
type MethodsByName = Readonly<Record<string, (...args: unknown[]) => unknown>>;

function methodOf(
  operator: Operator,
  { handle, method }: Question,
  group: Group,
): (...args: unknown[]) => unknown {
  const { type = "", name = "" } = method ?? {};
  const numbers = operator.thread.live.snax.methods.of(type);
  // A service that begins has not said yet what it has: it answers for itself.
  if (numbers.isOffered(group, name) === false) throw noMethod(operator, { type, name }, group);
  const { req, post } = bind(operator.caller, handle, type);
  const one = ((group === "response" ? req : post) as MethodsByName)[name];
  if (one === undefined) throw noMethod(operator, { type, name }, group);
  return one;
}

/** Where a method may be instead, and with which command it is reached. */
const OTHERWISE = { response: ["accept", "post"], accept: ["response", "call"] } as const;

/** Says what the service has instead. */
function noMethod(
  operator: Operator,
  { type, name }: { type: string; name: string },
  group: Group,
): SnaxError {
  const numbers = operator.thread.live.snax.methods.of(type);
  const why = `${type} has no ${group} method ${name}`;
  const [other, advice] = group === "response" ? OTHERWISE.response : OTHERWISE.accept;
  if (numbers.isOffered(other, name) === true) {
    return new SnaxError("ERR_NO_METHOD", `${why}, but one under ${other}: use ${advice}`);
  }
  const known = [...numbers.offered()]
    .filter(([, each]) => each.group === group)
    .map(([, each]) => each.name);
  return new SnaxError("ERR_NO_METHOD", why + suggest(name, known));
}

/** Several results of the answer are a row each, and `n` counts. */
async function call(use: CommandCall): Promise<CommandResult> {
  const question = await readQuestion(use);
  const { handle, values } = question;
  const answer =
    question.method === undefined
      ? await use.operator.skynet.call(handle, "lua", ...values)
      : await methodOf(use.operator, question, "response")(...values);
  const results: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
  const rows = new Map<string, unknown>();
  for (const [index, value] of results.entries()) {
    if (value !== undefined && value !== null) rows.set(String(index + 1), value);
  }
  return rows.set("n", results.length);
}

async function post(use: CommandCall): Promise<CommandResult> {
  const question = await readQuestion(use);
  const { handle, values } = question;
  if (!use.operator.runtime.kernel.lives(handle)) throw deadError(handle);
  if (question.method === undefined) use.operator.skynet.send(handle, "lua", ...values);
  else methodOf(use.operator, question, "accept")(...values);
  return undefined;
}

/** The commands by name. */
export const methodCommands: CommandTable = {
  call: {
    help: "call address [method] arguments : ask a service; texts are in quotes",
    isChange: true,
    needs: toService,
    run: call,
  },
  post: {
    help: "post address [method] arguments : send a message without an answer",
    isChange: true,
    needs: toService,
    run: post,
  },
};

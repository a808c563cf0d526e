/**
 * The commands for programs: a path for each, JSON in and out.
 *
 *     GET  /api                                   the commands with their help and the token they need
 *     GET  /api/stat?sort=cpu&n=20                a command that changes nothing; `arg=` for each of its words
 *     POST /api/kill {"args":["a"],"reason":"..."}    any command; one that changes something needs a reason
 *
 * What comes is hostile: a wrong method, type, word or length is refused before anything runs, with the status that says so. A
 * POST has to be `application/json`, which no form of a foreign page can send. Roles, the log and the audit are the shell's
 * (commands/shell.ts).
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { codeOf, SnaxError } from "../../base/error.ts";
import { API_REASON_MAX, CONSOLE_BODY_MAX, CONSOLE_LINE_MAX } from "../../base/limits.ts";
import { COMMANDS } from "../commands/command-list.ts";
import { execute, changes, roleFor } from "../commands/shell.ts";
import type { Command, Outcome } from "../operator/command.ts";
import type { Part } from "../operator/page.ts";
import { readPart, takePart } from "../operator/page.ts";
import { writeOutcome } from "../print/json.ts";
import type { Client } from "./client.ts";
import { isText } from "./line-guard.ts";

const ROOT = "/api";

/** The words of a query that are no words of the command. */
const PART_WORDS: ReadonlySet<string> = new Set(["after", "limit", "sort", "n"]);

/** Headers of every answer. */
const HEAD = {
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  connection: "close",
};

/** What a request asks for. */
interface Asked {
  readonly line: string;
  readonly reason: string | undefined;
  readonly part: Part;
}

/** A request that is refused before a command runs. */
class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, cause: SnaxError, headers: Readonly<Record<string, string>> = {}) {
    super(cause.message, { cause });
    this.status = status;
    this.headers = headers;
  }
}

/** Says whether a request is one for a command by its path. */
export function isApi({ url = "" }: IncomingMessage): boolean {
  return /^\/api(?:[/?]|$)/.test(url);
}

/**
 * Reads the request, runs its command, and answers.
 *
 * @param onRead - the request has come whole.
 */
export async function answerApi(
  client: Client,
  request: IncomingMessage,
  response: ServerResponse,
  onRead: () => void,
): Promise<void> {
  let asked: Asked | undefined;
  try {
    asked = await readRequest(request);
    onRead();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    client.announce();
    response.writeHead(error.status, { ...HEAD, ...error.headers });
    const [body = ""] = writeOutcome({ ok: false, command: undefined, error: error.cause });
    response.end(body, () => response.socket?.destroySoon());
    return;
  }
  // The console has closed it meanwhile: the answer would reach no client.
  if (!request.socket.writable) return;
  client.isBusy = true;
  client.isProven = true;
  if (request.method !== "GET") client.announce();
  const { outcome, next } = asked === undefined ? listCommands() : await run(client, asked);
  const status = statusOf(outcome);
  if (status === 403) client.announce();
  client.hush();
  response.writeHead(status, HEAD);
  await client.write(writeOutcome(outcome, next), response);
  response.end();
}

interface Answer {
  readonly outcome: Outcome;
  readonly next?: string | undefined;
}

async function run(client: Client, { line, reason, part }: Asked): Promise<Answer> {
  const outcome = await execute(client.operator, line, client.asker(reason), { part });
  if (!outcome.ok || !(outcome.result instanceof Map)) return { outcome };
  try {
    const isOrdered = outcome.command.isOrdered === true;
    const { rows, next } = takePart(outcome.result, part, isOrdered);
    return { outcome: { ...outcome, result: rows }, next };
  } catch (error) {
    return { outcome: { ok: false, command: outcome.command, error } };
  }
}

function listCommands(): Answer {
  const rows = [...COMMANDS].map(([name, command]): [string, unknown] => [
    name,
    {
      help: command.help,
      token: roleFor(command, []),
      ...(isBoth(command) && { changes: "by its words" }),
    },
  ]);
  return { outcome: { ok: true, command: LIST, result: new Map(rows) } };
}

/** It may show or change, as its words say. */
function isBoth({ isChange }: Command): boolean {
  return typeof isChange === "function";
}

/** The list of commands, where an outcome asks for a command. */
const LIST: Command = { help: "", run: () => undefined };

function statusOf(outcome: Outcome): number {
  if (outcome.ok) return 200;
  return codeOf(outcome.error) === "ERR_FORBIDDEN" ? 403 : 400;
}

/** @returns undefined for a request of the list of commands. @throws {Refusal} */
async function readRequest(request: IncomingMessage): Promise<Asked | undefined> {
  const { method, url = "" } = request;
  if (method !== "GET" && method !== "POST") {
    throw refusal(405, "only GET and POST are answered", { allow: "GET, POST" });
  }
  const [path = "", ...rest] = url.split("?");
  const { words, part } = readQuery(rest.join("?"));
  const name = path.slice(ROOT.length + 1);
  if (name === "") {
    if (method === "GET" && words.length === 0) return undefined;
    throw refusal(405, "the list of commands is asked for with GET alone", { allow: "GET" });
  }
  const command = COMMANDS.get(name);
  if (command === undefined) {
    throw refusal(404, "there is no such command: GET /api lists them", {}, "ERR_NO_METHOD");
  }
  if (method === "GET") {
    if (changes(command, words)) {
      throw refusal(405, `${name} changes something: POST it, with a reason`, { allow: "POST" });
    }
    return { line: lineOf(name, words), reason: undefined, part };
  }
  if (words.length > 0) throw refusal(400, "the words of a POST are in its body, as args");
  const { args, reason } = await readBody(request);
  const line = lineOf(name, args);
  const given = line.split(/\s+/).slice(1);
  if (changes(command, given) && reason === undefined) {
    throw refusal(400, `${name} changes something: it needs a reason`, {}, "ERR_ARGUMENT");
  }
  return { line, reason, part };
}

/** @throws {Refusal} if it has an unknown word, or one twice. */
function readQuery(text: string): { readonly words: readonly string[]; readonly part: Part } {
  const words: string[] = [];
  const part = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (name === "arg") words.push(value);
    else if (!PART_WORDS.has(name) || part.has(name)) {
      const why = part.has(name) ? "is there twice" : "is no word of a query";
      const known = "use arg, after, limit, sort and n";
      throw refusal(
        400,
        `${JSON.stringify(name.slice(0, 40))} ${why}: ${known}`,
        {},
        "ERR_ARGUMENT",
      );
    } else part.set(name, value);
  }
  try {
    return { words, part: readPart(part) };
  } catch (error) {
    throw new Refusal(400, error as SnaxError);
  }
}

async function readBody(
  request: IncomingMessage,
): Promise<{ readonly args: string | readonly string[]; readonly reason: string | undefined }> {
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers["content-type"] ?? "")) {
    throw refusal(415, "a POST has the content-type application/json");
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > CONSOLE_BODY_MAX) {
      throw refusal(413, `a body is longer than ${CONSOLE_BODY_MAX} bytes`);
    }
    chunks.push(chunk as Buffer);
  }
  const given = parseObject(Buffer.concat(chunks).toString("utf8"));
  for (const key of Object.keys(given)) {
    if (key === "args" || key === "reason") continue;
    throw refusal(400, `the body has ${JSON.stringify(key.slice(0, 40))}: use args and reason`);
  }
  const { args = [], reason } = given;
  const isList = Array.isArray(args) && args.every((word) => typeof word === "string");
  if (typeof args !== "string" && !isList) {
    throw refusal(400, "args is a text, or a list of texts");
  }
  return { args: args as string | readonly string[], reason: readReason(reason) };
}

function parseObject(text: string): Record<string, unknown> {
  let given: unknown;
  try {
    given = text === "" ? {} : JSON.parse(text);
  } catch {
    // What is wrong with it only its sender can tell.
    throw refusal(400, "the body is no JSON");
  }
  if (typeof given === "object" && given !== null && !Array.isArray(given)) {
    return given as Record<string, unknown>;
  }
  throw refusal(400, "the body is no object: { args, reason }");
}

function readReason(reason: unknown): string | undefined {
  if (reason === undefined) return undefined;
  if (typeof reason !== "string" || reason.trim() === "" || !isText(Buffer.from(reason))) {
    throw refusal(400, "reason is a text of one line");
  }
  if (reason.length <= API_REASON_MAX) return reason.trim();
  throw refusal(400, `a reason is longer than ${API_REASON_MAX} characters`);
}

/** The line that a client in lines would send. @throws {Refusal} if there is none. */
function lineOf(name: string, args: string | readonly string[]): string {
  const words = typeof args === "string" ? [args.trim()].filter((word) => word !== "") : args;
  if (typeof args !== "string" && words.some((word) => word === "" || /\s/.test(word))) {
    throw refusal(400, "a word of args is empty or has a blank: give args as one text instead");
  }
  const line = [name, ...words].join(" ");
  if (!isText(Buffer.from(line))) throw refusal(400, "a command is one line of text");
  if (Buffer.byteLength(line) <= CONSOLE_LINE_MAX) return line;
  throw refusal(400, `a command is longer than ${CONSOLE_LINE_MAX} bytes`);
}

// oxlint-disable-next-line max-params -- a code is the exception
function refusal(
  status: number,
  why: string,
  headers: Readonly<Record<string, string>> = {},
  code: "ERR_MALFORMED" | "ERR_ARGUMENT" | "ERR_NO_METHOD" = "ERR_MALFORMED",
): Refusal {
  return new Refusal(status, new SnaxError(code, why), headers);
}

/**
 * HTTP on a console's port: one request, one command, and the connection ends.
 *
 *     GET /stat/500          the path, `/` as blanks, is the command
 *     POST /                 the body is the command
 *     /api/stat              for programs: api-door.ts
 *     GET /events            for those who watch: event-stream.ts
 *     GET / of a browser     a page: page-door.ts
 *
 * A browser's GET may look but change nothing: a link in a mail, or what a browser fetches ahead of the Enter key, was not
 * decided by an operator. As in skynet the answer is the raw text without any HTTP head, the greeting first (`curl --http0.9`). With
 * `Accept: application/json` it is a real response with JSON, and so is every refusal of the request itself. Node's own
 * server reads the requests; sockets come from the sessions that saw a request begin.
 */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { codeOf, SnaxError } from "../../base/error.ts";
import { CONSOLE_BODY_MAX, CONSOLE_HEAD_MAX, CONSOLE_LOGIN_MS } from "../../base/limits.ts";
import { loadHttp } from "../../net/late-module.ts";
import { answerApi, isApi } from "./api-door.ts";
import { isEvents, streamEvents } from "./event-stream.ts";
import type { Visitors } from "./browser-guard.ts";
import { refuseBrowsers } from "./browser-guard.ts";
import type { Client } from "./client.ts";
import { COMMANDS } from "../commands/command-list.ts";
import { execute, changes } from "../commands/shell.ts";
import { writeOutcome } from "../print/json.ts";
import { isText } from "./line-guard.ts";
import { answerPage, isPage } from "./page-door.ts";
import { answerProbe, isProbe } from "./probe-door.ts";
import { GREETING, printOutcome } from "../print/print.ts";

/** A client that has begun an HTTP request. */
interface Visit {
  readonly client: Client;
  readonly isGreeted: boolean;
  /** The request has come whole. */
  isRead: boolean;
  /** A second request on the connection is not read. */
  isTaken: boolean;
}

/** The HTTP side of one console. */
export class HttpDoor {
  readonly #server: Server;
  readonly #visitors: Visitors;
  readonly #visits = new WeakMap<object, Visit>();

  /** @param visitors - whose requests are answered. */
  constructor(visitors: Visitors) {
    this.#visitors = visitors;
    this.#server = loadHttp().createServer(
      { maxHeaderSize: CONSOLE_HEAD_MAX },
      (request, response) => {
        const visit = this.#visits.get(request.socket);
        if (visit === undefined || visit.isTaken) return;
        visit.isTaken = true;
        this.#serve(visit, request, response).catch((error: unknown) => visit.client.drop(error));
      },
    );
    // A client that ends its side behind its request still wants the answer.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
  }

  /** Takes a socket whose next bytes are a request. */
  admit(client: Client, isGreeted: boolean): void {
    const visit = { client, isGreeted, isRead: false, isTaken: false };
    this.#visits.set(client.socket, visit);
    client.after(CONSOLE_LOGIN_MS, () => {
      if (!visit.isRead) client.socket.destroy();
    });
    this.#server.emit("connection", client.socket);
  }

  #refuseBrowsers({ client }: Visit, { headers }: IncomingMessage): void {
    try {
      refuseBrowsers(headers, this.#visitors);
    } catch (error) {
      client.tellRefusal(error);
      throw error;
    }
  }

  async #serve(visit: Visit, request: IncomingMessage, response: ServerResponse): Promise<void> {
    let line: string;
    try {
      this.#refuseBrowsers(visit, request);
      if (isPage(request)) {
        // The time to log in goes on: a client without a token that does not read is cut then.
        answerPage(request, response);
        visit.client.hush();
        return;
      }
      visit.client.login(tokenOf(request));
      if (isProbe(request)) {
        visit.isRead = true;
        answerProbe(visit.client.operator.runtime, request, response, { connection: "close" });
        visit.client.hush();
        return;
      }
      if (isEvents(request)) {
        visit.isRead = true;
        visit.client.isProven = true;
        streamEvents(visit.client, request, response);
        visit.client.hush();
        return;
      }
      if (isApi(request)) {
        await answerApi(visit.client, request, response, () => (visit.isRead = true));
        return;
      }
      line = await readCommand(request);
      refuseChange(request, line);
      visit.isRead = true;
    } catch (error) {
      visit.client.announce();
      refuse(response, error);
      return;
    }
    visit.client.announce();
    const { operator } = visit.client;
    // The console has closed it meanwhile: the answer would reach no client.
    if (!request.socket.writable) return;
    visit.client.isBusy = true;
    const outcome = await execute(operator, line, visit.client.asker());
    if (/\bapplication\/json\b/.test(request.headers.accept ?? "")) {
      response.writeHead(outcome.ok ? 200 : 400, HEAD);
      await visit.client.write(writeOutcome(outcome), response);
      response.end();
      return;
    }
    const greeting = visit.isGreeted ? [] : [`${GREETING}\n`];
    await visit.client.write(chain(greeting, printOutcome(outcome)));
    request.socket.end();
  }
}

const HEAD = {
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  connection: "close",
};

function tokenOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1];
}

/** Reads the command of a request; as in skynet a path is not decoded. */
async function readCommand(request: IncomingMessage): Promise<string> {
  if (request.method === "GET") {
    return oneLine(Buffer.from((request.url ?? "").slice(1).replaceAll("/", " "), "latin1"));
  }
  if (request.method !== "POST") {
    throw new SnaxError("ERR_MALFORMED", "only GET and POST are answered");
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > CONSOLE_BODY_MAX) {
      throw new SnaxError("ERR_MALFORMED", `a body is longer than ${CONSOLE_BODY_MAX} bytes`);
    }
    chunks.push(chunk as Buffer);
  }
  return oneLine(Buffer.concat(chunks));
}

/** A request is one command, as a line is; `curl -d @file` and forms in several parts are refused. */
function oneLine(bytes: Buffer): string {
  const line = bytes.toString("utf8").trim();
  if (isText(Buffer.from(line))) return line;
  throw new SnaxError("ERR_MALFORMED", "a request is one command, in one line of text");
}

/** Refuses a command that changes something, if a browser has fetched it as it fetches a page. */
function refuseChange({ method, headers }: IncomingMessage, line: string): void {
  if (method !== "GET" || headers["sec-fetch-site"] === undefined) return;
  const [name = "", ...words] = line.split(/\s+/);
  const command = COMMANDS.get(name);
  if (command === undefined || !changes(command, words)) return;
  throw new SnaxError("ERR_FORBIDDEN", "a browser may look, and change nothing with GET");
}

function refuse(response: ServerResponse, error: unknown): void {
  const code = codeOf(error);
  const status = code === "ERR_FORBIDDEN" ? 403 : code === "ERR_EXHAUSTED" ? 503 : 400;
  response.writeHead(status, HEAD);
  const [body = ""] = writeOutcome({ ok: false, command: undefined, error });
  response.end(body, () => response.socket?.destroySoon());
}

function* chain(...lists: Iterable<string>[]): Iterable<string> {
  for (const list of lists) yield* list;
}

/**
 * What the system's own services get as `operator`: opening a console, at a port or at the terminal, and running a command. It
 * is nothing for other services, which find that it refuses them.
 */

import { SnaxError } from "../base/error.ts";
import type { Context } from "../service/context.ts";
import type { ConsoleThread } from "./operator/console-thread.ts";
import { listenForProbes } from "./doors/metrics-server.ts";
import { ConsoleServer, requireSafety } from "./doors/console-server.ts";
import type { Endpoint } from "../net/endpoint.ts";
import { formatEndpoint, parseEndpoint } from "../net/endpoint.ts";
import { execute } from "./commands/shell.ts";
import { Operator } from "./operator/operator.ts";
import { visitorsOf } from "./doors/browser-guard.ts";
import { readTokens } from "./operator/role.ts";
import { openStdin } from "./doors/stdin-session.ts";

/** A console as the service that opened it sees it. */
export interface OpenConsole {
  /** Where it listens, `host:port`. */
  readonly address: string;
  /** How many clients are connected. */
  clientCount(): number;
}

/** Everything under `import { operator } from "snax"`. */
export interface OperatorApi {
  /**
   * Opens a console that belongs to the service and ends with it.
   *
   * @param place - a port, `"host:port"`, or a host and a port.
   * @throws {ERR_FORBIDDEN} if others than this machine could reach it and no `consoletoken` is set.
   * @throws {ERR_ARGUMENT} if the place is not valid. {ERR_LISTEN} if the node can't listen there. {ERR_CONFIG} if the file of
   * `audit` can't be written.
   */
  listen(...place: unknown[]): Promise<OpenConsole>;
  /**
   * Answers health, readiness and metrics at an address, without a token; it belongs to the service and ends with it.
   *
   * @param place - a port, or `"host:port"`.
   * @returns where it listens, `host:port`.
   * @throws {ERR_ARGUMENT} if the place is not valid. {ERR_LISTEN} if the port can't be opened there.
   */
  listenForProbes(place: unknown): Promise<string>;
  /**
   * Reads lines of the standard input until the service ends, and answers on standard output.
   *
   * @throws {ERR_ARGUMENT} if another console reads it already.
   */
  talk(): void;
  /**
   * Runs a command and returns its rows by key, as data.
   *
   * @param who - for the log, if the command changes something.
   */
  run(line: string, who: string): Promise<Record<string, unknown>>;
}

/** Makes the maker of `operator` for the services of a node. */
export function createOperatorMaker(thread: ConsoleThread): (context: Context) => OperatorApi {
  return (context) => ({
    listen: (...place) => listen(thread, context, place),
    listenForProbes: async (place) => {
      requireSystem(context);
      return await listenForProbes(context, readPlace([place]));
    },
    talk: () => {
      requireSystem(context);
      thread.audit.open();
      openStdin(new Operator(thread, context));
    },
    run: async (line, who) => {
      requireSystem(context);
      const outcome = await execute(new Operator(thread, context), line, {
        name: who,
        role: "operate",
      });
      if (!outcome.ok) throw outcome.error;
      return outcome.result instanceof Map ? Object.fromEntries(outcome.result) : {};
    },
  });
}

function requireSystem({ runtime, name }: Context): void {
  if (runtime.paths.isSystem(name)) return;
  throw new SnaxError("ERR_FORBIDDEN", "operator is for the system's own services");
}

async function listen(
  thread: ConsoleThread,
  context: Context,
  place: readonly unknown[],
): Promise<OpenConsole> {
  requireSystem(context);
  const { environment } = context.runtime;
  const endpoint = readPlace(place);
  const tokens = readTokens(environment.get("consoletoken"));
  requireSafety(endpoint, tokens);
  thread.audit.open();
  const visitors = visitorsOf(context.runtime, endpoint.host);
  const server = new ConsoleServer(new Operator(thread, context), tokens, visitors);
  const address = await server.listen(endpoint);
  return { address, clientCount: () => server.clientCount };
}

/** As skynet's console: `port`, or `ip, port`; also `"ip:port"`. */
function readPlace(place: readonly unknown[]): Endpoint {
  const [first, second] = place;
  const isText = typeof first === "string";
  const endpoint =
    second === undefined ? parseEndpoint(first) : isText ? joinPlace(first, second) : undefined;
  if (endpoint !== undefined) return endpoint;
  throw new SnaxError("ERR_ARGUMENT", "a console needs a port, or a host and a port");
}

function joinPlace(host: string, port: unknown): Endpoint | undefined {
  const { port: number } = parseEndpoint(port) ?? {};
  return number === undefined ? undefined : parseEndpoint(formatEndpoint(host, number));
}

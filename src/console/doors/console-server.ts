/**
 * The port of a debug console: takes clients and lets each talk in lines or HTTP.
 *
 *     socket -> Client -> LineSession -> Operator.execute -> printed lines
 *                              `-- "GET ..." -> HttpDoor -> Operator.execute -> raw text, or JSON
 *
 * It belongs to the console's service and ends with it. What clients do harms no other: there are CONSOLE_CLIENTS_MAX at
 * most, and what they send and do not read is bounded. They can't keep the operator out either: a client that comes beyond that number
 * takes the place of an idle one.
 */

import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { SnaxError } from "../../base/error.ts";
import { CONSOLE_CLIENTS_MAX, CONSOLE_REFUSED_MS } from "../../base/limits.ts";
import { LineBudget } from "../../base/log-line.ts";
import { Client } from "./client.ts";
import type { Endpoint } from "../../net/endpoint.ts";
import type { ListenRecord } from "../../net/net-table.ts";
import { peerOf } from "../../net/stream-link.ts";
import { TurnAway } from "../../net/turn-away.ts";
import { formatEndpoint, isLoopback } from "../../net/endpoint.ts";
import { HttpDoor } from "./http-door.ts";
import { LineSession } from "./line-session.ts";
import type { Operator } from "../operator/operator.ts";
import type { ConsoleTokens } from "../operator/role.ts";
import type { Visitors } from "./browser-guard.ts";
import { TokenGate } from "./token-gate.ts";

/** A console that listens. */
export class ConsoleServer {
  readonly #operator: Operator;
  readonly #server: Server;
  readonly #gate: TokenGate;
  readonly #door: HttpDoor;
  readonly #budget: LineBudget;
  readonly #turnedAway: TurnAway;
  /** In the order in which they came. */
  readonly #clients = new Set<Client>();
  /** Those that have given way to others, and read why. */
  readonly #leaving = new Set<Client>();
  #record: ListenRecord | undefined;

  /**
   * @param tokens - what clients have to show; without any every client is let in.
   * @param visitors - which requests over HTTP do not come from a foreign page.
   */
  constructor(operator: Operator, tokens: ConsoleTokens, visitors: Visitors) {
    const { runtime, context } = operator;
    this.#operator = operator;
    this.#gate = new TokenGate(tokens, () => runtime.clock.now());
    this.#door = new HttpDoor(visitors);
    this.#turnedAway = new TurnAway(context);
    this.#budget = new LineBudget({
      now: () => runtime.clock.now(),
      later: (ms, run) => void runtime.kernel.addTimer(context.service, ms, run),
      tell: (count) => runtime.log(context.handle, `${count} lines about clients were left out`),
    });
    // Half open: a client that has said everything still wants the answers.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#welcome(socket));
    runtime.kernel.watch(context.handle, () => this.#close());
  }

  /** How many clients are connected. */
  get clientCount(): number {
    return this.#clients.size;
  }

  /**
   * Begins to listen.
   *
   * @returns where, as `host:port`.
   * @throws {ERR_LISTEN} if that is not possible; the message says why.
   */
  listen({ host, port }: Endpoint): Promise<string> {
    const { context } = this.#operator;
    return new Promise((resolve, reject) => {
      this.#server.once("error", (cause: Error) => {
        const why = `can't listen on ${formatEndpoint(host, port)}: ${cause.message}`;
        reject(new SnaxError("ERR_LISTEN", why, { cause }));
      });
      this.#server.listen(port, host, () => {
        const name = formatEndpoint(host, (this.#server.address() as AddressInfo).port);
        this.#record = this.#operator.thread.sockets.addServer(context.handle, this.#server, name);
        // What goes wrong from here on (no file is free for a client) is told and ends nothing.
        this.#server.on("error", (error) => this.#tell(`accept failed : ${error.message}`));
        resolve(name);
      });
    });
  }

  #welcome(socket: Socket): void {
    // The cause of the end of a client's connection is the client's business.
    socket.on("error", () => {});
    const { runtime, context } = this.#operator;
    if (this.#record !== undefined) {
      this.#record.accepted += 1;
      this.#record.readAt = runtime.clock.now();
    }
    if (!context.service.isAlive || !this.#makeRoom()) {
      this.#turnedAway.note(peerOf(socket), `a console takes ${CONSOLE_CLIENTS_MAX} clients`);
      socket.end("too many clients\n", () => socket.destroy());
      return;
    }
    const tell = (text: string): boolean => this.#tell(text);
    const client = new Client({ socket, operator: this.#operator, gate: this.#gate, tell });
    this.#clients.add(client);
    socket.once("close", () => {
      this.#clients.delete(client);
      this.#leaving.delete(client);
      client.leave();
    });
    const session = new LineSession(client, () => this.#door.admit(client, session.isGreeted));
  }

  /**
   * Makes room for a client: the one that has been idle for the longest goes, before all those that have never sent a command.
   *
   * @returns false if commands of all of them run.
   */
  #makeRoom(): boolean {
    if (this.#clients.size < CONSOLE_CLIENTS_MAX) return true;
    const idle = [...this.#clients].filter(({ isBusy }) => !isBusy);
    const strangers = idle.filter(({ isProven }) => !isProven);
    const [oldest] = (strangers.length > 0 ? strangers : idle).toSorted(
      (a, b) => a.activeAt - b.activeAt,
    );
    if (oldest === undefined) return false;
    this.#clients.delete(oldest);
    this.#leaving.add(oldest);
    oldest.tell("was closed : too many clients, and it was idle for the longest");
    const { socket } = oldest;
    // What comes now is not run: the answer would reach no client.
    socket.removeAllListeners("data");
    socket.end("too many clients: this one was idle for the longest\n", () => socket.destroy());
    // One that reads nothing would stay for good, with all that waits for it.
    oldest.after(CONSOLE_REFUSED_MS, () => socket.destroy());
    return true;
  }

  #tell(text: string): boolean {
    const { runtime, context } = this.#operator;
    const isAllowed = context.service.isAlive && this.#budget.allow();
    if (isAllowed) runtime.log(context.handle, text);
    return isAllowed;
  }

  #close(): void {
    this.#server.close();
    for (const { socket } of [...this.#clients, ...this.#leaving]) socket.destroy();
  }
}

/**
 * Refuses a place that others than this machine can reach, unless they have to show a token.
 *
 * @throws {ERR_FORBIDDEN} then.
 */
export function requireSafety({ host, port }: Endpoint, { operate }: ConsoleTokens): void {
  if (isLoopback(host) || operate !== undefined) return;
  throw new SnaxError(
    "ERR_FORBIDDEN",
    `a debug console on ${formatEndpoint(host, port)} can be reached from elsewhere: ` +
      "set consoletoken in the configuration, or use 127.0.0.1",
  );
}

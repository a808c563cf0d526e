/**
 * A gate: takes clients at a port, cuts their streams into messages and hands those to the services
 * that serve them.
 *
 *     client -> stream -> GateClient (frames) -+-> mailbox of the agent, as a `client` message: the direct way
 *                                              `-> GateMail -> the gate's own handler, while no service serves the client
 *
 * Messages are views of what the system read, never copied within a thread; an agent that lives
 * elsewhere gets them by the kernel's usual way. Every client is bounded: how many there are, how
 * long a message is and takes, what it sends ahead of its agent (gate-client.ts) and what it leaves
 * unread. A client that ends its side is answered before its connection is closed.
 *
 * Hot path (bench: player).
 */

import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { codeOf, SnaxError } from "../base/error.ts";
import { GATE_ANSWER_MS, GATE_WINDOW_BYTES } from "../base/limits.ts";
import { formatAddress, LET_GO, mailboxLength } from "../kernel/service.ts";
import { Message, REPLY } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { isThenable } from "../service/context.ts";
import { FrameSplitter } from "../wire/frame-splitter.ts";
import { OpenPort } from "./open-port.ts";
import type { GateCounts, GateHandler, GateListened, GateOptions } from "./gate-api.ts";
import { placeMark } from "./flow.ts";
import { GateAdmission } from "./gate-admission.ts";
import type { ClientHost } from "./gate-client.ts";
import { GateClient, MESSAGE_COST_BYTES } from "./gate-client.ts";
import type { GateEvent } from "./gate-mail.ts";
import { GateMail } from "./gate-mail.ts";
import type { GateSettings } from "./gate-settings.ts";
import { describePorts, readGateOptions } from "./gate-settings.ts";
import { watchClients } from "./gate-watch.ts";
import type { Link } from "./link.ts";
import { openPort } from "./listening.ts";
import { tellEnd, tellMark } from "./remote.ts";
import type { SocketOwner } from "./socket-owner.ts";
import { peerOf, StreamLink } from "./stream-link.ts";
import { openWebSockets } from "./web-socket-door.ts";
import { WebSocketLink } from "./web-socket-link.ts";

/** The gate of one service. */
export class GateServer implements ClientHost {
  readonly counts: GateCounts = { clients: 0, accepted: 0, refused: 0, messages: 0, cut: {} };
  readonly clients: Map<number, GateClient> = new Map();
  readonly #owner: SocketOwner;
  /** The functions of the program; other code in its place gives its own. */
  handler: GateHandler;
  readonly #mail: GateMail;
  readonly #admission: GateAdmission;
  readonly messageCost: number;
  /** Most messages that a mailbox holds; 0 = no bound. */
  readonly #mailboxLimit: number;
  #settings: GateSettings | undefined;
  #doors: OpenPort[] = [];
  #isOpening = false;
  /** Who is told of clients by skynet's gate, and may answer them. */
  #watchdog = 0;
  /** Ends the looks for deadlines. */
  #unwatch = (): void => {};

  constructor(owner: SocketOwner, handler: GateHandler) {
    this.#owner = owner;
    this.handler = handler;
    this.#mailboxLimit = Number(owner.context.runtime.environment.get("mailbox") ?? 0);
    // Half of a bounded mailbox may be one client's.
    const cost = this.#mailboxLimit > 0 ? (4 * GATE_WINDOW_BYTES) / this.#mailboxLimit : 0;
    this.messageCost = Math.max(MESSAGE_COST_BYTES, Math.ceil(cost));
    this.#admission = new GateAdmission(owner.context);
    this.#mail = new GateMail(owner, (event) => this.#tell(event));
    owner.keep(() => {
      this.close();
      for (const { link } of this.clients.values()) link.close();
    });
  }

  /** Answers a message to the gate's service. */
  async command(command: string, source: number, args: unknown[]): Promise<unknown> {
    if (command === "open") return await this.#open(source, args[0]);
    if (command === "close") return this.close();
    const { command: run } = this.handler;
    if (run !== undefined)
      return await run.call(this.handler, command, source, ...(args as never[]));
    throw new SnaxError("ERR_ARGUMENT", `this gate knows no command ${JSON.stringify(command)}`);
  }

  /** Begins to read a client; see GateServerApi. */
  openClient(fd: number): void {
    const client = this.#clientOf(fd);
    if (client.agent !== 0) {
      client.unwatch?.();
      client.agent = 0;
      client.restart();
    }
    client.link.start();
  }

  /** Hands a client to a service; see GateServerApi. */
  forward(fd: number, address: number, source: number): void {
    const client = this.#clientOf(fd);
    if (!Number.isInteger(address) || address <= 0) {
      throw new SnaxError("ERR_ARGUMENT", `${address} is no handle of a service`);
    }
    const { kernel, threads } = this.#owner.context.runtime;
    if (kernel.services.get(address) === undefined && threads?.threadOf(address) === undefined) {
      throw new SnaxError("ERR_SERVICE_DEAD", `no service lives under ${formatAddress(address)}`);
    }
    client.unwatch?.();
    client.agent = address;
    client.source = source;
    client.unwatch = kernel.watch(address, () => this.#loseAgent(client), LET_GO);
    // Order: what came before, and is in the gate's own mail, must not come after what takes the
    // direct way from now on; test/integration/net/gate.test.ts
    for (const { data, isText } of this.#mail.takeMessages(client)) {
      this.#toAgent(client, data as Buffer, isText === true);
    }
    client.restart();
    client.link.start();
  }

  /** Ends a client; see GateServerApi. */
  closeClient(fd: number): void {
    this.clients.get(fd)?.link.close();
  }

  /** Ends listening; clients stay. */
  close(): void {
    for (const door of this.#doors.splice(0)) door.shut();
  }

  deliver(client: GateClient, data: Buffer, isText: boolean): boolean {
    this.counts.messages += 1;
    if (client.agent !== 0) return this.#toAgent(client, data, isText);
    this.#mail.push({ kind: "message", client, data, isText });
    return true;
  }

  mark(client: GateClient, bytes: number): void {
    const { agent, epoch, link } = client;
    const { context, net } = this.#owner;
    if (agent === 0) {
      this.#mail.push({ kind: "mark", client, size: bytes, epoch });
      return;
    }
    const reached = (): void => client.passed(bytes, epoch);
    const moved = (): void => {
      // The other side is gone: the next message tells.
      if (!tellMark(net, agent, [link.id, bytes, epoch])) reached();
    };
    if (!placeMark(context.runtime, agent, { reached, moved })) moved();
  }

  /**
   * Closes the connection when the service of the client has handled all that it sent, but not
   * later than GATE_ANSWER_MS.
   */
  end(client: GateClient, error: Error | undefined): void {
    const { link } = client;
    const close = (): void => {
      cancel();
      if (error === undefined) link.close();
      else link.closeFor(error);
    };
    const cancel = this.#owner.net.after(GATE_ANSWER_MS, close);
    link.whenGone(cancel);
    if (client.messages === 0) close();
    else if (client.agent !== 0) this.#whenServed(client.agent, link.id, close);
    else {
      const run = (): void => this.#whenServed(this.#watchdog, link.id, close);
      this.#mail.push({ kind: "end", client, run });
    }
  }

  /** Runs something when a service, wherever it lives, has handled all that a client sent. */
  #whenServed(handle: number, id: number, run: () => void): void {
    const { context, net } = this.#owner;
    const moved = (): void => {
      if (!tellEnd(net, handle, id, run)) run();
    };
    if (!placeMark(context.runtime, handle, { endOf: id, reached: run, moved })) moved();
  }

  /** Looks for agents that have died on other threads; those of this one tell. */
  lookForDeaths(): void {
    const { kernel, threads } = this.#owner.context.runtime;
    for (const client of this.clients.values()) {
      const { agent } = client;
      if (agent === 0 || kernel.services.get(agent) !== undefined) continue;
      if (threads?.threadOf(agent) === undefined) this.#loseAgent(client);
    }
  }

  lose(client: GateClient, error: Error | undefined): void {
    const { link, host } = client;
    client.unwatch?.();
    this.clients.delete(link.id);
    this.counts.clients -= 1;
    this.#admission.leave(host);
    if (error !== undefined) {
      const code = codeOf(error) ?? (error as NodeJS.ErrnoException).code ?? "ERR_SOCKET";
      this.counts.cut[code] = (this.counts.cut[code] ?? 0) + 1;
      this.#mail.push({ kind: "error", client, text: error.message, code });
    }
    this.#mail.push({ kind: "disconnect", client });
  }

  warn(client: GateClient, unsentBytes: number): void {
    this.#mail.push({ kind: "warning", client, size: Math.ceil(unsentBytes / 1024) });
  }

  async #open(source: number, given: unknown): Promise<unknown> {
    if (this.#doors.length > 0 || this.#isOpening) {
      throw new SnaxError("ERR_ARGUMENT", "this gate is open already");
    }
    const settings = readGateOptions(given);
    this.#settings = settings;
    this.#watchdog = (given as GateOptions).watchdog ?? source;
    this.#isOpening = true;
    try {
      const listened = await this.#owner.inTurn(this.#listen(settings));
      this.#unwatch();
      this.#unwatch = watchClients(this.#owner, this, settings);
      for (const line of describePorts(settings, listened)) this.#owner.log(line);
      const { open } = this.handler;
      if (open === undefined) return listened;
      return (await open.call(this.handler, source, settings, listened)) ?? listened;
    } catch (error) {
      this.close();
      throw error;
    } finally {
      this.#isOpening = false;
    }
  }

  async #listen(settings: GateSettings): Promise<GateListened> {
    const { address, path, port: wanted, websocket } = settings;
    let port = 0;
    if (wanted !== undefined || path !== undefined) {
      const place = path === undefined ? { host: address } : {};
      const opened = await openPort({ ...settings, ...place }, (socket) => this.#welcome(socket));
      this.#doors.push(new OpenPort(this.#owner, opened));
      port = opened.port;
    }
    if (websocket === undefined) return { address: path ?? address, port, websocket: 0 };
    const opened = await openWebSockets(address, websocket, {
      limitBytes: settings.frameLimitBytes,
      clientsMax: settings.maxclient,
      canAdmit: (socket) => this.#canAdmit(socket),
      admit: (web, socket) => this.#welcomeWeb(web, socket),
    });
    this.#doors.push(new OpenPort(this.#owner, opened));
    return { address: path ?? address, port, websocket: opened.port };
  }

  /** Says whether another client may come in; counts a refusal. */
  #canAdmit(socket: Socket): boolean {
    const { isAlive } = this.#owner.context.service;
    const settings = this.#settings as GateSettings;
    if (isAlive && this.#admission.allows(peerOf(socket), settings)) return true;
    this.counts.refused += 1;
    return false;
  }

  #welcome(socket: Socket): void {
    if (!this.#canAdmit(socket)) {
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    const { framing, frameLimitBytes } = this.#settings as GateSettings;
    const link = new StreamLink(this.#owner.net, socket, this.#owner.context.handle);
    link.framing = framing;
    this.#admit(new GateClient(this, link, new FrameSplitter(framing, frameLimitBytes)), link);
  }

  #welcomeWeb(web: WebSocket, socket: Socket): void {
    const link = new WebSocketLink(this.#owner.net, web, socket, this.#owner.context.handle);
    this.#admit(new GateClient(this, link, undefined), link);
  }

  #admit(client: GateClient, link: Link): void {
    const { writeLimitBytes } = this.#settings as GateSettings;
    link.writeLimitBytes = writeLimitBytes;
    link.consumer = client;
    this.clients.set(link.id, client);
    this.counts.clients += 1;
    this.counts.accepted += 1;
    this.#admission.enter(client.host);
    this.#mail.push({ kind: "connect", client });
  }

  #toAgent(client: GateClient, data: Buffer, isText: boolean): boolean {
    const { kernel } = this.#owner.context.runtime;
    const { agent, source, link } = client;
    const values = isText ? [data, true] : [data];
    const service = kernel.services.get(agent);
    if (service !== undefined) {
      if (this.#mailboxLimit > 0 && mailboxLength(service) >= this.#mailboxLimit) {
        const why = `the mailbox of the service that serves the client is full: ${this.#mailboxLimit}`;
        link.destroy(new SnaxError("ERR_MAILBOX_FULL", why));
        return false;
      }
      const message = new Message(PTYPE.client, source, link.id, 0, values);
      message.reply = REPLY.none;
      kernel.arrive(agent, message);
      return true;
    }
    return this.#toThread(client, values);
  }

  /** Hands a message to an agent that lives on another thread. */
  #toThread(client: GateClient, values: unknown[]): boolean {
    const { agent, source, link } = client;
    const { kernel } = this.#owner.context.runtime;
    try {
      const envelope = { type: PTYPE.client, method: 0, values };
      if (kernel.send(source, agent, envelope, link.id)) return true;
      this.#loseAgent(client);
    } catch (error) {
      // Too much waits on the way to that thread.
      link.destroy(error as Error);
    }
    return false;
  }

  /** No service serves the client any more: it ends after what was written to it. */
  #loseAgent({ link, isEnded }: GateClient): void {
    if (isEnded) return link.close();
    const why = "the service that serves the client has ended";
    link.closeFor(new SnaxError("ERR_SERVICE_DEAD", why));
  }

  #tell(event: GateEvent): unknown {
    const { kind, client, data, isText = false, text = "", code = "", size = 0 } = event;
    const { handler } = this;
    const { id, peer } = client.link;
    if (kind === "message")
      return this.#handle(client, handler.message(id, data as Buffer, isText));
    if (kind === "mark") return client.passed(size, event.epoch ?? 0);
    if (kind === "end") return client.whenIdle(event.run ?? ((): void => {}));
    if (kind === "connect") return handler.connect(id, peer);
    if (kind === "disconnect") return handler.disconnect?.(id);
    if (kind === "error") return handler.error?.(id, text, code);
    return handler.warning?.(id, size);
  }

  /** Counts what a handler of the gate has still to do for a client. */
  #handle(client: GateClient, result: unknown): unknown {
    if (!isThenable(result)) return result;
    const end = client.begin();
    result.then(end, end);
    return result;
  }

  #clientOf(fd: number): GateClient {
    const client = this.clients.get(fd);
    if (client !== undefined) return client;
    throw new SnaxError("ERR_SOCKET", `this gate has no client ${fd}`);
  }
}

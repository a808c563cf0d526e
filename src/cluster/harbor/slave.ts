/**
 * The heart of `cslave`, the one service of a node that holds its connections to the master and to the other harbors.
 *
 *     REGISTER name handle    gives a global name to a service of this node
 *     QUERYNAME name          its handle, as soon as a service has the name
 *     SEEK name               the master is asked who has it: a message waits for it
 *     LINK id                 answered when that harbor is gone, at once if it is not connected
 *     CONNECT id              answered when it is connected
 *     LINKMASTER              answered when the master is gone
 *
 * At the start it tells the master who it is, and waits until all harbors that are there have connected; then it takes no more
 * connections, as in skynet: it calls those that come later. skynet has a service beside it for the packets, `harbor`; here that
 * keeps its place only.
 */

import { SnaxError } from "../../base/error.ts";
import { SOCKET_HANDSHAKE_MS } from "../../base/limits.ts";
import { formatAddress, harborOf } from "../../kernel/service.ts";
import { GLOBAL_NAME_LENGTH_MAX, isLocalName } from "../../kernel/name-table.ts";
import { formatEndpoint, isLoopback, parseEndpoint } from "../../net/endpoint.ts";
import type { Endpoint } from "../../net/endpoint.ts";
import type { Context } from "../../service/context.ts";
import { createSkynet } from "../../service/skynet.ts";
import type { SkynetApi } from "../../service/skynet-api.ts";
import { FrameSplitter, FRAME_SIZE_MAX } from "../../wire/frame-splitter.ts";
import { Exposure } from "../hub/exposure.ts";
import type { MasterMessage, SlaveMessage } from "../wire/harbor-packet.ts";
import { decodeMasterMessage, encodeSlaveMessage, HARBOR_ID_MAX } from "../wire/harbor-packet.ts";
import { HarborPeer } from "./peer.ts";
import { Hub } from "../hub/hub.ts";

/** The other harbors, as one node sees them. */
export class HarborSlave {
  readonly #context: Context;
  readonly #skynet: SkynetApi;
  readonly #hub: Hub;
  readonly #own: number;
  readonly #exposure: Exposure;
  readonly #peers = new Map<number, HarborPeer>();
  /** Those that wait for a harbor, or for a name. */
  readonly #onUp = new Map<number, (() => void)[]>();
  readonly #onDown = new Map<number, (() => void)[]>();
  readonly #onName = new Map<string, ((handle: number) => void)[]>();
  readonly #onMasterLost: (() => void)[] = [];
  /** The connection to the master; 0 = it is gone, or not there yet. */
  #master = 0;
  /** Harbors to call as soon as the start is over; undefined = it is. */
  #later: Map<number, string> | undefined = new Map();
  #checkStart = (): void => {};

  constructor(context: Context) {
    const { environment, kernel } = context.runtime;
    this.#context = context;
    this.#skynet = createSkynet(context);
    this.#own = Number(environment.get("harbor"));
    this.#hub = new Hub(context, `harbor ${this.#own}`);
    const cluster = environment.get("cluster") as { skynet?: { expose?: string[] } } | undefined;
    this.#exposure = new Exposure(kernel, cluster?.skynet?.expose ?? []);
  }

  /** Joins the network. @throws {ERR_CONNECT} if the master can't be reached, {ERR_STOPPED} if it refuses this harbor */
  async start(): Promise<void> {
    const { environment, kernel, harborDoor } = this.#context.runtime;
    const { socket, log } = this.#hub;
    const master = String(environment.get("master"));
    const port = await this.#listen(environment.get("address"));
    log(`slave connect to master ${master}`);
    this.#master = await socket.open(parseEndpoint(master) as Endpoint).catch((error: unknown) => {
      const why = `Can't connect to master ${master}: ${(error as Error).message}`;
      throw new SnaxError("ERR_CONNECT", why, { cause: error });
    });
    this.#skynet.dispatch("lua", (_session, _source, command: string, ...args: never[]) =>
      this.#run(command, args),
    );
    this.#skynet.info_func(() => this.#information);
    this.#skynet.launch("snlua", "harbor", this.#own, this.#context.handle);
    this.#skynet.register(".cslave");
    if (harborDoor !== undefined) {
      harborDoor.gateway = (handle, message) =>
        this.#peerOf(harborOf(handle)).take(handle, message);
      harborDoor.onLost = (handle, error) => {
        const why = (error as Error).message;
        this.#hub.log(`a message to ${formatAddress(handle)} is lost: ${why}`);
      };
      harborDoor.onNamed = (name, handle) => this.#named(name, handle);
    }
    kernel.watch(this.#context.handle, () => this.#end());
    this.#context.runtime.onThreadDeath.push(() => {
      for (const peer of this.#peers.values()) peer.mourn();
    });
    this.#tell({ kind: "hello", id: this.#own, place: port.place });
    await this.#join(port.id);
    void socket.close(port.id);
    log("Shakehand ready");
    const later = this.#later ?? new Map<number, string>();
    this.#later = undefined;
    for (const [id, place] of later) void this.#dial(id, place);
  }

  async #listen(address: unknown): Promise<{ id: number; place: string }> {
    const endpoint = parseEndpoint(address) as Endpoint;
    const { id, port } = await this.#hub.socket.listen(endpoint);
    const place = formatEndpoint(endpoint.host, port);
    if (!isLoopback(endpoint.host)) {
      const why = "nothing on a harbor's wire says who asks";
      this.#hub.log(
        `any host that reaches ${place} or the master may call what is exposed: ${why}`,
      );
    }
    return { id, place };
  }

  /** Waits for the master's word, and for the harbors that it tells to connect. */
  async #join(port: number): Promise<void> {
    const count = await this.#greeted();
    this.#hub.log(`Waiting for ${count} harbors`);
    if (count === 0) return;
    await new Promise<void>((resolve) => {
      this.#checkStart = () => {
        const known = [...this.#peers.values()].filter(({ state }) => state !== "awaited");
        if (known.length >= count || this.#master === 0) resolve();
      };
      this.#hub.socket.start(port, (id, peer) => void this.#accept(id, peer));
    });
  }

  /** @returns how many harbors will connect */
  #greeted(): Promise<number> {
    return new Promise((resolve, reject) => {
      let isGreeted = false;
      void this.#hearMaster((message) => {
        if (isGreeted || message.kind !== "wait") return this.#hear(message);
        isGreeted = true;
        resolve(message.count);
      }).then((why) => {
        const text = `the master has not taken this harbor, ${this.#own}: ${why}`;
        reject(new SnaxError("ERR_CONNECT", text));
        this.#loseMaster(why);
      });
    });
  }

  /** Hears what the master says. @returns why it says no more */
  async #hearMaster(hear: (message: MasterMessage) => void): Promise<string> {
    const { socket } = this.#hub;
    const master = this.#master;
    const splitter = new FrameSplitter(1, FRAME_SIZE_MAX[1]);
    for (;;) {
      const chunk = await socket.read(master).catch(() => undefined);
      if (chunk === undefined) return "it has closed the connection";
      splitter.push(chunk);
      try {
        for (let body = splitter.next(); body !== undefined; body = splitter.next()) {
          hear(decodeMasterMessage(body));
        }
      } catch (error) {
        const reason = (error as Error).message;
        this.#hub.refused(reason, "the master is cut off");
        return reason;
      }
    }
  }

  #loseMaster(why: string): void {
    if (this.#master === 0) return;
    this.#hub.socket.shutdown(this.#master);
    this.#master = 0;
    this.#hub.log(`Master disconnect: ${why}`);
    for (const tell of this.#onMasterLost.splice(0)) tell();
    this.#checkStart();
  }

  #hear(message: MasterMessage): void {
    switch (message.kind) {
      case "connect":
        if (this.#later !== undefined) this.#later.set(message.id, message.place);
        else void this.#dial(message.id, message.place);
        break;
      case "name":
        this.#learn(message.name, message.handle);
        break;
      case "down":
        if (message.id !== this.#own) this.#peerOf(message.id).end("the master says so");
        break;
      default:
        this.#hub.refused("unexpected message", "the master greets again");
    }
  }

  #peerOf(id: number): HarborPeer {
    let peer = this.#peers.get(id);
    if (peer === undefined) {
      peer = new HarborPeer(
        {
          ...{ hub: this.#hub, own: this.#own },
          isReachable: (handle) => this.#exposure.isExposed(handle),
          onChange: (changed) => this.#changed(changed),
        },
        id,
      );
      this.#peers.set(id, peer);
    }
    return peer;
  }

  #changed({ id, state }: HarborPeer): void {
    const waiting = state === "up" ? this.#onUp : this.#onDown;
    const told = waiting.get(id) ?? [];
    waiting.delete(id);
    for (const tell of told) tell();
    this.#checkStart();
  }

  /** A harbor has connected: it says who it is, and is told the same. */
  async #accept(socket: number, place: string): Promise<void> {
    const hub = this.#hub;
    hub.log(`New connection (fd = ${socket}, ${place})`);
    hub.socket.start(socket);
    const first = await this.#firstChunk(socket);
    if (first === undefined) return;
    const id = first[0] as number;
    const isWelcome = id !== 0 && id !== this.#own && this.#peerOf(id).state === "awaited";
    if (!isWelcome) {
      hub.refused("wrong harbor", `Slave ${id} exist (fd =${socket})`);
      return hub.socket.shutdown(socket);
    }
    hub.log(`Harbor ${id} connected (fd = ${socket})`);
    hub.socket.write(socket, Buffer.from([this.#own]));
    this.#peerOf(id).begin(socket, place, first.subarray(1));
  }

  /** Connects to a harbor that has come later. */
  async #dial(id: number, place: string): Promise<void> {
    const hub = this.#hub;
    const peer = this.#peerOf(id);
    if (id === this.#own || peer.state !== "awaited") return;
    const endpoint = parseEndpoint(place);
    const socket =
      endpoint === undefined ? undefined : await hub.socket.open(endpoint).catch(() => undefined);
    if (socket === undefined) {
      hub.log(`Can't connect to ${place}`);
      return peer.end(`it can't be reached at ${place}`);
    }
    hub.log(`Connect to harbor ${id} (fd=${socket}), ${place}`);
    hub.socket.write(socket, Buffer.from([this.#own]));
    const first = await this.#firstChunk(socket);
    if (first === undefined) return peer.end("it has closed the connection");
    if (first[0] !== id) {
      hub.refused(
        "wrong harbor",
        `Invalid shakehand id (${id}) from fd = ${socket} , harbor = ${first[0]}`,
      );
      hub.socket.shutdown(socket);
      return peer.end(`another harbor answers at ${place}`);
    }
    peer.begin(socket, place, first.subarray(1));
  }

  /** Reads the first bytes of a connection; it ends if none come. */
  async #firstChunk(socket: number): Promise<Buffer | undefined> {
    const hub = this.#hub;
    const cancel = hub.after(SOCKET_HANDSHAKE_MS, () => hub.socket.shutdown(socket));
    const chunk = await hub.socket.read(socket).catch(() => undefined);
    cancel();
    if (chunk !== undefined && chunk.length > 0) return chunk;
    hub.log(`Connection (fd =${socket}) closed`);
    hub.socket.shutdown(socket);
    return undefined;
  }

  #tell(message: SlaveMessage): void {
    if (this.#master !== 0) this.#hub.socket.write(this.#master, encodeSlaveMessage(message));
  }

  /** A name was given on this node, or learnt from the master. */
  #named(name: string, handle: number): void {
    if (isLocalName(name)) return;
    const waiting = this.#onName.get(name) ?? [];
    this.#onName.delete(name);
    for (const tell of waiting) tell(handle);
    if (harborOf(handle) !== this.#own) return;
    this.#exposure.show(handle);
    if (Buffer.byteLength(name) > GLOBAL_NAME_LENGTH_MAX) {
      const rule = `a name over harbors has up to ${GLOBAL_NAME_LENGTH_MAX} bytes`;
      return this.#hub.log(`${name} is known to this node alone: ${rule}`);
    }
    if (this.#master === 0) this.#hub.log(`${name} is known to this node alone: no master`);
    this.#tell({ kind: "register", name, handle });
  }

  /** The master says who has a name. */
  #learn(name: string, handle: number): void {
    const { names } = this.#context.runtime.kernel;
    const before = names.get(name);
    if (before === handle) return;
    // No service of this node has it, or it would have been told.
    if (harborOf(handle) === this.#own) return;
    const isTaken = before !== undefined && harborOf(before) === this.#own;
    const who = formatAddress(handle);
    try {
      // Its service has ended there, and another one has the name.
      if (before !== undefined && !isTaken) names.release(before);
      if (!isTaken && names.register(name, handle)) return;
    } catch (error) {
      // A harbor of skynet takes names that no service can have here: the master is not to blame for passing them on.
      return this.#hub.refused("no name here", `${who}: ${(error as Error).message}`);
    }
    this.#hub.refused("name taken", `${who} does not get the name ${name} here`);
  }

  #run(command: string, args: readonly unknown[]): unknown {
    const [first, second] = args;
    switch (String(command).toUpperCase()) {
      case "REGISTER":
        if (this.#skynet.name(first as string, second as number)) return undefined;
        throw new SnaxError("ERR_ARGUMENT", `another service has the name ${String(first)}`);
      case "QUERYNAME":
        return this.#query(first as string);
      case "SEEK":
        return this.#seek(first as string);
      case "LINK":
        return this.#stateOf(first) === "up" ? until(this.#onDown, first as number) : undefined;
      case "CONNECT":
        return this.#stateOf(first) === "up" ? undefined : until(this.#onUp, first as number);
      case "LINKMASTER":
        if (this.#master === 0) return undefined;
        return new Promise<void>((resolve) => void this.#onMasterLost.push(resolve));
      default:
        throw new SnaxError(
          "ERR_NO_METHOD",
          `cslave has no command ${String(command).slice(0, 80)}`,
        );
    }
  }

  #query(name: string): number | undefined | Promise<number> {
    const handle = this.#context.runtime.kernel.names.get(name);
    if (handle !== undefined || isLocalName(name)) return handle;
    this.#seek(name);
    return new Promise((resolve) => {
      this.#onName.set(name, [...(this.#onName.get(name) ?? []), resolve]);
    });
  }

  #seek(name: string): void {
    if (Buffer.byteLength(name) <= GLOBAL_NAME_LENGTH_MAX) this.#tell({ kind: "query", name });
  }

  #stateOf(id: unknown): string | undefined {
    const isId = Number.isInteger(id) && (id as number) >= 1 && (id as number) <= HARBOR_ID_MAX;
    if (isId && id !== this.#own) return this.#peers.get(id as number)?.state;
    const text = `another harbor has an id of 1 to ${HARBOR_ID_MAX}, not ${String(id).slice(0, 80)}`;
    throw new SnaxError("ERR_ARGUMENT", text);
  }

  get #information(): object {
    return {
      id: this.#own,
      master: this.#master !== 0,
      harbors: Object.fromEntries([...this.#peers].map(([id, peer]) => [id, peer.information])),
      refused: Object.fromEntries(this.#hub.refusals),
    };
  }

  #end(): void {
    const { harborDoor } = this.#context.runtime;
    if (harborDoor !== undefined) harborDoor.gateway = harborDoor.onNamed = undefined;
    for (const peer of this.#peers.values()) peer.end("cslave of this node has ended");
  }
}

function until(waiting: Map<number, (() => void)[]>, id: number): Promise<void> {
  return new Promise((resolve) => waiting.set(id, [...(waiting.get(id) ?? []), resolve]));
}

/**
 * The heart of `cmaster`: where the harbors of a network meet, and who has which global name.
 *
 *     H id "host:port"  a harbor is there: all others are told to connect to it, and it how many will
 *     R name handle     a service has a name: all are told
 *     Q name            who has it? Nothing is said while no service does
 *
 * A harbor whose connection ends is down, all others are told, and its id can't come back, as in skynet.
 */

import { SnaxError } from "../../base/error.ts";
import { SOCKET_HANDSHAKE_MS } from "../../base/limits.ts";
import { NAMES_MAX } from "../../fabric/shared-names.ts";
import { harborOf } from "../../kernel/service.ts";
import { formatEndpoint, isLoopback, parseEndpoint } from "../../net/endpoint.ts";
import type { Endpoint } from "../../net/endpoint.ts";
import type { Context } from "../../service/context.ts";
import { createSkynet } from "../../service/skynet.ts";
import { FrameSplitter, FRAME_SIZE_MAX } from "../../wire/frame-splitter.ts";
import type { MasterMessage, SlaveMessage } from "../wire/harbor-packet.ts";
import { decodeSlaveMessage, encodeMasterMessage, HARBOR_ID_MAX } from "../wire/harbor-packet.ts";
import { Hub } from "../hub/hub.ts";

/** A harbor that has said who it is. */
interface Slave {
  readonly id: number;
  readonly place: string;
  /** Its connection; 0 = it is down. */
  socket: number;
}

/** The master of a network of harbors. */
export class HarborMaster {
  readonly #context: Context;
  readonly #hub: Hub;
  readonly #slaves = new Map<number, Slave>();
  readonly #names = new Map<string, number>();
  #connections = 0;

  constructor(context: Context) {
    this.#context = context;
    this.#hub = new Hub(context, "master");
  }

  /** Opens the port. @throws {ERR_LISTEN} if that is not possible */
  async start(): Promise<void> {
    const endpoint = parseEndpoint(this.#context.runtime.environment.get("standalone")) as Endpoint;
    const { socket, log } = this.#hub;
    const { host } = endpoint;
    log(`master listen socket ${formatEndpoint(host, endpoint.port)}`);
    if (!isLoopback(host)) {
      log(
        "any host that reaches the master may join the network: nothing on its wire says who asks",
      );
    }
    const opened = await socket.listen(endpoint);
    socket.start(opened.id, (id, peer) => void this.#serve(id, peer));
    createSkynet(this.#context).info_func(() => this.#information);
  }

  async #serve(socket: number, peer: string): Promise<void> {
    const hub = this.#hub;
    if (this.#connections >= HARBOR_ID_MAX) {
      hub.refused("too many harbors", `${peer} is turned away`);
      return hub.socket.shutdown(socket);
    }
    this.#connections += 1;
    hub.log(`connect from ${peer} ${socket}`);
    hub.socket.start(socket);
    // A connection that says nothing does not keep its place.
    const cancel = hub.after(SOCKET_HANDSHAKE_MS, () => hub.socket.shutdown(socket));
    const seat: { slave?: Slave } = {};
    const why = await this.#hear(socket, (message) => {
      if (seat.slave !== undefined) return this.#take(seat.slave, message);
      seat.slave = this.#greet(socket, message);
      cancel();
    });
    cancel();
    this.#connections -= 1;
    const { slave } = seat;
    hub.socket.shutdown(socket);
    if (slave === undefined) return hub.log(`disconnect fd = ${socket}, error = ${why}`);
    hub.log(`slave ${slave.id} is down`);
    slave.socket = 0;
    this.#tellAll({ kind: "down", id: slave.id });
  }

  /** Hears a connection to its end. @returns why it has ended */
  async #hear(socket: number, take: (message: SlaveMessage) => void): Promise<string> {
    const splitter = new FrameSplitter(1, FRAME_SIZE_MAX[1]);
    for (;;) {
      const chunk = await this.#hub.socket.read(socket).catch(() => undefined);
      if (chunk === undefined) return "closed";
      splitter.push(chunk);
      try {
        for (let body = splitter.next(); body !== undefined; body = splitter.next()) {
          take(decodeSlaveMessage(body));
        }
      } catch (error) {
        const reason = (error as Error).message;
        this.#hub.count((error as SnaxError).code === "ERR_MALFORMED" ? reason : "refused harbor");
        return reason;
      }
    }
  }

  #greet(socket: number, message: SlaveMessage): Slave {
    if (message.kind !== "hello") {
      throw new SnaxError("ERR_ARGUMENT", `Invalid handshake type ${message.kind}`);
    }
    const { id, place } = message;
    const before = this.#slaves.get(id);
    if (before !== undefined) {
      throw new SnaxError("ERR_ARGUMENT", `Slave ${id} already register on ${before.place}`);
    }
    const count = this.#tellAll({ kind: "connect", id, place });
    this.#tell(socket, { kind: "wait", count });
    const slave = { id, place, socket };
    this.#slaves.set(id, slave);
    this.#hub.log(`Harbor ${id} (fd=${socket}) report ${place}`);
    return slave;
  }

  #take({ id, socket }: Slave, message: SlaveMessage): void {
    switch (message.kind) {
      case "register":
        return this.#register(id, message.name, message.handle);
      case "query": {
        const handle = this.#names.get(message.name);
        if (handle !== undefined) this.#tell(socket, { ...message, kind: "name", handle });
        break;
      }
      case "hello":
        throw new SnaxError("ERR_ARGUMENT", `Slave ${id} greets again`);
    }
  }

  /** A name stays with its harbor: a service that has ended may be followed by another one there. */
  #register(id: number, name: string, handle: number): void {
    const holder = this.#names.get(name);
    const isFree = holder === undefined && this.#names.size < NAMES_MAX;
    const isTheirs = holder !== undefined && harborOf(holder) === id;
    if (harborOf(handle) === id && (isFree || isTheirs)) this.#names.set(name, handle);
    const known = this.#names.get(name);
    if (known !== handle) this.#hub.refused("name refused", `harbor ${id} does not get ${name}`);
    if (known !== undefined) this.#tellAll({ kind: "name", name, handle: known });
  }

  /** @returns how many harbors were told */
  #tellAll(message: MasterMessage): number {
    const there = [...this.#slaves.values()].filter(({ socket }) => socket !== 0);
    for (const { socket } of there) this.#tell(socket, message);
    return there.length;
  }

  #tell(socket: number, message: MasterMessage): void {
    this.#hub.socket.write(socket, encodeMasterMessage(message));
  }

  get #information(): object {
    const slaves = [...this.#slaves.values()].map(({ id, place, socket }) => [
      id,
      { place, isConnected: socket !== 0 },
    ]);
    const [harbors, names] = [Object.fromEntries(slaves), Object.fromEntries(this.#names)];
    return { harbors, names, refused: Object.fromEntries(this.#hub.refusals) };
  }
}

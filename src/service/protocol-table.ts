/**
 * Protocols by name and number: those that every service knows, and those that one service registered for itself.
 *
 * A protocol of a program may bring `pack` and `unpack`; its messages then carry bytes. Without them a message carries
 * values, copied, as those of `lua` do.
 */

import { SnaxError } from "../base/error.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { Context } from "./context.ts";
import { definePart } from "./context.ts";
import type { Protocol } from "./skynet-api.ts";
import { isInTopLevel } from "./top-level.ts";

const BUILT_IN: readonly Protocol[] = [
  { name: "text", id: PTYPE.text },
  { name: "client", id: PTYPE.client },
  { name: "socket", id: PTYPE.socket },
  { name: "error", id: PTYPE.error },
  { name: "debug", id: PTYPE.debug },
  { name: "lua", id: PTYPE.lua },
  { name: "snax", id: PTYPE.snax },
];

/** What the runtime itself understands by a number; no program may give it another meaning. */
const RESERVED: ReadonlySet<number> = new Set([
  PTYPE.response,
  PTYPE.error,
  PTYPE.system,
  PTYPE.debug,
  PTYPE.snax,
]);

const builtInByName = new Map(BUILT_IN.map((protocol) => [protocol.name, protocol]));

/** Names of all types that skynet knows, for logs. */
const TYPE_NAMES = new Map<number, string>(Object.entries(PTYPE).map(([name, id]) => [id, name]));

/** Returns the name of a message type, for logs. */
export function typeName(type: number): string {
  return TYPE_NAMES.get(type) ?? String(type);
}

/** The protocols that a service has registered for itself, by name. */
const ownProtocols = definePart(() => new Map<string, Protocol>(), {
  isOfCode: true,
  lacks: (before, after) => {
    const lost = [...before.values()].find((each) => ofLater.has(each) && !after?.has(each.name));
    if (lost === undefined) return undefined;
    return `it knows no protocol ${lost.name} with new code: call skynet.register_protocol at top level or in reload()`;
  },
  leaves: (before, after) =>
    [...before.values()].flatMap((each) =>
      ofApi.has(each) || after?.has(each.name) ? [] : `skynet.register_protocol ${each.name}`,
    ),
});

/** Those that no code of the service has asked for: the API registers them where it needs them. */
const ofApi = new WeakSet<Protocol>();

/** Those that the top level has not registered: code that begins anew does not register them of itself. */
const ofLater = new WeakSet<Protocol>();

/** Says of a protocol that the API registers it, and will again for any code that needs it. */
export function markOfApi(protocol: Protocol): Protocol {
  ofApi.add(protocol);
  return protocol;
}

/** Says whether the API has registered a service's protocol of that name, and not the code of the service. */
export function isOfApi(context: Context, name: string): boolean {
  const protocol = ownProtocols.peek(context)?.get(name);
  return protocol !== undefined && ofApi.has(protocol);
}

/** Names the protocols that a service has registered for itself. */
export function ownProtocolsOf(context: Context): string[] {
  return [...(ownProtocols.peek(context)?.keys() ?? [])];
}

/**
 * Returns a protocol by name, as this service knows it.
 *
 * @throws {ERR_NO_PROTOCOL} if it knows none of that name.
 */
export function protocolOf(context: Context, name: string): Protocol {
  const registered = ownProtocols.peek(context);
  const protocol = registered?.get(name) ?? builtInByName.get(name);
  if (protocol !== undefined) return protocol;
  throw new SnaxError(
    "ERR_NO_PROTOCOL",
    `this service knows no protocol ${JSON.stringify(name)}; register it with skynet.register_protocol`,
  );
}

/** The names of all types of messages that may come to a service. */
export function protocolNames(context: Context): Set<string> {
  const registered = ownProtocols.peek(context);
  return new Set([...TYPE_NAMES.values(), ...(registered?.keys() ?? [])]);
}

/** Returns the name by which a service knows a message type. */
export function protocolName(context: Context, id: number): string {
  const registered = ownProtocols.peek(context);
  for (const protocol of registered?.values() ?? []) if (protocol.id === id) return protocol.name;
  return typeName(id);
}

/**
 * Adds a protocol to one service.
 *
 * @throws {ERR_ARGUMENT} if the number is no integer in 0..255, or name or number are taken; a built-in protocol that
 * carries values may be given a pack and unpack.
 */
export function registerProtocol(context: Context, protocol: Protocol): void {
  const { name, id } = protocol;
  if (typeof name !== "string" || name === "" || !Number.isInteger(id) || id < 0 || id > 255) {
    throw new SnaxError(
      "ERR_ARGUMENT",
      `protocol ${JSON.stringify(name)}: it needs a name and an integer id in 0..255, not ${id}`,
    );
  }
  const mine = ownProtocols.of(context);
  const isTaken =
    RESERVED.has(id) ||
    mine.has(name) ||
    [...mine.values()].some((other) => other.id === id) ||
    BUILT_IN.some((other) => (other.id === id) !== (other.name === name));
  if (isTaken) {
    throw new SnaxError("ERR_ARGUMENT", `protocol ${name}: the name or the id ${id} is taken`);
  }
  mine.set(name, protocol);
  if (!isInTopLevel(context) && !ofApi.has(protocol)) ofLater.add(protocol);
}

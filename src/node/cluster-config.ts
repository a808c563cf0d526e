/**
 * The part of a node's configuration that is about other nodes, and what is refused of it.
 */

import { inspect } from "node:util";
import { SnaxError } from "../base/error.ts";
import { CLUSTER_TOKEN_MIN } from "../base/limits.ts";
import { suggest } from "../base/suggestion.ts";
import { isPlace, parseEndpoint } from "../net/endpoint.ts";

/** What a node has to do with others. */
export interface ClusterConfig {
  /** Where other nodes of snax reach this one: a port of this machine, or "host:port". @defaultValue nowhere */
  readonly listen?: number | string;
  /** Nodes of snax that this one calls, `{ db: "host:port" }`. @defaultValue none */
  readonly nodes?: Readonly<Record<string, string>>;
  /**
   * Where the nodes find each other: "nats://[user:password@]host:port[/name]". A node that names it needs no `nodes`, and needs `token`. @defaultValue none
   */
  readonly engine?: string;
  /** What only the nodes of the cluster know, CLUSTER_TOKEN_MIN bytes or more. With `tls` it is asked for besides. */
  readonly token?: string;
  /** The links are encrypted: the cluster's own CA, a certificate of it for this node, and its key, as PEM texts. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  /** Milliseconds of silence after which a node counts as dead. @defaultValue LINK_DEAD_MS */
  readonly deadAfter?: number;
  /** Nodes that speak the protocol of skynet's cluster. */
  readonly skynet?: {
    /** Where they reach this one: a port of this machine, or "host:port". @defaultValue nowhere */
    readonly open?: number | string;
    /** What they reach here beside what is registered with `cluster.register`: `[".simpledb"]`. @defaultValue nothing */
    readonly expose?: readonly string[];
    /** Their addresses, `{ db: "host:port" }`; false = the node is down. */
    readonly nodes?: Readonly<Record<string, string | boolean>>;
  };
}

const SKYNET_KEYS: readonly string[] = ["open", "expose", "nodes"];
const LINK_KEYS: readonly string[] = ["listen", "nodes", "engine", "token", "tls", "deadAfter"];
const TLS_KEYS: readonly string[] = ["ca", "cert", "key"];

/** Most bytes of the name of a node. */
const NODE_NAME_MAX = 255;

/** The longest silence that can be waited for, in milliseconds: it crosses the wire in 32 bits. */
const DELAY_MAX_MS = 0x7fffffff;

/**
 * Checks the key `cluster`.
 *
 * @throws {ERR_CONFIG} if something in it makes no sense, or is not known: a port that no service opens is found too late.
 */
export function checkCluster(cluster: ClusterConfig | undefined): void {
  if (cluster === undefined) return;
  checkKeys("cluster", cluster, [...LINK_KEYS, "skynet"]);
  const { skynet } = cluster;
  checkLinks(cluster);
  if (skynet === undefined) return;
  checkKeys("cluster.skynet", skynet, SKYNET_KEYS);
  const { open, expose, nodes } = skynet;
  if (open !== undefined && parseEndpoint(open) === undefined) {
    throw refuse("cluster.skynet.open", open, 'a port, or "host:port"');
  }
  if (expose !== undefined) checkExpose(expose);
  if (nodes === undefined) return;
  checkNodes(nodes);
  const both = Object.keys(nodes).find((name) => Object.hasOwn(cluster.nodes ?? {}, name));
  if (both === undefined) return;
  const where = `cluster.nodes and in cluster.skynet.nodes`;
  throw new SnaxError("ERR_CONFIG", `node ${both} is in ${where}: a name means one node`);
}

/** The keys of a network of harbors, beside `harbor`. */
export const HARBOR_KEYS: readonly string[] = ["master", "address", "standalone"];

/** What of the configuration is about a network of harbors. */
interface HarborConfig {
  readonly harbor?: number;
  readonly master?: unknown;
  readonly address?: unknown;
  readonly standalone?: unknown;
}

/**
 * Checks the keys of a network of harbors; a node without one may use their names for itself.
 *
 * @throws {ERR_CONFIG} if one is missing or makes no sense.
 */
export function checkHarbor({ harbor = 0, master, address, standalone }: HarborConfig): void {
  if (harbor === 0) return;
  if (master === undefined || address === undefined) {
    const missing = master === undefined ? "master" : "address";
    const why = `a network of harbors needs master and address, and ${missing} is missing`;
    throw new SnaxError("ERR_CONFIG", `harbor is ${harbor}: ${why}`);
  }
  if (!isPlace(master)) throw refuse("master", master, '"host:port"');
  if (parseEndpoint(address) === undefined) {
    throw refuse("address", address, 'a port, or "host:port"');
  }
  if (standalone !== undefined && parseEndpoint(standalone) === undefined) {
    throw refuse("standalone", standalone, 'a port, or "host:port"');
  }
}

/** Checks what is said about links between nodes of snax. */
function checkLinks({ listen, nodes, engine, token, tls, deadAfter }: ClusterConfig): void {
  if (listen !== undefined && parseEndpoint(listen) === undefined) {
    throw refuse("cluster.listen", listen, 'a port, or "host:port"');
  }
  if (nodes !== undefined) checkLinkNodes(nodes);
  const isShort = typeof token !== "string" || Buffer.byteLength(token) < CLUSTER_TOKEN_MIN;
  if (token !== undefined && isShort) {
    // The token itself is never shown.
    throw new SnaxError(
      "ERR_CONFIG",
      `cluster.token is no text of at least ${CLUSTER_TOKEN_MIN} bytes, CLUSTER_TOKEN_MIN`,
    );
  }
  if (tls !== undefined) checkTls(tls);
  const isDelay = typeof deadAfter === "number" && deadAfter >= 1 && deadAfter <= DELAY_MAX_MS;
  if (deadAfter !== undefined && !isDelay) {
    throw refuse("cluster.deadAfter", deadAfter, `milliseconds, 1..${DELAY_MAX_MS}`);
  }
  if (engine !== undefined && !(typeof engine === "string" && isEngine(engine))) {
    // It may hold a password.
    const text =
      'cluster.engine is no "nats://host:port", nor "memory://name" for nodes of one process';
    throw new SnaxError("ERR_CONFIG", text);
  }
  if (engine !== undefined && token === undefined) {
    const why = "the entries in the engine are sealed with it; tls does not replace it";
    throw new SnaxError("ERR_CONFIG", `cluster.engine needs cluster.token: ${why}`);
  }
  const isOpen =
    (listen !== undefined || nodes !== undefined || engine !== undefined) && token === undefined;
  if (isOpen && tls === undefined) {
    const why = "nodes that are linked show each other who they are";
    throw new SnaxError("ERR_CONFIG", `cluster needs token or tls: ${why}`);
  }
}

/** Says whether a text is the address of an engine. */
function isEngine(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname } = new URL(text);
  const isNamed = /^\/?[A-Za-z0-9_-]*$/.test(pathname);
  return (protocol === "nats:" || protocol === "memory:") && hostname !== "" && isNamed;
}

function checkLinkNodes(nodes: unknown): void {
  const path = "cluster.nodes";
  if (typeof nodes !== "object" || nodes === null || Array.isArray(nodes)) {
    throw refuse(path, nodes, '{ db: "host:port" }');
  }
  for (const [name, place] of Object.entries(nodes)) {
    const size = Buffer.byteLength(name);
    if (size === 0 || size > NODE_NAME_MAX) {
      throw new SnaxError("ERR_CONFIG", `${path} has a name of ${size} bytes: 1..${NODE_NAME_MAX}`);
    }
    if (!isPlace(place)) throw refuse(`${path}.${name}`, place, '"host:port"');
  }
}

function checkTls(tls: unknown): void {
  if (typeof tls !== "object" || tls === null) {
    throw new SnaxError("ERR_CONFIG", "cluster.tls is an object with ca, cert, key");
  }
  checkKeys("cluster.tls", tls, TLS_KEYS);
  for (const key of TLS_KEYS) {
    const value = (tls as Record<string, unknown>)[key];
    if (typeof value === "string" && value.startsWith("-----BEGIN")) continue;
    // A mistyped key is not shown either.
    throw new SnaxError("ERR_CONFIG", `cluster.tls.${key} is no PEM text`);
  }
}

function checkKeys(path: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refuse(path, value, `an object with ${known.join(", ")}`);
  }
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const hint = suggest(key, known);
    throw new SnaxError("ERR_CONFIG", `${path} has no key ${key}${hint}`);
  }
}

function checkExpose(expose: unknown): void {
  const path = "cluster.skynet.expose";
  if (!Array.isArray(expose)) throw refuse(path, expose, 'a list of names, as [".simpledb"]');
  for (const name of expose as unknown[]) {
    if (name === ".service") {
      const why =
        "it can't be exposed: other nodes may ask it for exposed services, and for nothing else";
      throw new SnaxError("ERR_CONFIG", `${path} names .service, and ${why}`);
    }
    if (typeof name === "string" && /^(?:[.@]?[^.@:].*)$/.test(name)) continue;
    throw refuse(path, name, '".name" of a service of this node, a global name, or "@name"');
  }
}

function checkNodes(nodes: unknown): void {
  const path = "cluster.skynet.nodes";
  if (typeof nodes !== "object" || nodes === null || Array.isArray(nodes)) {
    throw refuse(path, nodes, '{ db: "host:port" }');
  }
  for (const [name, place] of Object.entries(nodes as Record<string, unknown>)) {
    const isOption = name.startsWith("__");
    const fits = isOption ? typeof place === "boolean" : place === false || isPlace(place);
    if (!fits)
      throw refuse(`${path}.${name}`, place, isOption ? "true or false" : 'false or "host:port"');
  }
}

function refuse(path: string, value: unknown, expected: string): SnaxError {
  const shown = inspect(value, { depth: 1, breakLength: Infinity }).slice(0, 200);
  return new SnaxError("ERR_CONFIG", `${path} is ${shown}; expected ${expected}`);
}

/**
 * The part of a node's configuration that is about other nodes, and what is refused of it.
 */

import { inspect } from "node:util";
import { SnaxError } from "../base/error.ts";
import { suggest } from "../base/suggestion.ts";
import { isPlace, parseEndpoint } from "../net/endpoint.ts";

/** What a node has to do with others. */
export interface ClusterConfig {
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

/**
 * Checks the key `cluster`.
 *
 * @throws {ERR_CONFIG} if something in it makes no sense, or is not known: a port that nobody opens is found too late.
 */
export function checkCluster(cluster: ClusterConfig | undefined): void {
  if (cluster === undefined) return;
  checkKeys("cluster", cluster, ["skynet"]);
  const { skynet } = cluster;
  if (skynet === undefined) return;
  checkKeys("cluster.skynet", skynet, SKYNET_KEYS);
  const { open, expose, nodes } = skynet;
  if (open !== undefined && parseEndpoint(open) === undefined) {
    throw refuse("cluster.skynet.open", open, 'a port, or "host:port"');
  }
  if (expose !== undefined) checkExpose(expose);
  if (nodes !== undefined) checkNodes(nodes);
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
        "nobody can expose it: other nodes may ask it for exposed services, and for nothing else";
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

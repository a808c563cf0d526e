/** Nodes of one process in a network of harbors: the first is the master. */

import type { TestContext } from "node:test";
import type { Config } from "snax";
import type { Files, World } from "../../world.ts";
import { world } from "../../world.ts";
import { freePort } from "./free-port.ts";

/** A service that does what it is told, and can be called by other harbors once it has a global name. */
export const TALKER = `
  import { harbor, skynet } from "snax";
  const got = [];
  const command = {
    E: (...values) => skynet.values(...values),
    ONE: (value) => value,
    EMPTY: () => undefined,
    BOOM: () => { throw new Error("boom"); },
    NEVER: () => new Promise(() => {}),
    EXIT: () => skynet.exit(),
    PUT: (...values) => void got.push(values),
    GOT: () => got,
    SELF: () => skynet.self(),
    SOURCE: (source) => source,
    BIG: (size) => "r".repeat(size),
    call: (...args) => skynet.call(args[0], "lua", ...args.slice(1)),
    within: (ms, ...args) => skynet.within(ms).call(args[0], "lua", ...args.slice(1)),
    all: (calls) => Promise.allSettled(calls.map(([to, ...args]) => skynet.call(to, "lua", ...args))),
    send: (to, ...args) => skynet.send(to, "lua", ...args),
    type: (type, to, ...args) => skynet.call(to, type, ...args),
    flood: (to, count) => { for (let n = 0; n < count; n++) skynet.send(to, "lua", n); },
    harbor: (name, ...args) => harbor[name](...args),
    unique: (...args) => skynet.uniqueservice(...args),
    query: (...args) => skynet.queryservice(...args),
  };
  skynet.start((name) => {
    skynet.dispatch("lua", (_session, source, key, ...values) =>
      key === "SOURCE" ? source : command[key](...values));
    if (name !== undefined) skynet.register(name);
  });
`;

/** A node of the network. */
export interface Member extends World {
  /** Starts the service \`talker\`, under a global name if one is given. */
  readonly talker: (name?: string) => Promise<Talker>;
}

/** A service that does what it is told. */
export interface Talker {
  readonly handle: number;
  readonly ask: (command: string, ...args: unknown[]) => Promise<any>;
}

/** The network. */
export interface Network {
  /** \`host:port\` of the master. */
  readonly master: string;
  /** Starts another node. */
  readonly join: (id: number, config?: Config, files?: Files) => Promise<Member>;
}

/** Begins a network; its first node, harbor 1, is the master too. */
export async function network(
  t: TestContext,
  config: Config = {},
): Promise<Network & { readonly first: Member }> {
  const master = `127.0.0.1:${await freePort()}`;
  const join = async (id: number, more: Config = {}, files: Files = {}): Promise<Member> => {
    const keys: Config = { harbor: id, master, address: 0, verbose: true };
    const node = await world(t, { talker: TALKER, ...files }, { ...keys, ...more });
    const talker = async (name?: string): Promise<Talker> => {
      const handle = await node.skynet.newservice("talker", ...(name === undefined ? [] : [name]));
      const ask = (command: string, ...args: unknown[]): Promise<any> =>
        node.skynet.call(handle, "lua", command, ...args);
      return { handle, ask };
    };
    return Object.assign(Object.create(node) as World, { talker });
  };
  return { master, join, first: await join(1, { standalone: master, ...config }) };
}

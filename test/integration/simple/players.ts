/**
 * Many clients that ask without a pause while the type of their agents is patched, over and over: every answer is counted.
 *
 * A patch makes `get` add its number to what it answers. So a client sees from the answer which text its agent ran.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Client } from "../../../examples/simple/client/client.ts";
import type { Config } from "snax";
import type { SimpleNode } from "./simple-node.ts";
import { simpleNode } from "./simple-node.ts";

/** How much there is to do. */
export interface Play {
  readonly clients: number;
  /** Requests of each client that wait at a time. */
  readonly inFlight: number;
  readonly patches: number;
  readonly config?: Config;
}

const patchText = (version: number): string => `
  import { skynet } from "snax";
  async function get({ what }: { what?: string }) {
    const result = await skynet.call<string>("SIMPLEDB", "lua", "get", what);
    return { result: result + "/" + ${version} };
  }
`;

/** What would lose requests if it were not refused, and what fails in every agent. */
const REFUSED = [
  "async function get({ what }) { return { result: what } ",
  "declare let noSuchVariable: number; function heartbeat() { noSuchVariable += 1; }",
];
const THROWS = `
  function handshake() { return { msg: "never" }; }
  export function hotfix() { throw new Error("not in any agent"); }
`;

/** One client that plays until it is told to stop. */
class Player {
  sent = 0;
  answered = 0;
  /** The last version seen; an answer never comes from an older one. */
  version = 0;
  isOver = false;
  readonly done: Promise<void>;
  readonly #client: Client;

  constructor(client: Client, inFlight: number) {
    this.#client = client;
    this.done = Promise.all(Array.from({ length: inFlight }, () => this.#play())).then(() => {});
    // The test that waits for it hears of a failure; a test that fails before that has said why.
    this.done.catch(() => {});
  }

  async #play(): Promise<void> {
    while (!this.isOver) await this.ask();
  }

  async ask(): Promise<number> {
    this.sent += 1;
    const answer = await this.#client.request("get", { what: "hello" });
    this.answered += 1;
    const [, value, version = "0"] = /^(world)(?:\/(\d+))?$/.exec(answer?.result ?? "") ?? [];
    equal(value, "world", `answer ${JSON.stringify(answer)}`);
    ok(Number(version) >= this.version, `version ${version} after ${this.version}`);
    this.version = Number(version);
    return this.version;
  }
}

/** Lets some turns of the event loop pass, in which players play. */
async function untilAnswered(players: readonly Player[], more: number): Promise<void> {
  const count = (): number => players.reduce((sum, { answered }) => sum + answered, 0);
  const goal = count() + more;
  while (count() < goal) await new Promise((resolve) => setImmediate(resolve));
}

/** Patches the agents one time after the other; returns the last version. */
async function patchAgents(
  { node }: SimpleNode,
  players: readonly Player[],
  count: number,
): Promise<number> {
  for (let version = 1; version <= count; version += 1) {
    const result = await node.snax.hotfixall<string>("agent", patchText(version));
    deepEqual([result.applied.length, result.failed, result.skipped], [players.length, [], []]);
    await untilAnswered(players, players.length);
    const wrong = REFUSED[version % 3];
    if (wrong !== undefined) {
      const failure: unknown = await node.snax.hotfixall<string>("agent", wrong).catch((e) => e);
      ok(failure instanceof Error, "a patch that should be refused was applied");
    } else {
      const failed = await node.snax.hotfixall<string>("agent", THROWS);
      deepEqual([failed.applied.length, failed.failed.length], [0, players.length]);
    }
  }
  return count;
}

/** Plays, and checks that nothing was lost. @returns how many answers there were. */
export async function playThrough(t: TestContext, play: Play): Promise<number> {
  const { clients: count, inFlight, patches, config } = play;
  const server = await simpleNode(t, { maxclient: count, ...config });
  const clients: Client[] = [];
  let ended = 0;
  while (clients.length < count) {
    const client = await server.connect();
    void client.closed.then(() => (ended += 1));
    clients.push(client);
  }
  await clients[0]?.request("set", { what: "hello", value: "world" });
  // From here on every client has its agent, so that a patch that is for all of them reaches as many.
  await Promise.all(clients.map((client) => client.request("handshake")));
  const players = clients.map((client) => new Player(client, inFlight));
  await untilAnswered(players, count);
  const last = await patchAgents(server, players, patches);
  for (const player of players) player.isOver = true;
  await Promise.all(players.map(({ done }) => done));
  // Every agent runs the last text, and no player was lost on the way.
  deepEqual(new Set(await Promise.all(players.map((player) => player.ask()))), new Set([last]));
  for (const { sent, answered } of players) equal(answered, sent);
  for (const client of clients) equal(client.pending, 0);
  equal(ended, 0);
  return players.reduce((sum, { answered }) => sum + answered, 0);
}

/** Agents are patched while their clients play: every request is answered, no connection closes, versions never go back. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { frameOf, Peer } from "../integration/net/peer.ts";
import { world } from "../world.ts";

const MAIN = `
  import { skynet, snax } from "snax";
  let gate = 0;
  let closed = 0;
  export async function init() {
    skynet.dispatch("lua", async (_session, _source, _socket, what: string, fd: number) => {
      if (what === "close") closed += 1;
      if (what !== "open") return;
      const agent = await snax.newservice("agent");
      await skynet.call(gate, "lua", "forward", fd, 0, agent.handle);
    });
    gate = await skynet.newservice("gate");
  }
  export const response = {
    open() {
      return skynet.call(gate, "lua", "open", { address: "127.0.0.1", port: 0, maxclient: 5000 });
    },
    closed() { return closed; },
  };
`;

const AGENT = `
  import { skynet, socket } from "snax";
  let count = 0;
  function answer(text: string) { return "1 " + text; }
  export function init() {
    skynet.dispatch("client", (fd: number, _source, data: Buffer) => {
      count += 1;
      socket.send(fd, answer(String(data)) + " " + count);
    });
  }
`;

const CLIENTS = 1000;
const PATCHES = 20;

for (const thread of [0, 2]) {
  test(`a hotfix of all agents loses no request of ${CLIENTS} clients: thread ${thread}`, async (t) => {
    const { make, snax } = await world(t, { main: MAIN, agent: AGENT }, { thread });
    const main = await make("main");
    const { port } = (await main.req.open()) as { port: number };
    let isOver = false;
    let answers = 0;
    const play = async (name: number): Promise<void> => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      await once(socket, "connect");
      const peer = new Peer(socket);
      let version = 0;
      for (let n = 1; !isOver || version <= PATCHES; n += 1) {
        peer.write(frameOf(`${name}-${n}`));
        const [which, text, count] = (await peer.frame()).split(" ");
        assert.equal(text, `${name}-${n}`);
        assert.equal(Number(count), n);
        assert.ok(Number(which) >= version, `version ${which} after ${version}`);
        version = Number(which);
        answers += 1;
      }
      assert.equal(version, PATCHES + 1);
      socket.destroy();
    };
    const players = Array.from({ length: CLIENTS }, (_, name) => play(name));
    while (answers < CLIENTS) await new Promise((resolve) => setImmediate(resolve));
    for (let version = 2; version <= PATCHES + 1; version += 1) {
      const patch = `function answer(text: string) { return "${version} " + text; }`;
      const { failed } = await snax.hotfixall("agent", patch);
      assert.deepEqual(failed, []);
      const before = answers;
      while (answers < before + CLIENTS) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(await main.req.closed(), 0);
    // Clients that have not asked since the last patch do so once more.
    isOver = true;
    await Promise.all(players);
    console.log(`${answers} answers, ${PATCHES} patches, thread ${thread}`);
  });
}

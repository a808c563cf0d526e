/** The agents of a gate go to other threads while their clients send. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { GateListened } from "snax";
import { world } from "../../world.ts";
import { dial, frameOf } from "./peer.ts";

const THREE = { thread: 3 };
const MOVES = 12;
/** Enough for marks of the flow control between the messages. */
const PADDING = " ".repeat(20_000);

const AGENT = `import { skynet, socket } from "snax";
let count = 0;
skynet.start(() => {
  skynet.dispatch("client", async (fd: number, _source: number, data: Buffer) => {
    const number = Number(data.toString());
    count += 1;
    const mine = count;
    if (number % 7 === 0) await skynet.sleep(2);
    socket.send(fd, number + " " + mine);
  });
});`;

/** Opens a gate and gives its client to the agent. */
const DOOR = `import { skynet } from "snax";
let gate = 0; let agent = 0;
export async function init(to: number) {
  agent = to;
  skynet.dispatch("lua", (_session: number, _source: number, _socket: string, what: string, fd: number) => {
    if (what === "open") return skynet.call(gate, "lua", "forward", fd, 0, agent);
  });
  gate = await skynet.at(1).newservice("gate");
}
export const response = { open() { return skynet.call(gate, "lua", "open", { address: "127.0.0.1", port: 0 }); } };`;

/** Moves an agent that was born on a thread; the gate is on thread 1. */
async function runMoves(t: TestContext, place: number): Promise<void> {
  const node = await world(t, { agent: AGENT, door: DOOR }, THREE);
  const agent = await node.skynet.at(place).newservice("agent");
  const door = await node.snax.at(1).newservice<any>("door", agent);
  const { port } = (await door.req.open()) as GateListened;
  const peer = await dial(t, port);
  let isOver = false;
  let moves = 0;
  const moving = (async () => {
    for (let step = place; !isOver; step += 1) {
      const { from, to } = await node.skynet.migrate(agent, { thread: 1 + (step % 3) });
      if (from !== to) moves += 1;
    }
  })();
  moving.catch(() => {});
  const answers: string[] = [];
  let sent = 0;
  while (moves < MOVES) {
    for (let count = 0; count < 20; count += 1) {
      sent += 1;
      peer.write(frameOf(`${sent}${PADDING}`));
    }
    const read = async (): Promise<void> => {
      while (answers.length < sent - 10) answers.push(await peer.frame());
    };
    await Promise.race([read(), moving]);
  }
  isOver = true;
  await moving;
  while (answers.length < sent) answers.push(await peer.frame());
  const pairs = answers.map((text) => text.split(" ").map(Number) as [number, number]);
  deepEqual(
    pairs.map(([, count]) => count).toSorted((a, b) => a - b),
    pairs.map((_, index) => index + 1),
  );
  for (const [number, count] of pairs) equal(count, number);
  // What the client has sent before it ends its side is answered, wherever the agent is.
  peer.write(frameOf("7"));
  peer.socket.end();
  equal(await peer.frame(), `7 ${sent + 1}`);
  await peer.ended();
}

test("the agent of a gate's client moves while the client sends, and loses nothing", async (t) => {
  await runMoves(t, 1);
});

test("and so does one that was born on another thread than the gate", async (t) => {
  await runMoves(t, 2);
});

/** A client's message whose handler does not return: it is cut off, and its connection, its agent and the gate go on. */

import { equal, match } from "node:assert/strict";
import { test } from "node:test";

import { gateWorld } from "./gate-world.ts";
import { dial } from "./peer.ts";

/** What the agent does with a word, beside answering it; written as people write loops. */
const ANSWER = `
  text === "loop" ? (() => { for (;;); })()
  : text === "await" ? void Promise.resolve().then(() => { for (;;); })
  : text === "call" ? void skynet.call(skynet.self(), "lua", "disconnected").catch(() => { for (;;); })
  : "ok " + text
`;

test("a loop that a client's message began is cut off, as often as it comes, and the client is answered after it", async (t) => {
  // One worker: gate and agents live on the same thread, where a lone client's messages begin turns of their own.
  const node = await gateWorld(
    t,
    ANSWER,
    { framing: "line" },
    { thread: 1, stall: { warn: 100, interrupt: 300 } },
  );
  const [client, other] = [await dial(t, node.port), await dial(t, node.port)];
  const ask = async (peer: typeof client, text: string): Promise<string> => {
    peer.write(`${text}\n`);
    return await peer.line();
  };
  for (const word of ["loop", "await", "call", "loop"]) {
    // One request at a time, as a lone player sends them.
    for (let count = 0; count < 20; count += 1) equal(await ask(client, `${count}`), `ok ${count}`);
    client.write(`${word}\n`);
    equal(await ask(client, "after"), "ok after");
    equal(await ask(other, "neighbour"), "ok neighbour");
  }
  match(node.readLog(), /interrupted/);
});

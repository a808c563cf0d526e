// @ts-check
/**
 * The bar of the section `clients`: what a careful author writes without a framework. It splits frames, decodes and encodes with
 * the same sproto, awaits an async store as the agent awaits `simpledb`, and sends the answers of one turn in one write.
 */

import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { playAgainst } from "../client-load.mjs";

const HEADER_BYTES = 2;
const PROTO = new URL("../../examples/simple/proto/", import.meta.url);

/** The example's store, as an async function. */
function createStore() {
  const values = new Map([["hello", "world"]]);
  return {
    get: async (/** @type {string} */ key) => values.get(key),
    set: async (/** @type {string} */ key, /** @type {string} */ value) =>
      void values.set(key, value),
  };
}

/** @param {Uint8Array} packet */
function frame(packet) {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + packet.length);
  bytes.writeUInt16BE(packet.length);
  bytes.set(packet, HEADER_BYTES);
  return bytes;
}

/**
 * Serves one client.
 *
 * @param {import("node:net").Socket} socket
 * @param {any} host
 * @param {ReturnType<typeof createStore>} store
 */
function serve(socket, host, store) {
  /** @type {Record<string, (args: any) => unknown>} */
  const handlers = {
    handshake: () => ({ msg: "Welcome to skynet, I will send heartbeat every 5 sec." }),
    get: async ({ what }) => ({ result: await store.get(what) }),
    set: ({ what, value }) => store.set(what, value),
    quit: () => socket.end(),
  };
  /** @type {Buffer[]} */
  let answers = [];
  const flush = () => {
    socket.write(Buffer.concat(answers));
    answers = [];
  };
  const answer = async (/** @type {Buffer} */ packet) => {
    const message = host.dispatch(packet);
    const result = await handlers[message.name]?.(message.args);
    if (message.response === undefined) return;
    if (answers.push(frame(message.response(result))) === 1) process.nextTick(flush);
  };
  /** What came and is not a whole packet yet. */
  let rest = Buffer.alloc(0);
  socket.on("data", (/** @type {Buffer} */ chunk) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (bytes.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + bytes.readUInt16BE(0);
      if (bytes.length < end) break;
      answer(bytes.subarray(HEADER_BYTES, end)).catch((error) => socket.destroy(error));
      bytes = bytes.subarray(end);
    }
    rest = bytes;
  });
  socket.on("error", () => socket.destroy());
}

/** @param {import("../child.mjs").Job} job */
export async function prepareClients(job) {
  const { sproto } = await import(new URL("../../dist/sproto/index.js", import.meta.url).href);
  const read = (/** @type {string} */ name) =>
    sproto.parse(readFileSync(new URL(name, PROTO), "utf8"));
  const c2s = read("c2s.sproto");
  const store = createStore();
  const server = createServer({ noDelay: true }, (socket) => serve(socket, c2s.host(), store));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return () => playAgainst(port, job.size);
}

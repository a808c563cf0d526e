// @ts-check
/**
 * Two worker threads with a port between them, for peers that call from one thread to another: the driver's loops run on one,
 * what it calls lives on the other.
 *
 * A peer's file begins with `prepareThreads` on the main thread and is loaded again by both workers, where `takePart` hands
 * each its end.
 */

import { MessageChannel, Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import {
  callEach,
  callInTurn,
  drainBatches,
  expectEqual,
  microsecondsEach,
} from "../peer-work.mjs";

/** @typedef {import("../child.mjs").Job} Job */
/** @typedef {import("node:worker_threads").MessagePort} Port */
/** @typedef {Record<string, any>} Player */

/**
 * @typedef {object} Partner what the driver calls.
 * @property {(value: number) => Promise<number>} echo
 * @property {(player: Player) => Promise<Player>} visit
 * @property {() => void} [add] a message without an answer, if the peer has those.
 * @property {() => Promise<number>} [total] of the additions.
 */

/** A player like ours: see services/lib/player.ts. */
const createPlayer = () => ({
  ...{ id: 10001, name: "player 0", level: 42, gold: 1000, online: true },
  ...{ guild: { id: 7, name: "the guild" }, position: { x: 10.5, y: 20.25, z: -3 } },
  ...{ bag: [101, 102, 103, 104, 105, 106, 107, 108], title: null, rate: 0.75 },
});

/** What lives on the other thread; the counter's and the lobby's work in one. */
export function createPartner() {
  let total = 0;
  return {
    echo: (/** @type {number} */ value) => value,
    visit: (/** @type {Player} */ player) => {
      player["gold"] += 1;
      return player;
    },
    add: () => void (total += 1),
    total: () => total,
  };
}

/**
 * @param {string} url of the peer's file.
 * @returns {(job: Job) => Promise<() => Promise<Record<string, number>>>}
 */
export const prepareThreads = (url) => async (job) => {
  const { port1, port2 } = new MessageChannel();
  const start = (/** @type {string} */ role, /** @type {Port} */ port) =>
    new Worker(new URL(url), { workerData: { role, port }, transferList: [port] });
  start("partner", port2).on("error", raise);
  const driver = start("driver", port1).on("error", raise);
  return () =>
    new Promise((resolve) => {
      driver.once("message", resolve);
      driver.postMessage(job.size);
    });
};

/** @param {Error} error */
function raise(error) {
  throw error;
}

/**
 * @param {{ serve: (port: Port) => void, connect: (port: Port) => Partner }} peer
 */
export function takePart({ serve, connect }) {
  if (isMainThread) return;
  const { role, port } = workerData;
  if (role === "partner") return serve(port);
  const partner = connect(port);
  parentPort?.on("message", async (size) => parentPort?.postMessage(await round(size, partner)));
}

/** @param {Record<string, number>} size @param {Partner} partner */
async function round({ count = 0, single = 0, callers = 0, batch = 0 }, partner) {
  const { echo, add, total } = partner;
  return {
    flight: await callEach(count, callers, echo),
    single: await callInTurn(single, echo),
    player: await visitEach(count / 4, callers, partner),
    ...(add && total ? { drain: await drainBatches(count, batch, { add, total }) } : {}),
  };
}

/** @param {number} count @param {number} callers @param {Partner} partner */
async function visitEach(count, callers, { visit }) {
  const player = createPlayer();
  const each = count / callers;
  const beginMs = performance.now();
  const golds = await Promise.all(
    Array.from({ length: callers }, async () => {
      let gold = 0;
      for (let i = 0; i < each; i += 1) gold += (await visit(player))["gold"];
      return gold;
    }),
  );
  const us = microsecondsEach(beginMs, count);
  for (const gold of golds) expectEqual(gold, each * 1001, "gold of all answers");
  return us;
}

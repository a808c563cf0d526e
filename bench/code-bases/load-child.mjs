/** A process in which speed.mjs measures how long code takes to load: in a service, or by import. */

import { pathToFileURL } from "node:url";

process.once("message", async ({ place, way }) => {
  const result = await (way === "plain" ? loadPlain(place) : loadService(place));
  process.send(result, () => process.exit(0));
});

async function loadPlain(place) {
  const { href } = pathToFileURL(`${place}/plain/work.js`);
  const before = process.cpuUsage();
  const began = performance.now();
  const { work } = await import(href);
  const loaded = spent(before, began);
  const result = work();
  return { ...loaded, result };
}

async function loadService(place) {
  const { start } = await import("../../dist/index.js");
  const node = await start({
    thread: 0,
    services: `${place}/?.ts`,
    stall: { warn: 0, interrupt: 0 },
    logger: `${place}/log`,
  });
  // Whatever a node does at its start is over.
  await new Promise((done) => setTimeout(done, 300));
  const before = process.cpuUsage();
  const began = performance.now();
  const service = await node.snax.newservice("service");
  const loaded = spent(before, began);
  const { result } = await service.req.round(1, 1);
  // Images are written when the start is over.
  await new Promise((done) => setTimeout(done, 2_500));
  return { ...loaded, result };
}

function spent(before, began) {
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1000, wall: performance.now() - began };
}

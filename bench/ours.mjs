// @ts-check
/**
 * The package under test as a subject: a node on this thread, with the section's driver as a service in it.
 *
 * Only the driver's start and the end of a round pass through this module; every loop that is timed runs inside the
 * driver, from service to service.
 */

import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { prepareDiff } from "./diff.mjs";
import { prepareSticky } from "./sticky.mjs";
import { WALK_FROM_ONE, writeLong, writeProject, writeWorld } from "./world.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** The configuration of a node that has a link with itself. */
async function linkToItself() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  const place = `127.0.0.1:${port}`;
  const cluster = { listen: place, nodes: { self: place }, token: "a token of the bench" };
  return { node: "self", cluster };
}

/** @param {import("./child.mjs").Job} job */
export async function prepare(job) {
  if (job.section === "sticky") return await prepareSticky(job);
  if (job.section === "diff") return await prepareDiff(job);
  const { start } = await import(job.entry);
  // Joined as paths: in a URL the question mark of a search pattern would begin a query.
  const services = ["drivers", "services"].map((folder) => join(HERE, folder, "?.ts"));
  const size = { ...job.size };
  if (job.section === "clients") services.push(join(HERE, "../examples/simple/services/?.ts"));
  /** @type {Record<string, unknown>} */
  const also = {};
  if (["realistic", "clearcache", "check", "reload"].includes(job.section)) {
    const folder = await mkdtemp(join(tmpdir(), "snax-bench-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    services.push(join(folder, "?.ts"));
    if (job.section === "check") Object.assign(also, await writeProject(folder));
    if (job.section === "reload") also["benchfolder"] = folder;
    else if (job.section !== "realistic") size["functions"] = await writeLong(folder);
    else {
      await writeWorld(folder);
      size["answer"] = WALK_FROM_ONE;
    }
  }
  const linked = job.section === "links" ? await linkToItself() : {};
  const node = await start({ thread: 0, ...job.config, ...linked, ...also, services });
  const driver = await node.snax.newservice(job.section, { ...size, ...job.init, ...also });
  return () => driver.req.round(size);
}

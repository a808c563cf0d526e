/** A process of plain Node with tsx in which files of tests run. */

import { pathToFileURL } from "node:url";
import { runFiles } from "./run-files.mjs";

// What a test has begun may fail after it: a service prints it, and lives.
process.on("uncaughtException", () => {});
process.once("message", async (work) => {
  const results = await runFiles(work, (path) => import(pathToFileURL(path).href));
  process.send(results, () => process.exit(0));
});

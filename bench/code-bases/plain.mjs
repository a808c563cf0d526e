/** A process of plain Node with tsx in which one file of tests runs. */

import { pathToFileURL } from "node:url";
import { runFile } from "./run-file.mjs";

const [file, globals] = JSON.parse(process.argv[2] ?? "[]");
const results = await runFile(file, globals, (path) => import(pathToFileURL(path).href));
process.send(results, () => process.exit(0));

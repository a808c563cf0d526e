/** The service in which one file of tests runs: what the file imports is this service's own. */

import { runFile } from "./run-file.mjs";

export const response = {
  run: (file, globals) => runFile(file, globals, (path) => import(path)),
};

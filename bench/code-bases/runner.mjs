/** The service in which files of tests run: what they import is this service's own. */

import { runFiles } from "./run-files.mjs";

export const response = {
  run: (work) => runFiles(work, (path) => import(path)),
};

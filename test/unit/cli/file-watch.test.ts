/** The watch of `snax dev`: how many folders it looks at. */

import { deepEqual } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { FileWatch } from "../../../src/cli/dev/watch.ts";
import { writeFiles } from "../../world.ts";

test("as many folders are watched as there may be, and of more it is said once which one is left out", (t) => {
  const folder = writeFiles(t, { "a/one": "", "b/two": "", "c/three": "", "d/four": "" });
  const leftOut = (foldersMax: number): string[] => {
    const said: string[] = [];
    const overflows = (path: string): void => void said.push(path);
    const watch = new FileWatch({ saved: () => {}, polls: () => {}, overflows }, { foldersMax });
    t.after(() => watch.close());
    watch.add(folder);
    return said;
  };
  deepEqual(leftOut(5), []);
  deepEqual(leftOut(3), [join(folder, "c")]);
});

/** How much V8 may put into one function: more than by its own limit, unless a flag of Node says how much. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { writeFiles } from "../../world.ts";
import { PACKAGE } from "../process.ts";

/** V8's help has the value of each flag, and ends the process. */
const PROGRAM = `
  import { setFlagsFromString } from "node:v8";
  import { start } from ${JSON.stringify(PACKAGE)};
  const node = await start({ thread: 0 });
  await node.stop();
  setFlagsFromString("--help");`;

const CASES: Record<string, { readonly flags: readonly string[]; readonly bytes: number }> = {
  "without a flag, with room for six forwarders": { flags: [], bytes: 920 + 6 * 19 },
  "by a flag of Node": { flags: ["--max-inlined-bytecode-size-cumulative=460"], bytes: 460 },
  "by a flag as V8 writes it": {
    flags: ["--max_inlined_bytecode_size_cumulative=2000"],
    bytes: 2000,
  },
};

for (const [name, { flags, bytes }] of Object.entries(CASES)) {
  test(`a node lets V8 put ${bytes} bytes of other functions into one, ${name}`, (t) => {
    const folder = writeFiles(t, { "program.mjs": PROGRAM });
    const file = `${folder}/flags.txt`;
    // Into a file: the process ends before a pipe has taken it all.
    spawnSync(process.execPath, [...flags, `${folder}/program.mjs`], {
      stdio: ["ignore", openSync(file, "w"), "inherit"],
    });
    const help = readFileSync(file, "utf8");
    const [, value] = /: --max-inlined-bytecode-size-cumulative=(\d+)/.exec(help) ?? [];
    assert.equal(Number(value), bytes, help.slice(0, 400));
  });
}

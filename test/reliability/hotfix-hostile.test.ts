/** Damaged patch texts are refused with a code or applied wholly; none of them ends the process or hangs it. */

import { equal, match } from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { drawSeeds } from "../sim/scale.ts";

const TEXTS = 1000;
/** A child that has not finished by then hangs in some text. */
const CHILD_MS = 120_000;
/** Characters of a child's words that are kept. */
const SAID_MAX = 10_000;

const CHILD = fileURLToPath(new URL("./hotfix-hostile-child.js", import.meta.url));
const FIXTURES = fileURLToPath(new URL("../../../test/fixtures/hotfix/", import.meta.url));

const { seeds } = drawSeeds("hotfix-hostile", { c: 1, r: 10, s: 1000 });

for (const seed of seeds) {
  test(`${TEXTS} damaged patches of seed ${seed} leave the node alive`, async () => {
    const { code, last, said } = await run([CHILD, String(seed), String(TEXTS), FIXTURES]);
    equal(code, 0, `ended at text ${last}: ${said}`);
    match(said, /RESULT \{"applied":\d+,"refused":\d+\}/);
    console.log(`seed ${seed}: ${said.trim()}`);
  });
}

/** How a child ended, the number of the text that it was at, and what it said of it. */
interface Ending {
  readonly code: number | string;
  readonly last: string;
  readonly said: string;
}

function run(args: string[]): Promise<Ending> {
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: CHILD_MS,
  });
  let said = "";
  let last = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-SAID_MAX);
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    last = text.match(/^\d+$/gm)?.at(-1) ?? last;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code: code ?? String(signal), last, said }));
  });
}

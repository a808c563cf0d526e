/** The example with the culprits: the healthy services answer throughout, as its README shows. */

import { deepEqual, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { snax } from "../process.ts";
import { writeFiles } from "../../world.ts";

const README = readFileSync("examples/guard/README.md", "utf8");

test("a loop, a leak and an exit end as the example shows, and the healthy services answer throughout", async (t) => {
  const config = resolve("examples/guard/snax.config.ts");
  const { code, stdout } = await snax(["start", config], writeFiles(t, {}));
  const lines = stdout.split("\n");
  const plain = lines.filter((line) => !line.startsWith("[") && !line.startsWith("    "));
  const [, shown = ""] = /^```text output\n(.*?)^```$/ms.exec(README) ?? [];
  deepEqual({ code, stdout: plain.join("\n") }, { code: 0, stdout: shown });
  match(stdout, /endless loop/);
  match(stdout, /culprit\.ts:9:/);
  match(stdout, /thread 3 has died with \d+ services/);
});

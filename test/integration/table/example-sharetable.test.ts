/** The example with shops and a battle prints what its README shows. */

import { deepEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { snax } from "../process.ts";
import { writeFiles } from "../../world.ts";

const README = readFileSync("examples/sharetable/README.md", "utf8");

test("the example of shared tables prints what its README shows", async (t) => {
  const config = resolve("examples/sharetable/snax.config.ts");
  const { code, stdout, stderr } = await snax(["start", config], writeFiles(t, {}));
  const plain = stdout.split("\n").filter((line) => !line.startsWith("["));
  const [, shown = ""] = /^```text output\n(.*?)^```$/ms.exec(README) ?? [];
  deepEqual({ code, stdout: plain.join("\n"), stderr }, { code: 0, stdout: shown, stderr: "" });
});

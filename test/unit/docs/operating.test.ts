/** docs/operating.md says what a node answers. */

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { PROBE_PATHS } from "../../../src/console/doors/probe-door.ts";
import { COMMANDS } from "../../../src/console/commands/command-list.ts";
import { roleFor } from "../../../src/console/commands/shell.ts";
import { METRICS } from "../../../src/console/inspect/metrics.ts";
import { readCode, readPage, readTable } from "./page.ts";

const page = readPage("operating.md");

test("the table of metrics has every metric, with its kind, its label and what it is", () => {
  const rows = METRICS.map(({ name, kind, label = "-", help }) => [
    `\`${name}\``,
    kind,
    label,
    help.replace(/\.$/, ""),
  ]);
  deepEqual(readTable(page, "metric"), rows);
});

test("the table of requests has every path that is answered", () => {
  const cells = readTable(page, "request").map(
    ([cell = ""]) => readCode(cell)[0]?.replace(/\?.*/, "") ?? "",
  );
  deepEqual([...new Set(cells)], PROBE_PATHS);
});

test("the table of tokens names every command that the token to read allows", () => {
  const found = [...COMMANDS].filter(([, command]) => roleFor(command, []) === "read");
  const shown = readTable(page, "to see").flatMap(([, cell = ""]) => readCode(cell));
  deepEqual(shown.toSorted(), found.map(([name]) => name).toSorted());
});

test("the probes of the examples ask for paths that are answered", () => {
  const asked = [...page.matchAll(/path: (\/\w+)/g)].map(([, path = ""]) => path);
  deepEqual(asked, ["/healthz", "/readyz"]);
});

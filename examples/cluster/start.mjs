// @ts-check
/**
 * Starts the three nodes, and a node that ends anew: what systemd or Kubernetes does elsewhere. Ends with the hall.
 *
 *     node examples/cluster/start.mjs
 */

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const CONFIG = fileURLToPath(new URL("./snax.config.ts", import.meta.url));

/** @type {Map<string, import("node:child_process").ChildProcess>} */
const running = new Map();
let isOver = false;

/** @param {string} node */
function begin(node) {
  const env = { ...process.env, NODE: node };
  // What the hall prints is the example; the others' logs go where errors go.
  const stdio = /** @type {const} */ (["ignore", node === "hall" ? "inherit" : 2, 2]);
  const child = spawn(process.execPath, [MAIN, "start", CONFIG], { env, stdio: [...stdio] });
  running.set(node, child);
  child.on("exit", (code) => {
    running.delete(node);
    if (node === "hall") end(code ?? 1);
    else if (!isOver) begin(node);
  });
}

/** @param {number} code */
function end(code) {
  if (isOver) return;
  isOver = true;
  process.exitCode = code;
  for (const child of running.values()) child.kill("SIGTERM");
}

for (const node of ["bank", "scores", "hall"]) begin(node);
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => end(1));

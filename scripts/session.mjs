/**
 * `node scripts/session.mjs part`: plays what README.md and examples/simple/README.md show, and prints one part of it.
 *
 *     patch     a player, an operator, and the player again, in ten lines
 *     node      what `npm start` prints until it is up
 *     client    `npm run client` and its first question
 *     console   `nc 127.0.0.1 8000`: list, and a patch for all agents
 *     again     the same question of the same client
 *
 * The whole session is played each time, against a node of its own on ports that the system chooses; what is printed has those of
 * the example's configuration. What a person types stands where the terminal would echo it.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";

import { ROOT } from "./compile.mjs";

const EXAMPLE = "examples/simple";
const PORTS = { consoleport: 8000, gateport: 8888, webport: 8889 };
/** The client's own port; the system chooses it, and the page needs one. */
const CLIENT_PORT = 50_000;

/** What one terminal shows. */
class Terminal {
  text = "";
  #changed = () => {};
  #isEnded = false;
  /** @type {(line: string) => void} */
  #send;

  /**
   * @param {import("node:stream").Readable} output
   * @param {(line: string) => void} send
   */
  constructor(output, send) {
    this.#send = send;
    output.setEncoding("utf8");
    output.on("data", (/** @type {string} */ chunk) => {
      this.text += chunk;
      this.#changed();
    });
    output.on("end", () => {
      this.#isEnded = true;
      this.#changed();
    });
  }

  /**
   * Types a line.
   *
   * @param {string} line
   */
  type(line) {
    this.text += `${line}\n`;
    this.#send(`${line}\n`);
  }

  /**
   * Waits until the text after some place matches.
   *
   * @param {RegExp} pattern
   * @returns {Promise<string>} the first group
   */
  async until(pattern, from = 0) {
    for (;;) {
      const found = pattern.exec(this.text.slice(from));
      if (found) return found[1] ?? "";
      if (this.#isEnded) throw new Error(`it ended without ${pattern}:\n${this.text}`);
      await new Promise((resolve) => (this.#changed = () => resolve(undefined)));
    }
  }
}

/** @param {string[]} args @param {string} cwd */
function run(args, cwd) {
  const child = spawn(process.execPath, args, { cwd, stdio: ["pipe", "pipe", "inherit"] });
  const terminal = new Terminal(child.stdout, (line) => void child.stdin.write(line));
  return { child, terminal };
}

async function play() {
  // Each session begins with the files as they are: a patch of the one before would still be in.
  const chosen = [...Object.keys(PORTS).map((key) => `${key}=0`), "ledger=false"].flatMap((set) => [
    "--set",
    set,
  ]);
  const node = run(["dist/cli/main.js", "start", `${EXAMPLE}/snax.config.ts`, ...chosen], ROOT);
  const consolePort = await node.terminal.until(/debug console at 127\.0\.0\.1:(\d+)/);
  const gatePort = await node.terminal.until(/Watchdog listen on 0\.0\.0\.0:(\d+)/);
  const webPort = await node.terminal.until(/http:\/\/127\.0\.0\.1:(\d+)/);
  await node.terminal.until(/KILL self/);
  const started = node.terminal.text;

  const client = run([`${EXAMPLE}/dist/client/main.js`, gatePort], ROOT);
  await client.terminal.until(/RESPONSE\t2\n/);
  client.terminal.type("hello");
  await client.terminal.until(/result\t.*\n/);
  const asked = client.terminal.text;

  const socket = connect({ host: "127.0.0.1", port: Number(consolePort) });
  const operator = new Terminal(socket, (line) => void socket.write(line));
  await operator.until(/console\n/);
  for (const line of ["list", "hotfix agent patches/agent.ts"]) {
    const from = operator.text.length;
    operator.type(line);
    await operator.until(/<CMD \w+>\n/, from);
  }
  socket.destroy();

  client.terminal.type("hello");
  await client.terminal.until(/result\t.*\n/, asked.length);
  client.child.stdin.end();
  node.child.kill("SIGTERM");
  await Promise.all([once(client.child, "exit"), once(node.child, "exit")]);

  /** @type {(text: string) => string} */
  const withPorts = (text) =>
    text
      .replaceAll(/(debug_console) 0\b/g, `$1 ${PORTS.consoleport}`)
      .replaceAll(`${consolePort}`, `${PORTS.consoleport}`)
      .replaceAll(`${webPort}`, `${PORTS.webport}`)
      .replaceAll(`${gatePort}`, `${PORTS.gateport}`)
      .replaceAll(/(client from : .*:)\d+/g, `$1${CLIENT_PORT}`);
  // A heartbeat comes every five seconds: on a machine that is busy one lies in between.
  const again = client.terminal.text.slice(asked.length).replaceAll("REQUEST\theartbeat\n", "");
  return {
    patch: shorten({ asked, operated: operator.text, again }),
    node: withPorts(started),
    client: withPorts(asked),
    console: withPorts(operator.text),
    again: withPorts(again),
  };
}

/**
 * Leaves of the terminals what was typed and the line that matters, and says whose terminal it is.
 *
 * @param {{ asked: string, operated: string, again: string }} terminals
 */
function shorten({ asked, operated, again }) {
  const pick = (/** @type {string} */ text, /** @type {RegExp} */ pattern) => {
    const [line] = text
      .split("\n")
      .filter((one) => pattern.test(one))
      .slice(-1);
    if (line === undefined) throw new Error(`no ${pattern} in ${text}`);
    return line.replace("\t", "   ");
  };
  const lines = [
    ["player", "$ npm run client"],
    ["", pick(asked, /^hello/)],
    ["", pick(asked, /^result/)],
    ["operator", "$ nc 127.0.0.1 8000"],
    ["", pick(operated, /^hotfix/)],
    ["", pick(operated, /^applied/)],
    ["player", pick(again, /^hello/)],
    ["", pick(again, /^result/)],
  ];
  return lines.map(([who = "", line]) => `${who.padEnd(10)}${line}`).join("\n");
}

const part = process.argv[2];
const parts = await play();
if (part === undefined || !Object.hasOwn(parts, part)) {
  process.stderr.write(`parts: ${Object.keys(parts).join(" ")}\n`);
  process.exit(2);
}
process.stdout.write(/** @type {Record<string, string>} */ (parts)[part] ?? "");

/**
 * `snax console [host:]port`: a debug console with line editing, history, and completion of commands and addresses.
 *
 * Without a terminal it runs the lines of its input and prints the answers. Exit code 0 if all of them succeeded, 1 if one
 * failed or the connection was lost. When the answers are not read any more (`| head -1`) it stops after the command that is being
 * answered. The token, if one is needed, comes from SNAX_CONSOLE_TOKEN or from a line `auth TOKEN`,
 * which the history does not keep.
 */

import { createInterface } from "node:readline";
import type { Interface } from "node:readline";
import type { Endpoint } from "../net/endpoint.ts";
import { formatEndpoint } from "../net/endpoint.ts";
import { showControls } from "../base/log-line.ts";
import { isTerminal, openConversation } from "../console/doors/conversation.ts";
import { messageOf } from "../service/error-text.ts";
import { ConsoleConnection } from "./console-connection.ts";

/** The node has made its texts fit for a terminal, but something else may answer at that port. */
const print = (line: string): void => void process.stdout.write(`${showControls(line)}\n`);

/** Runs until the input ends; resolves to the exit code. */
export async function runConsole(place: Endpoint): Promise<number> {
  try {
    const connection = await ConsoleConnection.open(place);
    const token = process.env["SNAX_CONSOLE_TOKEN"];
    if (token !== undefined && !(await connection.ask(`auth ${token}`, () => {}))) {
      throw new Error("the console refuses the token of SNAX_CONSOLE_TOKEN");
    }
    const code = isTerminal() ? await talk(connection, place) : await runLines(connection);
    connection.close();
    return code;
  } catch (error) {
    process.stderr.write(`snax: ${messageOf(error)}\n`);
    return 1;
  }
}

/** Runs what is piped in. */
async function runLines(connection: ConsoleConnection): Promise<number> {
  let code = 0;
  let isRead = true;
  process.stdout.on("error", () => (isRead = false));
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() !== "" && !(await connection.ask(line, print))) code = 1;
    if (!isRead) break;
  }
  return code;
}

/** Commands that go on asking until they end. */
const CONVERSATION = /^\s*debug\b/;

/** Talks with a person, until the input or the connection ends. */
function talk(connection: ConsoleConnection, { host, port }: Endpoint): Promise<number> {
  const usualPrompt = `${formatEndpoint(host, port)}> `;
  return new Promise((resolve, reject) => {
    const terminal = openConversation(usualPrompt, (isFirst) => wordsOf(connection, isFirst));
    forgetTokens(terminal);
    let isConversing = false;
    const done = (): void => {
      isConversing = false;
      terminal.setPrompt(usualPrompt);
      terminal.prompt();
    };
    terminal.on("line", (line) => {
      if (isConversing) return connection.reply(line);
      isConversing = CONVERSATION.test(line);
      if (isConversing) converse(connection, terminal, line).then(done, reject);
      else {
        terminal.pause();
        const asked = line.trim() === "" ? Promise.resolve(true) : connection.ask(line, print);
        asked.then(done, reject);
      }
    });
    terminal.on("close", () => {
      process.stdout.write("\n");
      resolve(0);
    });
    connection.onClose(() => reject(new Error("the console has closed the connection")));
    terminal.prompt();
  });
}

/** Runs a command that asks back; its prompts become the terminal's. */
function converse(
  connection: ConsoleConnection,
  terminal: Interface,
  line: string,
): Promise<boolean> {
  let prompt = "";
  const printRest = (text: string): void => {
    // What was there as a prompt is not printed again when its line ends.
    const rest = text.startsWith(prompt) ? text.slice(prompt.length) : text;
    prompt = "";
    if (rest !== "") print(rest);
  };
  return connection.ask(line, printRest, (text) => {
    prompt = text;
    terminal.setPrompt(text);
    terminal.prompt();
  });
}

function forgetTokens(terminal: Interface): void {
  terminal.on("history", (history: string[]) => {
    if (/^\s*auth\b/.test(history[0] ?? "")) history.shift();
  });
}

/** Asks the node for its commands, or for its addresses; while it answers something else there are none. */
async function wordsOf(connection: ConsoleConnection, isFirst: boolean): Promise<string[]> {
  const words: string[] = [];
  if (connection.isAsking) return words;
  await connection.ask(isFirst ? "help" : "list", (row) => {
    const [word = "", more] = row.split("\t");
    if (more !== undefined) words.push(word);
  });
  return words;
}

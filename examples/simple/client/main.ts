/**
 * `npm run client [-- [host:]port]`: skynet's example client.
 *
 * Says hello to the server and sets hello=world. Then each line on the standard input asks for the value of that key; `quit`
 * leaves. What is sent and what comes is printed as skynet's client prints it.
 */

import { createInterface } from "node:readline";
import { Client } from "./client.ts";
import { readPlace } from "./place.ts";
import { readSchemas } from "./proto.ts";
import { openTcp } from "./tcp.ts";

function print(...words: unknown[]): void {
  process.stdout.write(`${words.join("\t")}\n`);
}

function printResponse(session: number, args: unknown): void {
  print("RESPONSE", session);
  for (const [key, value] of Object.entries(args ?? {})) print(key, value);
}

async function run(): Promise<void> {
  const { host, port } = readPlace(process.argv[2]);
  const client = new Client(await openTcp(port, host), readSchemas());
  client.onRequest = (name) => print("REQUEST", name);
  client.onResponse = printResponse;

  const ask: typeof client.request = (name, args) => {
    const answer = client.request(name, args);
    print("Request:", client.session);
    // The end of the connection is told once, below.
    answer.catch(() => {});
    return answer;
  };
  void ask("handshake");
  let last: Promise<unknown> = ask("set", { what: "hello", value: "world" });

  const lines = createInterface({ input: process.stdin, terminal: false });
  lines.on("line", (line) => {
    if (line === "quit") last = ask("quit");
    else if (line !== "") last = ask("get", { what: line });
  });
  lines.on("close", () => void last.then(() => client.close()).catch(() => {}));
  print((await client.closed).message);
  lines.close();
  process.stdin.destroy();
}

run().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

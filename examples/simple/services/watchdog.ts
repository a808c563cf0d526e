/**
 * Hears from the gate of clients that come and go, and gives each an agent.
 *
 *     gate -> watchdog    "socket", "open" | "close" | "error" | "warning" | "data", fd, ...
 *     main -> watchdog    "start", options of the gate
 *     agent -> watchdog   "close", fd     its client wants to leave
 */

import { skynet } from "snax";

let gate = 0;
/** The agents by number of the client. */
const agents = new Map<number, number>();

async function open(fd: number, peer: string): Promise<void> {
  skynet.error(`New client from : ${peer}`);
  try {
    const agent = await skynet.at("near").newservice("agent");
    agents.set(fd, agent);
    await skynet.call(agent, "lua", "start", { gate, client: fd, watchdog: skynet.self() });
  } catch (error) {
    // Most likely it has gone meanwhile, before its agent asked for it.
    skynet.error(`client ${fd} has no agent :`, String(error));
    await closeAgent(fd);
  }
}

async function closeAgent(fd: number): Promise<void> {
  const agent = agents.get(fd);
  agents.delete(fd);
  await skynet.call(gate, "lua", "kick", fd);
  if (agent !== undefined) skynet.send(agent, "lua", "disconnect");
}

async function close(fd: number): Promise<void> {
  print("socket close", fd);
  await closeAgent(fd);
}

async function fail(fd: number, text: string): Promise<void> {
  print("socket error", fd, text);
  await closeAgent(fd);
}

function warn(fd: number, kib: number): void {
  print("socket warning", fd, kib);
}

function print(...words: unknown[]): void {
  console.log(words.join("\t"));
}

/** What the gate tells. */
function onSocket(event: string, fd: number, what: string | number): Promise<void> | undefined {
  switch (event) {
    case "open":
      return open(fd, what as string);
    case "close":
      return close(fd);
    case "error":
      return fail(fd, what as string);
    case "warning":
      warn(fd, what as number);
  }
  return undefined;
}

skynet.start(async () => {
  skynet.dispatch("lua", (_session, _source, command: string, ...args: unknown[]) => {
    if (command === "socket") return onSocket(...(args as Parameters<typeof onSocket>));
    if (command === "start") return skynet.call(gate, "lua", "open", args[0]);
    if (command === "close") return closeAgent(args[0] as number);
    throw new Error(`Unknown command ${command}`);
  });
  gate = await skynet.at("near").newservice("gate");
});

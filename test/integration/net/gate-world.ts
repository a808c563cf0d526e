/**
 * A node with a gate that is open, skynet's watchdog, and an agent for each client.
 */

import type { TestContext } from "node:test";
import type { Config, GateListened, GateOptions } from "snax";
import type { World } from "../../world.ts";
import { world } from "../../world.ts";

/** skynet's watchdog: an agent for each client; it notes what the gate tells. */
const WATCHDOG = `
  import { skynet, socket } from "snax";
  let gate = 0;
  const events: unknown[][] = [];
  const agents = new Map<number, number>();
  const SOCKET: Record<string, (fd: number, ...rest: unknown[]) => unknown> = {
    async open(fd) {
      const agent = await skynet.newservice("agent");
      agents.set(fd, agent);
      await skynet.call(agent, "lua", "start", { gate, fd, watchdog: skynet.self() });
    },
    close(fd) {
      const agent = agents.get(fd);
      agents.delete(fd);
      if (agent !== undefined) skynet.send(agent, "lua", "disconnect");
    },
  };
  const CMD: Record<string, (...args: never[]) => unknown> = {
    start(options: object) { return skynet.call(gate, "lua", "open", options); },
    gate() { return gate; },
    events() { return events; },
    agents() { return [...agents.values()]; },
    netstat() { return socket.netstat(); },
  };
  skynet.start(async () => {
    skynet.dispatch("lua", (_session, _source, command: string, ...args: never[]) => {
      if (command !== "socket") return CMD[command]!(...args);
      const [what, fd] = args as unknown as [string, number];
      events.push(args.slice());
      return SOCKET[what]?.(fd);
    });
    gate = await skynet.newservice("gate");
  });
`;

/** An agent that answers each message with the text given, an expression of \`text\`. */
const agent = (answer: string): string => `
  import { skynet, socket } from "snax";
  let fd = 0;
  const CMD: Record<string, (...args: never[]) => unknown> = {
    start(conf: { gate: number; fd: number }) {
      fd = conf.fd;
      return skynet.call(conf.gate, "lua", "forward", conf.fd);
    },
    disconnect() { skynet.exit(); },
  };
  skynet.start(() => {
    skynet.dispatch("lua", (_session, _source, command: string, ...args: never[]) => CMD[command]!(...args));
    skynet.dispatch("client", (session: number, source: number, data: Buffer) => {
      const text = data.toString();
      const answer: unknown = ${answer};
      if (typeof answer === "string") socket.send(session, answer);
    });
  });
`;

/** A node with a gate that is open. */
export interface GateWorld extends World {
  readonly port: number;
  /** The port for web sockets. */
  readonly websocket: number;
  readonly gate: number;
  readonly watchdog: number;
  readonly events: () => Promise<unknown[][]>;
}

/** Starts a node with watchdog, gate and agents. */
export async function gateWorld(
  t: TestContext,
  answer: string,
  options: Partial<GateOptions> = {},
  config: Config = {},
): Promise<GateWorld> {
  const here = await world(t, { watchdog: WATCHDOG, agent: agent(answer) }, config);
  const { skynet } = here;
  const watchdog = await skynet.newservice("watchdog");
  const conf = { address: "127.0.0.1", port: 0, ...options };
  const listened = await skynet.call<GateListened>(watchdog, "lua", "start", conf);
  const { port, websocket } = listened;
  const gate = await skynet.call<number>(watchdog, "lua", "gate");
  const events = (): Promise<unknown[][]> => skynet.call(watchdog, "lua", "events");
  return { ...here, stop: () => here.stop(), port, websocket, gate, watchdog, events };
}

/** Asks until the answer is as wanted. */
export async function until<T>(ask: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await ask();
    if (isSo(value)) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

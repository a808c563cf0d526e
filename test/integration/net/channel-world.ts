/** A server and a service with a channel to it, for tests of channels. */

import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import type { TestContext } from "node:test";
import type { ServiceObject } from "snax";
import { world } from "../../world.ts";

/** A server that answers lines with what `reply` makes of them; undefined: not at all. */
export async function serve(
  t: TestContext,
  reply: (line: string, socket: Socket) => string | undefined,
): Promise<{ port: number; server: Server; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    t.after(() => socket.destroy());
    socket.on("error", () => {});
    let rest = "";
    socket.on("data", (chunk) => {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const answer = reply(line, socket);
        if (answer !== undefined) socket.write(`${answer}\n`);
      }
    });
  });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    server,
    connections: () => connections,
  };
}

/** A service with a channel; options are a text. */
export const client = (options: string, methods = ""): string => `
  import { skynet, socketchannel } from "snax";
  import type { Channel, ChannelSocket } from "snax";
  let channel: Channel;
  const line = (from: ChannelSocket) => from.readline();
  const told: unknown[] = [];
  export function init(port: number, other: number) {
    channel = socketchannel.channel({ host: "127.0.0.1", port, ${options} });
  }
  export const response = {
    ask(text: string) { return channel.request(text + "\\n", line); },
    told() { return told; },
    ${methods}
  };
`;

export async function make(
  t: TestContext,
  text: string,
  ...ports: number[]
): Promise<{ main: ServiceObject; log: () => Promise<string[]> }> {
  const here = await world(t, { main: text });
  return { main: await here.make("main", ...ports), log: here.log };
}

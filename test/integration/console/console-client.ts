/** A client of the debug console for tests: lines over TCP, whole answers, and requests over HTTP. */

import { request } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { TestContext } from "node:test";
import type { Config } from "snax";
import { world } from "../../world.ts";
import type { Files, World } from "../../world.ts";

/** What `list` shows of the services that a node starts by itself. */
export const SYSTEM_LIST: readonly string[] = [
  ":00000004\tsnlua cdummy",
  ":00000006\tsnlua datacenterd",
  ":00000007\tsnlua service_mgr",
];

/** A node with a debug console. */
export interface Desk extends World {
  readonly port: number;
  /** Connects a client. */
  readonly open: () => Promise<LineClient>;
  /** Runs one line with a client of its own and returns the lines of the answer. */
  readonly ask: (line: string) => Promise<string[]>;
}

/** Starts a node over these files, with a console on a free port of this machine. */
export async function desk(t: TestContext, files: Files, config: Config = {}): Promise<Desk> {
  const node = await world(t, files, { console: 0, ...config });
  const address = /Start debug console at \S+?:(\d+)$/m.exec((await node.log()).join("\n"));
  const port = Number(address?.[1]);
  const open = async (): Promise<LineClient> => {
    const client = await LineClient.open(port);
    t.after(() => client.close());
    return client;
  };
  const ask = async (line: string): Promise<string[]> => {
    const client = await open();
    const answer = await client.run(line);
    client.close();
    return answer;
  };
  return { ...node, port, open, ask };
}

/** A client that talks in lines. */
export class LineClient {
  readonly socket: Socket;
  #text = "";
  #isClosed = false;
  #notice = (): void => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      this.#text += chunk;
      this.#notice();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#isClosed = true;
      this.#notice();
    });
  }

  /** Connects and takes the greeting. */
  static async open(port: number): Promise<LineClient> {
    const client = new LineClient(connect(port, "127.0.0.1"));
    client.write("\n");
    await client.take(/^Welcome to skynet console\n/);
    return client;
  }

  /** Sends bytes as they are. */
  write(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  /** Sends a line and returns the lines of the answer, the mark at its end included. */
  async run(line: string): Promise<string[]> {
    this.write(`${line}\n`);
    return (await this.take(/^(?:.*\n)*?<CMD (?:OK|Error)>\n/)).trimEnd().split("\n");
  }

  /** Waits for a text at the beginning of what came, and takes it out. */
  async take(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.#text)?.[0];
      if (found !== undefined) {
        this.#text = this.#text.slice(found.length);
        return found;
      }
      if (this.#isClosed) throw new Error(`closed after ${JSON.stringify(this.#text)}`);
      await new Promise<void>((resolve) => (this.#notice = resolve));
    }
  }

  /** Waits until the console has closed the connection, and returns what was left to read. */
  async ended(): Promise<string> {
    while (!this.#isClosed) await new Promise<void>((resolve) => (this.#notice = resolve));
    return this.#text;
  }

  close(): void {
    this.socket.destroy();
  }
}

/** An HTTP answer. */
export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** What a request says beside its path. */
export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request that asks for JSON. */
export function fetchJson(port: number, path: string, ask: Ask = {}): Promise<Reply> {
  const { method = "GET", body = "", headers } = ask;
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        ...{ host: "127.0.0.1", port, path, method, agent: false },
        headers: { accept: "application/json", "content-length": body.length, ...headers },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
}

/** Sends bytes and returns all that came until the connection ended. */
export async function exchange(port: number, bytes: string): Promise<string> {
  const client = new LineClient(connect(port, "127.0.0.1"));
  client.write(bytes);
  return client.ended();
}

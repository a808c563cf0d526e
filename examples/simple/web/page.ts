/**
 * The page of the example: plays over the web socket with the same client as the programs of Node.
 */

import { sproto } from "snax/sproto";
import type { ProtocolName, RequestOf } from "snax/sproto";
import { Client } from "../client/client.ts";
import type { Schemas } from "../client/client.ts";
import { openWeb } from "../client/web.ts";
import type { WebSocketLike } from "../client/web.ts";
import type { C2s } from "../proto/c2s.ts";
import type { S2c } from "../proto/s2c.ts";

const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;

const log = element("log");

function print(...words: unknown[]): void {
  log.textContent += `${words.join("\t")}\n`;
  log.scrollTop = log.scrollHeight;
}

async function readSchema(name: string): Promise<string> {
  return await (await fetch(`/proto/${name}.sproto`)).text();
}

async function connect(): Promise<Client> {
  const schemas: Schemas = {
    c2s: sproto.parse<C2s>(await readSchema("c2s")),
    s2c: sproto.parse<S2c>(await readSchema("s2c")),
  };
  const url = location.origin.replace(/^http/, "ws");
  return new Client(await openWeb(new WebSocket(url) as unknown as WebSocketLike), schemas);
}

/** Sends a request; what comes is printed as skynet's client prints it. */
function ask<N extends ProtocolName<C2s>>(client: Client, name: N, args?: RequestOf<C2s, N>): void {
  const answer = client.request(name, args);
  print("Request:", client.session);
  // A request fails with its connection only, whose end is told once, below.
  answer.catch(() => {});
}

async function play(): Promise<void> {
  const client = await connect();
  client.onRequest = (name) => {
    element("heart").animate([{ opacity: 1 }, { opacity: 0.2 }], 1000);
    print("REQUEST", name);
  };
  client.onResponse = (session, args) => {
    print("RESPONSE", session);
    for (const [key, value] of Object.entries(args ?? {})) print(key, value);
  };
  ask(client, "handshake");
  const [what, value] = [element<HTMLInputElement>("what"), element<HTMLInputElement>("value")];
  const get = (): void => ask(client, "get", { what: what.value });
  const set = (): void => ask(client, "set", { what: what.value, value: value.value });
  element("get").onclick = get;
  element("set").onclick = set;
  what.onkeydown = ({ key }) => void (key === "Enter" && get());
  value.onkeydown = ({ key }) => void (key === "Enter" && set());
  element("quit").onclick = () => ask(client, "quit");
  print((await client.closed).message);
  for (const id of ["get", "set", "quit", "what", "value"]) {
    element<HTMLButtonElement | HTMLInputElement>(id).disabled = true;
  }
}

play().catch((error: Error) => print(error.message));

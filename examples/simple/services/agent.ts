/**
 * Serves one client: its requests come from the gate as `client` messages, the answers go straight to its connection.
 *
 *     watchdog -> agent   "start", { gate, client, watchdog }     "disconnect"
 *     gate -> agent       client messages, a packet of sproto each
 *
 * The handlers are plain functions, so that a patch can replace any of them while clients play.
 */

import { skynet, socket, sprotoloader } from "snax";
import type { Handlers, Host, IncomingRequest, Requester } from "snax/sproto";
import type { C2s } from "../proto/c2s.ts";
import type { S2c } from "../proto/s2c.ts";
import { C2S_SLOT, S2C_SLOT } from "./lib/slots.ts";

const HEARTBEAT_MS = 5000;

let client = 0;
let watchdog = 0;
let host: Host<C2s>;
let tell: Requester<S2c>;
const isVerbose = skynet.getenv<boolean>("verbose") === true;

async function get({ what }: { what?: string | undefined }): Promise<{ result?: string }> {
  print("get", what);
  return { result: await skynet.call<string>("SIMPLEDB", "lua", "get", what) };
}

async function set(args: { what?: string | undefined; value?: string | undefined }): Promise<void> {
  const { what, value } = args;
  print("set", what, value);
  await skynet.call("SIMPLEDB", "lua", "set", what, value);
}

function handshake(): { msg: string } {
  return { msg: "Welcome to skynet, I will send heartbeat every 5 sec." };
}

/** Never answered: this service ends before the watchdog has. */
async function quit(): Promise<void> {
  await skynet.call(watchdog, "lua", "close", client);
}

const handlers: Handlers<C2s> = { handshake, get, set, quit };

async function serve({ name, args, response }: IncomingRequest<C2s>): Promise<void> {
  const handle = handlers[name] as (args: unknown) => unknown;
  const result = await handle(args);
  if (response !== undefined) socket.send(client, (response as (r: unknown) => Uint8Array)(result));
}

function heartbeat(): void {
  socket.send(client, tell("heartbeat"));
}

function print(...words: unknown[]): void {
  if (isVerbose) console.log(words.join("\t"));
}

interface Start {
  readonly gate: number;
  readonly client: number;
  readonly watchdog: number;
}

async function start(conf: Start): Promise<void> {
  ({ client, watchdog } = conf);
  host = (await sprotoloader.load<C2s>(C2S_SLOT)).host();
  tell = host.attach(await sprotoloader.load<S2c>(S2C_SLOT));
  heartbeat();
  setInterval(heartbeat, HEARTBEAT_MS);
  await skynet.call(conf.gate, "lua", "forward", client);
}

skynet.dispatch("client", (_fd, _source, packet: Uint8Array) => {
  const message = host.dispatch(packet);
  if (message.type === "REQUEST") return serve(message);
  throw new Error("this example asks its clients nothing");
});

skynet.dispatch("lua", (_session, _source, command: string, conf: Start) => {
  if (command === "start") return start(conf);
  // Whatever else it should do before it ends comes here.
  if (command === "disconnect") skynet.exit();
  throw new Error(`Unknown command ${command}`);
});

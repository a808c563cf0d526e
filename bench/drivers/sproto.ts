/**
 * The packets of skynet's example, each in both directions: what an agent and its client do for every message.
 *
 * The answer of `get` is dispatched by a host that must have asked, so the question is encoded too and its time is
 * taken off: the two are timed together, and the question alone.
 */

import { sproto } from "snax/sproto";
import { expectEqual, microsecondsEach } from "../services/lib/check.ts";

const HEADER = ".package { type 0 : integer session 1 : integer }";

const c2s = sproto.parse(`${HEADER}
  handshake 1 { response { msg 0 : string } }
  get 2 { request { what 0 : string } response { result 0 : string } }
  set 3 { request { what 0 : string value 1 : string } }
`);
const s2c = sproto.parse(`${HEADER} heartbeat 1 {}`);

const server = c2s.host();
const client = s2c.host();
const ask = client.attach(c2s);
const beat = server.attach(s2c);

/** Runs one piece of work many times. @param expected - what the results, which are numbers, add up to in one run. */
function timeEach(count: number, expected: number, run: () => number): number {
  const beginMs = performance.now();
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += run();
  const us = microsecondsEach(beginMs, count);
  expectEqual(sum, expected * count, "sum over the packets");
  return us;
}

/** What a request carries, as a number to be summed. */
function argsOf(packet: Uint8Array): number {
  const { type, args } = server.dispatch(packet);
  if (type !== "REQUEST") throw new Error("not a request");
  const { what, value } = (args ?? {}) as { what?: string; value?: string };
  return (what?.length ?? 0) + (value?.length ?? 0);
}

function answerOf(packet: Uint8Array): number {
  const { type, args } = client.dispatch(packet);
  if (type !== "RESPONSE") throw new Error("not an answer");
  return (args as { result: string }).result.length;
}

export const response = {
  round({ count }: { count: number }) {
    const get = { what: "hello" };
    const set = { what: "hello", value: "world" };
    const result = { result: "world" };
    const requests = {
      handshake: () => ask("handshake", undefined, 1),
      get: () => ask("get", get, 3),
      set: () => ask("set", set, 2),
    };
    const figures: Record<string, number> = {};
    for (const [name, request] of Object.entries(requests)) {
      const packet = request();
      const carried = argsOf(packet);
      figures[`${name}Encode`] = 1 / timeEach(count, packet.length, () => request().length);
      figures[`${name}Decode`] = 1 / timeEach(count, carried, () => argsOf(packet));
    }
    const message = server.dispatch(requests.get());
    if (message.type !== "REQUEST" || message.response === undefined) throw new Error("no request");
    const { response: respond } = message;
    const answer = respond(result);
    figures["answerEncode"] = 1 / timeEach(count, answer.length, () => respond(result).length);
    const both = timeEach(count, 5, () => (requests.get(), answerOf(answer)));
    const alone = timeEach(count, requests.get().length, () => requests.get().length);
    figures["answerDecode"] = 1 / (both - alone);
    const heartbeat = beat("heartbeat");
    figures["heartbeatEncode"] =
      1 / timeEach(count, heartbeat.length, () => beat("heartbeat").length);
    figures["heartbeatDecode"] =
      1 / timeEach(count, 1, () => (client.dispatch(heartbeat).type === "REQUEST" ? 1 : 0));
    return figures;
  },
};

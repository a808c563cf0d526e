/**
 * Calls of a snax service that come as skynet sends them between nodes: lua messages whose first
 * value is the number of a method on the wire (`snax.enablecluster` there; here every snax service
 * takes them). Nodes of snax write the method's name instead, `response.echo`, so that they need
 * not have the same text. Ending and patching a service is left out: any host that can reach the
 * port of a cluster could do it.
 */

import { SnaxError } from "../base/error.ts";
import { formatAddress } from "../kernel/service.ts";
import type { Receiver } from "../service/context.ts";
import type { Group, SnaxHost } from "./snax-host.ts";
import { answerProfile, beginTurn, SYSTEM_METHOD } from "./snax-host.ts";
import type { WireNumbers } from "./wire-numbers.ts";
import { wireNumbersOf } from "./wire-numbers.ts";

/** The receiver of such messages. */
export const receiveNumbered: Receiver = (context, message) => {
  const host = context.state as SnaxHost;
  const [wire, ...args] = message.payload as unknown[];
  const who = `service ${host.numbers.type} ${formatAddress(context.handle)}`;
  if (wire === SYSTEM_METHOD.profile) return answerProfile(host, message);
  if (wire === SYSTEM_METHOD.hotfix) {
    throw new SnaxError("ERR_PATCH_LANGUAGE", `${who} takes no patch in Lua`);
  }
  if (wire === SYSTEM_METHOD.exit) {
    throw new SnaxError("ERR_FORBIDDEN", `${who} is ended by its own node only`);
  }
  const number = numberOf(host, wire);
  const method = host.methods[number];
  if (method !== undefined) return beginTurn(host, message, method, number, args);
  throw new SnaxError(
    "ERR_NO_METHOD",
    `${who} has no method ${String(wire).slice(0, 80)} on the wire`,
  );
};

const NAMED = /^(response|accept)\.([^]+)$/;

/**
 * Returns the number of a method that is named by its number on the wire, or by `group.name`; 0 if
 * there is none.
 */
function numberOf(host: SnaxHost, wire: unknown): number {
  const { numbers } = host;
  const [, group, text = ""] = (typeof wire === "string" && NAMED.exec(wire)) || [];
  if (group !== undefined) {
    // Another node's word gives no name a number here.
    const isKnown = numbers.isOffered(group as Group, text) === true;
    return isKnown ? numbers.numberOf(group as Group, text) : 0;
  }
  const name = numbersOf(host).nameOf(Number(wire));
  return name === undefined ? 0 : numbers.numberOf(name.group, name.name);
}

function numbersOf({ context, numbers }: SnaxHost): WireNumbers {
  const { text = "", file = "" } = context.code?.entry.node.image ?? {};
  return numbers.wireNumbersOf(text, () => wireNumbersOf(text, file));
}

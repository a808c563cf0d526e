/**
 * How a snax service begins: its methods are read from what the file exports, then its `init` runs;
 * the first message comes after that.
 */

import { SnaxError } from "../base/error.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { PLAIN_RECEIVERS, tableWith } from "../service/answers.ts";
import { after } from "../service/boot.ts";
import type { Kind } from "../service/runtime.ts";
import { endTopLevel } from "../service/top-level.ts";
import { receiveNumbered } from "./numbered-call.ts";
import { endTurn, receiveSnax, SnaxHost } from "./snax-host.ts";
import type { SnaxThread } from "./snax-thread.ts";

/** The kind's name, which `launch` takes. */
export const SNAX_KIND = "snax";

const METHOD_EXPORTS = ["response", "accept", "subscribe"] as const;

/** Makes the kind of snax services. */
export function createSnaxKind(thread: SnaxThread): Kind {
  return {
    receivers: tableWith(
      tableWith(PLAIN_RECEIVERS, PTYPE.snax, receiveSnax),
      PTYPE.lua,
      receiveNumbered,
    ),
    claim: (entry) => {
      const name = METHOD_EXPORTS.find((key) => entry.get(key) !== undefined);
      return name && `exports ${name}: it is a snax service, start it with snax.newservice`;
    },
    holding: (context) => (context.state as SnaxHost | undefined)?.busyWith,
    methodOf: ({ name, state }, { type, method }) => {
      if (type !== PTYPE.snax || !(state instanceof SnaxHost)) return undefined;
      const known = state.numbers.nameOf(method);
      return known && `${name}.${known.name}`;
    },
    interrupted: (context, message) => {
      if (context.state instanceof SnaxHost) endTurn(context.state, message);
    },
    // As skynet's: how often each method was called, and the milliseconds that it took.
    info: ({ state }) =>
      state instanceof SnaxHost ? state.profile()?.report(state.numbers) : undefined,
    begin: (context, args) => {
      const host = new SnaxHost(context, thread.methods.of(context.name));
      context.state = host;
      host.readMethods();
      for (const birth of thread.births) birth(host);
      const init = context.code?.entry.get("init");
      if (init === undefined) return undefined;
      if (typeof init !== "function") throw new SnaxError("ERR_INIT", "init must be a function");
      endTopLevel(context);
      return after(init(...args) as unknown, (mode) => {
        host.isQueue = mode === "queue";
      });
    },
  };
}

/**
 * The wish of a service to be brought back when its thread has died; the launcher keeps it.
 */

import { inspect } from "node:util";
import { SnaxError } from "../base/error.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { Context } from "./context.ts";
import type { RestartWish } from "./skynet-api.ts";

const DEFAULTS = { intensity: 5, period: 60_000, backoff: 100 };

/** Longest period or back-off, in milliseconds. */
const MS_MAX = 0x7fffffff;

/**
 * Tells the launcher what a service wishes.
 *
 * @throws {ERR_ARGUMENT} if the service has begun, or the wish is not valid.
 */
export function askForRestart(context: Context, given: RestartWish): void {
  const { beginning, kind, name, runtime } = context;
  if (beginning === undefined) {
    const why = "skynet.restart belongs to the beginning of a service: call it in init or start";
    throw new SnaxError("ERR_ARGUMENT", why);
  }
  const wish = { ...DEFAULTS, ...given, target: [kind, name, ...beginning] };
  requireCount("intensity", wish.intensity, Number.MAX_SAFE_INTEGER);
  requireCount("period", wish.period, MS_MAX);
  requireCount("backoff", wish.backoff, MS_MAX);
  const launcher = runtime.kernel.names.get(".launcher");
  if (launcher === undefined) return;
  const envelope = { type: PTYPE.lua, method: 0, values: ["RESTART", wish] };
  runtime.kernel.send(context.handle, launcher, envelope);
}

function requireCount(key: string, value: unknown, most: number): void {
  if (typeof value === "number" && value >= 0 && value <= most) return;
  throw new SnaxError(
    "ERR_ARGUMENT",
    `${key} of a restart is a number from 0 to ${most}, not ${inspect(value)}`,
  );
}

/**
 * The options of a gate, checked and complete.
 */

import { SnaxError } from "../base/error.ts";
import {
  GATE_CLIENTS_MAX,
  GATE_FRAME_MAX,
  GATE_FRAME_MS,
  GATE_UNSENT_MAX,
} from "../base/limits.ts";
import { FRAME_SIZE_MAX } from "../wire/frame-splitter.ts";
import { requireCount } from "./count.ts";
import { checkWebSocketOptions } from "./web-socket-options.ts";
import type { GateListened, GateOptions } from "./gate-api.ts";

type Filled =
  | "address"
  | "maxclient"
  | "maxperaddress"
  | "framing"
  | "frameLimitBytes"
  | "frameMs"
  | "idleMs"
  | "writeLimitBytes";

/** Options of which none that has a default is missing. */
export type GateSettings = GateOptions & Required<Pick<GateOptions, Filled>>;

/** Numbers that may not be negative. */
const COUNTS = ["maxclient", "maxperaddress", "frameLimitBytes", "frameMs", "idleMs"] as const;

/**
 * Completes options.
 *
 * @throws {ERR_ARGUMENT} if one makes no sense.
 */
export function readGateOptions(given: unknown): GateSettings {
  if (typeof given !== "object" || given === null) {
    throw new SnaxError("ERR_ARGUMENT", "a gate is opened with options: { port: 8888 }");
  }
  const options = given as GateOptions;
  const framing = options.framing ?? 2;
  if (framing !== 2 && framing !== 4 && framing !== "line") {
    throw new SnaxError("ERR_ARGUMENT", `framing is 2, 4 or "line", not ${String(framing)}`);
  }
  const settings: GateSettings = {
    address: "0.0.0.0",
    maxclient: GATE_CLIENTS_MAX,
    maxperaddress: 0,
    frameLimitBytes: framing === 2 ? FRAME_SIZE_MAX[2] : GATE_FRAME_MAX,
    frameMs: GATE_FRAME_MS,
    idleMs: 0,
    writeLimitBytes: GATE_UNSENT_MAX,
    ...withoutUndefined(options),
    framing,
  };
  for (const name of COUNTS) requireCount(name, settings[name]);
  requireCount("writeLimitBytes", settings.writeLimitBytes);
  const { port, path, websocket } = options;
  if (websocket !== undefined) checkWebSocketOptions(websocket);
  else if (port === undefined && path === undefined) {
    throw new SnaxError("ERR_ARGUMENT", "a gate needs a port, or the path of a unix socket");
  }
  return settings;
}

function withoutUndefined(options: GateOptions): GateOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** The lines of the log about the ports of a gate that has begun to listen. */
export function describePorts(
  { path, address, websocket }: GateSettings,
  listened: GateListened,
): string[] {
  const lines: string[] = [];
  const isPlain = listened.port > 0 || path !== undefined;
  if (isPlain) lines.push(`Listen on ${listened.address} ${listened.port}`);
  if (websocket === undefined) return lines;
  const place = websocket.address ?? address;
  return [...lines, `Listen on ${place} ${listened.websocket} for web sockets`];
}

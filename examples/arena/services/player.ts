/** One browser: reads what it sends, and ends who sends anything else. */

import { skynet, snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Arena from "./arena.ts";

const NAME_LENGTH_MAX = 20;

let gate = 0;
let fd = 0;
let arena: ServiceObject<typeof Arena>;

export async function init(ownGate: number, ownFd: number): Promise<void> {
  gate = ownGate;
  fd = ownFd;
  arena = await snax.queryservice<typeof Arena>("arena");
  await skynet.call(gate, "lua", "forward", fd); // From now on what the browser sends comes here.
}

export function exit(): void {
  arena.post.leave(fd);
}

skynet.dispatch("client", (_fd, _source, data: Uint8Array) => {
  const { join, hit } = parse(data);
  if (isName(join)) arena.post.join(fd, join);
  else if (isName(hit)) arena.post.hit(fd, hit);
  else skynet.send(gate, "lua", "kick", fd);
});

function parse(data: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(data).toString());
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {}; // No JSON, so nothing of ours.
  }
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "" && value.length <= NAME_LENGTH_MAX;
}

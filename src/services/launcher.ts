/**
 * The launcher, `.launcher`: starts services and tells whoever asked when they are ready.
 *
 *     LAUNCH kind name args...   answered with the handle by LAUNCHOK of the new service, or with its ERROR
 *     LIST, KILL handle          what runs, and ending it
 *     LAUNCHOK, ERROR, REMOVE    from the services themselves
 *
 * The commands are those of skynet's launcher, but arguments are values and an error arrives as it was thrown.
 */

import { skynet } from "snax";
import type { Response } from "snax";

/** What runs, by handle. */
const services = new Map<number, string>();

/** Who waits for a service that is not ready yet. */
const waiting = new Map<number, Response>();

function describe(kind: string, name: string, args: readonly unknown[]): string {
  const words = args.filter((arg) => typeof arg === "string" || typeof arg === "number");
  return [kind, name, ...words].join(" ");
}

function settle(handle: number, ok: boolean, value: unknown): void {
  const answer = waiting.get(handle);
  waiting.delete(handle);
  if (ok) answer?.(true, value);
  else answer?.(false, value);
}

const command = {
  LAUNCH(_source: number, kind: string, name: string, ...args: unknown[]): void {
    const answer = skynet.response();
    try {
      const handle = skynet.launch(kind, name, ...args);
      services.set(handle, describe(kind, name, args));
      waiting.set(handle, answer);
    } catch (error) {
      answer(false, error);
    }
  },
  LAUNCHOK(source: number): void {
    settle(source, true, source);
  },
  ERROR(source: number, error: unknown): void {
    services.delete(source);
    settle(source, false, error);
  },
  /** A service that ends before it is ready chose to: it has done its work in its beginning. */
  REMOVE(_source: number, handle: number): void {
    services.delete(handle);
    settle(handle, true, handle);
  },
  LIST(): Record<string, string> {
    return Object.fromEntries(
      [...services].map(([handle, text]) => [skynet.address(handle), text]),
    );
  },
  KILL(_source: number, handle: number): Record<string, string> {
    const text = services.get(handle) ?? "";
    skynet.kill(handle);
    services.delete(handle);
    return { [skynet.address(handle)]: text };
  },
};

function isCommand(name: string): name is keyof typeof command {
  return Object.hasOwn(command, name);
}

skynet.start(() => {
  skynet.dispatch("lua", (_session, source, name: string, ...args: never[]) => {
    const key = String(name).toUpperCase();
    if (!isCommand(key)) throw new Error(`Unknown command ${name}`);
    return (command[key] as (source: number, ...args: never[]) => unknown)(source, ...args);
  });
  skynet.register(".launcher");
});

/**
 * Functions in the options of TLS, `SNICallback` say: Node keeps the options of a port, so it gets
 * functions that call those that the code of the service has at the moment.
 */

import type { CallbackWishes } from "../service/callback.ts";
import { Callback } from "../service/callback.ts";
import type { Context } from "../service/context.ts";

/** Options that call the service's functions. */
export interface KeptTls<T> {
  readonly tls: T;
  /** They are not called any more. */
  readonly end: () => void;
}

/**
 * Keeps the functions of options of TLS for the code that the service has at that moment.
 *
 * @param title - what has the options, for people: `socket.listen`
 */
export function keepTls<T>(
  context: Context,
  title: string,
  tls: T,
  wishes: CallbackWishes = { advice: "close it in reload() and open it again" },
): KeptTls<T> {
  if (typeof tls !== "object" || tls === null) return { tls, end: () => undefined };
  const kept: Callback[] = [];
  const options = { ...tls } as Record<string, unknown>;
  for (const [name, run] of Object.entries(options)) {
    if (typeof run !== "function") continue;
    const callback = new Callback(context, `${title} (tls.${name})`, run, wishes);
    kept.push(callback);
    options[name] = function call(this: unknown, ...args: unknown[]): unknown {
      return Reflect.apply(callback.run, this, args);
    };
  }
  const end = (): void => {
    for (const each of kept) each.end();
  };
  return { tls: options as T, end };
}

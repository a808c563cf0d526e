/**
 * Commands: `lua` messages whose first value says what is wanted, as skynet's own services take
 * them.
 *
 * A command gets who asks and the rest of the values; what it returns is the answer.
 */

import { skynet, SnaxError } from "snax";

/** Commands by name, in capitals. */
export type Commands = Readonly<Record<string, (source: number, ...values: never[]) => unknown>>;

/**
 * Answers `lua` messages with commands.
 *
 * @param who - how an error calls the service: "the launcher".
 */
export function serveCommands(who: string, commands: Commands): void {
  skynet.dispatch("lua", (_session, source, name: unknown, ...values: never[]) => {
    const key = String(name).toUpperCase();
    const command = Object.hasOwn(commands, key) ? commands[key] : undefined;
    if (command !== undefined) return command(source, ...values);
    throw new SnaxError("ERR_NO_METHOD", `${who} has no command ${key.slice(0, 80)}`);
  });
}

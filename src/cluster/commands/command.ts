/** Commands of clusterd: `lua` messages whose first value says what is wanted. One file for each subject, which names its own. */

/** What one does, for the service that has sent it; what it returns is the answer. */
export type Command = (source: number, ...args: never[]) => unknown;

/** Commands by name, in capitals. */
export type Commands = Readonly<Record<string, Command>>;

/** Services for the tests of inject, and short ways to run a script in one. */

import type { TestContext } from "node:test";
import type { Files, World } from "../../world.ts";
import { world } from "../../world.ts";

/** The simpledb of skynet's examples. */
export const SIMPLEDB = `import { skynet } from "snax";

const db = new Map<string, string>();

const command = {
  GET(key: string) { return db.get(key); },
  SET(key: string, value: string) { const last = db.get(key); db.set(key, value); return last; },
};

skynet.start(() => {
  skynet.dispatch("lua", (session, source, cmd: keyof typeof command, ...args: [string, string]) =>
    command[cmd](...args));
  skynet.register("SIMPLEDB");
});
`;

/** What RUN answers. */
export type Answer = readonly [ok: boolean, output: string];

/** A service and how to run scripts in it. */
export interface Injected {
  readonly world: World;
  readonly address: number;
  /** Sends the debug message RUN; the script is called fix.ts. */
  readonly inject: (text: string, ...args: unknown[]) => Promise<Answer>;
  /** Calls the service. */
  readonly call: (...values: unknown[]) => Promise<any>;
}

/** Starts one plain service of a text, called `main`. */
export async function plain(t: TestContext, main: string, files: Files = {}): Promise<Injected> {
  const made = await world(t, { main, ...files });
  const address = await made.skynet.newservice("main");
  return {
    ...{ world: made, address },
    inject: (text, ...args) =>
      made.skynet.call(address, "debug", "RUN", text, "fix.ts", ...args) as Promise<any>,
    call: (...values) => made.skynet.call(address, "lua", ...values),
  };
}

/** A service that answers with the value of an expression, after these declarations. */
export function answering(declarations: string, expression: string): string {
  return `import { skynet } from "snax"; ${declarations}
    skynet.start(() => { skynet.dispatch("lua", () => ${expression}); });`;
}

/**
 * Sends mutated patches to services of a node of its own; run by hotfix-hostile.test.ts as a process.
 *
 *     node hotfix-hostile-child.js <seed> <count> <folder of the fixtures>
 *
 * Each text is either refused with a code, and then the service is as it was, or applied; either way the node goes on.
 * A text that breaks this is printed with its number, and the exit code is 1.
 */

import { isDeepStrictEqual } from "node:util";
import { codeOf, start } from "snax";
import type { Node, ServiceObject } from "snax";
import { Mutator } from "./hotfix-mutator.ts";

const [, , seed, count, folder] = process.argv;
const CALL_MS = 2000;

/** A promise's outcome in words; undefined if it was fulfilled. */
async function problemOf(
  promise: Promise<unknown>,
): Promise<{ code: string | undefined; text: string } | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return { code: codeOf(error), text: String((error as Error | undefined)?.stack ?? error) };
  }
}

class Run {
  readonly #node: Node;
  readonly #expected: unknown;
  readonly counts = { applied: 0, refused: 0 };
  #service: ServiceObject;

  constructor(node: Node, service: ServiceObject, expected: unknown) {
    this.#node = node;
    this.#service = service;
    this.#expected = expected;
  }

  /** Sends one text; returns what is wrong, or undefined. */
  async step(text: string): Promise<string | undefined> {
    const problem = await problemOf(this.#node.snax.hotfix(this.#service, text));
    if (problem === undefined) {
      this.counts.applied += 1;
      // Its methods may be broken now, but not the node.
      await problemOf(Promise.resolve(this.#service.req.look()));
      return this.#replace();
    }
    this.counts.refused += 1;
    if (problem.code === undefined) return `refused without a code: ${problem.text}`;
    if (problem.code === "ERR_BUG") return problem.text;
    // What a damaged rollback() does is its own affair.
    if (problem.code === "ERR_SERVICE_DEAD" || text.includes("rollback")) return this.#replace();
    const seen = await this.#look(this.#service);
    if (!isDeepStrictEqual(seen, this.#expected))
      return `refused (${problem.text}) and changed: ${JSON.stringify(seen)}`;
    return undefined;
  }

  async #replace(): Promise<string | undefined> {
    await problemOf(this.#node.snax.kill(this.#service));
    this.#service = await this.#node.snax.newservice("rich");
    const seen = await this.#look(this.#service);
    return isDeepStrictEqual(seen, this.#expected)
      ? undefined
      : `a new service is different: ${JSON.stringify(seen)}`;
  }

  async #look(service: ServiceObject): Promise<unknown> {
    return service.req.look();
  }
}

const node = await start({
  thread: 0,
  services: `${folder}?.ts`,
  calltimeout: CALL_MS,
  hotfixtimeout: 50,
});
const first = await node.snax.newservice("rich");
const run = new Run(node, first, await first.req.look());
const mutator = new Mutator(Number(seed));
for (let number = 0; number < Number(count); number += 1) {
  const text = mutator.next();
  process.stdout.write(`${number}\n`);
  const wrong = await run.step(text);
  if (wrong !== undefined) {
    process.stderr.write(`WRONG seed=${seed} number=${number}: ${wrong}\n--- patch ---\n${text}\n`);
    process.exitCode = 1;
    break;
  }
}
process.stderr.write(`RESULT ${JSON.stringify(run.counts)}\n`);
await node.stop();

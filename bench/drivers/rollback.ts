/** Takes a patch back in all running services of a type, and gives them one whose text they have had before. */

import { snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Counter from "../services/counter.ts";
import { expectEqual } from "../services/lib/check.ts";

const counters: ServiceObject<typeof Counter>[] = [];

const PATCH = `declare let total: number;
export const response = { total() { return total * 2; } };`;

export async function init({ services }: { services: number }) {
  for (let i = 0; i < services; i += 1) {
    counters.push(await snax.newservice<typeof Counter>("counter", 1));
  }
}

async function expectAnswers(answer: number) {
  for (const counter of counters) expectEqual(await counter.req.total(), answer, "answer");
}

export const response = {
  async round() {
    const beginMs = performance.now();
    const { id } = await snax.hotfixall("counter", PATCH);
    const seen = performance.now() - beginMs;
    await expectAnswers(2);
    const beginBackMs = performance.now();
    const { applied } = await snax.rollback(id);
    const back = performance.now() - beginBackMs;
    expectEqual(applied.length, counters.length, "services taken back");
    await expectAnswers(1);
    return { seen, back };
  },
};

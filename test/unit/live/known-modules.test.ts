/** What a thread tells to a caller that asks again and again: each module once. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { KnownModules, tellGroups } from "../../../src/live/operate/known-modules.ts";
import type { RunningGroup, RunningModule } from "../../../src/live/operate/running-texts.ts";

function moduleOf(file: string, text: string): RunningModule {
  return {
    ...{ file, text, failure: undefined, without: undefined, refusal: undefined },
    ...{ base: text, patches: [], isService: false, isShared: false, links: new Map() },
  };
}

const groupOf = (type: string, modules: RunningModule[]): RunningGroup => ({
  ...{ type, handles: [1], hasState: false, modules },
});

test("a module is told again only if it is another one, and what no service runs is forgotten", () => {
  const known = new KnownModules();
  const [a, b, c] = [moduleOf("a", "1"), moduleOf("b", "1"), moduleOf("b", "2")];
  const ask = (groups: readonly RunningGroup[]): number => {
    const told = tellGroups(groups, known.of(3));
    deepEqual(known.take(3, structuredClone(told)), groups);
    return told.news.size;
  };
  equal(ask([groupOf("shop", [a, b]), groupOf("bank", [b])]), 2);
  equal(ask([groupOf("shop", [a, b]), groupOf("bank", [b])]), 0);
  equal(ask([groupOf("shop", [a, c]), groupOf("bank", [c])]), 1);
  equal(ask([groupOf("shop", [a, b])]), 1);
  equal(ask([]), 0);
  equal(known.of(3).numbers.length, 0);
  equal(ask([groupOf("shop", [a])]), 1);
});

test("another thread in the place of one is known by nothing", () => {
  const known = new KnownModules();
  const groups = [groupOf("shop", [moduleOf("a", "1")])];
  known.take(3, tellGroups(groups, known.of(3)));
  const { teller, numbers } = known.of(3);
  equal(tellGroups(groups, { teller: teller + 1, numbers }).news.size, 1);
  equal(tellGroups(groups, known.of(4)).news.size, 1);
});

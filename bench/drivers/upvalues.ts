/**
 * `upvalues(fn)`: the first in a process, which opens V8's inspector, and the next ones.
 */

import { upvalues } from "snax";
import { expectEqual } from "../services/lib/check.ts";

function createCounter() {
  let count = 0;
  return () => (count += 1);
}

function look(): number {
  const counter = createCounter();
  const beginMs = performance.now();
  const captured = upvalues(counter);
  const ms = performance.now() - beginMs;
  captured["count"] = 41;
  expectEqual(counter(), 42, "the variable that was written");
  return ms;
}

export const response = {
  round({ count }: { count: number }) {
    const first = look();
    let sum = 0;
    for (let i = 0; i < count; i += 1) sum += look();
    return { first, next: sum / count };
  },
};

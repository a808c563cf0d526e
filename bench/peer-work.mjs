// @ts-check
/**
 * The loops of our drivers, for the peers: the same counts, the same checks, written once for all of them.
 *
 * A peer's closure stands where a driver names its service, which costs a few nanoseconds of a call that takes hundreds.
 */

/**
 * @param {number} actual
 * @param {number} expected
 * @param {string} what
 */
export function expectEqual(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`);
}

/** @param {number} count */
export const sumBelow = (count) => (count * (count - 1)) / 2;

/**
 * @param {number} beginMs
 * @param {number} count
 */
export const microsecondsEach = (beginMs, count) => ((performance.now() - beginMs) * 1000) / count;

/**
 * One call at a time.
 *
 * @param {number} count
 * @param {(value: number) => Promise<number>} echo
 * @returns {Promise<number>} microseconds for a call.
 */
export async function callInTurn(count, echo) {
  const beginMs = performance.now();
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += await echo(i);
  const us = microsecondsEach(beginMs, count);
  expectEqual(sum, sumBelow(count), "sum of the echoes");
  return us;
}

/**
 * Many callers at once, each with one call under way.
 *
 * @param {number} count of calls in all.
 * @param {number} callers
 * @param {(value: number) => Promise<number>} echo
 * @returns {Promise<number>} microseconds for a call.
 */
export async function callEach(count, callers, echo) {
  const each = count / callers;
  const beginMs = performance.now();
  await Promise.all(Array.from({ length: callers }, () => callInTurn(each, echo)));
  return microsecondsEach(beginMs, count);
}

/**
 * Sends in batches and waits after each until the counter answers.
 *
 * @param {number} count
 * @param {number} batch
 * @param {{ add: () => void, total: () => Promise<number> }} counter
 * @returns {Promise<number>} millions of messages a second.
 */
export async function drainBatches(count, batch, counter) {
  const before = await counter.total();
  const beginMs = performance.now();
  for (let sent = 0; sent < count; sent += batch) {
    for (let i = 0; i < batch; i += 1) counter.add();
    await counter.total();
  }
  const rate = count / (performance.now() - beginMs) / 1000;
  expectEqual((await counter.total()) - before, count, "messages handled");
  return rate;
}

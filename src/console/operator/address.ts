/**
 * Addresses as an operator types them: `:0000000a`, `.name`, or hex digits of this node's own service.
 */

import { SnaxError } from "../../base/error.ts";
import { harborOf, parseAddress } from "../../kernel/service.ts";
import { deadError } from "../../kernel/refusal.ts";
import type { Context } from "../../service/context.ts";
import type { Operator } from "./operator.ts";

/**
 * Returns the handle that a word means.
 *
 * @throws {ERR_ARGUMENT} in skynet's words, if it means none.
 */
export function readAddress({ context }: Operator, word: string | undefined): number {
  const { names } = context.runtime.kernel;
  if (word?.startsWith(".") === true) {
    const handle = names.get(word);
    if (handle === undefined) throw new SnaxError("ERR_ARGUMENT", "Not a valid name");
    return handle;
  }
  const isWhole = word?.startsWith(":") === true;
  const handle = parseAddress(isWhole ? word : `:${word}`);
  if (handle === undefined) throw new SnaxError("ERR_ARGUMENT", "Need an address");
  return isWhole ? handle : (handle | (harborOf(context.handle) << 24)) >>> 0;
}

/**
 * Returns the service that a word means.
 *
 * @throws {ERR_ARGUMENT} if the word means no address.
 * @throws {ERR_SERVICE_DEAD} if no service lives there.
 */
export function readService(operator: Operator, word: string | undefined): Context {
  const handle = readAddress(operator, word);
  const found = operator.context.runtime.contextOf(handle);
  if (found === undefined) throw deadError(handle);
  return found;
}

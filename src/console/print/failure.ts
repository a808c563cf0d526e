/**
 * Failures in a line: the code, by which docs/errors.md tells what to do, and the message.
 */

import { codeOf } from "../../base/error.ts";
import { messageOf } from "../../service/error-text.ts";

/** Prints what a command threw. */
export function describeFailure(error: unknown): string {
  const code = codeOf(error);
  return code === undefined ? messageOf(error) : `${code}: ${messageOf(error)}`;
}

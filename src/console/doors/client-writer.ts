/**
 * Writes an answer to a client, as fast as the client reads it.
 *
 * An answer may have a hundred thousand lines: it is made and sent piece by piece, with a rest for the node's other work
 * between two pieces. A client that stops reading is closed after CONSOLE_STALL_MS; until then at most CONSOLE_BUFFER_MAX
 * and one piece wait for it.
 */

import type { Writable } from "node:stream";
import { CONSOLE_BUFFER_MAX, CONSOLE_STALL_MS } from "../../base/limits.ts";
import type { Operator } from "../operator/operator.ts";

/** Characters that are written at once. */
const PIECE_LENGTH = 1 << 16;

/**
 * Writes texts one after the other.
 *
 * @returns false if the client is gone.
 */
export async function writeTexts(
  operator: Operator,
  out: Writable,
  texts: Iterable<string>,
): Promise<boolean> {
  let piece = "";
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE_LENGTH) continue;
    if (!(await writePiece(operator, out, piece))) return false;
    piece = "";
    await operator.rest();
  }
  return piece === "" ? isOpen(out) : writePiece(operator, out, piece);
}

async function writePiece(operator: Operator, out: Writable, piece: string): Promise<boolean> {
  if (!isOpen(out)) return false;
  out.write(piece);
  if (out.writableLength > CONSOLE_BUFFER_MAX) await drained(operator, out);
  return isOpen(out);
}

function isOpen(out: Writable): boolean {
  return out.writable && !out.destroyed;
}

/** Waits until the client has read what waits for it; closes it if that takes too long. */
function drained({ context }: Operator, out: Writable): Promise<void> {
  return new Promise((resolve) => {
    const { kernel } = context.runtime;
    const end = (): void => {
      kernel.removeTimer(context.service, timer);
      out.off("drain", end);
      out.off("close", end);
      resolve();
    };
    const timer = kernel.addTimer(context.service, CONSOLE_STALL_MS, () => {
      out.destroy();
      end();
    });
    out.once("drain", end);
    out.once("close", end);
  });
}

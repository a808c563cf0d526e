/**
 * What goes over the web sockets, as JSON.
 *
 *     browser -> player   { "join": "Ann" }    { "move": [1, 0] }
 *     room -> browser     Picture, at each tick
 */

const NAME_LENGTH_MAX = 20;

export type Message = { readonly join: string } | { readonly move: readonly [number, number] };

/** What a browser draws. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly leftMs: number;
  readonly players: readonly {
    readonly name: string;
    readonly x: number;
    readonly y: number;
    readonly score: number;
  }[];
  readonly coins: readonly { readonly x: number; readonly y: number; readonly value: number }[];
  /** The best scores ever; only when the round is over. */
  readonly best?: readonly { readonly name: string; readonly score: number }[];
}

/** Reads what a browser has sent; undefined if it is nothing that our page sends. */
export function readMessage(data: Uint8Array): Message | undefined {
  const { join, move } = parse(data);
  if (typeof join === "string" && join.trim() !== "" && join.length <= NAME_LENGTH_MAX)
    return { join };
  if (Array.isArray(move) && isStep(move[0]) && isStep(move[1]))
    return { move: [move[0], move[1]] };
  return undefined;
}

function parse(data: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(data).toString());
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {}; // No JSON, so nothing of ours.
  }
}

function isStep(value: unknown): value is number {
  return value === -1 || value === 0 || value === 1;
}

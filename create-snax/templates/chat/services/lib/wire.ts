/**
 * What browsers send, as JSON: `{"enter": "lobby", "name": "Ann"}` once, then `{"say": "hello"}`.
 */

const NAME_LENGTH_MAX = 20;
const TEXT_LENGTH_MAX = 500;

export type Message = { readonly enter: string; readonly name: string } | { readonly say: string };

/** Reads what a browser has sent; undefined if it is nothing that our page sends. */
export function readMessage(data: Uint8Array): Message | undefined {
  const { enter, name, say } = parse(data);
  if (isText(enter, NAME_LENGTH_MAX) && isText(name, NAME_LENGTH_MAX)) return { enter, name };
  if (isText(say, TEXT_LENGTH_MAX)) return { say };
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

function isText(value: unknown, lengthMax: number): value is string {
  return typeof value === "string" && value.trim() !== "" && value.length <= lengthMax;
}

// Hot path (bench: player).
/**
 * Copies what a message carries: services of one thread share a heap but never an object.
 *
 * Carried is what structured clone carries (instances of classes become plain objects, getters are read), and more: a
 * Buffer stays a Buffer, errors keep their code and data, portable objects say themselves what arrives. Sharing and
 * cycles inside one message are kept. A message that can't be sent is refused whole, with the path to the reason.
 * A Proxy is looked through. Typed arrays that track the length of a resizable buffer arrive with a fixed one.
 */

import { explain } from "./copy-refusal.ts";
import { Walk, isPlain } from "./copy-walk.ts";

export { isPlain } from "./copy-walk.ts";

/** The walk for the next message; taken while in use, for a getter may send a message too. */
let spare: Walk | undefined;

/**
 * Copies the arguments of a message.
 *
 * An object that two arguments hold is one object on the other side too.
 *
 * @param receiver - the service that gets the message, for portable objects; undefined outside any.
 * @throws {ERR_NOT_SENDABLE} if one of them can't be sent; the message begins `argument 1`.
 */
export function copyArguments(values: readonly unknown[], receiver: object | undefined): unknown[] {
  return ownArguments(values.slice(), receiver);
}

/**
 * Does the same in place, for an array that nobody else holds: a message costs one array, not two.
 *
 * @returns the array. When it throws, some of the values have become copies.
 * @throws what {@link copyArguments} throws.
 */
export function ownArguments(values: unknown[], receiver: object | undefined): unknown[] {
  for (let index = 0; index < values.length; index++) {
    if (!isPlain(values[index])) {
      copyFrom(index, values, receiver);
      break;
    }
  }
  return values;
}

/** Replaces the arguments from `first` on by their copies. */
function copyFrom(first: number, values: unknown[], receiver: object | undefined): void {
  const walk = take(receiver);
  try {
    for (let index = first; index < values.length; index++) {
      values[index] = walk.copy(values[index], 1);
    }
  } catch (error) {
    throw explain(
      values.map((value, index) => [`argument ${index + 1}`, value]),
      error,
    );
  }
  release(walk);
}

/**
 * Copies the result of a call.
 *
 * @param receiver - the service that made the call, for portable objects; undefined outside any.
 * @throws {ERR_NOT_SENDABLE} if it can't be sent; the message begins `result`.
 */
export function copyResult(value: unknown, receiver: object | undefined): unknown {
  if (isPlain(value)) return value;
  const walk = take(receiver);
  let copy: unknown;
  try {
    copy = walk.copy(value, 1);
  } catch (error) {
    throw explain([["result", value]], error);
  }
  release(walk);
  return copy;
}

function take(receiver: object | undefined): Walk {
  const walk = spare ?? new Walk();
  spare = undefined;
  walk.receiver = receiver;
  return walk;
}

/** A walk that failed or was terminated never comes back here, so the spare one is always clean. */
function release(walk: Walk): void {
  walk.forget();
  spare = walk;
}

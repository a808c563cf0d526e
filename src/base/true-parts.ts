/**
 * What views, memory and regular expressions are, whatever they say of themselves.
 *
 * An instance, a subclass or a patch of the program may answer `length`, `buffer` or `flags` with something of its own. A message
 * that is written by such an answer can't be read, so the platform's own accessors are asked.
 */

/** Answers a question about an object of the platform. */
type Ask<R> = (source: object) => R;

function accessorOf<R>(prototype: object, key: PropertyKey): Ask<R> {
  const get = Object.getOwnPropertyDescriptor(prototype, key)?.get;
  if (get === undefined) throw new TypeError(`${String(key)} is no accessor of the platform`);
  return (source) => Reflect.apply(get, source, []) as R;
}

const TypedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;

/** What views have in common: their memory, where they begin there, how many bytes they have. */
interface ViewParts {
  readonly bufferOf: Ask<ArrayBufferLike>;
  readonly offsetOf: Ask<number>;
  readonly byteLengthOf: Ask<number>;
}

/** Of a typed array: its class, its memory, where it begins there, how many elements and bytes it has. */
export const typedArray: ViewParts & {
  readonly nameOf: Ask<string>;
  readonly lengthOf: Ask<number>;
} = {
  nameOf: accessorOf<string>(TypedArrayPrototype, Symbol.toStringTag),
  bufferOf: accessorOf<ArrayBufferLike>(TypedArrayPrototype, "buffer"),
  offsetOf: accessorOf<number>(TypedArrayPrototype, "byteOffset"),
  lengthOf: accessorOf<number>(TypedArrayPrototype, "length"),
  byteLengthOf: accessorOf<number>(TypedArrayPrototype, "byteLength"),
};

/** The same of a DataView; asking it throws where the memory has shrunk below it. */
export const dataView: ViewParts = {
  bufferOf: accessorOf<ArrayBufferLike>(DataView.prototype, "buffer"),
  offsetOf: accessorOf<number>(DataView.prototype, "byteOffset"),
  byteLengthOf: accessorOf<number>(DataView.prototype, "byteLength"),
};

/** Of memory that is not shared. */
export const memory: {
  readonly byteLengthOf: Ask<number>;
  readonly isResizable: Ask<boolean>;
  readonly maxByteLengthOf: Ask<number>;
} = {
  byteLengthOf: accessorOf<number>(ArrayBuffer.prototype, "byteLength"),
  isResizable: accessorOf<boolean>(ArrayBuffer.prototype, "resizable"),
  maxByteLengthOf: accessorOf<number>(ArrayBuffer.prototype, "maxByteLength"),
};

/** The text of a regular expression. */
export const patternOf: Ask<string> = accessorOf(RegExp.prototype, "source");

/** Flags by their letter, in the order in which `flags` lists them; `flags` itself asks the instance. */
const FLAGS: readonly (readonly [letter: string, isSet: Ask<boolean>])[] = [
  ["d", "hasIndices"],
  ["g", "global"],
  ["i", "ignoreCase"],
  ["m", "multiline"],
  ["s", "dotAll"],
  ["u", "unicode"],
  ["v", "unicodeSets"],
  ["y", "sticky"],
].map(([letter = "", key = ""]) => [letter, accessorOf<boolean>(RegExp.prototype, key)] as const);

/** The flags of a regular expression. */
export function flagsOf(source: object): string {
  return FLAGS.map(([letter, isSet]) => (isSet(source) ? letter : "")).join("");
}

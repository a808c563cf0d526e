/**
 * What `snax/sproto` uses of Node's Buffer, for browsers: the page's import map puts this in the place of `node:buffer`.
 */

const encoder = new TextEncoder();

/** Bytes with the four functions that sproto calls. */
class BrowserBuffer extends Uint8Array {
  static override from(...place: unknown[]): BrowserBuffer {
    return new BrowserBuffer(...(place as [ArrayBuffer, number, number]));
  }

  static byteLength(text: string): number {
    return encoder.encode(text).length;
  }

  write(text: string, at: number): number {
    return encoder.encodeInto(text, this.subarray(at)).written;
  }

  override toString(encoding = "utf8", start = 0, end: number = this.length): string {
    const bytes = this.subarray(start, end);
    if (encoding === "latin1") return String.fromCharCode(...bytes);
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }
}

/** Says whether bytes are UTF-8. */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    // That is how a decoder says no.
    return false;
  }
}

(globalThis as { Buffer?: unknown }).Buffer = BrowserBuffer;

export { BrowserBuffer as Buffer };

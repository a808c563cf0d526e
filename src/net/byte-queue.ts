/**
 * Bytes that came and wait to be read, in the chunks in which they came.
 *
 * What is in one chunk is handed out as a view of it. The search for a line's end goes on where
 * the last one stopped, so a line that comes byte by byte costs no more than one that comes at
 * once.
 */

/** Chunks that are no longer together are put together. */
const CRUMB_MAX = 2048;

/** Bytes in the order in which they came. */
export class ByteQueue {
  /** How many bytes wait. */
  length = 0;
  #chunks: Buffer[] = [];
  /** How many bytes at the front are known to hold no separator, and which one. */
  #searched = 0;
  #separator = "";

  push(chunk: Buffer): void {
    const chunks = this.#chunks;
    const last = chunks.at(-1);
    // Crumbs are put together, or a stream that comes byte by byte would cost hundreds of bytes for
    // each.
    if (last !== undefined && last.length + chunk.length <= CRUMB_MAX) {
      chunks[chunks.length - 1] = Buffer.concat([last, chunk]);
    } else chunks.push(chunk);
    this.length += chunk.length;
  }

  /** Takes out all bytes. */
  takeAll(): Buffer {
    return this.take(this.length);
  }

  /** Takes out that many bytes; there must be as many. */
  take(count: number): Buffer {
    this.#searched = 0;
    const first = this.#chunks[0];
    if (first === undefined || count === 0) return Buffer.alloc(0);
    if (first.length > count) {
      this.#chunks[0] = first.subarray(count);
      this.length -= count;
      return first.subarray(0, count);
    }
    if (first.length === count) {
      this.#chunks.shift();
      this.length -= count;
      return first;
    }
    return this.#gather(count);
  }

  /** Takes out the bytes up to a separator, which is dropped; undefined if it has not come yet. */
  takeLine(separator: string): Buffer | undefined {
    const end = this.#find(separator);
    if (end < 0) return undefined;
    const line = this.take(end);
    this.take(Buffer.byteLength(separator));
    return line;
  }

  #gather(count: number): Buffer {
    let size = 0;
    let used = 0;
    while (size < count) size += (this.#chunks[used++] as Buffer).length;
    const parts = this.#chunks.splice(0, used);
    const all = Buffer.concat(parts, size);
    this.length -= count;
    if (size > count) this.#chunks.unshift(all.subarray(count));
    return all.subarray(0, count);
  }

  #find(separator: string): number {
    if (separator !== this.#separator) {
      this.#separator = separator;
      this.#searched = 0;
    }
    const width = Buffer.byteLength(separator);
    const from = Math.max(this.#searched - width + 1, 0);
    let start = 0;
    for (let index = 0; index < this.#chunks.length; index += 1) {
      const chunk = this.#chunks[index] as Buffer;
      const end = start + chunk.length;
      if (end > from) {
        const at = chunk.indexOf(separator, Math.max(from - start, 0));
        if (at >= 0) return start + at;
        if (width > 1 && index + 1 < this.#chunks.length) {
          const seam = this.#findAtSeam(index, separator, width);
          if (seam >= 0) return start + seam;
        }
      }
      start = end;
    }
    this.#searched = this.length;
    return -1;
  }

  /** Looks for a separator that begins in one chunk and ends in a later one. */
  #findAtSeam(index: number, separator: string, width: number): number {
    const chunk = this.#chunks[index] as Buffer;
    const begin = Math.max(chunk.length - width + 1, 0);
    const parts = [chunk.subarray(begin)];
    let more = width - 1;
    for (let next = index + 1; more > 0 && next < this.#chunks.length; next += 1) {
      const part = (this.#chunks[next] as Buffer).subarray(0, more);
      parts.push(part);
      more -= part.length;
    }
    const at = Buffer.concat(parts).indexOf(separator);
    return at < 0 ? -1 : begin + at;
  }
}

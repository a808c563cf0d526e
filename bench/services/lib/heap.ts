/** Reads how much memory the process holds once what is dead has been collected; needs `node --expose-gc`. */

/** Bytes of a process at one moment. */
export interface Footprint {
  /** JavaScript heap in use, with what Buffers and the like hold outside it. */
  heapBytes: number;
  /** Resident memory as the system counts it. */
  residentBytes: number;
}

/** Collects garbage until that gives nothing more, and reads. @throws if the process has no `gc`. */
export function readFootprint(): Footprint {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) throw new Error("the section needs node --expose-gc");
  for (let pass = 0; pass < 4; pass += 1) collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapBytes: heapUsed + external, residentBytes: rss };
}

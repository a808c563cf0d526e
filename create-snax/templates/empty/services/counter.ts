/** Counts. Every counter that is started has a `count` of its own. */

let count = 0;

export function init(first: number): void {
  count = first;
}

/** Methods that answer: `await counter.req.get()`. */
export const response = {
  get(): number {
    return count;
  },
};

/** Methods that do not: `counter.post.add(1)`. */
export const accept = {
  add(n: number): void {
    count += n;
  },
};

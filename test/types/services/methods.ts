/** A service with a method of every form that the types treat differently. */

export const response = {
  limit: 10,
  plain(a: number, b?: string, ...rest: boolean[]) {
    return `${a} ${b} ${rest.length}`;
  },
  later(sure: boolean): Promise<"yes"> | undefined {
    return sure ? Promise.resolve("yes") : undefined;
  },
  async generic<T extends object>(item: T) {
    return [item];
  },
  same<T>(value: T) {
    return value;
  },
  loose: (value: any) => new Map<string, number>([[String(value), 1]]),
  never(): never {
    throw new Error("never answers");
  },
};

export const subscribe = {
  old(text: string) {
    return text.length;
  },
};

export const accept = {
  fresh() {},
  async late(delayMs: number) {
    return delayMs;
  },
};

export function init(size: number, mode?: "queue"): "queue" | undefined {
  return size > 0 ? mode : undefined;
}

export function exit(reason: string): void {
  response.plain(reason.length);
}

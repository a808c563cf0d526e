/** The service of the snax section of the contract, without what it logs. */

let i = 0;
const hello = "hello";

export const response = {
  echo(data: string) {
    return [data, i] as const;
  },
  greet() {
    return hello;
  },
};

export const accept = {
  touch() {
    i += 1;
  },
};

export function init(...args: unknown[]): void {
  i = args.length;
}

export function exit(...args: unknown[]): void {
  i = args.length;
}

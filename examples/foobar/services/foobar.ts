import { skynet } from "snax";

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
  skynet.error("service start:", ...args);
}

export function exit(...args: unknown[]): void {
  skynet.error("service exit:", ...args);
}

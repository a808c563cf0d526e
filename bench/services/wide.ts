/** A service of twenty functions, each of which a patch may replace. */

let start = 0;

function add0(n: number): number {
  return n;
}

function add1(n: number): number {
  return n;
}

function add2(n: number): number {
  return n;
}

function add3(n: number): number {
  return n;
}

function add4(n: number): number {
  return n;
}

function add5(n: number): number {
  return n;
}

function add6(n: number): number {
  return n;
}

function add7(n: number): number {
  return n;
}

function add8(n: number): number {
  return n;
}

function add9(n: number): number {
  return n;
}

function add10(n: number): number {
  return n;
}

function add11(n: number): number {
  return n;
}

function add12(n: number): number {
  return n;
}

function add13(n: number): number {
  return n;
}

function add14(n: number): number {
  return n;
}

function add15(n: number): number {
  return n;
}

function add16(n: number): number {
  return n;
}

function add17(n: number): number {
  return n;
}

function add18(n: number): number {
  return n;
}

function add19(n: number): number {
  return n;
}

const all = [
  add0,
  add1,
  add2,
  add3,
  add4,
  add5,
  add6,
  add7,
  add8,
  add9,
  add10,
  add11,
  add12,
  add13,
  add14,
  add15,
  add16,
  add17,
  add18,
  add19,
];

export function init(n: number) {
  start = n;
}

export const response = {
  sum() {
    return all.reduce((sum, add) => add(sum), start);
  },
};

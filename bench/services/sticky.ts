/** A service of twenty functions, each of which a patch of its own may replace. */

function f0(): number {
  return 0;
}

function f1(): number {
  return 0;
}

function f2(): number {
  return 0;
}

function f3(): number {
  return 0;
}

function f4(): number {
  return 0;
}

function f5(): number {
  return 0;
}

function f6(): number {
  return 0;
}

function f7(): number {
  return 0;
}

function f8(): number {
  return 0;
}

function f9(): number {
  return 0;
}

function f10(): number {
  return 0;
}

function f11(): number {
  return 0;
}

function f12(): number {
  return 0;
}

function f13(): number {
  return 0;
}

function f14(): number {
  return 0;
}

function f15(): number {
  return 0;
}

function f16(): number {
  return 0;
}

function f17(): number {
  return 0;
}

function f18(): number {
  return 0;
}

function f19(): number {
  return 0;
}

export const response = {
  sum() {
    return (
      f0() +
      f1() +
      f2() +
      f3() +
      f4() +
      f5() +
      f6() +
      f7() +
      f8() +
      f9() +
      f10() +
      f11() +
      f12() +
      f13() +
      f14() +
      f15() +
      f16() +
      f17() +
      f18() +
      f19()
    );
  },
};

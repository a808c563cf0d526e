// @ts-check
/**
 * The sections about what an operator does to a node: looking at it, reaching into it, new code.
 */

/** @type {import("./sections.mjs").Section[]} */
export const OPERATOR_SECTIONS = [
  {
    name: "console",
    title: "the debug console and /metrics, 100,000 services",
    size: { full: { services: 100_000 }, quick: { services: 100_000 } },
    runs: { main: {} },
    rows: [
      { label: "list", unit: "ms", ours: "main.list", most: 500 },
      { label: "longest wait of a call during list", unit: "ms", ours: "main.listDelay", most: 50 },
      { label: "stat", unit: "ms", ours: "main.stat", most: 500 },
      { label: "longest wait of a call during stat", unit: "ms", ours: "main.statDelay", most: 50 },
      { label: "a scrape of /metrics", unit: "ms", ours: "main.scrape", most: 5 },
    ],
  },
  {
    name: "rollback",
    title: "rollback of a patch in 10,000 running instances",
    size: { full: { services: 10_000 }, quick: { services: 10_000 } },
    runs: { main: {} },
    rows: [
      { label: "hotfixall of a text that they have had", unit: "ms", ours: "main.seen" },
      { label: "rollback", unit: "ms", ours: "main.back" },
      { label: "that, in hotfixall", unit: "x", ours: "main.back", over: "main.seen", most: 2 },
    ],
  },
  {
    name: "reload",
    title: "reload of a service of 100,000 objects",
    size: { full: { objects: 100_000, count: 8 }, quick: { objects: 100_000, count: 4 } },
    runs: { main: {} },
    rows: [
      { label: "a call that is answered with all of it", unit: "ms", ours: "main.copy" },
      { label: "its messages wait", unit: "ms", ours: "main.held" },
      { label: "that, in such calls", unit: "x", ours: "main.held", over: "main.copy", most: 3 },
    ],
  },
  {
    name: "migrate",
    title: "a service of 1 KB moves to another thread",
    size: { full: { count: 200 }, quick: { count: 60 } },
    runs: { main: { config: { thread: 3 } } },
    rows: [
      { label: "a service is started there", unit: "ms", ours: "main.spawn" },
      { label: "it moves there", unit: "ms", ours: "main.move" },
      { label: "its messages wait", unit: "ms", ours: "main.held" },
      { label: "a move, in starts", unit: "x", ours: "main.move", over: "main.spawn", most: 3 },
    ],
  },
  {
    name: "forward",
    title: "calls to a handle whose service was swapped",
    size: { full: { count: 200_000 }, quick: { count: 50_000 } },
    runs: { main: {} },
    rows: [
      { label: "a call to the new service", unit: "us", ours: "main.direct" },
      { label: "a call to the old handle", unit: "us", ours: "main.forwarded" },
      {
        label: "that, in calls to the new one",
        unit: "x",
        ours: "main.forwarded",
        over: "main.direct",
        most: 1.5,
      },
    ],
  },
  {
    name: "sticky",
    title: "start of a process, with patches that last",
    size: { full: { patches: 20, starts: 5 }, quick: { patches: 20, starts: 3 } },
    runs: { main: {} },
    rows: [
      { label: "without a patch", unit: "ms", ours: "main.none" },
      { label: "with 20 patches", unit: "ms", ours: "main.some" },
      {
        label: "that, in starts without",
        unit: "x",
        ours: "main.some",
        over: "main.none",
        most: 1.1,
      },
    ],
  },
  {
    name: "diff",
    title: "what an edit of a 600-line file would change in what runs",
    size: { full: { count: 40 }, quick: { count: 20 } },
    runs: { main: {} },
    rows: [
      { label: "taking both texts apart", unit: "ms", ours: "main.parse" },
      { label: "diff", unit: "ms", ours: "main.diff" },
      { label: "that, in both texts", unit: "x", ours: "main.diff", over: "main.parse", most: 2 },
    ],
  },
  {
    name: "upvalues",
    title: "upvalues of a closure",
    size: { full: { count: 50 }, quick: { count: 20 } },
    rounds: 1,
    runs: { main: {} },
    rows: [
      { label: "the first in a process", unit: "ms", ours: "main.first", most: 40 },
      { label: "the next", unit: "ms", ours: "main.next", most: 8 },
    ],
  },
  {
    name: "clearcache",
    title: "newservice of a 600-line file after clearcache",
    size: { full: { count: 20 }, quick: { count: 20 } },
    runs: { main: {} },
    rows: [
      { label: "the first", unit: "ms", ours: "main.first", most: 40 },
      { label: "the next", unit: "ms", ours: "main.next", most: 1 },
    ],
  },
  {
    name: "check",
    title: "the types of a patch for a 600-line file, warm, typescript 7",
    size: { full: { count: 40 }, quick: { count: 20 } },
    runs: { main: {} },
    rows: [
      { label: "a bare diagnostic of the file", unit: "ms", ours: "main.bare" },
      { label: "snax check", unit: "ms", ours: "main.check" },
      {
        label: "that, in bare diagnostics",
        unit: "x",
        ours: "main.check",
        over: "main.bare",
        most: 3,
      },
    ],
  },
];

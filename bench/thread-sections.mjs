// @ts-check
/** What is measured between threads, beside Node's own MessagePort and comlink. */

/** @type {import("./sections.mjs").Section[]} */
export const THREAD_SECTIONS = [
  {
    name: "thread",
    title: "to another thread",
    size: {
      full: { count: 200_000, single: 40_000, callers: 100, batch: 1_000 },
      quick: { count: 40_000, single: 10_000, callers: 100, batch: 1_000 },
    },
    runs: { on: { config: { thread: 2 } }, off: { config: { thread: 2, polling: 0 } } },
    rows: [
      {
        label: "a call, 100 in flight",
        unit: "us",
        ours: "on.flight",
        most: 1.2,
        comlink: "flight",
        node: "flight",
      },
      {
        label: "with a player object",
        unit: "us",
        ours: "on.player",
        most: 4,
        comlink: "player",
        node: "player",
      },
      {
        label: "a call, one at a time",
        unit: "us",
        ours: "on.single",
        most: 8,
        comlink: "single",
        node: "single",
      },
      { label: "the same, polling off", unit: "us", ours: "off.single", node: "single" },
      // How long a core takes to wake is most of it, 8 to 80 us by what the machine does: the promise is about the rest.
      {
        label: "what that is beyond Node's port",
        unit: "us",
        ours: "off.single",
        beyondNode: "single",
        most: 6,
      },
      {
        label: "send and drain, 1,000 at a time",
        unit: "M/s",
        ours: "on.drain",
        least: 2,
        node: "drain",
      },
    ],
  },
  {
    name: "pairs",
    title: "independent pairs calling each other, one call at a time each",
    size: {
      full: { calls: 50_000, count: 8 },
      quick: { calls: 10_000, count: 8 },
    },
    runs: {
      one: { config: { thread: 2 }, init: { threads: 1 } },
      two: { config: { thread: 2 }, init: { threads: 2 } },
    },
    rows: [
      { label: "on one thread", unit: "M/s", ours: "one.rate", least: 0.01 },
      { label: "on two threads", unit: "M/s", ours: "two.rate", least: 0.01 },
      { label: "two over one", unit: "x", ours: "two.rate", over: "one.rate", least: 1.7 },
    ],
  },
];

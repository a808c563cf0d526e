// @ts-check
/** What is measured between threads, beside Node's own MessagePort and comlink. */

/** What a user gets who says nothing of threads, but for ports and prints. */
const CLIENTS = { thread: undefined, verbose: false };

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
    name: "births",
    title: "start a small service while services are spread over two threads",
    size: {
      full: { count: 2_000, callers: 100, single: 20_000, batch: 1_000 },
      quick: { count: 800, callers: 100, single: 5_000, batch: 800 },
    },
    runs: { on: { config: { thread: 2 } } },
    rows: [
      { label: "near, one at a time", unit: "us", ours: "on.near", most: 25 },
      { label: "on the other thread, one at a time", unit: "us", ours: "on.far", node: "single" },
      // Of a round trip over Node's port, for the two hops that such a birth needs.
      {
        label: "that, in trips over Node's port",
        unit: "x",
        ours: "on.far",
        timesNode: "single",
        most: 2,
      },
      { label: "anywhere, 100 under way", unit: "us", ours: "on.flight", most: 15 },
    ],
  },
  {
    name: "clients",
    title: "the example's gate over TCP, by the default configuration",
    size: {
      full: { seconds: 2, connections: 50, inFlight: 20 },
      quick: { seconds: 1, connections: 50, inFlight: 20 },
    },
    isHeavy: true,
    rounds: 3,
    runs: {
      silent: { config: CLIENTS },
      printing: { config: { ...CLIENTS, verbose: true }, isPrinting: true },
    },
    rows: [
      {
        label: "one connection, one request at a time",
        unit: "k/s",
        ours: "silent.oneRate",
        least: 1,
        node: "oneRate",
      },
      {
        label: "50 connections, 20 requests under way",
        unit: "k/s",
        ours: "silent.deepRate",
        least: 1,
        node: "deepRate",
      },
      {
        label: "CPU of a request, one connection",
        unit: "us",
        ours: "silent.oneCpu",
        node: "oneCpu",
      },
      {
        label: "that, beside a bare Node server",
        unit: "x",
        ours: "silent.oneCpu",
        timesNode: "oneCpu",
        most: 1.7,
      },
      {
        label: "CPU of a request, 20 under way",
        unit: "us",
        ours: "silent.deepCpu",
        node: "deepCpu",
      },
      {
        label: "that, beside a bare Node server",
        unit: "x",
        ours: "silent.deepCpu",
        timesNode: "deepCpu",
        most: 1.6,
      },
      {
        label: "agents that print, over silent ones",
        unit: "x",
        ours: "printing.deepRate",
        over: "silent.deepRate",
        least: 0.8,
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

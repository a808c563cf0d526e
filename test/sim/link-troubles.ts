/** What goes wrong in link-world.ts, and how it ends. */

import type { Random } from "../../src/base/random.ts";
import type { MemoryEngine } from "../../src/cluster/engine/driver-memory.ts";
import type { VirtualClock } from "../simulator.ts";
import type { Network } from "./link-network.ts";
import type { SimulatedProcess } from "./link-process.ts";

/** Most milliseconds that a process stands still, or something is away. */
export const TROUBLE_MAX_MS = 6000;

/** One machine, as far as it matters here. */
interface Machine {
  readonly process: SimulatedProcess | undefined;
}

/** A world in which something goes wrong. */
export interface TroubledWorld<M extends Machine = Machine> {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly network: Network;
  readonly machines: readonly M[];
  /** By which nodes find each other; undefined: the configuration names them. */
  readonly engine: MemoryEngine | undefined;
  start(machine: M): void;
  kill(machine: M, isMachine: boolean): void;
  replaceService(machine: M): void;
}

type Trouble = (world: TroubledWorld, machine: Machine) => (() => void) | undefined;

/** What goes wrong, and how it ends. */
export const TROUBLES: readonly (readonly [string, Trouble])[] = [
  ["process killed", (world, machine) => restart(world, machine, false)],
  ["process killed", (world, machine) => restart(world, machine, false)],
  ["machine off", (world, machine) => restart(world, machine, true)],
  [
    "stands still",
    ({ clock, random }, { process }) => {
      const ms = random.below(TROUBLE_MAX_MS);
      if (process !== undefined) process.settings.loop.frozenUntil = clock.now() + ms;
      return undefined;
    },
  ],
  [
    "way cut",
    ({ network, machines, random }) => {
      const [from, to] = [
        placeOf(random.below(machines.length)),
        placeOf(random.below(machines.length)),
      ];
      network.cut(from, to);
      const isBoth = random.below(2) === 0;
      if (isBoth) network.cut(to, from);
      return () => {
        network.heal(from, to);
        if (isBoth) network.heal(to, from);
      };
    },
  ],
  [
    "cut off",
    ({ network, machines }, machine) => {
      const own = placeOf(machines.indexOf(machine));
      const others = machines.map((_each, index) => placeOf(index));
      for (const other of others) {
        network.cut(own, other);
        network.cut(other, own);
      }
      return () => {
        for (const other of others) {
          network.heal(own, other);
          network.heal(other, own);
        }
      };
    },
  ],
  [
    "connection reset",
    ({ network, random }) => {
      const all = [...network.wires];
      all[random.below(all.length)]?.reset(random.below(2) === 0);
      return undefined;
    },
  ],
  [
    "drained",
    (world, machine) => {
      const { process } = machine;
      process?.drain(world.random.below(1000));
      return () => {
        if (process === undefined || machine.process !== process) return;
        world.kill(machine, false);
        world.start(machine);
      };
    },
  ],
  [
    "engine away",
    ({ engine, random, machines }, machine) => {
      if (engine === undefined) return undefined;
      const node = `n${machines.indexOf(machine)}`;
      switch (random.below(3)) {
        case 0:
          engine.partition(node);
          return () => engine.heal(node);
        case 1:
          engine.pause();
          return () => engine.resume();
        default:
          engine.kill(random.below(3) === 0);
          return () => engine.start();
      }
    },
  ],
  [
    "service replaced",
    (world, machine) => {
      world.replaceService(machine);
      return undefined;
    },
  ],
];

function restart(
  world: TroubledWorld,
  machine: Machine,
  isMachine: boolean,
): (() => void) | undefined {
  const { process } = machine;
  if (process === undefined) return undefined;
  world.kill(machine, isMachine);
  return () => {
    if (isMachine) world.network.turnOn(process.settings.loop.machine);
    world.start(machine);
  };
}

/** The address of a machine. */
export function placeOf(index: number): string {
  return `10.0.0.${index}`;
}

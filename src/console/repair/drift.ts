/**
 * `drift`: which services run what, against the files on disk.
 */

import { fleetDrift } from "../../live/operate/fleet-call.ts";
import { gatherDrift } from "../../live/operate/drift.ts";
import { nameServices } from "../../live/operate/running-texts.ts";
import type { DriftModule, DriftReport, FleetDrift } from "../../snax/types.ts";
import type { CommandCall, CommandResult, CommandTable } from "../operator/command.ts";
import { takeFleetOptions } from "./fleet.ts";
import { showPath } from "./source-texts.ts";

/** Services that run the same, or a shared module, as `drift` shows it. */
interface DriftRow {
  readonly state: "same" | "drifts";
  readonly running: number;
  /** The threads that run a shared module. */
  readonly threads?: readonly number[];
  readonly modules: readonly DriftModule[];
}

async function drift({ operator, args }: CommandCall): Promise<CommandResult> {
  const { fleet } = takeFleetOptions(args);
  if (fleet !== undefined) return listNodes(await fleetDrift(operator));
  const report = await gatherDrift(operator.thread.live.ledger, operator.context);
  const rows = listRows(report, operator.runtime.paths.root);
  for (const { thread, reason } of report.silent) rows.set(`thread ${thread}`, reason);
  rows.set("in all", report.drifts ? "drift" : "no drift");
  return rows;
}

/** The rows of each node, with its name in front. */
function listNodes({ drifts, nodes, silent, isComplete }: FleetDrift): Map<string, unknown> {
  const rows = new Map<string, unknown>();
  for (const [node, report] of Object.entries(nodes)) {
    rows.set(`node ${node}`, report.drifts ? "drift" : "no drift");
    for (const [key, row] of listRows(report, report.root)) rows.set(`${node} ${key}`, row);
    for (const { thread, reason } of report.silent) rows.set(`${node} thread ${thread}`, reason);
  }
  for (const { node, code, reason } of silent) {
    rows.set(`node ${node}`, `does not say: ${code}: ${reason}`);
  }
  if (!isComplete) rows.set("engine", "away: nodes that came since are not known");
  return rows.set("in all", drifts ? "drift" : "no drift");
}

function listRows({ groups, shared }: DriftReport, root: string): Map<string, unknown> {
  const rows = new Map<string, unknown>();
  const sorted = groups.toSorted((a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : 0));
  for (const { type, handles, modules } of sorted) {
    const isOnly = groups.filter((group) => group.type === type).length === 1;
    const key = isOnly ? type : `${type} of ${nameServices(handles)}`;
    rows.set(key, rowOf(modules, handles.length, root));
  }
  for (const module of shared) {
    const path = showPath(root, module.file);
    const isOnly = shared.filter(({ file }) => file === module.file).length === 1;
    const key = isOnly ? `shared ${path}` : `shared ${path} of ${nameServices(module.handles)}`;
    const { file, base, patches, disk, differs, threads, handles } = module;
    const row = rowOf([{ file, base, patches, disk, differs }], handles.length, root);
    rows.set(key, { ...row, threads });
  }
  return rows;
}

function rowOf(modules: readonly DriftModule[], running: number, root: string): DriftRow {
  const isSame = modules.every(({ differs }) => differs.length === 0);
  const shown = modules.map((module) => ({ ...module, file: showPath(root, module.file) }));
  return { state: isSame ? "same" : "drifts", running, modules: shown };
}

/** The own file, and what of the rest is patched or differs. */
function print({ state, running, threads, modules }: DriftRow): string {
  const where = threads === undefined ? "" : `\tthreads:${threads.join(",")}`;
  const lines = modules.flatMap((module, index) => {
    const { file, base, patches, disk, differs } = module;
    if (index > 0 && patches.length + differs.length === 0) return [];
    const names = patches.map(({ hash, id }) => (id === undefined ? hash : `${id} (${hash})`));
    const had = names.length === 0 ? "" : ` + patch ${names.join(", ")}`;
    const differing = differs.length === 0 ? "" : `; differs in ${differs.join(", ")}`;
    return [`${file} runs ${base}${had}, on disk ${disk ?? "none"}${differing}`];
  });
  return [`${state}\trunning:${running}${where}`, ...lines].join("\n");
}

/** The commands by name. */
export const driftCommands: CommandTable = {
  drift: {
    help: "drift [--fleet] [--json] : which services run what, against the files on disk; --fleet: on all nodes",
    isOrdered: true,
    hasJson: true,
    words: { options: ["--fleet"], most: 0 },
    run: drift,
    print: (row) => print(row as DriftRow),
  },
};

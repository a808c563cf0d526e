/**
 * `cluster`: the other nodes that this one knows, which are connected, and what was refused.
 */

import type { CommandTable, Table } from "../operator/command.ts";

/** What clusterd tells of itself, as far as it is shown. */
interface ClusterState {
  readonly links: Readonly<Record<string, object>>;
  readonly peers: Readonly<Record<string, object>>;
  readonly nodes: Readonly<Record<string, object>>;
  readonly clients: readonly { readonly peer: string }[];
  readonly registered: Readonly<Record<string, number>>;
  readonly refused: Readonly<Record<string, number>>;
  readonly patches?: Readonly<Record<string, object>>;
}

function rowsOf(state: ClusterState): Table {
  const { links, peers, nodes, clients, registered, refused, patches = {} } = state;
  const rows = new Map<string, unknown>();
  for (const [name, row] of Object.entries(links)) rows.set(`link ${name}`, row);
  for (const [title, row] of Object.entries(peers)) rows.set(`peer ${title}`, row);
  for (const [name, row] of Object.entries(nodes)) rows.set(`node ${name}`, row);
  for (const { peer, ...row } of clients) rows.set(`client ${peer}`, row);
  for (const [name, handle] of Object.entries(registered)) rows.set(`name @${name}`, handle);
  for (const [reason, count] of Object.entries(refused)) rows.set(`refused ${reason}`, count);
  for (const [id, row] of Object.entries(patches)) rows.set(`patch ${id}`, row);
  return rows;
}

/** The command. */
export const clusterCommands: CommandTable = {
  cluster: {
    help: "cluster : other nodes, connections, and what was refused",
    run: async ({ operator }) => {
      // A node that has nothing to do with others has no such service, and none is started to be looked at.
      if (operator.skynet.localname(".clusterd") === undefined) return undefined;
      return rowsOf(await operator.skynet.call<ClusterState>(".clusterd", "debug", "INFO"));
    },
  },
};

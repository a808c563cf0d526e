/**
 * `snax dev`: a node that runs a file as soon as it is saved, with the state.
 *
 *     start -> dev/watch.ts -> dev/save.ts, one save at a time; of what is saved meanwhile the last text counts
 *
 * The ledger is neither read nor written: the files are what counts.
 */

import { realpathSync } from "node:fs";
import { DEV_FOLDERS_MAX } from "../base/limits.ts";
import type { LoadedConfig } from "../node/config-file.ts";
import type { Node } from "../node/node.ts";
import { operatorOf } from "../node/node-operator.ts";
import { messageOf } from "../service/error-text.ts";
import type { Invocation } from "./arguments.ts";
import { ConfigFiles } from "./dev/config-files.ts";
import { Saver } from "./dev/save.ts";
import { FileWatch } from "./dev/watch.ts";
import { runNode } from "./start.ts";

/** Runs a node until it stops; resolves to the exit code. */
export function runDev(invocation: Invocation): Promise<number> {
  return runNode(invocation, {
    configure: (config) => ({ ...config, ledger: false }),
    onStart: (node, place) => watchFiles(node, place, invocation.isPolling === true),
  });
}

function watchFiles(node: Node, { path, root }: LoadedConfig, isPolling: boolean): () => void {
  const saver = new Saver(operatorOf(node), tell);
  const config = new ConfigFiles(realpathSync(path));
  let waiting = new Set<string>();
  let isBusy = false;
  const save = async (files: ReadonlySet<string>): Promise<void> => {
    const told = await config.tell(files);
    for (const line of told.values()) tell(line);
    await saver.save(files, new Set(told.keys()));
  };
  const work = async (): Promise<void> => {
    isBusy = true;
    while (waiting.size > 0) {
      const files = waiting;
      waiting = new Set();
      try {
        await save(files);
      } catch (error) {
        tell(`not done: ${messageOf(error)}  (the server runs on)`);
      }
    }
    isBusy = false;
  };
  const watch = new FileWatch(
    {
      saved: (files) => {
        // Order: of a file that is saved while another save is on its way the last text counts.
        for (const file of files) waiting.add(file);
        if (!isBusy) void work();
      },
      polls: (why) => tell(`snax dev looks at the files again and again: ${why}`),
      overflows: (folder) =>
        tell(`snax dev watches ${DEV_FOLDERS_MAX} folders and no more: not ${folder}, nor others`),
    },
    { isPolling },
  );
  watch.add(root);
  tell(`snax dev watches ${root}`);
  return () => watch.close();
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

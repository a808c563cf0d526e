/** Tells which thread it lives on, as Node numbers them. */

import { threadId } from "node:worker_threads";

export const response = {
  thread() {
    return threadId;
  },
};

/**
 * The link of a worker thread: the hub is on another thread, and publications come over a port.
 *
 * They are taken at the beginning of a turn, without waiting for the event loop: the hub posts
 * first and sets the shared number afterwards. A thread that is idle is woken by the port itself,
 * so that it holds no old version.
 */

import { receiveMessageOnPort } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { SnaxError } from "../base/error.ts";
import { Board } from "./board.ts";
import type { PortRequest, TableInvitation } from "./table-hub.ts";
import type { OnPublished, Publication, TableLink } from "./table-link.ts";

/** What the hub sends: a publication, or the answer to a request. */
interface HubMessage {
  readonly publication?: Publication;
  readonly id?: number;
  readonly sequence?: number;
  readonly error?: string;
}

/**
 * Connects a worker thread.
 *
 * @param port - the other end of the one that the hub was given.
 * @param wake - called when something has come while no turn runs; to be answered with
 * TableThread.catchUp.
 */
export function connectTables(
  invitation: TableInvitation,
  port: MessagePort,
  wake: () => void,
): TableLink {
  const { member } = invitation;
  const board = new Board(invitation.memberCount, invitation.board);
  const names: (string | undefined)[] = [];
  const waiting: Publication[] = [];
  const asked = new Map<number, OnPublished>();
  let lastId = 0;
  const receive = ({ publication, id = 0, sequence = 0, error }: HubMessage): void => {
    if (publication !== undefined) {
      for (const { table, name } of publication.versions) names[table] = name;
      waiting.push(publication);
      return;
    }
    const done = asked.get(id);
    asked.delete(id);
    done?.(error === undefined ? undefined : new SnaxError("ERR_EXHAUSTED", error), sequence);
  };
  port.on("message", (message: HubMessage) => {
    receive(message);
    wake();
  });
  port.unref();
  return {
    board,
    member,
    take: () => {
      for (let next = receiveMessageOnPort(port); next !== undefined;) {
        receive(next.message as HubMessage);
        next = receiveMessageOnPort(port);
      }
      return waiting.splice(0);
    },
    publish: (publish, done) => {
      const request: PortRequest = { id: ++lastId, publish };
      asked.set(request.id, done);
      port.postMessage(request);
    },
    nameOf: (table) => names[table],
  };
}

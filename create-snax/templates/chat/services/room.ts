/** One room: who is there, and what was said last. */

import { socket } from "snax";

const HISTORY_LENGTH_MAX = 50;

/** Names by the number of the browser's connection. */
const people = new Map<number, string>();
/** What a new user is shown first. */
const history: string[] = [];

export const accept = {
  enter(fd: number, name: string): void {
    people.set(fd, name);
    socket.send(fd, JSON.stringify({ lines: history }));
    publish(`${name} has come`);
  },

  leave(fd: number): void {
    const name = people.get(fd);
    people.delete(fd);
    if (name !== undefined) publish(`${name} has gone`);
  },

  say(fd: number, text: string): void {
    const name = people.get(fd);
    if (name !== undefined) publish(lineOf(name, text));
  },
};

export const response = {
  who(): string[] {
    return [...people.values()];
  },
  last(): string | undefined {
    return history.at(-1);
  },
};

/** A patch can replace this function while people talk. */
function lineOf(name: string, text: string): string {
  return `${name}: ${text}`;
}

function publish(line: string): void {
  history.push(line);
  if (history.length > HISTORY_LENGTH_MAX) history.shift();
  const message = JSON.stringify({ lines: [line] });
  for (const fd of people.keys()) socket.send(fd, message);
}

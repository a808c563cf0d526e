/** A room of a game: a kilobyte of state. */

class Player {
  hp = 100;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const players = new Map<string, Player>();
const log: string[] = [];
let asked = 0;

export function init() {
  for (let i = 0; i < 8; i += 1) players.set(`p${i}`, new Player(`player ${i}`));
  for (let i = 0; i < 20; i += 1) log.push(`line ${i}`);
}

export const response = {
  ask() {
    asked += 1;
    return asked;
  },
  players() {
    return players.size;
  },
};

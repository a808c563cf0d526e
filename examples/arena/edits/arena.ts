/**
 * The room, edited in the middle of a match: fighters are bodies now, and have armour.
 *
 *     browser -> player    { "join": "ann" }    { "hit": "bob" }
 *     room -> browser      Picture, at each change and each second
 */

import { socket } from "snax";

/** What a browser shows. */
interface Picture {
  readonly seconds: number;
  readonly fighters: readonly { readonly text: string; readonly hp: number }[];
}

const HP = 10;
const DAMAGE = 3;
const TRUCE_MS = 1000;
const ARMOUR = 2;

/** What can be hurt. */
class Body {
  hp = HP;

  hurt(damage: number): void {
    this.hp = Math.max(0, this.hp - damage);
  }
}

class Fighter extends Body {
  readonly name: string;
  armour = ARMOUR;

  constructor(name: string) {
    super();
    this.name = name;
  }

  override hurt(damage: number): void {
    super.hurt(Math.max(1, damage - this.armour));
  }

  describe(): string {
    return this.hp > 0 ? `${this.name}, armour ${this.armour}` : `${this.name} is out`;
  }
}

/** By number of the browser's connection. */
const fighters = new Map<number, Fighter>();
/** Who has hit just now, and must wait. */
const tired = new Set<Fighter>();
/** How long the match goes on. */
let seconds = 0;

setInterval(() => {
  seconds += 1;
  show();
}, 1000);

/**
 * Runs once, when this text takes the place of the one before: no constructor runs for the fighters that are there, so
 * they lack what is new.
 */
export function reload(): void {
  for (const fighter of fighters.values()) fighter.armour = ARMOUR;
  show();
}

export const accept = {
  join(fd: number, name: string): void {
    if (fighters.has(fd)) return;
    fighters.set(fd, new Fighter(name));
    show();
  },

  hit(fd: number, name: string): void {
    const fighter = fighters.get(fd);
    const other = [...fighters.values()].find((each) => each.name === name);
    if (fighter === undefined || other === undefined) return;
    if (fighter.hp === 0 || tired.has(fighter)) return;
    other.hurt(DAMAGE);
    tired.add(fighter);
    setTimeout(rest, TRUCE_MS, fighter);
    show();
  },

  leave(fd: number): void {
    fighters.delete(fd);
    show();
  },
};

/** A function with a name, not an arrow: the timers that wait for it survive a reload. */
function rest(fighter: Fighter): void {
  tired.delete(fighter);
}

function show(): void {
  const picture: Picture = {
    seconds,
    fighters: [...fighters.values()].map((each) => ({ text: each.describe(), hp: each.hp })),
  };
  const text = JSON.stringify(picture);
  for (const fd of fighters.keys()) socket.send(fd, text);
}

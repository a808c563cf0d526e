/**
 * The player object of the section `player`: nested, ten fields, an array of eight.
 *
 * `skynet/player.lua` makes the same object. Sixty shapes stand for a server in which many kinds of objects pass the same
 * copying code: each has its fields in another order and one field of its own, so that no two share a hidden class.
 */

/** What the lobby reads and writes; shapes beyond the first carry one more field. */
export interface Player {
  id: number;
  name: string;
  level: number;
  gold: number;
  online: boolean;
  guild: { id: number; name: string };
  position: { x: number; y: number; z: number };
  bag: number[];
  title: string | null;
  rate: number;
}

/** Returns a player of the given shape; shape 0 has the ten fields and nothing else. */
export function createPlayer(shape: number): Player {
  const player: Player = {
    id: 10001 + shape,
    name: `player ${shape}`,
    level: 42,
    gold: 1000,
    online: true,
    guild: { id: 7, name: "the guild" },
    position: { x: 10.5, y: 20.25, z: -3 },
    bag: [101, 102, 103, 104, 105, 106, 107, 108],
    title: null,
    rate: 0.75,
  };
  if (shape === 0) return player;
  const entries = Object.entries(player);
  const turn = shape % entries.length;
  const fields = [...entries.slice(turn), ...entries.slice(0, turn)];
  return Object.fromEntries([[`kind${shape}`, shape], ...fields]) as unknown as Player;
}

/** A service that takes a player and gives it back: the price of copying a realistic object on both ways. */

import type { Player } from "./lib/player.ts";

export const response = {
  /** Notes the visit in its own copy of the player and returns that. */
  visit(player: Player) {
    player.gold += 1;
    return player;
  },
};

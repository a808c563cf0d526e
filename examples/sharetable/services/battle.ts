/** A battle is fought to its end with the data that it began with. */
import { sharetable } from "snax";

const items = sharetable.pin("items");
let health = 40;

export const response = {
  strike(id: number) {
    const { name, attr } = items[id];
    health -= attr.attack;
    return `${name} hits for ${attr.attack}, ${health} left`;
  },
};

/** A shop holds the rows of what it sells, and never asks for them again. */
import { tables } from "snax";

interface Item {
  readonly name: string;
  readonly price: number;
}

const shelf: Item[] = [];

export function init(ids: number[]) {
  for (const id of ids) shelf.push(tables["items"][id]);
}

export const response = {
  prices: () => shelf.map(({ name, price }) => `${name} ${price}`).join(", "),
};

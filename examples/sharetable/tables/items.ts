/** The game's items. The argument is a discount in percent: the merchants' feast. */
const items = {
  1: { name: "sword", price: 100, attr: { attack: 12 } },
  2: { name: "shield", price: 60, attr: { attack: 1 } },
  3: { name: "potion", price: 8, attr: { attack: 0 } },
};

export default function load(discount = 0) {
  const rows = Object.entries(items).map(([id, item]) => {
    const attack = item.attr.attack + (discount > 0 ? 3 : 0);
    return [id, { ...item, price: item.price - (item.price * discount) / 100, attr: { attack } }];
  });
  return Object.fromEntries(rows);
}

export function check(table: Record<string, { price: number }>) {
  for (const [id, { price }] of Object.entries(table)) {
    if (price <= 0) return [{ path: [id, "price"], message: `${price} is no price` }];
  }
  return [];
}

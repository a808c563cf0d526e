// Written by `snax sproto` from shop.sproto; run it again after a change there.

/** `buy.request` */
export interface BuyRequest {
  id?: number | undefined;
}

/** `count` */
export interface Count {
  name?: string | undefined;
  n?: number | undefined;
}

/** `item` */
export interface Item {
  id?: number | undefined;
  name?: string | undefined;
  price?: number | undefined;
  parts?: ItemPart[] | undefined;
  picture?: Uint8Array | undefined;
  tags?: string[] | undefined;
}

/** `item.part` */
export interface ItemPart {
  weight?: number | undefined;
  spare?: boolean | undefined;
}

/** `list.response` */
export interface ListResponse {
  items?: Map<number, Item> | undefined;
  stock?: Map<string, number> | undefined;
}

/** `map` */
export interface Map2 {}

/** `package` */
export interface Package {
  type?: number | undefined;
  session?: number | undefined;
}

/** The schema, for `sproto.parse<Shop>(text)`. */
export interface Shop {
  types: {
    "buy.request": BuyRequest;
    count: Count;
    item: Item;
    "item.part": ItemPart;
    "list.response": ListResponse;
    map: Map2;
    package: Package;
  };
  protocols: {
    list: { request: undefined; response: ListResponse };
    buy: { request: BuyRequest; response: Item };
    leave: { request: undefined; response: undefined };
  };
}

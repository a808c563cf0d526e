/** Bytes as the tests of sproto write them, and the schemas of skynet's example. */

import { sproto } from "../../../src/sproto/library.ts";

/** Shows bytes. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Reads bytes that may have blanks between them. */
export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
}

/** Writes bytes without blanks. */
export function plain(text: string): string {
  return text.replaceAll(/\s/g, "");
}

/** What clients of skynet's example ask. */
export const C2S = `.package {
  type 0 : integer
  session 1 : integer
}
handshake 1 {
  response {
    msg 0 : string
  }
}
get 2 {
  request {
    what 0 : string
  }
  response {
    result 0 : string
  }
}
set 3 {
  request {
    what 0 : string
    value 1 : string
  }
}
quit 4 {}
`;

/** What the server of skynet's example asks. */
export const S2C = `.package {
  type 0 : integer
  session 1 : integer
}
heartbeat 1 {}
`;

/** A schema with a field of each kind. */
export const SCHEMA = sproto.parse(`
  .Data {
    numbers 0 : *integer
    bools 1 : *boolean
    number 2 : integer
    bignumber 3 : integer
    double 4 : double
    doubles 5 : *double
    fpn 6 : integer(2)
    strs 7 : *string
    b 20 : boolean
  }
  .Person {
    name 0 : string
    id 1 : integer
    email 2 : string
    .PhoneNumber { number 0 : string type 1 : integer }
    phone 3 : *PhoneNumber
    height 4 : integer(2)
    data 5 : binary
    weight 6 : double
  }
  .AddressBook { person 0 : *Person(id) others 1 : *Person }
  .KV { k 0 : string v 1 : integer }
  .Maps { m 0 : *KV() n 3 : *KV(v) }
  .Gap { a 3 : integer b 9 : integer c 10 : string }
`);

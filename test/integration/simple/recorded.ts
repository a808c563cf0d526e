/**
 * Bytes that went over the wire between skynet's own example, server and client (commit f19d1605, Lua 5.5), on a node of harbor 0.
 *
 * Skynet's client was told to get `hello`, to get `nothing`, and to quit. Its server was a fresh one. The bytes of both directions
 * were the same with skynet's client at our node, our client at skynet's server, and ours at ours; but for the first heartbeat,
 * which skynet's agent loses if it writes before the gate has started the socket.
 */

const hex = (text: string): Buffer => Buffer.from(text, "hex");

/** What the client sent, with the lengths in front, in this order; the sessions count from 1. */
export const FROM_CLIENT = {
  handshake: hex("000415020404"),
  set: hex("0014550208060210053f68656c6c6f053e776f726c64"),
  hello: hex("000d5502060801c4056865076c6c6f"),
  nothing: hex("000f5502060a01c4076e6f1f7468696e67"),
  quit: hex("000415020a0c"),
} as const;

/** What the server sent. */
export const FROM_SERVER = {
  heartbeat: hex("0003050104"),
  welcome: hex(
    "003f5502010401c4355765ff056c636f6d6520746f20736b796e65742c20492077696c6c2073656e642068656172746265617420" +
      "6576657279203520730765632e",
  ),
  done: hex("000415020106"),
  world: hex("000d5502010801c405776f07726c64"),
  nothing: hex("00041502010a"),
} as const;

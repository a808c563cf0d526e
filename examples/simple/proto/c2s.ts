// Written by `snax sproto` from c2s.sproto; run it again after a change there.

/** `get.request` */
export interface GetRequest {
  what?: string | undefined;
}

/** `get.response` */
export interface GetResponse {
  result?: string | undefined;
}

/** `handshake.response` */
export interface HandshakeResponse {
  msg?: string | undefined;
}

/** `package` */
export interface Package {
  type?: number | undefined;
  session?: number | undefined;
}

/** `set.request` */
export interface SetRequest {
  what?: string | undefined;
  value?: string | undefined;
}

/** The schema, for `sproto.parse<C2s>(text)`. */
export interface C2s {
  types: {
    "get.request": GetRequest;
    "get.response": GetResponse;
    "handshake.response": HandshakeResponse;
    package: Package;
    "set.request": SetRequest;
  };
  protocols: {
    handshake: { request: undefined; response: HandshakeResponse };
    get: { request: GetRequest; response: GetResponse };
    set: { request: SetRequest; response: undefined };
    quit: { request: undefined; response: undefined };
  };
}

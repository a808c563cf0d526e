// Written by `snax sproto` from s2c.sproto; run it again after a change there.

/** `package` */
export interface Package {
  type?: number | undefined;
  session?: number | undefined;
}

/** The schema, for `sproto.parse<S2c>(text)`. */
export interface S2c {
  types: {
    package: Package;
  };
  protocols: {
    heartbeat: { request: undefined; response: undefined };
  };
}

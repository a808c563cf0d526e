/**
 * How a schema is told to the compiler: the types that `snax sproto` writes have this form.
 *
 *     interface C2s {
 *       types: { package: Package; "get.request": GetRequest; ... };
 *       protocols: { get: { request: GetRequest; response: GetResponse }; ... };
 *     }
 *
 * All fields of a type are optional, for a message may lack any of them.
 */

/** A schema's types by name and protocols by name. */
export interface SchemaTypes {
  types: object;
  protocols: object;
}

/** A schema of which the compiler knows nothing. */
export interface AnySchema {
  types: Record<string, Record<string, unknown>>;
  protocols: Record<
    string,
    {
      request: Record<string, unknown> | undefined;
      response: Record<string, unknown> | undefined;
    }
  >;
}

/** The name of a type of the schema. */
export type TypeName<S extends SchemaTypes> = keyof S["types"] & string;

/** The name of a protocol of the schema. */
export type ProtocolName<S extends SchemaTypes> = keyof S["protocols"] & string;

/** What a request of a protocol carries; undefined if nothing. */
export type RequestOf<
  S extends SchemaTypes,
  N extends ProtocolName<S>,
> = S["protocols"][N] extends { request: infer R } ? R : never;

/** What a response of a protocol carries; undefined if nothing. */
export type ResponseOf<
  S extends SchemaTypes,
  N extends ProtocolName<S>,
> = S["protocols"][N] extends { response: infer R } ? R : never;

/** What a handler gives back for a response: nothing if it carries nothing. */
export type Answer<R> = [R] extends [undefined] ? void : R;

/** An object with a handler for each protocol of the schema. */
export type Handlers<S extends SchemaTypes> = {
  [N in ProtocolName<S>]: (
    args: RequestOf<S, N>,
  ) => Answer<ResponseOf<S, N>> | Promise<Answer<ResponseOf<S, N>>>;
};

/** What is behind the name of a protocol: what has to be given if it carries something. */
export type Body<B, Rest extends unknown[]> = undefined extends B
  ? [args?: B, ...rest: Rest]
  : [args: B, ...rest: Rest];

/** Encodes an answer, packed. */
export type Responder<R> = (...body: Body<R, [ud?: number]>) => Uint8Array;

/** A request that came from the other side. */
export type IncomingRequest<S extends SchemaTypes> = {
  [N in ProtocolName<S>]: {
    readonly type: "REQUEST";
    readonly name: N;
    /** What it carries; undefined if the protocol has no request body. */
    readonly args: RequestOf<S, N>;
    /** Encodes the answer; undefined if the other side wants none. */
    readonly response: Responder<ResponseOf<S, N>> | undefined;
    /** The number that the sender put into the header beside type and session. */
    readonly ud: number | undefined;
  };
}[ProtocolName<S>];

/** The answer to a request of ours. */
export interface IncomingResponse {
  readonly type: "RESPONSE";
  /** The session of the request. */
  readonly session: number;
  /** The name of the protocol that was asked. */
  readonly name: string;
  /** What it carries; undefined if the protocol has no response body. */
  readonly args: unknown;
  readonly ud: number | undefined;
}

/** Encodes a request, packed; with a session if an answer is wanted. */
export type Requester<S extends SchemaTypes> = <N extends ProtocolName<S>>(
  name: N,
  ...body: Body<RequestOf<S, N>, [session?: number, ud?: number]>
) => Uint8Array;

/** What is known of a protocol. */
export interface ProtocolInfo {
  readonly name: string;
  readonly tag: number;
  /** The name of the type of its request; undefined if it has no body. */
  readonly request: string | undefined;
  /** The name of the type of its response; undefined if it has no body. */
  readonly response: string | undefined;
  /** Whether the schema says `response nil`. */
  readonly confirm: boolean;
}

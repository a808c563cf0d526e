/**
 * The one error class of the package and the closed list of its codes.
 *
 * Tell errors apart by `code`, never by `instanceof`: an error that has crossed a thread or a node is a copy, and
 * structured clone keeps neither class nor own properties. `docs/errors.md` has a heading for each code; a test
 * checks that the list and the page agree.
 */

/** Every code an error of this package can carry, with the situation it stands for. */
export const ERROR_CODES = {
  /** The value of an argument is outside what the function accepts. */
  ERR_ARGUMENT: "an argument is not acceptable",
  /** An assertion of the runtime failed: a bug in snax. */
  ERR_BUG: "an assertion of the runtime failed",
  /** The connection ended before the answer came, or the channel was closed. */
  ERR_CLOSED: "the connection has ended",
  /** The configuration can't be used. */
  ERR_CONFIG: "the configuration can't be used",
  /** The connection could not be made: no server listens, the name is unknown, or it took too long. */
  ERR_CONNECT: "the connection could not be made",
  /** A service in queue mode called itself from the handler that is running. */
  ERR_DEADLOCK: "the call could never be answered",
  /** A dry run can't go on, or what it was asked for can't be simulated. */
  ERR_DRY_RUN: "a dry run can't do that",
  /** The engine of the cluster is away, or did not answer; `data.sent`: it may have been carried out. */
  ERR_ENGINE_DOWN: "the engine of the cluster is away",
  /** All handles or sessions of the node are in use. */
  ERR_EXHAUSTED: "no number is free",
  /** The caller may not do that: the token is missing or wrong, or the request comes from another site. */
  ERR_FORBIDDEN: "access is refused",
  /** A reply was asked for outside the dispatch it belongs to. */
  ERR_CONTEXT: "used outside the message being dispatched",
  /** The service file's exports can't be used: a group of methods or `init` is not what it must be. */
  ERR_INIT: "the service could not start",
  /** `init` did not finish within `inittimeout`. */
  ERR_INIT_TIMEOUT: "init took too long",
  /** The handler did not return, and was interrupted. */
  ERR_INTERRUPTED: "the handler was interrupted",
  /** The port can't be opened: it is in use, or the address is not this machine's. */
  ERR_LISTEN: "the port can't be opened",
  /** The mailbox of the receiver is full. */
  ERR_MAILBOX_FULL: "the mailbox is full",
  /** The ledger on disk can't be read or written: a patch that would not outlive the process is refused. */
  ERR_LEDGER: "the ledger can't be used",
  /** What came from outside can't be read: a line or a body beyond its limit, or no request at all. */
  ERR_MALFORMED: "what came from outside can't be read",
  /** The module can't be loaded: not found, not readable, or it breaks a rule of the loader. */
  ERR_MODULE: "the module can't be loaded",
  /** The service lacks the method. */
  ERR_NO_METHOD: "the service has no such method",
  /** The connection to the other node is gone, or the node is set down; `data.sent`: the request may have been carried out. */
  ERR_NODE_DOWN: "the other node is down",
  /** Neither the configuration nor `cluster.reload` names such a node. */
  ERR_NODE_UNKNOWN: "there is no such node",
  /** The other node can't be connected to; the request was not sent. */
  ERR_NODE_UNREACHABLE: "the other node can't be reached",
  /** The service has no handler for the protocol of the message. */
  ERR_NO_PROTOCOL: "the service has no such protocol",
  /** No service file of that name on the search path, or no service under that name or address. */
  ERR_NO_SERVICE: "there is no such service",
  /** No table of that name has been loaded, or the pin on it has ended. */
  ERR_NO_TABLE: "there is no such table",
  /** The value can't be sent in a message. */
  ERR_NOT_SENDABLE: "the value can't be sent",
  /** A connection was cut because more bytes wait than its limit allows. */
  ERR_OVERFLOW: "too many bytes wait",
  /** The patch is refused: its text breaks a rule. */
  ERR_PATCH: "the patch is refused",
  /** The patch replaces a class in a way that live instances can't follow. */
  ERR_PATCH_CLASS: "the class can't be patched this way",
  /** The patch was undone because its `hotfix()` threw or rejected. */
  ERR_PATCH_FAILED: "the patch was undone",
  /** A patch in TypeScript for a service of another language, or the other way round. */
  ERR_PATCH_LANGUAGE: "the patch is in another language",
  /** The service can't move to another thread: something of it can't be carried, or a step failed; it stays as it was. */
  ERR_MIGRATE: "the service can't be moved",
  /** The patch names something that the service does not have. */
  ERR_PATCH_NAME: "the service has no such name",
  /** The patch's `hotfix()` did not settle in time; the patch was undone. */
  ERR_PATCH_TIMEOUT: "the patch took too long and was undone",
  /** The types of the patch are wrong, or could not be checked where they have to be. */
  ERR_PATCH_TYPE: "the types of the patch are wrong",
  /** The patch text is longer than its limit. */
  ERR_PATCH_SIZE: "the patch is too long",
  /** What is shared by all services can't be written. */
  ERR_READ_ONLY: "shared data can't be written",
  /** The service can't be reloaded: something of it can't be carried, or a step failed; it goes on as it was. */
  ERR_RELOAD: "the service can't be reloaded",
  /** The handler threw something; the message is the handler's. */
  ERR_REMOTE: "the handler threw",
  /** A message was answered twice, or after it was given up. */
  ERR_REPLIED: "the message has been answered",
  /** The text or the binary form of a sproto schema can't be used. */
  ERR_SCHEMA: "the sproto schema can't be used",
  /** The process lacks what a node needs, as bun, deno, or Node with some flags. */
  ERR_RUNTIME: "no node can run in this process",
  /** The newest version of the table has nothing at the row's path. */
  ERR_ROW_GONE: "the row is gone",
  /** The service that should answer, or the service that asks, is dead. */
  ERR_SERVICE_DEAD: "the service is dead",
  /** There is no such socket, it belongs to another service, or it can't do this. */
  ERR_SOCKET: "the socket can't be used",
  /** Services can't be swapped: they have state of their own, or a new one did not begin; all go on as they were. */
  ERR_SWAP: "the services can't be swapped",
  /** A text is not valid TypeScript. */
  ERR_SYNTAX: "the text is not valid TypeScript",
  /** Data can't become a table: something in it can't be shared, or a check refused it. */
  ERR_TABLE: "the data of the table is refused",
  /** The deadline of the call passed. */
  ERR_TIMEOUT: "the deadline passed",
  /** The node is stopping or has not started. */
  ERR_STOPPED: "the node is not running",
} as const;

/** A code of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error may carry beside code and message. */
export interface SnaxErrorOptions {
  /** What led to this error. */
  cause?: unknown;
  /** Facts for programs: plain, can be sent. */
  data?: unknown;
}

/** An expected error of the runtime: its `code` says what happened, its message says with which values. */
export class SnaxError extends Error {
  override readonly name: string = "SnaxError";
  /** Which situation this is; programs tell errors apart by it. */
  readonly code: ErrorCode;
  /** Facts for programs: plain, can be sent. */
  readonly data?: unknown;

  constructor(code: ErrorCode, message: string, options?: SnaxErrorOptions) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options?.data !== undefined) this.data = options.data;
  }
}

/**
 * Makes an error that takes no stack, whatever the program has made of `Error.prepareStackTrace`: V8 asks that when a stack is read,
 * or defined anew, for the first time.
 *
 * @param make - makes it, and runs no code of the program.
 */
export function createBlank<E extends Error>(make: () => E): E {
  const { prepareStackTrace, stackTraceLimit } = Error;
  // Not by assignment, which throws where the intrinsics are frozen.
  Reflect.set(Error, "stackTraceLimit", 0);
  const isHooked = prepareStackTrace !== undefined;
  if (isHooked) Reflect.set(Error, "prepareStackTrace", undefined);
  try {
    const error = make();
    if (isHooked) void error.stack;
    return error;
  } finally {
    if (isHooked) Reflect.set(Error, "prepareStackTrace", prepareStackTrace);
    Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
  }
}

/**
 * Reads the stack of an error; where the program's `Error.prepareStackTrace` throws, what is above the frames. It may be no
 * text at all, if that function makes something else of it.
 */
export function readStack(error: Error): string | undefined {
  try {
    return error.stack;
  } catch {
    // To read the name or the message may throw as well: the caller reads those, too, and hears of it.
    return `${error.name}: ${error.message}`;
  }
}

/**
 * Returns the code of an error of this package, also of a copy that has lost its class.
 *
 * @returns the code, or undefined for anything else.
 */
export function codeOf(error: unknown): ErrorCode | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && Object.hasOwn(ERROR_CODES, code)
    ? (code as ErrorCode)
    : undefined;
}

/**
 * Throws ERR_BUG unless the claim holds; for what the runtime itself guarantees, never for input.
 *
 * @throws {ERR_BUG} if the claim is false.
 */
export function assert(claim: unknown, message: string): asserts claim {
  if (!claim) throw new SnaxError("ERR_BUG", message);
}

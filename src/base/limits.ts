/**
 * The limits of the runtime that are not options.
 *
 * Everything that someone else can make grow has a bound with a name, and a test at the bound and one past it. A limit
 * that an operator may move is an option of the configuration; here are the others.
 */

/**
 * How many objects may be inside each other in one message: an argument is at depth 1, what it holds at depth 2.
 *
 * The copier and the encoder recurse, and a list linked by `next` must end in an error that names it. 1000 levels take
 * about half of V8's default stack (984 KiB), Maps and errors more; a caller that has little left is refused too.
 */
export const COPY_DEPTH_MAX = 1000;

/** How many characters of the path to a refused value an error message shows. */
export const COPY_PATH_MAX = 200;

/** How many errors may be inside each other in the copy of an error that was thrown: what has more is left out. */
export const ERROR_DEPTH_MAX = 50;

/** How many errors the copy of an error that was thrown holds. */
export const ERROR_COUNT_MAX = 500;

/** How many characters of the message, and of the stack, the copy of an error that was thrown keeps. */
export const ERROR_TEXT_MAX: number = 1 << 16;

/** How many things the copy of an error names that were left out of it; the others are counted. */
export const ERROR_NOTES_MAX = 10;

/** Objects in fields of an error that can't be sent; beyond that no further field with objects is tried. */
export const ERROR_REFUSED_MAX = 10_000;

/** Longest text of one patch, in UTF-16 units; a patch of several modules has it for each. */
export const PATCH_LENGTH_MAX: number = 1 << 20;

/** How many objects the state of a service may have that is carried over to another instance, or copied for a dry run. */
export const STATE_OBJECTS_MAX = 5_000_000;

/** How many proxies of its own the state of a service may have that is carried over: the inspector tells what each is made of. */
export const STATE_PROXIES_MAX = 1000;

/** MiB of JavaScript heap that the process of a dry run may have. */
export const DRY_MEMORY_MIB = 512;

/** Milliseconds that the process of a dry run may take for what is neither `hotfix()` nor a probe. */
export const DRY_STEP_MS = 20_000;

/** Most probes of one dry run. */
export const DRY_PROBES_MAX = 100;

/** Dry runs of a thread that may be under way at once. */
export const DRY_RUNS_MAX = 4;

/** How many texts a module remembers to have compiled, so that the next service gets them at once. */
export const PATCH_CACHE_MAX = 64;

/** Services that the error of a patch for all or none names as those that refused it. */
export const PATCH_FAILURES_MAX = 100;

/**
 * How many living instances of a module run functions of their own, on each thread, if some module of the program has
 * classes, or {@link FUNCTION_MAKERS_MIN} functions that make functions; those beyond share one set.
 *
 * V8 learns from what a function has met, and in functions that instances share it meets the classes of all of them: a
 * method runs ten times slower then. Functions of one's own cost 5 us at birth and 1 to 3 KB, so not every service gets them.
 */
export const OWN_FUNCTIONS_MAX = 128;

/**
 * From how many functions on that return a function written on the spot, `(f) => (list) => ...`, services of a program
 * without classes run functions of their own.
 *
 * Programs that are written so consist of small functions that call each other; with shared ones they run 1.3 times slower.
 */
export const FUNCTION_MAKERS_MIN = 8;

/** How long a thread builds images in one go before what is left of a program goes to another thread, in milliseconds. */
export const IMAGE_BUILD_MS = 200;

/** How many bytes of images a project's `node_modules/.cache/snax` holds; beyond that the oldest half goes. */
export const IMAGE_STORE_BYTES_MAX: number = 1 << 28;

/** How long the compiler of a project may take for one text that needs it, its own loading included, in milliseconds. */
export const TRANSFORM_LIMIT_MS = 60_000;

/** How long the thread of that compiler waits for the next text before it ends, in milliseconds. */
export const TRANSFORM_IDLE_MS = 10_000;

/** How many transformed texts a thread keeps for those who load the same text again. */
export const TRANSFORMS_KEPT_MAX = 64;

/** How long the compiler of a project may take to check the types of a patch, its own start included, in milliseconds. */
export const CHECK_LIMIT_MS = 30_000;

/** How long that compiler waits for the next patch before it ends, in milliseconds. */
export const CHECK_IDLE_MS = 60_000;

/** How much memory that compiler may take, in MiB. */
export const CHECK_MEMORY_MIB = 1024;

/** How many checks one process of that compiler makes before a new one takes its place: it grows with each. */
export const CHECK_RUNS_MAX = 200;

/** How many checks of a node wait for each other. */
export const CHECK_WAITING_MAX = 16;

/** How many files that import a patched module, directly or not, a check looks at. */
export const CHECK_CALLERS_MAX = 64;

/** How many files of a project a check searches for those that import a patched module. */
export const CHECK_FILES_MAX = 10_000;

/** How many errors a check tells in full; the others are counted. */
export const CHECK_ERRORS_MAX = 100;

/** Most characters of one error that a check tells. */
export const CHECK_TEXT_MAX = 600;

/** How many kinds of services of a type, which run different texts, a check looks at. */
export const CHECK_GROUPS_MAX = 8;

/** How much of the values that patches have assigned a thread keeps for a rollback, in bytes. */
export const ROLLBACK_STATE_MAX: number = 1 << 24;

/** Of how many patches a module keeps such values. */
export const ROLLBACK_PATCHES_MAX = 16;

/** How many patches go in together at most. */
export const TOGETHER_MAX = 64;

/** How many patches the ledger of a node remembers. */
export const LEDGER_LENGTH_MAX = 1000;

/** Folders that `snax dev` watches. */
export const DEV_FOLDERS_MAX = 10_000;

/** How many entries of saves the ledger of a node remembers with `snax dev`. */
export const LEDGER_SAVES_MAX = 100;

/** How long the texts of patches may be together that the ledger of a thread keeps for those who take one back, in UTF-16 units. */
export const LEDGER_TEXTS_MAX: number = 1 << 25;

/** Longest ledger on disk, in bytes; before it is longer, it is written anew. */
export const LEDGER_BYTES_MAX: number = 1 << 26;

/** Lines of a ledger on disk from which on a start writes it anew, without most of what is no longer in. */
export const LEDGER_LINES_MAX = 4096;

/** How many phrases the result of a patch, and its entry in the ledger, has of what keeps the old; the last one counts the rest. */
export const PATCH_KEEPS_MAX = 20;

/** How long one of these may be, in UTF-16 units; a longer one is cut. */
export const PATCH_KEEPS_LENGTH_MAX = 300;

/** How many services' results one entry of the ledger keeps in full. */
export const LEDGER_RESULTS_MAX = 100;

/** Longest line that a debug console reads, in bytes without its end; a client that sends more is closed. */
export const CONSOLE_LINE_MAX = 8192;

/** Longest head of an HTTP request to a debug console, in bytes. */
export const CONSOLE_HEAD_MAX = 8192;

/** Longest body of an HTTP request to a debug console, in bytes; as in skynet. */
export const CONSOLE_BODY_MAX = 8192;

/** Most characters of a command, a reason or a result that an entry of the audit keeps. */
export const AUDIT_TEXT_MAX = 8192;

/** Rows of a page that a program gets from a console that asks for no number. */
export const API_PAGE_LENGTH = 1000;

/** Most rows of a page that it may ask for. */
export const API_PAGE_MAX = 10_000;

/** Rows with the most of something that it gets if it asks for no number. */
export const API_TOP_LENGTH = 20;

/** Most of these that it may ask for. */
export const API_TOP_MAX = 1000;

/** Most characters of the reason that a program gives for a change. */
export const API_REASON_MAX = 500;

/** Most clients that watch the events of a node at a time. */
export const EVENTS_CLIENTS_MAX = 8;

/** Most bytes of events that wait for one of them; what comes then is dropped, and counted. */
export const EVENTS_BUFFER_MAX: number = 1 << 18;

/** Milliseconds for which events are collected before they are sent. */
export const EVENTS_FLUSH_MS = 50;

/** Milliseconds between two signs of life to a client that watches. */
export const EVENTS_BEAT_MS = 15_000;

/** Milliseconds after which one is closed that reads nothing. */
export const EVENTS_STALL_MS = 60_000;

/** Most characters of a line of the log in an event. */
export const EVENT_TEXT_MAX = 16_384;

/** Types of services that a thread counts apart; later ones are counted together, as `(other)`. */
export const BOARD_TYPES_MAX = 512;

/** Milliseconds between two beats of a thread: heap, open calls, and that it is not silent. */
export const BOARD_BEAT_MS = 1000;

/** Milliseconds of silence of a thread after which the node says that it is not healthy. */
export const HEALTH_SILENT_MS = 5000;

/** Most connections at a time to the address of health and metrics. */
export const METRICS_CLIENTS_MAX = 64;

/** Most bytes of the head of a request there. */
export const METRICS_HEAD_MAX = 8192;

/** Milliseconds after which a connection is closed there that asks nothing, or not to the end. */
export const METRICS_IDLE_MS = 30_000;

/** Most clients of one debug console at a time; one more takes the place of the one that has been idle for the longest. */
export const CONSOLE_CLIENTS_MAX = 64;

/** Most bytes that wait for a client of a debug console to read them; more is written only as it reads. */
export const CONSOLE_BUFFER_MAX: number = 1 << 20;

/** Milliseconds after which a client that does not read its answer is closed. */
export const CONSOLE_STALL_MS = 10_000;

/** Milliseconds that a thread has to answer before a console tells that it does not. */
export const CONSOLE_ANSWER_MS = 2000;

/** Milliseconds for which a thread may be silent while a command waits for it, before a console gives the command up. */
export const CONSOLE_SILENCE_MS = 5000;

/** Milliseconds for a client to show its token, and for an HTTP request to arrive whole. */
export const CONSOLE_LOGIN_MS = 10_000;

/** Milliseconds for a client that a debug console has refused to read why, before the connection is cut. */
export const CONSOLE_REFUSED_MS = 1000;

/** Wrong tokens from one address after which it has to wait. */
export const CONSOLE_ATTEMPTS_MAX = 5;

/** Milliseconds of that wait, counted from the last wrong token. */
export const CONSOLE_WAIT_MS = 60_000;

/** Addresses whose wrong tokens are counted; beyond that the oldest is forgotten. */
export const CONSOLE_ADDRESSES_MAX = 1024;

/** Most handlers of a thread that `inflight` lists; of the others it tells the number. */
export const INFLIGHT_SHOWN_MAX = 1000;

/** Most calls of one service whose stacks `task`, `inflight` and `uniqtask` look up; the others are listed without. */
export const TASK_STACKS_MAX = 1000;

/** Most requests, and most calls, that are followed by a trace at a time; beyond that the oldest is let go. */
export const TRACES_MAX = 10_000;

/** Seconds that `debug` may stay attached, and so hold the thread, if the operator says no number. */
export const DEBUG_SECONDS = 60;

/** The most that may be set for it. */
export const DEBUG_SECONDS_MAX = 600;

/** Most logpoints of one node at a time. */
export const LOGPOINTS_MAX = 100;

/**
 * Times in a second that logpoints of one line are evaluated; then the line runs as if there were none until the second is
 * over. Each costs V8 about 0.1 ms, so this bounds what they take to a tenth of the thread.
 */
export const LOGPOINT_HITS_MAX = 1000;

/** Most characters that a script run by `inject` can print for the caller that waits for it. */
export const INJECT_OUTPUT_MAX: number = 1 << 20;

/** How many functions the search for the tables of a script follows. */
export const INJECT_FUNCTIONS_MAX = 1000;

/** Connections that the system keeps for a port until they are accepted, unless `listen` says otherwise. */
export const SOCKET_BACKLOG = 511;

/** Milliseconds until an attempt to connect fails, unless `open` says otherwise. */
export const SOCKET_CONNECT_MS = 10_000;

/** Milliseconds for the handshake of TLS at a port. */
export const SOCKET_HANDSHAKE_MS = 10_000;

/** Milliseconds for what was written before a `close` to be sent; then the connection is cut. */
export const SOCKET_CLOSE_MS = 10_000;

/** Unread bytes of a socket beyond which it is not read any further until the service takes them; as in skynet. */
export const SOCKET_PAUSE_BYTES: number = 128 * 1024;

/** Most unread bytes of a socket, also while a call waits for them, unless `limit` says otherwise. */
export const SOCKET_UNREAD_MAX: number = 64 << 20;

/** Unsent bytes of a socket that are told first; then at each doubling. As in skynet. */
export const SOCKET_WARN_BYTES: number = 1 << 20;

/** Most unsent bytes of a socket; with more it is cut. */
export const SOCKET_UNSENT_MAX: number = 256 << 20;

/** Bytes of a connection that are on their way to a service of another thread; with more the socket is not read. */
export const HANDOVER_WINDOW_BYTES: number = 128 * 1024;

/** Most datagrams of a socket that came and were not handled; what comes beyond is lost. */
export const DATAGRAM_WAITING_MAX = 1024;

/** Milliseconds between two lines of the log about connections that a port has turned away. */
export const TURNED_AWAY_MS = 1000;

/** Most clients of a gate at a time, unless its options say otherwise; as in skynet. */
export const GATE_CLIENTS_MAX = 1024;

/** Longest message of a gate with 4-byte lengths or lines, in bytes, unless its options say otherwise. */
export const GATE_FRAME_MAX: number = 1 << 20;

/** Milliseconds in which a message to a gate that has begun must be complete, unless its options say otherwise. */
export const GATE_FRAME_MS = 10_000;

/** Milliseconds for the services of a gate to answer a client that has ended its side; then the connection closes. */
export const GATE_ANSWER_MS = 5000;

/** Unsent bytes beyond which a gate cuts a client that does not read, unless its options say otherwise. */
export const GATE_UNSENT_MAX: number = 4 << 20;

/** Bytes that a client of a gate may send ahead of its agent, twice over; a message counts 64 bytes more than it has. */
export const GATE_WINDOW_BYTES: number = 64 * 1024;

/** Longest message of sproto, in bytes, encoded or unpacked; skynet's own bound. */
export const SPROTO_BYTES_MAX: number = 1 << 24;

/** In how many others a value of a sproto message may be, and a type of a schema in how many types; as in skynet. */
export const SPROTO_DEPTH_MAX = 64;

/** Highest tag of a field or a protocol, and number of a type, in a sproto schema; more do not fit its binary form. */
export const SPROTO_TAG_MAX = 0x7ffe;

/** Most decimal digits of an `integer(n)`; skynet multiplies by 10^n, which more digits would overflow. */
export const SPROTO_DIGITS_MAX = 9;

/** Longest text of a sproto schema, in UTF-16 units. */
export const SPROTO_TEXT_MAX: number = 1 << 20;

/** Most requests with a session that one sproto host remembers until they are answered. */
export const SPROTO_SESSIONS_MAX: number = 1 << 16;

/** Most bytes that one version of a shared table takes in shared memory. */
export const TABLE_BYTES_MAX: number = 2 ** 31 - 8;

/** How deep objects and lists may be inside each other in a shared table; the root is at depth 1. */
export const TABLE_DEPTH_MAX = 200;

/** How many versions of all shared tables of a process are in use at a time: the newest of each, and older ones with a pin. */
export const TABLE_VERSIONS_MAX = 4096;
/** Most connections to a gate's port for web sockets that have not finished their handshake. */
export const GATE_HANDSHAKES_MAX = 4096;
/** Milliseconds for the handshake of a web socket. */
export const GATE_HANDSHAKE_MS = 10_000;
/** Longest head of a web socket's handshake, in bytes. */
export const GATE_HEAD_MAX = 8192;

/** Longest pause between two attempts of a channel to connect, in seconds; as in skynet. */
export const CHANNEL_RETRY_SECONDS_MAX = 10;

/** Longest body of a request to `httpd`, in bytes, unless its options say otherwise. */
export const HTTP_BODY_MAX: number = 1 << 20;

/** Longest head of a request to `httpd`, in bytes; as in skynet. */
export const HTTP_HEAD_MAX = 8192;

/** Milliseconds for a request to `httpd` to arrive whole, unless its options say otherwise. */
export const HTTP_REQUEST_MS = 10_000;

/** Most connections to a port of `httpd` at a time, unless its options say otherwise. */
export const HTTP_CONNECTIONS_MAX = 1024;

/** Milliseconds of silence after which the system asks the other side of a connection whether it is still there. */
export const SOCKET_KEEP_ALIVE_MS = 60_000;

/** Slots for sproto schemas that all services of a node share, numbered from 0; as in skynet. */
export const SPROTO_SLOTS_MAX = 16;

/** Most requests that wait for a value of the data center at a time. */
export const DATACENTER_WAITING_MAX: number = 1 << 14;

/** Most bytes of what is under one first key of the data center of a cluster, as it is in the engine: compressed, encrypted, as text. */
export const DATACENTER_ENTRY_MAX: number = 512 * 1024;

/** Most bytes of a first key of the data center of a cluster. */
export const DATACENTER_KEY_MAX = 255;

/** Most multicast channels of a node at a time. */
export const MULTICAST_CHANNELS_MAX: number = 1 << 16;

/** Most bytes that the messages in parts which are open on one connection of the cluster announce together. */
export const CLUSTER_BYTES_MAX: number = 64 << 20;

/** Most messages in parts that are open on one connection of the cluster. */
export const CLUSTER_TRANSFERS_MAX = 256;

/** Most connections of other nodes to one port of the cluster, unless `open` says otherwise; as in skynet. */
export const CLUSTER_CLIENTS_MAX = 1024;

/** Most unsent bytes of answers to another node; with more its connection is cut. From SOCKET_WARN_BYTES on it is not read. */
export const CLUSTER_UNSENT_MAX: number = 128 << 20;

/** Milliseconds for another node to read the answers that wait for it; then its connection is cut. */
export const CLUSTER_STALL_MS = 60_000;

/** Most calls of one connection of another node that are not answered. */
export const CLUSTER_CALLS_MAX: number = 1 << 16;

/** Most incarnations of other nodes that one process tells apart. */
export const CLUSTER_EPOCHS_MAX: number = 1 << 20;

/** Services that had a name in the cluster and died, and that others are told of as dead after another one has the name. */
export const CLUSTER_DEAD_MAX = 1024;

/** Most bytes of one message over a link between nodes of snax. */
export const LINK_FRAME_MAX: number = 64 << 20;

/** Most orders that wait for a link while it is being made. */
export const LINK_QUEUE_MAX: number = 1 << 16;

/** Most connections to the port of the links that have not shown who they are. */
export const LINK_HANDSHAKES_MAX = 256;

/** Milliseconds of silence after which the other side of a link counts as dead, unless `deadAfter` says otherwise. */
export const LINK_DEAD_MS = 3000;

/** Milliseconds until a link that is watched is tried again; twice as many each time, up to the second. */
export const LINK_RETRY_MS = 500;
export const LINK_RETRY_MAX_MS = 5000;

/** Ups and downs of a node that are kept for those who watch it. */
export const LINK_EVENTS_MAX = 64;

/** Milliseconds without a renewal after which a node is no member of its cluster any more; the same on all nodes. */
export const MEMBER_LEASE_MS = 3000;

/** Milliseconds for the engine of a cluster to answer; then it is not known whether it was done. */
export const ENGINE_TIMEOUT_MS = 2000;

/** Milliseconds of silence after which the engine of a cluster counts as away. */
export const ENGINE_SILENCE_MS = 2000;

/** Most bytes of claims, reads and broadcasts that the engine of a cluster has not taken. */
export const ENGINE_UNSENT_MAX: number = 4 << 20;

/** Milliseconds for which a global service that another node starts is waited for. */
export const GLOBAL_WAIT_MS = 30_000;

/** Milliseconds between two looks of a node that drains at what is open. */
export const CLUSTER_DRAIN_LOOK_MS = 10;

/** Most bytes of the values of one message to another harbor: 16 MiB with what is written behind them. */
export const HARBOR_PAYLOAD_MAX: number = (1 << 24) - 13;

/** Least bytes of the token of a cluster. */
export const CLUSTER_TOKEN_MIN = 16;

/** Milliseconds in one dispatch after which a thread gets new services only if all others are as badly off. */
export const PLACEMENT_STUCK_MS = 250;

/** How many of the last looks at a thread, one every 100 ms, tell whether it is busy; at most 31. */
export const PLACEMENT_LOOKS = 16;

/** Looks of these at which a service was at work; from that number on, the threads that have less to do come first. */
export const PLACEMENT_BUSY_LOOKS = 12;

/** Milliseconds for what the stall watch is about to write of a handler to be written when the node stops. */
export const STALL_FLUSH_MS = 2000;

/** Milliseconds in which further signals are the first one again: npm and Node's watcher pass on a Ctrl-C that the terminal has sent to all. */
export const SIGNAL_ECHO_MS = 1000;

/** Milliseconds for the threads of a node that stops to end; one that is in native code then is left to itself. */
export const THREAD_END_MS = 2000;

/** How many times longer a service rests that an operator's `signal` has cut off: the operator needs time to patch it. */
export const INTERRUPT_BY_HAND_FACTOR = 10;

/** Longest rest of a service that was cut off again and again, in milliseconds. */
export const INTERRUPT_REST_MAX_MS = 30_000;

/** Milliseconds after its rest in which a service that is cut off again rests twice as long. */
export const INTERRUPT_FORGOTTEN_MS = 10_000;

/** Milliseconds that a handler may run on whose service was killed, before it is cut off. */
export const KILLED_HANDLER_MS = 500;

/** Largest `tsconfig.json` that is read, in bytes. */
export const TSCONFIG_SIZE_MAX: number = 1 << 20;

/** How many `tsconfig.json` may extend each other, one behind the other. */
export const TSCONFIG_DEPTH_MAX = 32;

/** Largest `package.json` that is read, in bytes. */
export const PACKAGE_JSON_SIZE_MAX: number = 1 << 24;

/** How many conditions and lists may be inside each other in an entry of `exports` or `imports`. */
export const PACKAGE_TARGET_DEPTH_MAX = 100;

/** Milliseconds for the nodes of a cluster to vote on a patch of the fleet; a node that has not voted by then refuses it. */
export const FLEET_VOTE_MS = 8000;

/** Milliseconds after which a node that knows of an undecided patch of the fleet ends it itself, by an entry in the engine. */
export const FLEET_DECIDE_MS = 10_000;

/** Milliseconds more for which a node that has such a patch in holds its services while the engine does not answer. */
export const FLEET_HOLD_MS = 5000;

/** Milliseconds for which the caller of a patch of the fleet waits for the nodes to tell what came of it. */
export const FLEET_REPORT_MS = 5000;

/** Most bytes of a patch of the fleet as it is in the engine: compressed, encrypted, as text. */
export const FLEET_RECORD_MAX: number = 512 * 1024;

/** Most patches that a fleet has at a time; of those that all nodes have retired none is left. */
export const FLEET_PATCHES_MAX = 100;

/** Most services of each kind that a node of the fleet names in the result of a patch. */
export const FLEET_RESULTS_MAX = 1000;

/** Milliseconds without a message after which a service that was swapped, and is drained, ends. */
export const SWAP_RETIRE_MS = 60_000;

/** Milliseconds that an operator may name in place of these; a day. */
export const SWAP_RETIRE_MAX_MS = 86_400_000;

/** Services that are gone of which a thread remembers who took their place. */
export const MOVED_MAX = 65_536;

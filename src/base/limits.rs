//! Every bound of the system, with its reason and what happens beyond it.

use std::time::Duration;

/// A SIP message over UDP: the largest datagram there is. A longer one cannot arrive.
pub const SIP_MESSAGE_MAX: usize = 65_535;
/// Peers that are remembered to take no TCP. Beyond it one is asked again with each long request.
pub const SIP_UDP_ONLY_PEERS_MAX: usize = 1_000;
/// SIP connections (TCP and TLS) at once; every phone of the largest node. Beyond it a new one is closed at once.
pub const SIP_CONNECTIONS_MAX: usize = 20_000;
/// SIP connections that one address has made; the phones of one office behind one address. Beyond it a new one is closed at once.
pub const SIP_CONNECTIONS_PER_ADDRESS_MAX: usize = 256;
/// Websockets for SIP of one intent, or of one agent: a page that reloads has two for a moment, and two tabs may be open. A further
/// one is closed (1013).
pub const SIP_CONNECTIONS_PER_BROWSER_MAX: usize = 4;
/// Messages that a websocket for SIP may bring in one second, and save up for at once; a call has some dozen. Beyond it the
/// connection is closed (1008).
pub const SIP_WEBSOCKET_MESSAGES_PER_S: u32 = 20;
pub const SIP_WEBSOCKET_MESSAGES_AT_ONCE: u32 = 200;
/// Lines of the log about browsers in trouble in one second, and saved up for at once: anybody can bring a wrong token. Beyond it they
/// are counted only.
pub const TROUBLE_LINES_PER_S: u32 = 5;
pub const TROUBLE_LINES_AT_ONCE: u32 = 50;
/// How often a websocket for SIP is pinged: proxies cut what is quiet for a minute.
pub const SIP_WEBSOCKET_PING_EVERY: Duration = Duration::from_secs(20);
/// A browser that says nothing for so long, not even a pong, has gone. The connection ends, and with it the phone's registration.
pub const SIP_WEBSOCKET_SILENT_MAX: Duration = Duration::from_secs(45);
/// Host names that we connect to over TLS; those of the trunks and of whoever they name. Beyond it the oldest is forgotten, and asked for anew.
pub const SIP_DOMAINS_MAX: usize = 4_096;
/// Messages that wait to be written to one connection; a second of a busy trunk. Beyond it the connection is closed.
pub const SIP_CONNECTION_QUEUE_MAX: usize = 1_024;
/// To make a connection, TLS included; a caller waits for it. Beyond it the peer counts as out of reach.
pub const SIP_CONNECT_WITHIN: Duration = Duration::from_secs(4);
/// For the TLS handshake of a peer that connects. Beyond it the connection is closed.
pub const SIP_HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// From a connection's beginning to its first byte. Beyond it the connection is closed.
pub const SIP_FIRST_BYTE_WITHIN: Duration = Duration::from_secs(30);
/// From the first byte of a message to its last, however many come in between. Beyond it the connection is closed.
pub const SIP_MESSAGE_WITHIN: Duration = Duration::from_secs(10);
/// To hand what is written to the network; a peer that does not read is gone. Beyond it the connection is closed.
pub const SIP_WRITE_WITHIN: Duration = Duration::from_secs(10);
/// The first line and header fields of a SIP message over TCP or TLS; real ones have under 4 kB. Beyond it 513, and the connection ends.
pub const SIP_HEAD_MAX: usize = 32 * 1024;
/// Header fields of one SIP message; real ones have under 60. Beyond it the message is refused (513).
pub const SIP_HEADERS_MAX: usize = 256;
/// Lines that go on with the header field before them; real messages have next to none. Beyond it the message is refused (513).
pub const SIP_FOLDS_MAX: usize = 256;
/// Commas and semicolons in the header fields of one SIP message, which begin what readers walk over; real messages have under 100,
/// and 30 Vias 200. Beyond it the message is refused (513).
pub const SIP_PARTS_MAX: usize = 1_024;
/// One URI, in bytes; real ones have under 300. A longer Request-URI is refused (414), a longer one elsewhere is malformed.
pub const SIP_URI_MAX: usize = 4096;
/// INVITEs in progress on the server side. Beyond it a new one gets 503 with Retry-After.
pub const SIP_SERVER_INVITES_MAX: usize = 20_000;
/// Requests that would open something, of one address that is no trunk's: so many a second, and saved up for at once. An office
/// whose phones all come back at once behind one address is under it, or is through within seconds. Beyond it they are dropped.
pub const STRANGER_REQUESTS_PER_S: u32 = 100;
pub const STRANGER_REQUESTS_AT_ONCE: u32 = 1_000;
/// Places in the table of what strangers may still send; several addresses share one when there are more.
pub const STRANGER_PLACES: usize = 4_096;
/// Contacts registered for one agent; a desk phone, a softphone, a spare. Beyond it the oldest is replaced.
pub const BINDINGS_PER_AGENT_MAX: usize = 4;
/// Calls held at once; two dialogs, two media legs each. Beyond it a call goes to the fallback as busy (503).
pub const CALLS_MAX: usize = 20_000;
/// A call that neither side ends; a forgotten handset must not hold an agent for ever.
pub const CALL_LENGTH_MAX: Duration = Duration::from_secs(4 * 3600);
/// Live intents. Beyond it the API answers 503 and says when to try again.
pub const INTENTS_MAX: usize = 1_000_000;
/// The longest an intent may live; the site asks for less.
pub const INTENT_TTL_MAX: Duration = Duration::from_secs(24 * 3600);
/// Candidates that one look-up returns; more callers behind one number than this is a switchboard, which proves nothing.
pub const CANDIDATES_MAX: usize = 8;
/// Desktop sessions at once.
pub const DESKS_MAX: usize = 20_000;
/// Messages kept for a desk that does not acknowledge; beyond it the session is closed and the agent is offline.
pub const DESK_UNACKNOWLEDGED_MAX: usize = 256;
/// One desktop message, in bytes. Beyond it the session is closed.
pub const DESK_MESSAGE_MAX: usize = 64 * 1024;
/// Messages on their way to one desk: all that may be sent again after a reconnect, and some. Beyond it the desk is too slow and
/// its connection is cut.
pub const DESK_QUEUE_MAX: usize = DESK_UNACKNOWLEDGED_MAX + 64;
/// Messages that a desk may send in one second, and save up for at once; an acknowledgement for each message that it gets, and a
/// few of its own. Beyond it the connection is closed.
pub const DESK_MESSAGES_PER_S: u32 = 50;
pub const DESK_MESSAGES_AT_ONCE: u32 = 2 * DESK_UNACKNOWLEDGED_MAX as u32;
/// A name, an outcome or a reason from a desk, in bytes. Beyond it the message is refused.
pub const DESK_WORD_MAX: usize = 200;
/// What an agent writes about a call, in bytes. Beyond it the message is refused.
pub const DESK_SUMMARY_MAX: usize = 8_000;
/// Wrong logins on one desktop connection; a person mistypes twice. Beyond it the connection is closed.
pub const DESK_LOGIN_ATTEMPTS_MAX: u8 = 3;
/// Inputs that wait for the engine. Beyond it desks are not read until it has caught up, one message of each apart.
pub const ARRIVALS_MAX: usize = 8_192;
/// Questions of the HTTP API that wait for the engine at once. Beyond it 503.
pub const QUESTIONS_MAX: u64 = 1_000;
/// HTTP connections at once, desks not counted; one for each live page, and a site's servers keep a few each. Beyond it a new
/// one waits until another ends.
pub const HTTP_CONNECTIONS_MAX: usize = LIVE_STREAMS_MAX + 4_096;
/// Live streams of customers' pages at once; as many as wait for a call on a busy day. Beyond it 503.
pub const LIVE_STREAMS_MAX: usize = 8_192;
/// Live streams of one intent; a person has a few tabs. Beyond it 429.
pub const LIVE_STREAMS_PER_INTENT_MAX: usize = 8;
/// What a page has not read yet, in messages; a call has about ten. Beyond it the stream is cut.
pub const LIVE_QUEUE_MAX: usize = 16;
/// Operations boards that are watched at once. Beyond it 503.
pub const BOARD_STREAMS_MAX: usize = 64;
/// Calls in progress that a board is shown, the newest first; the phases count them all.
pub const BOARD_CALLS_MAX: usize = 60;
/// Cases kept at most; a year of a large company. Beyond it the oldest is forgotten.
pub const CASES_MAX: usize = 1_000_000;
/// Cases of one customer that are shown, the newest first.
pub const CASES_OF_CUSTOMER_MAX: usize = 100;
/// Requests that wait for the history's file. Beyond it 503, and a case of a call is lost and logged.
pub const HISTORY_WAITING_MAX: usize = 4_096;
/// Cases between two cleanings of the history.
pub const HISTORY_CLEANED_EVERY: usize = 1_000;
/// Messages about one intent; who has more to say waits for an answer. Beyond it 429.
pub const MESSAGES_OF_INTENT_MAX: usize = 8;
/// What a customer says of a case, in characters. Beyond it 422.
pub const FEEDBACK_COMMENT_MAX: usize = 2_000;
/// The time between two signs of life on a stream; proxies cut what is silent for a minute.
pub const LIVE_BEAT: Duration = Duration::from_secs(15);
/// One HTTP body, in bytes. Beyond it 413.
pub const HTTP_BODY_MAX: usize = 64 * 1024;
/// Promises of callbacks whose answer from the store was lost, and of which it is asked again; beyond it one waits for the next start.
pub const DOUBTFUL_PROMISES_MAX: usize = 1_000;
/// Intents that the store has not yet taken back after their calls; beyond it a claim is left to run out by itself.
pub const SETTLEMENTS_MAX: usize = 50_000;
/// What a carrier is told when we are full: long enough to be felt, short enough to come back.
pub const RETRY_AFTER: Duration = Duration::from_secs(5);
/// Calls kept for `GET /v1/calls` after they ended; the oldest goes first.
pub const ENDED_CALLS_KEPT: usize = 10_000;
/// One session description, in bytes; a browser's with every codec and candidate has 8,000. Beyond it 488.
pub const SDP_BYTES_MAX: usize = 32 * 1024;
/// Keys offered for one stream; the suites in use are six. Those beyond it are not looked at.
pub const SDP_CRYPTO_MAX: usize = 16;
/// Lines of a session description. Beyond it 488.
pub const SDP_LINES_MAX: usize = 512;
/// Streams (m-lines) of a session description; a telephone has one or two, each is answered. Beyond it 488.
pub const SDP_STREAMS_MAX: usize = 16;
/// Attributes that we do not know and pass on. Beyond it they are left out.
pub const SDP_KEPT_ATTRIBUTES_MAX: usize = 32;
/// The longest packet a peer may ask for, in ms of sound. A longer wish counts as none.
pub const SDP_PTIME_MAX_MS: u32 = 200;
/// Digest nonces remembered with the counts that were used of them; twice the phones of the largest node. Beyond it the oldest counts as stale.
pub const NONCES_IN_USE_MAX: usize = 20_000;
/// Each part of a digest challenge that we answer, in bytes; real ones have under 100. A longer one is not answered.
pub const SIP_CHALLENGE_MAX: usize = 1_024;
/// The wait after a registration of ours has failed: at first, doubled with each failure, and at most; a carrier's outage ends in minutes.
pub const ENROL_RETRY_MIN: Duration = Duration::from_secs(5);
pub const ENROL_RETRY_MAX: Duration = Duration::from_secs(300);
/// The longest life of a registration of ours, and the longest wait that a carrier may ask for. A longer one is cut.
pub const ENROL_LIFE_MAX: Duration = Duration::from_secs(24 * 3600);
/// Questions to name servers under way at once; a hundred names a second at 0.6 s each. Beyond it a question waits for its turn.
pub const RESOLVE_UNDER_WAY_MAX: usize = 64;
/// How long a name server may take; a call has other ways to go meanwhile. Later is no answer.
pub const RESOLVE_QUESTION_PATIENCE: Duration = Duration::from_secs(2);
/// How long a look-up may take with all its questions. Then what is known by then is all there is.
pub const RESOLVE_LOOKUP_PATIENCE: Duration = Duration::from_secs(5);
/// Look-ups at once. Beyond it a name leads nowhere (503, the next target).
pub const RESOLVE_LOOKUPS_MAX: usize = 1_000;
/// Answers of name servers that are remembered; the one that ends first goes first.
pub const RESOLVE_CACHE_MAX: usize = 4_096;
/// How long an answer is remembered, whatever its TTL: at least while its own look-up goes on, at most an hour, "there is none" briefly.
pub const RESOLVE_KEPT_MIN: Duration = Duration::from_secs(5);
pub const RESOLVE_KEPT_MAX: Duration = Duration::from_secs(3600);
pub const RESOLVE_NOTHING_KEPT_MAX: Duration = Duration::from_secs(60);
/// How long a name server that says nothing is not asked the same again.
pub const RESOLVE_FAILURE_KEPT: Duration = Duration::from_secs(10);
/// Records of one answer; the rest is not looked at.
pub const RESOLVE_RECORDS_MAX: usize = 32;
/// Names that one answer leads on to, and half of those of a whole look-up; the rest is not followed.
pub const RESOLVE_NAMES_MAX: usize = 8;
/// Places of one destination; the rest is not tried.
pub const RESOLVE_PLACES_MAX: usize = 16;
/// SIP transactions of both roles; 32 s of 1,000 calls a second. Beyond it new requests outside dialogs get 503 with Retry-After.
pub const SIP_TRANSACTIONS_MAX: usize = 200_000;
/// Answers with different To tags to one INVITE of ours; a carrier forks to a handful. Beyond it a further fork is not followed.
pub const SIP_FORKS_MAX: usize = 16;
/// Keys that wait to be pressed towards one peer; people press two a second. Beyond it they are left out.
pub const MEDIA_KEYS_QUEUED_MAX: usize = 16;
/// Provisional answers that wait for the PRACK of the one before them. Beyond it they are left out.
pub const SIP_PROVISIONALS_QUEUED_MAX: usize = 4;
/// A re-INVITE of ours without a final answer; a proxy's timer C. Beyond it, it is cancelled.
pub const REINVITE_MAX: Duration = Duration::from_secs(180);
/// Record-Route entries of a dialog; a path of more proxies is a loop. Beyond it the request is refused (513), the answer taken as lost.
pub const SIP_ROUTES_MAX: usize = 32;
/// User-to-User values of one message, and the bytes of each: ISDN carries 128, in hex with its parameters less than 512.
/// Those beyond it are not passed on.
pub const USER_TO_USERS_MAX: usize = 4;
pub const USER_TO_USER_MAX: usize = 512;
/// Header rules of one trunk; each is looked for in every INVITE. Beyond it the configuration is refused.
pub const HEADER_RULES_MAX: usize = 32;
/// The name of a header field in a rule, and a value that a rule adds, in bytes. Beyond it the configuration is refused.
pub const HEADER_NAME_MAX: usize = 64;
pub const HEADER_VALUE_MAX: usize = 256;
/// Header fields of one message that rules copy, and the bytes of each: together no more than a message over TCP may have. Those
/// beyond it are not passed on.
pub const COPIED_HEADERS_MAX: usize = 16;
pub const COPIED_HEADER_MAX: usize = 1_024;
/// Diversion, History-Info or Remote-Party-ID values of one message; a call that was diverted more often is in a loop. Of more none is read.
pub const SIP_DIVERSIONS_MAX: usize = 20;
/// Parts of the index of a History-Info value; as many as a call may be sent on. A longer index counts as none.
pub const SIP_HISTORY_DEPTH_MAX: usize = 20;
/// An asserted identity that is passed on, in bytes; real ones have under 150. A longer one goes no further.
pub const SIP_IDENTITY_MAX: usize = 512;
/// Contacts of one 3xx that are looked at; real ones have one or two.
pub const SIP_CONTACTS_MAX: usize = 16;
/// How often one ringing may be sent elsewhere by 3xx, and to how many places in all; people forward twice. Beyond it the
/// 3xx is a refusal.
pub const MOVED_HOPS_MAX: usize = 3;
pub const MOVED_TARGETS_MAX: usize = 5;
/// Telephone numbers of one customer in an intent; each is an entry in the caller index. Beyond it the API says so (422).
pub const INTENT_PHONES_MAX: usize = 5;
/// Articles that an intent lists as read already; an agent reads no more of them. Beyond it 422.
pub const INTENT_ARTICLES_MAX: usize = 16;
/// The customer's own words, in characters; about a page. Beyond it 422.
pub const INTENT_WORDS_MAX: usize = 2_000;
/// Free attributes of an intent. Beyond it 422.
pub const INTENT_ATTRIBUTES_MAX: usize = 32;
/// The name of one attribute, in bytes. Beyond it 422.
pub const ATTRIBUTE_NAME_MAX: usize = 64;
/// The value of one attribute, in characters. Beyond it 422.
pub const ATTRIBUTE_VALUE_MAX: usize = 512;
/// An identity that the site gives (customer, order, article, category), in bytes. Beyond it 422.
pub const SITE_ID_MAX: usize = 128;
/// A name or a title, in characters; what fits on a line of the agent's screen twice. Beyond it 422.
pub const TITLE_MAX: usize = 200;
/// An e-mail address, in bytes (RFC 3696 erratum 1690). Beyond it 422.
pub const EMAIL_MAX: usize = 254;
/// The shortest life of an intent; less than the time to dial is of no use. Below it 422.
pub const INTENT_TTL_MIN: Duration = Duration::from_secs(30);
/// How long an intent's record stays after its end, so that a page can say "answered" and a late `Finish` finds it.
pub const INTENT_KEPT_AFTER: Duration = Duration::from_secs(15 * 60);
/// Intents that one caller's number leads to; the ones that expire first are forgotten by the index beyond it.
pub const INTENTS_PER_CALLER_MAX: usize = 32;
/// Callbacks that wait at once; some hours of a large company's. Beyond it a further one is refused (503).
pub const CALLBACKS_MAX: usize = 5_000;
/// For so long a callback counts towards what its number and its customer may be promised.
pub const CALLBACK_COUNTED: Duration = Duration::from_secs(24 * 3600);
/// How long we remember which agent a customer spoke with; longer than most cases live.
pub const LAST_AGENT_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// Customers whose last agent the embedded store remembers. Beyond it the one that would be forgotten first is.
pub const LAST_AGENTS_MAX: usize = 1_000_000;
/// Idempotency keys that the embedded store remembers. Beyond it the one that would be forgotten first is.
pub const IDEMPOTENCY_KEYS_MAX: usize = 1_000_000;
/// By how much the clocks of those who ask a store may differ; nothing is deleted until it is that much out of date.
pub const CLOCK_SKEW_MAX: Duration = Duration::from_secs(10 * 60);
/// Outdated records that one registration clears away, so that none of them waits for a long cleaning.
pub const REAPED_AT_ONCE: usize = 64;
/// Numbers of a pool that one script or command takes, some 0.3 ms of the store: nobody's question waits longer for it.
pub const POOL_NUMBERS_AT_ONCE: usize = 256;
/// Requests that wait for a store. Beyond it the asker hears `Overloaded` at once.
pub const STORE_WAITING_MAX: usize = 4_096;
/// Access rules; a decision keeps a bit for each. Beyond it the configuration is refused.
pub const ACCESS_RULES_MAX: usize = 1_024;
/// Keywords of all access rules together, and the characters of one: the automaton takes some hundred bytes for each. Beyond it
/// the configuration is refused.
pub const ACCESS_KEYWORDS_MAX: usize = 10_000;
pub const ACCESS_KEYWORD_MAX: usize = 100;
/// Notices that wait for one webhook, and again so many that wait for their next try. Beyond it the notice of a call is lost, and counted.
pub const NOTICES_WAITING_MAX: usize = 10_000;
/// A notice that a process left behind is sent by the next one; older than this, nobody waits for it any more, and it is forgotten.
pub const NOTICE_KEPT_MAX: Duration = Duration::from_secs(3 * 24 * 3600);
/// Domains that others may look like: each has an entry for each of its letters. Beyond it the configuration is refused.
pub const PROTECTED_DOMAINS_MAX: usize = 10_000;
/// Agents and queues that one configuration may name. Beyond it the configuration is refused.
pub const AGENTS_MAX: usize = 20_000;
pub const QUEUES_MAX: usize = 1_000;
/// Different sets of further skills that waiting calls may ask for at once, all queues together. Beyond it a call that asks
/// for a new set is answered as if the queue were full.
pub const LANES_MAX: usize = 256;
/// Skills that a call may ask for besides its queue's. Those beyond it are not looked at.
pub const EXTRA_SKILLS_MAX: usize = 8;
/// Agents remembered as having failed a call's offer, and those with a claim who are named as passed over; the oldest goes first.
pub const PASSED_OVER_MAX: usize = 8;
/// Steps by which the search for an agent widens; three are usual. Beyond it the configuration is refused.
pub const RINGS_MAX: usize = 8;
/// Agents whom a call may prefer: the owner of the case and the last agent, and some. Those beyond it are not looked at.
pub const PREFERRED_MAX: usize = 4;
/// Calls that wait for one busy agent whom they prefer. One beyond it waits for whoever comes.
pub const HELD_PER_AGENT_MAX: usize = 8;
/// Places of a queue that are reported as they change; a call further back asks for its own.
pub const POSITIONS_TOLD_MAX: usize = 500;
/// Media legs of one worker: two for each call, if one worker had them all. Beyond it a leg fails to open.
pub const MEDIA_LEGS_MAX: usize = 2 * CALLS_MAX;
/// Pairs of bound ports that one media worker keeps for the next legs, each two descriptors; those of 500 calls a second. Beyond it
/// a pair is closed with its leg.
pub const MEDIA_IDLE_PAIRS_MAX: usize = 2_048;
/// Who hears one leg at once: the other side, and people who listen in. Beyond it a listener hears nothing.
pub const MEDIA_LISTENERS_MAX: usize = 8;
/// Addresses of one browser from which checks have come; it has a few interfaces. Beyond it the one that was silent longest goes.
pub const ICE_ADDRESSES_MAX: usize = 8;
/// DTLS handshakes of browsers under way at once, each some 20 kB; a second or two of all desks that come back at once. Beyond it a leg
/// is lost.
pub const HANDSHAKES_MAX: usize = 2_048;
/// Datagrams that wait for the thread of the handshakes. Beyond it they are lost, as datagrams are.
pub const HANDSHAKE_WAITING_MAX: usize = 8_192;
/// Commands that wait for one media worker. Beyond it a new leg fails to open; commands for open legs always pass.
pub const MEDIA_COMMANDS_MAX: usize = 4096;
/// Colleagues that an agent is shown who wants to ask somebody, those who are free first; a larger house has names to type.
pub const COLLEAGUES_SHOWN_MAX: usize = 100;
/// Conversations that a supervisor is shown at once; nobody reads more of them.
pub const SUPERVISED_CALLS_SHOWN_MAX: usize = 100;
/// Packets that wait for the writer of recordings, some 200 octets each; a second of 300 calls. Beyond it sound is left out of the
/// recording, counted, and silence there.
pub const RECORDED_WAITING_MAX: usize = 32_768;
/// Recordings at once, a file each. A call beyond it is not recorded, and its record says why.
pub const RECORDINGS_MAX: usize = 1_024;
/// The longest sound file, in seconds; each second takes 16 kB of memory.
pub const WAV_LENGTH_MAX_S: u32 = 600;
/// The longest announcement of a refusal; carriers end a call that rings for much longer. Beyond, the refusal leaves.
pub const ANNOUNCEMENT_MAX: Duration = Duration::from_secs(45);
/// Shared numbers whose wrong codes are counted. There are few such numbers; beyond, the oldest count is forgotten.
pub const PIN_NUMBERS_MAX: usize = 10_000;
/// Codes that are drawn for a registration, of which the store takes one that is free. All taken: the intent has none.
pub const PINS_DRAWN: usize = 8;
/// One journal, in bytes; a million calls or so. Beyond it the journal ends: a part of one cannot be replayed.
pub const JOURNAL_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;
/// A file that a configuration names stands in the journal whole up to so many bytes: lists of holidays do. Beyond it the journal holds its
/// digest, and a replay needs the file.
pub const JOURNAL_FILE_MAX: usize = 256 * 1024;
/// A file that a configuration names, in bytes: a million domains with their tiers take thirty. Beyond it the configuration is refused.
pub const CONFIG_FILE_MAX: u64 = 256 * 1024 * 1024;
/// Trunks and phones that reloads have changed or taken away since the process began; each leaves a place behind. Beyond it a reload is
/// refused, and the process must be started again.
pub const PLACES_LEFT_MAX: usize = 10_000;
/// Places in the queue of calls that were cut off, each kept for a customer who may call again. Beyond it the oldest is forgotten.
pub const CUT_OFF_PLACES_MAX: usize = 100_000;
/// Days of one list of holidays: a hundred years of many. Beyond it the configuration is refused.
pub const HOLIDAYS_MAX: usize = 20_000;
/// Faults of one file that are named one by one, some megabytes in all; the others are counted.
pub const FAULTS_NAMED_MAX: usize = 20_000;
/// Faults of a reload that stand in the log one by one: it must not crowd out what happens meanwhile. The others are counted there.
pub const FAULTS_LOGGED_MAX: usize = 50;
/// Numbers of one pool; more than the Erlang formula asks for at any load one server carries. Beyond it the configuration is refused.
pub const POOL_NUMBERS_MAX: usize = 10_000;
/// The longest that a number may rest after its lease; whoever dials later than a day has kept the number. More is refused.
pub const QUARANTINE_MAX: Duration = Duration::from_secs(24 * 3600);
/// Intents in an hour that the promise of a pool may expect; 278 a second. More is refused.
pub const POOL_RATE_MAX: u32 = 1_000_000;
/// Decisions of the access rules that are kept to explain a call: the first, and those after its page has confirmed it. A further one
/// is obeyed and not kept.
pub const DECISIONS_KEPT_MAX: usize = 4;
/// Offers that are kept to explain a call; the oldest goes first.
pub const OFFERS_KEPT_MAX: usize = 8;
/// Differences between the policy and its shadow that are kept to look at; the oldest goes first, all are counted.
pub const SHADOW_DIFFERENCES_KEPT: usize = 1_000;
/// Agents named with a grant as passed over, and those looked at to find them: a grant costs the same in a team of any size, and what
/// is kept of a call stays small. Those beyond it are not named.
pub const OTHERS_NAMED: usize = 50;
pub const OTHERS_LOOKED_AT: usize = 64;

@0xe8158e9ed4d4bc1c;
# The records of a log, as they lie on disk: one message a value, standard unpacked stream framing
# (segment table, then segments), see docs/format.md for the keys. The C++ shapes are in records.h.
#
# Comment of each field: unit; may it be empty (and what that means); since which format version.
# "null": a pointer that was never set. Text holds any bytes, usually UTF-8. Wall times are
# nanoseconds since 1970-01-01 UTC, virtual times nanoseconds since the session's start.
# Evolution: fields are only ever added at the end, with a default that means "as before".

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("backstep::wire");

struct MessageId {
  sender @0 :UInt32;    # agent id; 0: @outside; since 1
  ordinal @1 :UInt32;   # from 0 in order of sending within the step; since 1
  clock @2 :UInt64;     # sender's agent clock; 0 only for @outside; since 1
  copy @3 :UInt32;      # 0: the message itself, 1..: copies made by a fault; since 1
}

struct StepRef {
  agent @0 :UInt32;     # agent id; since 1
  clock @1 :UInt64;     # agent clock; since 1
}

struct Pair {
  key @0 :Text;         # may be empty; since 1
  value @1 :Text;       # may be empty; since 1
}

struct BodyRef {
  enum Where {
    none @0;            # there is no body
    inlined @1;         # the bytes are inlineBytes
    literal @2;         # size bytes at position of the owner's literal log
    version @3;         # version position of stream of the owner
    dropped @4;         # there was a body; it was dropped under overload
  }
  enum Media {
    other @0;           # see mediaType
    json @1;            # application/json
    text @2;            # text/plain
    textUtf8 @3;        # text/plain; charset=utf-8
    octets @4;          # application/octet-stream
  }
  where @0 :Where;          # since 1
  media @1 :Media;          # common media types without their text; since 1
  log @2 :UInt32;           # log id it lies in; 0: the log that holds this record; since 1
  owner @3 :UInt32;         # agent id whose literal log or stream; since 1
  stream @4 :UInt32;        # stream kind, see store/format/keys.h; since 1
  position @5 :UInt64;      # byte offset (literal) or version number (version); since 1
  size @6 :UInt64;          # bytes, after redaction; since 1
  hashHigh @7 :UInt64;      # XXH3-128 of the redacted bytes; both zero: not computed; since 1
  hashLow @8 :UInt64;       # since 1
  mediaType @9 :Text;       # null unless media is other; empty: not known; since 1
  inlineBytes @10 :Data;    # null unless inlined; since 1
}

struct Outcome {
  enum Kind { unknown @0; ok @1; failed @2; }
  kind @0 :Kind;            # since 1
  hasScore @1 :Bool;        # since 1
  score @2 :Float64;        # the program's unit; only when hasScore; since 1
  reason @3 :Text;          # may be empty; since 1
}

struct AgentRecord {
  id @0 :UInt32;                # 0: @outside; since 1
  name @1 :Text;                # unique in the session; since 1
  role @2 :Text;                # may be empty; since 1
  implementation @3 :Text;      # class or framework; may be empty; since 1
  model @4 :Text;               # default model; may be empty; since 1
  attributes @5 :Text;          # JSON object; may be empty; since 1
  initialState @6 :BodyRef;     # null: none; since 1
  registeredAfter @7 :UInt64;   # steps committed when it was named; since 1
}

struct SegmentRecord {
  id @0 :UInt32;            # from 1; since 1
  parent @1 :UInt32;        # segment id; 0: top level; since 1
  name @2 :Text;            # may be empty; since 1
  order @3 :UInt32;         # from 0 among its siblings; since 1
  beganWall @4 :Int64;      # ns, wall; since 1
  hasEnded @5 :Bool;        # since 1
  endedWall @6 :Int64;      # ns, wall; only when hasEnded; since 1
  beganAfter @7 :UInt64;    # steps committed when it began; since 1
  endedAfter @8 :UInt64;    # steps committed when it ended; 0 while open; since 1
}

struct MessageRecord {
  id @0 :MessageId;             # since 1
  to @1 :UInt32;                # agent id of the receiver; since 1
  channel @2 :Text;             # may be empty; since 1
  kind @3 :Text;                # may be empty; since 1
  programId @4 :Text;           # an id the program gave; may be empty; since 1
  edgeId @5 :Text;              # may be empty; since 1
  attributes @6 :List(Pair);    # may be empty; since 1
  body @7 :BodyRef;             # null: none; since 1
  replyTo @8 :MessageId;        # null: answers nothing; since 1
  sentWall @9 :Int64;           # ns, wall; since 1
  sentVirtual @10 :Int64;       # ns, virtual; since 1
  delay @11 :Int64;             # ns, injected; since 1
  sentAfter @12 :UInt64;        # steps committed when it was sent; since 1
  edited @13 :Bool;             # an edit or a fault replaced its body; since 1
  dropped @14 :Bool;            # sent, never carried; since 1
  offeredHashHigh @15 :UInt64;  # XXH3-128 of the body as offered; both zero: unknown; since 1
  offeredHashLow @16 :UInt64;   # since 1
}

struct Usage {
  inputTokens @0 :UInt64;       # tokens; 0: not known; since 1
  outputTokens @1 :UInt64;      # tokens; 0: not known; since 1
  cachedTokens @2 :UInt64;      # tokens, part of inputTokens; since 1
  reasoningTokens @3 :UInt64;   # tokens, part of outputTokens; since 1
  costUsd @4 :Float64;          # US dollars; 0: not known; since 1
  timeToFirstToken @5 :Int64;   # ns; 0: not known; since 1
}

struct CallError {
  kind @0 :Text;                # rate_limit, timeout, ...; since 1
  code @1 :Int64;               # HTTP status, errno, exit code; 0: none; since 1
  message @2 :Text;             # may be empty; since 1
  hasRetryAfter @3 :Bool;       # since 1
  retryAfter @4 :Int64;         # ns; only when hasRetryAfter; since 1
}

struct EffectRecord {
  enum Kind { llm @0; tool @1; clock @2; random @3; env @4; }
  enum Status { recorded @0; exact @1; edited @2; fault @3; live @4; miss @5; }
  agent @0 :UInt32;             # agent id; since 1
  ordinal @1 :UInt32;           # from 0 within the step, over all kinds; since 1
  clock @2 :UInt64;             # agent clock; since 1
  kind @3 :Kind;                # since 1
  status @4 :Status;            # since 1
  moved @5 :Bool;               # served by the answer of another of the agent's steps; since 1
  substituted @6 :Bool;         # served by text of the experiment or the nearest answer; since 1
  pure @7 :Bool;                # same request, same answer; since 1
  free @8 :Bool;                # costs nothing, touches nothing; since 1
  name @9 :Text;                # tool, variable or model; may be empty (clock, random); since 1
  provider @10 :Text;           # llm only; may be empty; since 1
  parameters @11 :Text;         # llm only: JSON object; may be empty; since 1
  toolType @12 :Text;           # tool only; may be empty; since 1
  toolCallId @13 :Text;         # tool only; may be empty; since 1
  requestHashHigh @14 :UInt64;  # XXH3-128 of the canonical request; since 1
  requestHashLow @15 :UInt64;   # since 1
  request @16 :BodyRef;         # null: none; since 1
  response @17 :BodyRef;        # null: none, so when it failed; since 1
  error @18 :CallError;         # null: it succeeded; since 1
  usage @19 :Usage;             # null: nothing known; since 1
  finishReason @20 :Text;       # llm only; may be empty; since 1
  beganWall @21 :Int64;         # ns, wall; since 1
  beganVirtual @22 :Int64;      # ns, virtual; since 1
  duration @23 :Int64;          # ns of virtual time, injected delay included; since 1
  injectedDelay @24 :Int64;     # ns, part of duration; since 1
  measured @25 :Int64;          # ns it really took here; 0: served; since 1
  finishedAfter @26 :UInt64;    # steps committed when it finished; since 1
}

struct FaultRecord {
  specId @0 :Text;              # the fault's id in its file, or "edit"; since 1
  type @1 :Text;                # a2a.drop, edit.message, ...; since 1
  hook @2 :Text;                # a2a_send, ...; since 1
  decision @3 :Text;            # what was done, in words; may be empty; since 1
  before @4 :Text;              # excerpt, at most 4 KiB; may be empty; since 1
  after @5 :Text;               # excerpt, at most 4 KiB; may be empty; since 1
  message @6 :MessageId;        # null: hit no message; since 1
  hasEffect @7 :Bool;           # since 1
  effectOrdinal @8 :UInt32;     # effect it hit; only when hasEffect; since 1
  hidden @9 :Bool;              # kept out of what agents can see; since 1
}

struct StepError {
  kind @0 :Text;                # exception, crash, no_commit, or the program's word; since 1
  message @1 :Text;             # may be empty; since 1
}

struct TakenMessage {
  id @0 :MessageId;             # since 1
  early @1 :Bool;               # its sender's step was still open at this commit; since 1
}

struct SentMessage {
  id @0 :MessageId;             # since 1
  to @1 :UInt32;                # agent id of the receiver; since 1
  dropped @2 :Bool;             # never carried; since 1
  delay @3 :Int64;              # ns, injected; since 1
  sentVirtual @4 :Int64;        # ns, virtual; since 1
}

struct StepBegin {
  agent @0 :UInt32;             # agent id; since 1
  segment @1 :UInt32;           # segment id; 0: none; since 1
  clock @2 :UInt64;             # agent clock; since 1
  caller @3 :StepRef;           # null: not nested; since 1
  taken @4 :List(MessageId);    # the activation, in order; may be empty; since 1
  beganWall @5 :Int64;          # ns, wall; since 1
  beganVirtual @6 :Int64;       # ns, virtual; since 1
  beginAfter @7 :UInt64;        # steps committed when it began; since 1
  hasProgramIndex @8 :Bool;     # since 1
  programIndex @9 :UInt64;      # the index the program gave; only when hasProgramIndex; since 1
  name @10 :Text;               # what the program calls it; may be empty; since 1
}

struct StepRecord {
  begin @0 :StepBegin;          # since 1
  number @1 :UInt64;            # from 1, dense, in commit order; since 1
  took @2 :List(TakenMessage);  # activation and replies, in order of reading; since 1
  sent @3 :List(SentMessage);   # in order of sending; may be empty; since 1
  effectCount @4 :UInt32;       # since 1
  stateChanged @5 :Bool;        # since 1
  incomplete @6 :Bool;          # a body or state of it was dropped under overload; since 1
  state @7 :BodyRef;            # null: none; the agent's newest version; since 1
  endedWall @8 :Int64;          # ns, wall; since 1
  own @9 :Int64;                # ns, its time less its calls and nested steps; since 1
  duration @10 :Int64;          # ns of virtual time; since 1
  error @11 :StepError;         # null: it did not fail; since 1
  outcome @12 :Outcome;         # null: it set none; since 1
  faults @13 :List(FaultRecord);  # may be empty; since 1
  schedulerState @14 :Data;     # after the decision that started it; null: unchanged; since 1
}

struct EventRecord {
  enum Kind { event @0; span @1; handoff @2; }
  kind @0 :Kind;                # since 1
  sequence @1 :UInt64;          # from 1 in its log; since 1
  step @2 :StepRef;             # the step it lies in; null: none; since 1
  name @3 :Text;                # event name, span kind and name, handoff target; since 1
  category @4 :Text;            # level, span kind, handoff reason; may be empty; since 1
  data @5 :Text;                # JSON or text; may be empty; since 1
  beganWall @6 :Int64;          # ns, wall; since 1
  duration @7 :Int64;           # ns; spans only; since 1
  after @8 :UInt64;             # steps committed at that time; since 1
}

struct BranchOrigin {
  parent @0 :UInt32;            # log id; since 1
  fork @1 :UInt64;              # last step shared with the parent; since 1
  experiment @2 :Text;          # JSON, see experiment.h; may be empty; since 1
  schedule @3 :Text;            # served or free; since 1
}

struct LogHeader {
  id @0 :UInt32;                # log id; since 1
  name @1 :Text;                # session name, or branch name; since 1
  origin @2 :BranchOrigin;      # null: a main line; since 1
  tags @3 :List(Text);          # may be empty; since 1
  metadata @4 :List(Pair);      # may be empty; since 1
  groupId @5 :Text;             # may be empty; since 1
  userId @6 :Text;              # may be empty; since 1
  command @7 :List(Text);       # argv of the program; may be empty; since 1
  executable @8 :Text;          # absolute path; may be empty; since 1
  executableHashHigh @9 :UInt64;  # XXH3-128 of the program's file; both zero: unknown; since 1
  executableHashLow @10 :UInt64;  # since 1
  workingDirectory @11 :Text;   # may be empty; since 1
  programName @12 :Text;        # empty: scopes only, not re-executable; since 1
  host @13 :Text;               # may be empty; since 1
  writerVersion @14 :Text;      # of Backstep; since 1
  processId @15 :UInt64;        # 0: not known; since 1
  seed @16 :UInt64;             # since 1
  faultsText @17 :Text;         # fault file of a live run; empty: none; since 1
  faultsOrigin @18 :Text;       # its path, for messages; may be empty; since 1
  beganWall @19 :Int64;         # ns, wall; since 1
}

struct ReplaySummary {
  reused @0 :UInt64;            # steps shared with the parent; since 1
  exact @1 :UInt64;             # calls; since 1
  edited @2 :UInt64;            # calls; since 1
  fault @3 :UInt64;             # calls; since 1
  live @4 :UInt64;              # calls; since 1
  miss @5 :UInt64;              # calls; since 1
  divergences @6 :UInt64;       # since 1
  changes @7 :UInt64;           # steps that differ downstream; since 1
}

struct LogEnd {
  outcome @0 :Outcome;          # since 1
  endedWall @1 :Int64;          # ns, wall; since 1
  lastStep @2 :UInt64;          # newest committed step of the line; since 1
  droppedBodies @3 :UInt64;     # bodies lost under overload; since 1
  firstFailure @4 :Text;        # empty: none; since 1
  result @5 :Text;              # branches: finished paused limit cancelled crashed stuck; since 1
  resultDetail @6 :Text;        # branches: why, one line; may be empty; since 1
  summary @7 :ReplaySummary;    # branches; null: all zero; since 1
  divergences @8 :Text;         # branches: JSON array, bounded; may be empty; since 1
  output @9 :Text;              # branches: what the program printed, bounded; may be empty; since 1
}

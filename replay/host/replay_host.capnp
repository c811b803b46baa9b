# Control of a re-execution between the debugger and the program it started, over a unix socket.
# Only control travels here: the program opens the recording and writes its branch itself.
@0xe32050e6b8d57e9c;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("backstep::replay::rpc");

interface ReplayHost {
  describe @0 () -> (description :Description);
  # One run a host. The answer comes when the branch is complete, or nothing could be run.
  run @1 (recordingPath :Data, experimentJson :Data, observer :Observer) -> (answer :Answer);
  # The running experiment ends at its next step; its branch stays, as "cancelled".
  cancel @2 ();
}

# The debugger's side, called while a run goes on.
interface Observer {
  progress @0 (progress :Progress);
  # What the program has printed so far, bounded: kept with the branch.
  output @1 () -> (text :Data);
}

struct Description {
  protocol @0 :UInt32;        # 1; a greater one is refused
  programName @1 :Data;
  processId @2 :UInt64;       # of the process that writes the branch
}

# Text fields are Data where their bytes may come from programs: they need not be UTF-8.

struct Progress {
  stepsDone @0 :UInt64;
  stepsExpected @1 :UInt64;
  summary @2 :Summary;
}

struct Summary {
  reused @0 :UInt64;
  exact @1 :UInt64;
  edited @2 :UInt64;
  fault @3 :UInt64;
  live @4 :UInt64;
  miss @5 :UInt64;
  divergences @6 :UInt64;
  changes @7 :UInt64;
}

struct Answer {
  union {
    result @0 :Result;
    failure @1 :Failure;
  }
}

struct Failure {
  code @0 :UInt8;             # StatusCode
  message @1 :Data;
}

struct Result {
  branch @0 :UInt32;
  branchName @1 :Data;
  result @2 :Data;            # "finished", "paused", "limit", "cancelled", "stuck"
  detail @3 :Data;
  outcome @4 :Outcome;
  fork @5 :UInt64;
  last @6 :UInt64;
  summary @7 :Summary;
  divergences @8 :List(Divergence);
  miss @9 :Miss;              # null: none
  unreached @10 :List(Data);
  liveCalls @11 :List(Data);
  warnings @12 :List(Data);
  unused13 @13 :UInt64;       # these two were a digest that nobody filled; neither is read
  unused14 @14 :UInt64;
}

struct Outcome {
  kind @0 :UInt8;             # Outcome::Kind
  hasScore @1 :Bool;
  score @2 :Float64;
  reason @3 :Data;
}

struct Divergence {
  step @0 :UInt64;
  recordedStep @1 :UInt64;
  agent @2 :Data;
  clock @3 :UInt64;
  what @4 :Data;
  expected @5 :Data;
  actual @6 :Data;
}

struct Miss {
  step @0 :UInt64;
  agent @1 :Data;
  clock @2 :UInt64;
  kind @3 :UInt8;             # EffectKind
  name @4 :Data;
  requestExcerpt @5 :Data;
  hint @6 :Data;
  ordinal @7 :UInt32;         # of the call within its step
}

#include "backstep/recorder/redact.h"

#include "backstep/recorder/redaction/candidate_scan.h"
#include "backstep/recorder/redaction/user_pattern.h"
#include "backstep/tests/unit/recorder/recorded.h"

namespace backstep::recorder::testing {
namespace {

std::shared_ptr<const Redactor> Plain() { return Must(Redactor::Make({})); }

// Fakes of the right shape, put together here so that no scanner takes this file for a leak.
std::string Fake(const std::string& prefix, size_t length) {
  std::string secret = prefix;
  for (size_t i = 0; secret.size() < length; ++i) secret += "aB3dE5gH7jK9mN1pQ"[i % 17];
  return secret;
}

std::vector<std::string> Secrets() {
  return {Fake("sk-", 51), Fake("sk-ant-api03-", 100), Fake("sk-proj-", 60), Fake("sk_live_", 32),
          "AKIA" "IOSFODNN7EXAMPLE", Fake("ghp_", 40), Fake("github_pat_", 82),
          Fake("xoxb-", 40), Fake("AIza", 39), Fake("hf_", 37),
          Fake("eyJ", 30) + "." + Fake("eyJ", 40) + "." + Fake("s", 43)};
}

TEST_CASE("Keys of the known kinds are found wherever they stand, and nothing else changes") {
  const auto redactor = Plain();
  for (const std::string& secret : Secrets()) {
    for (const std::string before : {"", "key=", "see \"", "  \n"}) {
      for (const std::string after : {"", "\" there", ",\n", " and so on for a while yet"}) {
        std::string text = before + secret + after;
        INFO(text);
        REQUIRE(redactor->Redact(&text));
        REQUIRE(text.size() == before.size() + secret.size() + after.size());
        REQUIRE(text.starts_with(before));
        REQUIRE(text.ends_with(after));
        REQUIRE(text.find(secret.substr(4)) == std::string::npos);
        std::string again = text;
        REQUIRE_FALSE(redactor->Redact(&again));
        REQUIRE(again == text);
      }
    }
  }
}

TEST_CASE("A key with text right behind it is found, a word in capitals is none") {
  const auto redactor = Plain();
  const std::string secret = "AKIA" "IOSFODNN7EXAMPLE";
  for (const std::string after : {"abc", "ABC", "XYZ and more", "9", "_x"}) {
    std::string text = "key " + secret + after;
    INFO(text);
    REQUIRE(redactor->Redact(&text));
    REQUIRE(text.find(secret.substr(4)) == std::string::npos);
    REQUIRE(text.starts_with("key "));
    REQUIRE(text.ends_with(after));
    REQUIRE(text.size() == 4 + secret.size() + after.size());
  }
  for (const std::string& key : Secrets()) {
    std::string text = "see " + key + "andsoon";
    INFO(text);
    REQUIRE(redactor->Redact(&text));
    REQUIRE(text.find(key.substr(8, 10)) == std::string::npos);
  }
  for (const std::string word : {"ASIAPACIFICREGIONALHEADQUARTERS", "ASIAPACIFICREGIONALHEads",
                                 "xASIA1234567890123456", "AKIA7", "AKIAabcdefghijklmnopqrstuv"}) {
    std::string text = "the " + word + " of it";
    INFO(text);
    REQUIRE_FALSE(redactor->Redact(&text));
  }
}

TEST_CASE("Values that a name, a header or a scheme marks as secret are found") {
  const auto redactor = Plain();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"api_key": "hunter2", "n": 1})", R"({"api_key": "*******", "n": 1})"},
      {R"({"Authorization":"tok"})", R"({"Authorization":"***"})"},
      {R"({"x-api-key" : "abcdefghijkl"})", R"({"x-api-key" : "[redacted..]"})"},
      {R"({"args":"{\"password\": \"pa ss\", \"k\": 1}"})",
       R"({"args":"{\"password\": \"*****\", \"k\": 1}"})"},
      {R"({"client_secret":"a\"b"})", R"({"client_secret":"****"})"},
      {R"({'apikey': 'xyz'})", R"({'apikey': '***'})"},
      {"Authorization: Bearer abc123def456", "Authorization: Bearer [redacted..]"},
      {"authorization: Basic dXNlcjpwYXNz", "authorization: Basic [redacted..]"},
      {"X-Api-Key: 12345678\n", "X-Api-Key: ********\n"},
      {"MY_API_KEY=abcdef99 run", "MY_API_KEY=******** run"},
      {"GET /v1?api_key=abcdef99&q=1", "GET /v1?api_key=********&q=1"},
  };
  for (const auto& [given, expected] : cases) {
    std::string text = given;
    REQUIRE(redactor->Redact(&text));
    REQUIRE(text == expected);
  }
}

TEST_CASE("A private key loses its inside") {
  std::string text =
      "x\n-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\n-----END RSA PRIVATE KEY-----\ny";
  REQUIRE(Plain()->Redact(&text));
  REQUIRE(text.find("MIIE") == std::string::npos);
  REQUIRE(text.find("-----END RSA PRIVATE KEY-----\ny") != std::string::npos);
}

TEST_CASE("Prose, code and data that only look like secrets stay as they are") {
  const auto redactor = Plain();
  for (std::string text :
       {"the task-management-system-of-the-company", "ask-me-anything-about-the-weather-today",
        "password: required", "the bearer of this letter", "bearer authentication",
        R"({"password": null, "secret": 5, "api_key": {"type": "string"}})",
        R"(["username", "password", "email"])", "password = get_password()",
        "Authorization: the user must be signed in", "-----BEGIN CERTIFICATE-----\nMIIE\n",
        R"({"max_tokens": 100, "prompt_tokens": 7})", "sk-", "AKIA", "eyJ.a.b", "xox",
        R"({"access_token_count": "12"})"}) {
    const std::string before = text;
    REQUIRE_FALSE(redactor->Redact(&text));
    REQUIRE(text == before);
  }
}

TEST_CASE("The same secret has the same placeholder and another one another") {
  const auto redactor = Plain();
  std::string a = Fake("sk-", 51), b = a, c = a;
  c.back() = 'Z';
  redactor->Redact(&a);
  redactor->Redact(&b);
  redactor->Redact(&c);
  REQUIRE(a == b);
  REQUIRE(a != c);
}

TEST_CASE("The scan finds what a plain search finds, at every offset") {
  for (size_t offset = 0; offset < 70; ++offset) {
    for (size_t tail : {0, 1, 15, 16, 17, 40}) {
      const std::string text = std::string(offset, '.') + "xoxb" + std::string(tail, '.');
      REQUIRE(FindCandidate(text, 0) == offset);
      REQUIRE(FindCandidate(text, offset + 1) == std::string::npos);
    }
  }
}

TEST_CASE("A megabyte of hostile text is read through and keeps its length") {
  const auto redactor = Plain();
  for (const std::string piece :
       {"sk-", "eyJ.", "\"password\":\"", "-----BEGIN PRIVATE KEY-----", "Bearer ", "api_key=",
        "\\\"secret\\\":\\\"", "authorization:"}) {
    std::string text;
    while (text.size() < (1u << 20)) text += piece;
    const size_t size = text.size();
    redactor->Redact(&text);
    REQUIRE(text.size() == size);
  }
}

TEST_CASE("Patterns of the program's own are found in text of any length") {
  const auto redactor = Must(Redactor::Make({"PAT-[0-9]{6}", "(alpha|beta)-code"}));
  for (size_t offset : {0u, 2000u, 2045u, 2048u, 100000u}) {
    std::string text = std::string(offset, 'x') + "PAT-123456 beta-code";
    REQUIRE(redactor->Redact(&text));
    REQUIRE(text.substr(offset) == "[redacted] *********");
  }
  std::string text(1u << 20, 'a');  // in one piece it would overflow the matcher's stack
  const auto greedy = Must(Redactor::Make({"a+"}));
  REQUIRE(greedy->Redact(&text));
  REQUIRE(text.find("aaaa") == std::string::npos);
}

TEST_CASE("A pattern that is none is refused with its place") {
  const auto made = Redactor::Make({"ok", "(unclosed"});
  REQUIRE(made.status().code() == StatusCode::kInvalidArgument);
  REQUIRE(made.status().message().find("pattern 2") != std::string::npos);
}

TEST_CASE("The literal that a pattern needs is found only where it is plain") {
  REQUIRE(RequiredLiteral("PAT-[0-9]{6}") == "PAT-");
  REQUIRE(RequiredLiteral("ab?cde") == "cde");
  REQUIRE(RequiredLiteral("a|b").empty());
  REQUIRE(RequiredLiteral("x*").empty());
  REQUIRE(RequiredLiteral("[]abc]key") == "key");
  REQUIRE(RequiredLiteral("\\d+key") == "key");
}

Hash128 HashOf(const std::string& json, std::vector<std::string> left_out = {}) {
  CallRequest request;
  request.name = "m";
  request.body.bytes = json;
  request.volatile_fields = std::move(left_out);
  return RequestHash(*Plain(), EffectKind::kLlm, request);
}

TEST_CASE("Requests are matched by what they say and not by how it is spelled") {
  REQUIRE(HashOf(R"({"a":1,"b":[1,2,{"c":null,"d":"x y"}]})") ==
          HashOf("{ \"b\" : [1, 2,\n {\"d\":\"x y\",\t\"c\":null}], \"a\":1 }"));
  REQUIRE(HashOf(R"({"a":1})") != HashOf(R"({"a":1.0})"));
  REQUIRE(HashOf(R"({"a":"x y"})") != HashOf(R"({"a":"xy"})"));
  REQUIRE(HashOf("[1,2]") != HashOf("[2,1]"));
  REQUIRE(HashOf("[]") != HashOf("{}"));
  REQUIRE(HashOf(R"(["a\\"," "])") != HashOf(R"(["a\\",""])"));
}

TEST_CASE("Volatile fields do not count") {
  const std::string a = R"({"id":"1","m":[{"at":5,"t":"x"},{"at":6,"t":"y"}],"a/b":1})";
  const std::string b = R"({"m":[{"at":7,"t":"x"},{"t":"y","at":6}],"a/b":2,"id":"2"})";
  REQUIRE(HashOf(a) != HashOf(b));
  REQUIRE(HashOf(a, {"/id", "/m/0/at", "/a~1b"}) == HashOf(b, {"/id", "/m/0/at", "/a~1b"}));
  REQUIRE(HashOf(a, {"/id"}) != HashOf(b, {"/id"}));
}

TEST_CASE("What is no JSON counts byte by byte") {
  REQUIRE(HashOf("{\"a\": }") != HashOf("{\"a\":}"));
  REQUIRE(HashOf("\"open") != HashOf("\"open "));
  REQUIRE(HashOf(std::string(100000, '[')) != HashOf(std::string(100000, '[') + " "));
  REQUIRE(HashOf("") == HashOf(""));
}

TEST_CASE("The name and the kind of a call are part of its hash, secrets are not") {
  CallRequest request{.name = "t", .body = Text("q " + Fake("sk-", 51))};
  const auto redactor = Plain();
  const Hash128 tool = RequestHash(*redactor, EffectKind::kTool, request);
  REQUIRE(tool != RequestHash(*redactor, EffectKind::kEnv, request));
  redactor->Redact(&request.body.bytes);
  REQUIRE(tool == RequestHash(*redactor, EffectKind::kTool, request));
  request.name = "u";
  REQUIRE(tool != RequestHash(*redactor, EffectKind::kTool, request));
}

TEST_CASE("A secret that goes through a session reaches no file of the recording") {
  const std::string secret = Fake("sk-ant-api03-", 90);
  const std::string own = "TOPSECRET-0815";
  Recorded recorded;
  auto options = recorded.Options();
  options.redact = {"TOPSECRET-[0-9]+"};
  options.metadata = {{"note", secret}, {secret, "note"}};
  options.tags = {secret};
  auto session = Session::Open(options);
  const std::string both = secret + " " + own;
  session->AddAgent({.name = "a", .role = both, .implementation = both, .model = both,
                     .attributes = "{\"k\":\"" + secret + "\"}",
                     .initial_state = Text(both)});
  auto inbox = session->Outside(To("a", both));
  session->Event("e", both);
  {
    StepOptions step_options;
    step_options.name = secret;
    step_options.scheduler_state = both;
    auto step = session->BeginStep("a", inbox, step_options);
    Message message = To("b", both);
    message.attributes = {{both, both}};
    (void)step->Send(message);
    (void)step->CallLlm({.name = "m", .body = Text(both), .provider = both, .parameters = both},
                        [&](const CallRequest& request, CallProgress&) {
                          REQUIRE(request.body.bytes == both);  // the world gets what it needs
                          return Answer(both);
                        });
    (void)step->CallTool({.name = "t", .body = Text(both), .tool_type = both,
                          .tool_call_id = secret},
                         [&](const CallRequest&, CallProgress&) {
                           return CallError{both, 1, both, {}};
                         });
    (void)step->Span("k", secret, both);
    step->Handoff("b", both, both);
    step->SetOutcome({Outcome::Kind::kOk, {}, both});
    MustOk(step->Commit(Text(both)));
  }
  // A secret that only an edit completes.
  MustOk(
      session->BeginStep("a")->Commit(StateEdit::Append(both.size(), "\n" + secret.substr(0, 9))));
  MustOk(session->BeginStep("a")->Commit(
      StateEdit::Append(both.size() + 10, secret.substr(9))));
  session->BeginStep("a")->Fail({both, both});
  session->SetOutcome({Outcome::Kind::kFailed, {}, both});
  MustOk(session->Close());

  auto line = recorded.Read();
  const std::string state = StateText(*line, "a", 3);
  REQUIRE(state.size() == both.size() + 1 + secret.size());
  REQUIRE(state.find(secret.substr(20, 20)) == std::string::npos);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(recorded.path())) {
    if (!entry.is_regular_file()) continue;
    const std::string bytes = ReadFile(entry.path());
    INFO(entry.path());
    REQUIRE(bytes.find(secret.substr(20, 24)) == std::string::npos);
    REQUIRE(bytes.find(own) == std::string::npos);
  }
}

// What changes between two texts, as one splice.
StateEdit SpliceOf(const std::string& before, const std::string& after) {
  const size_t shorter = std::min(before.size(), after.size());
  size_t front = 0, back = 0;
  while (front < shorter && before[front] == after[front]) ++front;
  while (back < shorter - front &&
         before[before.size() - 1 - back] == after[after.size() - 1 - back]) {
    ++back;
  }
  return {{{front, before.size() - front - back,
            after.substr(front, after.size() - front - back)}}};
}

TEST_CASE(
    "A long state is stored as if it had been redacted whole, wherever a secret comes and goes") {
  const auto redactor = Redactor::Make({}).value();
  const std::string secret = Fake("sk-ant-api03-", 90);
  RandomStream random(11);
  std::string filler;
  while (filler.size() < 40000) filler += "word" + std::to_string(random.Next() % 1000) + " ";
  std::vector<std::string> states = {filler};
  const auto next = [&](auto change) {
    std::string state = states.back();
    change(state);
    states.push_back(state);
  };
  next([&](auto& s) { s.insert(20000, " " + secret + " "); });
  next([&](auto& s) { s += "more"; });
  next([&](auto& s) { s.erase(0, 3000); });
  next([&](auto& s) { s[s.find(secret) + 50] = 'Q'; });            // a part of it changes
  next([&](auto& s) { s.erase(s.find("sk-ant-"), 7); });           // its beginning goes
  next([&](auto& s) { s += "sk-ant-api0"; });                      // half a secret,
  next([&](auto& s) { s += secret.substr(11); });                  // and the rest of it
  next([&](auto& s) { s = s.substr(s.size() - 9000) + s.substr(0, 9000); });
  Recorded recorded;
  auto session = Session::Open(recorded.Options());
  const bool edits = GENERATE(false, true);
  INFO("given as edits: " << edits);
  for (size_t i = 0; i < states.size(); ++i) {
    auto step = session->BeginStep("a");
    if (edits && i > 0) {
      MustOk(step->Commit(SpliceOf(states[i - 1], states[i])));
    } else {
      MustOk(step->Commit(Text(states[i])));
    }
  }
  MustOk(session->Close());
  auto line = recorded.Read();
  for (size_t i = 0; i < states.size(); ++i) {
    std::string expected = states[i];
    redactor->Redact(&expected);
    INFO("state " << i + 1);
    REQUIRE(StateText(*line, "a", i + 1) == expected);
  }
}

}  // namespace
}  // namespace backstep::recorder::testing

// The moves of an interleaving done with a session.
#include <unistd.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "backstep/tests/property/interleaving.h"

namespace backstep::testing {
namespace {

// The threads that do the moves. A move is begun when the one before it is done.
class Players {
 public:
  Players(const Interleaving& interleaving, recorder::Session* session, bool abandon)
      : moves_(interleaving.moves()), session_(*session), abandon_(abandon) {
    for (size_t i = 0; i < moves_.size(); ++i) own_[moves_[i].thread].push_back(i);
  }

  void Play() {
    std::vector<std::thread> threads;
    for (int i = 0; i < Interleaving::kThreads; ++i) threads.emplace_back([this, i] { All(i); });
    if (abandon_) {
      for (std::thread& thread : threads) thread.detach();
      std::unique_lock lock(mutex_);
      turn_.wait(lock, [&] { return next_ == moves_.size(); });
      (void)session_.Flush();
      _exit(0);
    }
    for (std::thread& thread : threads) thread.join();
  }

 private:
  using Lock = std::unique_lock<std::mutex>;

  // The thread's next move, when its turn has come; nullptr: it has none left.
  const Move* Next(int thread, Lock* lock) {
    *lock = Lock(mutex_);
    if (at_[thread] == own_[thread].size()) return nullptr;
    const size_t index = own_[thread][at_[thread]++];
    turn_.wait(*lock, [&] { return next_ == index; });
    return &moves_[index];
  }
  void Done(Lock* lock) {
    ++next_;
    turn_.notify_all();
    lock->unlock();
  }

  void Carry(const std::vector<Message>& messages) {
    for (const Message& message : messages) carried_[message.id] = message;
  }
  static Message To(const Move& move) {
    Message message;
    message.to = Interleaving::AgentName(move.to);
    message.body = {move.text, "text/plain"};
    return message;
  }

  void All(int thread) {
    for (Lock lock; const Move* move = Next(thread, &lock);) {
      if (move->kind == Move::Kind::kBegin) {
        std::vector<Message> messages;
        for (const MessageId& id : move->messages) messages.push_back(carried_[id]);
        const auto step =
            session_.BeginStep(Interleaving::AgentName(move->agent), std::move(messages));
        Done(&lock);
        Inside(thread, *step);
      } else {
        if (move->kind == Move::Kind::kOutside) Carry(session_.Outside(To(*move)));
        if (move->kind == Move::Kind::kFlush) (void)session_.Flush();
        Done(&lock);
      }
    }
  }

  // The moves of a step up to its end.
  void Inside(int thread, recorder::Step& step) {
    Lock lock;
    while (const Move* move = Next(thread, &lock)) {
      if (move->kind == Move::Kind::kCallAgent) {
        (void)step.CallAgent(Interleaving::AgentName(move->to), To(*move),
                             [&](recorder::Step& inner) {
                               Done(&lock);
                               Inside(thread, inner);
                               return Status();
                             });
        continue;
      }
      const bool ends = Do(*move, step);
      Done(&lock);
      if (ends) return;
    }
    lock.unlock();
    // Its steps stay open until the process goes.
    for (;;) pause();
  }

  bool Do(const Move& move, recorder::Step& step) {
    switch (move.kind) {
      case Move::Kind::kSend: Carry(step.Send(To(move))); return false;
      case Move::Kind::kReceive: (void)step.Receive(carried_[move.messages[0]]); return false;
      case Move::Kind::kReply: (void)step.Reply({move.text, "text/plain"}); return false;
      case Move::Kind::kTool:
        (void)step.CallTool({.name = "tool"}, [](const CallRequest&, CallProgress&) {
          return CallResponse{.body = {"done", "text/plain"}};
        });
        return false;
      case Move::Kind::kFlush: (void)session_.Flush(); return false;
      default: End(move, step); return true;
    }
  }

  void End(const Move& move, recorder::Step& step) {
    std::string& state = states_.try_emplace(move.agent, Interleaving::kInitialState).first->second;
    switch (move.change) {
      case Move::Change::kNone: (void)step.Commit(); break;
      case Move::Change::kFail: step.Fail({"planned", "as the moves say"}); break;
      case Move::Change::kWhole:
        state = move.text;
        (void)step.Commit(Body{state, "text/plain"});
        break;
      case Move::Change::kEdit:
        (void)step.Commit(StateEdit::Append(state.size(), move.text));
        state += move.text;
        break;
    }
  }

  const std::vector<Move>& moves_;
  recorder::Session& session_;
  const bool abandon_;
  std::vector<size_t> own_[Interleaving::kThreads];
  size_t at_[Interleaving::kThreads] = {};
  std::mutex mutex_;
  std::condition_variable turn_;
  size_t next_ = 0;
  std::map<MessageId, Message> carried_;
  std::map<uint32_t, std::string> states_;
};

}  // namespace

void Perform(const Interleaving& interleaving, recorder::Session* session, bool abandon) {
  for (uint32_t agent = 1; agent <= Interleaving::kAgents; ++agent) {
    session->AddAgent({.name = Interleaving::AgentName(agent),
                       .initial_state = {Interleaving::kInitialState, "text/plain"}});
  }
  Players(interleaving, session, abandon).Play();
}

}  // namespace backstep::testing

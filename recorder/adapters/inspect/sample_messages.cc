#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/talk.h"
#include "backstep/recorder/adapters/inspect/sample.h"

namespace backstep::adapters {

void TellMessages(const Json& sample, Attachments* attachments, Sink& sink, SessionDraft* draft) {
  const Json* messages = Find(sample, "messages");
  if (messages == nullptr || !messages->is_array() || messages->empty()) return;
  Talk talk(draft, &sink);
  for (size_t i = 0; i < messages->size(); ++i) {
    const Json message = attachments->Resolve((*messages)[i]);
    const Json* content = Find(message, "content");
    const std::string text = content == nullptr ? "" : ContentText(*content);
    talk.Say({.agent = NamedAt(message, "role"), .text = text, .item = &message, .index = i});
    if (const Json* calls = Find(message, "tool_calls"); calls != nullptr && calls->is_array()) {
      for (const Json& call : *calls) {
        const Json* arguments = Find(call, "arguments");
        const std::string request = arguments == nullptr ? "" : BodyText(*arguments);
        talk.Call({.step = {},
                   .name = TextAt(call, "function"),
                   .tool_type = TextAt(call, "type"),
                   .request = sink.Keep(request, MediaOf(request))},
                  TextAt(call, "id"));
      }
    }
    const std::string id = TextAt(message, "tool_call_id");
    if (!id.empty()) talk.Answer(id, text, MediaOf(text));
  }
}

}  // namespace backstep::adapters

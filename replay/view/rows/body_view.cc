#include "backstep/replay/view/rows/body_view.h"

#include "backstep/base/utf8.h"
#include "backstep/replay/view/text.h"

namespace backstep::replay {
namespace {

bool IsTextType(const std::string& media_type) {
  return media_type.starts_with("text/") || media_type.starts_with("application/json");
}

void FillText(const std::string& bytes, size_t text_bytes_max, BodyView* view) {
  view->binary = !IsUtf8(bytes);
  if (view->binary && !IsTextType(view->media_type)) return;
  view->text = std::string(CutUtf8(bytes, text_bytes_max));
  view->whole = !view->binary && view->text.size() == bytes.size();
}

}  // namespace

Result<BodyView> ViewBody(store::Line& line, const BodyRef& ref, size_t text_bytes_max) {
  BodyView view;
  if (ref.where == BodyRef::Where::kNone) return view;
  view.present = true;
  view.size_bytes = ref.size;
  view.media_type = ref.media_type;
  if (!ref.hash.IsZero()) view.hash = ref.hash.ToHex();
  view.dropped = ref.where == BodyRef::Where::kDropped;
  if (view.dropped || text_bytes_max == 0) return view;
  auto body = line.ReadBody(ref);
  if (!body.ok()) {
    if (body.status().code() != StatusCode::kIncomplete) return body.status();
    view.dropped = true;
    return view;
  }
  FillText(body->bytes, text_bytes_max, &view);
  return view;
}

BodyView ViewBytes(const Body& body, size_t text_bytes_max) {
  BodyView view;
  view.present = true;
  view.size_bytes = body.bytes.size();
  view.media_type = body.media_type;
  view.hash = HashBytes(body.bytes).ToHex();
  if (text_bytes_max != 0) FillText(body.bytes, text_bytes_max, &view);
  return view;
}

}  // namespace backstep::replay

#include "backstep/store/index/columns/chunk_writer.h"

namespace backstep::store {

StepNumber ChunkOf(StepNumber step, StepNumber after) {
  const uint64_t place = step.value - after.value - 1;
  return StepNumber(step.value - place % kChunkSteps);
}

Status ChunkWriter::Prepare(Database& db) {
  BACKSTEP_ASSIGN_OR_RETURN(insert_, db.Prepare("INSERT INTO step_columns VALUES (?,?,?)"));
  return Status();
}

Status ChunkWriter::Add(Line& line, const StepRecord& step,
                        const std::vector<EffectRecord>& effects) {
  const StepNumber first = ChunkOf(step.number, line.fork());
  const StepNumber last(first.value + kChunkSteps - 1);
  if (log_ != line.id() || !packer_ || packer_->next() != step.number) packer_.reset();
  log_ = line.id();
  if (!packer_ && step.number == first) packer_.emplace(first);
  if (packer_) {
    MakeOutline(step, effects, OutlineOrigin(line.header()), &outline_);
    packer_->Add(outline_);
  } else if (step.number == last) {
    ReadAgain(line, first, last);
  }
  if (!packer_ || !packer_->full()) return Status();
  const std::optional<std::string> chunk = packer_->Finish(log_);
  packer_.reset();
  if (!chunk) return Status();
  return insert_.AddNumber(log_.value).AddNumber(first.value).AddBlob(*chunk).Run();
}

void ChunkWriter::ReadAgain(Line& line, StepNumber first, StepNumber last) {
  packer_.emplace(first);
  const auto add = [&](const StepRecord& step, const std::vector<EffectRecord>& effects) {
    MakeOutline(step, effects, OutlineOrigin(line.header()), &outline_);
    packer_->Add(outline_);
    return true;
  };
  // Steps that cannot be read any more are no failure of those that follow: the chunk is left out.
  if (!line.ScanStepsWithEffects(first, last, add).ok()) packer_.reset();
}

}  // namespace backstep::store

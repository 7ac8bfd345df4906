#include "adapters/redis/reply_reader.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace zonecast::redis {

ReplyReader::ReplyReader(ReplyLimits limits) : limits_(limits), reader_(redisReaderCreate()) {
  inner_ = reader_->fn;
  functions_ = *inner_;
  functions_.createArray = createArray;
  functions_.createString = createString;
  reader_->fn = &functions_;
  reader_->privdata = this;
}

void ReplyReader::feed(std::string_view octets) {
  redisReaderFeed(reader_.get(), octets.data(), octets.size());  // a failure is told by next()
}

tl::expected<std::optional<Reply>, std::string> ReplyReader::next() {
  if (!refusal_.empty()) return tl::unexpected(refusal_);
  void* parsed = nullptr;
  if (redisReaderGetReply(reader_.get(), &parsed) != REDIS_OK) {
    if (refusal_.empty()) refusal_ = fmt::format("not the Redis protocol: {}", reader_->errstr);
    return tl::unexpected(refusal_);
  }
  if (parsed != nullptr) {
    elements_ = octets_ = 0;
    return Reply(static_cast<redisReply*>(parsed));
  }
  if (!permitOctets(arriving())) return tl::unexpected(refusal_);
  return std::nullopt;
}

void* ReplyReader::createArray(const redisReadTask* task, int elements) {
  auto& self = *static_cast<ReplyReader*>(task->privdata);
  const auto more = static_cast<std::size_t>(elements);
  if (!self.permitElements(more)) return nullptr;
  self.elements_ += more;
  return self.inner_->createArray(task, elements);
}

void* ReplyReader::createString(const redisReadTask* task, char* octets, std::size_t size) {
  auto& self = *static_cast<ReplyReader*>(task->privdata);
  if (!self.permitOctets(size)) return nullptr;
  self.octets_ += size;
  return self.inner_->createString(task, octets, size);
}

bool ReplyReader::permitElements(std::size_t more) {
  if (more <= limits_.elements_max - elements_) return true;
  refusal_ = fmt::format("the reply announces {} elements: more than {} are not taken",
                         elements_ + more, limits_.elements_max);
  return false;
}

bool ReplyReader::permitOctets(std::size_t more) {
  if (more <= limits_.octets_max - octets_) return true;
  refusal_ = fmt::format("the reply has {} octets or more: more than {} are not taken",
                         octets_ + more, limits_.octets_max);
  return false;
}

// Of the line or text that has not come whole: so much is there or, of a text, announced.
std::size_t ReplyReader::arriving() const {
  const std::size_t there = reader_->len - reader_->pos;
  std::size_t announced = 0, framing = 1;  // the CR of a line
  if (reader_->ridx >= 0 && reader_->rstack[reader_->ridx].type == REDIS_REPLY_STRING) {
    const char* const length = reader_->buf + reader_->pos;
    const char* const end = std::from_chars(length, length + there, announced).ptr;
    framing = static_cast<std::size_t>(end - length) + 4;  // two CR LF
  }
  return std::max(announced, there - std::min(there, framing));
}

}  // namespace zonecast::redis

// Replies for tests, from the text of their records.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "reconciler/dns/message.h"
#include "reconciler/query/question.h"
#include "test/support/records.h"

namespace zonecast::query {

using Octets = std::vector<std::uint8_t>;

struct ReplyText {
  dns::Header header{.qr = true, .aa = true, .rd = true, .ra = true};
  Question question;
  std::string_view answer, authority, additional;
};

inline Question questionFromText(std::string_view name, dns::RrType type) {
  return {test::nameFromText(name), type};
}

inline Octets replyOf(const ReplyText& reply) {
  dns::MessageWriter writer(reply.header);
  writer.question(reply.question.name, reply.question.type);
  const auto add = [&writer](dns::Section section, std::string_view text) {
    for (const auto& record : test::recordsFromText(text)) writer.record(section, record.view());
  };
  add(dns::Section::answer, reply.answer);
  add(dns::Section::authority, reply.authority);
  add(dns::Section::additional, reply.additional);
  return std::move(writer).take();
}

}  // namespace zonecast::query

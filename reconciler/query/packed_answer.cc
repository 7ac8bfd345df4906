// The block: the number of aliases, one octet; each alias' type, owner and target; each record's
// RDATA to the end. Names stand behind one octet of length, RDATA behind two, which is as much as
// either may have.
#include "reconciler/query/packed_answer.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>

namespace zonecast::query {
namespace {

constexpr std::size_t kAliasesMax = 255;

void appendName(std::string& octets, dns::NameView name) {
  octets += static_cast<char>(name.wire().size());
  octets += name.wire();
}

}  // namespace

// From the front of a block to its end; what it reads was written by the constructor.
class PackedAnswer::Reader {
 public:
  explicit Reader(std::string_view octets) : rest_(octets) {}

  bool atEnd() const { return rest_.empty(); }
  std::size_t u8() { return static_cast<std::uint8_t>(take(1)[0]); }
  std::string_view take(std::size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  AliasView alias() {
    AliasView alias;
    alias.type = u8() == 0 ? dns::RrType::cname : dns::RrType::dname;
    alias.owner = name();
    alias.leads_to = name();
    return alias;
  }
  std::span<const std::uint8_t> rdata() {
    const std::size_t high = u8();
    const std::string_view octets = take(high << 8 | u8());
    return {reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size()};
  }

 private:
  dns::NameView name() { return dns::NameView::fromCanonicalWire(take(u8())); }

  std::string_view rest_;
};

PackedAnswer::PackedAnswer(const Answer& answer) {
  if (answer.aliases.empty() && answer.rrset.empty()) return;
  assert(answer.aliases.size() <= kAliasesMax);
  std::string octets(1, static_cast<char>(answer.aliases.size()));
  for (const Alias& alias : answer.aliases) {
    octets += static_cast<char>(alias.type == dns::RrType::cname ? 0 : 1);
    appendName(octets, alias.owner);
    appendName(octets, alias.leads_to);
  }
  for (const Rdata& rdata : answer.rrset) {
    octets += {static_cast<char>(rdata.size() >> 8), static_cast<char>(rdata.size() & 0xff)};
    octets.append(rdata.begin(), rdata.end());
  }
  const auto size = static_cast<std::uint32_t>(octets.size());
  block_ = std::make_unique_for_overwrite<std::uint8_t[]>(sizeof size + octets.size());
  std::memcpy(block_.get(), &size, sizeof size);
  std::ranges::copy(octets, block_.get() + sizeof size);
}

std::string_view PackedAnswer::octets() const {
  if (!block_) return {};
  std::uint32_t size = 0;
  std::memcpy(&size, block_.get(), sizeof size);
  return {reinterpret_cast<const char*>(block_.get() + sizeof size), size};
}

std::vector<PackedAnswer::AliasView> PackedAnswer::aliases() const {
  std::vector<AliasView> aliases;
  if (!block_) return aliases;
  Reader reader(octets());
  for (std::size_t left = reader.u8(); left > 0; --left) aliases.push_back(reader.alias());
  return aliases;
}

std::vector<std::span<const std::uint8_t>> PackedAnswer::rrset() const {
  std::vector<std::span<const std::uint8_t>> rrset;
  if (!block_) return rrset;
  Reader reader(octets());
  for (std::size_t left = reader.u8(); left > 0; --left) reader.alias();
  while (!reader.atEnd()) rrset.push_back(reader.rdata());
  return rrset;
}

}  // namespace zonecast::query

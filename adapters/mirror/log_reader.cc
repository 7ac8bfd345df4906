#include "adapters/mirror/log_reader.h"

#include <charconv>
#include <climits>
#include <utility>

#include <fmt/format.h>

#include "schema/redis_keys.h"

namespace zonecast::mirror {
namespace {

// Far more than a publisher puts into one call.
constexpr std::size_t kVersionOctetsMax = std::size_t{64} << 20;
// No chunk has a greater number.
constexpr std::string_view kAfterAllChunks = "18446744073709551615";

struct EntryId {
  std::uint64_t version = 0, chunk = 0;
};

std::optional<EntryId> idFromText(std::string_view text) {
  EntryId id;
  const char* end = text.data() + text.size();
  const auto [dash, bad_version] = std::from_chars(text.data(), end, id.version);
  if (bad_version != std::errc() || dash == end || *dash != '-') return std::nullopt;
  const auto [stopped, bad_chunk] = std::from_chars(dash + 1, end, id.chunk);
  if (bad_chunk != std::errc() || stopped != end) return std::nullopt;
  return id;
}

}  // namespace

std::string LogReader::position() const {
  if (isWithinVersion()) return fmt::format("{}-{}", pending_.version, pending_.entries.size());
  return fmt::format("{}-{}", version_, kAfterAllChunks);
}

tl::expected<std::optional<LogVersion>, std::string> LogReader::take(std::string_view id_text,
                                                                     std::string_view field,
                                                                     std::string_view value) {
  const auto fail = [&](std::string_view why) {
    return tl::unexpected(fmt::format("log entry {}: {}", id_text.substr(0, 41), why));
  };
  const auto id = idFromText(id_text);
  if (!id || id->version <= version_) return fail("an ID that is none of ours");
  if (field != schema::kLogChanges && field != schema::kLogRebase)
    return fail("not of a kind we know");
  v1::ChangeSet changes;
  if (value.size() > INT_MAX ||
      !changes.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    return fail("no ChangeSet");
  }
  if (changes.lineage() != lineage_) return fail("it is of another lineage");
  if (changes.version() != id->version || changes.chunk() != id->chunk)
    return fail("it says that it is another");

  if (!isWithinVersion()) {
    pending_.term = changes.term();
    pending_.version = id->version;
    pending_.content = changes.content();
    pending_chunks_ = changes.chunks();
    pending_octets_ = 0;
  }
  const std::uint64_t due = pending_.entries.size() + 1;
  if (id->version != pending_.version || id->chunk != due || due > pending_chunks_)
    return fail("parts of a version are missing before it");
  if (changes.chunks() != pending_chunks_ || changes.content() != pending_.content)
    return fail("the parts of its version contradict each other");
  pending_octets_ += value.size();
  if (pending_octets_ > kVersionOctetsMax) return fail("its version is too long");

  pending_.rebase |= field == schema::kLogRebase || changes.rebase();
  pending_.entries.emplace_back(value);
  pending_.changes.push_back(std::move(changes));
  if (due < pending_chunks_) return std::nullopt;
  version_ = pending_.version;
  return std::exchange(pending_, {});
}

}  // namespace zonecast::mirror

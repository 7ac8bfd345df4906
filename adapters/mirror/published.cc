#include "adapters/mirror/published.h"

#include <fmt/format.h>

#include "adapters/redis/convert.h"
#include "schema/redis_keys.h"

namespace zonecast::mirror {
namespace {

constexpr std::size_t kLineageOctetsMax = 36;  // a UUID

}  // namespace

tl::expected<Published, std::string> publishedIn(const redis::Meta& meta) {
  Published published;
  published.position.lineage = meta.field("lineage");
  if (published.isNothing()) return published;
  if (meta.field("schema") != schema::kSchemaVersion) {
    return tl::unexpected(
        fmt::format("meta: schema \"{}\" is not ours, which is {}: update the mirror",
                    meta.field("schema").substr(0, 20), schema::kSchemaVersion));
  }
  const auto term = redis::numberFromText(meta.field("term"));
  const auto version = redis::numberFromText(meta.field("version"));
  const auto content = redis::contentFromText(meta.field("content"));
  const auto chain = redis::chainFromText(meta.field("chain"));
  const auto domains = redis::numberFromText(meta.field("domains"));
  const auto virtual_domains = redis::numberFromText(meta.field("virtual_domains"));
  const bool is_whole = term && version && content && chain && domains && virtual_domains;
  if (!is_whole || published.position.lineage.size() > kLineageOctetsMax)
    return tl::unexpected(std::string("meta: its fields are malformed"));
  published.position.term = *term;
  published.position.version = *version;
  published.position.content = *content;
  published.position.chain.assign(chain->begin(), chain->end());
  published.generation = meta.field("generation");
  published.domains = *domains;
  published.virtual_domains = *virtual_domains;
  return published;
}

}  // namespace zonecast::mirror

#include <fmt/format.h>

#include "reconciler/derive/domain.h"
#include "reconciler/discovery/settings.h"

namespace zonecast::discovery {

tl::expected<Pattern, std::string> Pattern::fromText(std::string_view text) {
  constexpr std::string_view kBelow = "*.";
  if (text == "*") return Pattern(Scope::all, "");
  const bool is_below = text.starts_with(kBelow);
  if (is_below) text.remove_prefix(kBelow.size());
  const auto domain = derive::Domain::fromText(text);
  if (!domain) return tl::unexpected(domain.error());
  return Pattern(is_below ? Scope::below : Scope::name, domain->text());
}

std::string Pattern::toText() const {
  switch (scope_) {
    case Scope::name:
      return name_;
    case Scope::below:
      return fmt::format("*.{}", name_);
    case Scope::all:
      break;
  }
  return "*";
}

}  // namespace zonecast::discovery

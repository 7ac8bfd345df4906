// Which of the values that were said of an attribute stand: the table in attribute.h.
#include "reconciler/identity/attribute.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "absl/container/inlined_vector.h"
#include "reconciler/identity/printable.h"

namespace zonecast::identity {
namespace {

using Values = AttributeValues;

// Tags with a meaning of their own are none, whatever a schema says.
bool isAttribute(std::string_view name) {
  return std::ranges::find(kOwnTags, name) == kOwnTags.end();
}

// What somebody says of one attribute.
struct Said {
  std::string_view name;
  absl::InlinedVector<std::string_view, 2> texts{};
  std::size_t spoiled = 0;  // further times, with a value that the grammar refused

  std::size_t times() const { return texts.size() + spoiled; }
};

// All that somebody says: few things, so they are looked for one by one.
class Sayings {
 public:
  Said& of(std::string_view name) {
    const auto known = std::ranges::find(all_, name, &Said::name);
    return known != all_.end() ? *known : all_.emplace_back(Said{name, {}});
  }
  const Said* find(std::string_view name) const {
    const auto known = std::ranges::find(all_, name, &Said::name);
    return known != all_.end() ? &*known : nullptr;
  }
  const auto& all() const { return all_; }

 private:
  absl::InlinedVector<Said, 8> all_;
};

Sayings saidBy(const Claim& claim) {
  Sayings said;
  for (const auto& tag : claim.tags) {
    if (isAttribute(tag.name)) said.of(tag.name).texts.push_back(tag.value);
  }
  for (const auto& name : claim.spoiled) {
    if (isAttribute(name)) ++said.of(name).spoiled;
  }
  return said;
}

Sayings saidBy(const std::map<std::string, std::vector<std::string>>& operator_sets) {
  Sayings said;
  for (const auto& [name, texts] : operator_sets) {
    if (isAttribute(name) && !texts.empty()) said.of(name).texts.assign(texts.begin(), texts.end());
  }
  return said;
}

// Of all attributes that there are or that somebody speaks of: in order, each once.
absl::InlinedVector<std::string_view, 16> namesIn(const AttributeSchema& schema,
                                                  const Sayings& by_claim,
                                                  const Sayings& by_operator) {
  absl::InlinedVector<std::string_view, 16> names;
  for (const auto& [name, spec] : schema.specs) {
    if (isAttribute(name)) names.push_back(name);
  }
  for (const Said& said : by_claim.all()) names.push_back(said.name);
  for (const Said& said : by_operator.all()) names.push_back(said.name);
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

AttributeSpec undeclared(std::string_view name) {
  AttributeSpec spec;
  spec.name = name;
  spec.setter = Setter::customer;
  spec.multi = true;
  return spec;
}

// Resolves one attribute.
class Resolver {
 public:
  Resolver(const AttributeSpec& spec, Setter speaker, std::vector<std::string>& warnings)
      : spec_(spec), speaker_(speaker), warnings_(warnings) {}

  // Each of the two is nothing when nothing was said.
  Values resolve(const Said* by_operator, const Said* by_claim, const Attributes& last_good) {
    if (!by_operator && !by_claim) return spec_.defaults;
    if (by_operator && by_claim) warn("tag", "the operator has set it");
    auto values =
        by_operator ? fitting(*by_operator, "the operator's setting") : claimed(*by_claim);
    return values.empty() ? lastGood(last_good) : values;
  }

 private:
  Values claimed(const Said& said) {
    if (spec_.setter >= speaker_) return fitting(said, "tag");
    warn("tag", fmt::format("only the {} may set it", toText(spec_.setter)));
    return {};
  }

  // Empty when none stands.
  Values fitting(const Said& said, std::string_view what) {
    Values values;
    if (said.times() > 1 && !spec_.multi) {
      warn(what, fmt::format("it is given {} times and takes one value", said.times()));
      return values;
    }
    for (const auto text : said.texts) {
      auto value = parseValue(spec_, text);
      if (!value) {
        warn(what, fmt::format("{} does not fit, {}", quoted(text), value.error()));
      } else if (std::ranges::find(values, *value) == values.end()) {
        values.push_back(*std::move(value));
      }
    }
    return values;
  }

  Values lastGood(const Attributes& last_good) const {
    const auto it = last_good.find(spec_.name);
    if (it == last_good.end() || (it->second.size() > 1 && !spec_.multi)) return spec_.defaults;
    const auto allowed = [this](const AttributeValue& value) {
      const auto again = parseValue(spec_, toText(value));
      return again && *again == value;
    };
    return std::ranges::all_of(it->second, allowed) ? it->second : spec_.defaults;
  }

  void warn(std::string_view what, std::string_view why) {
    warnings_.push_back(fmt::format("{} {} is ignored: {}", what, spec_.name, why));
  }

  const AttributeSpec& spec_;
  const Setter speaker_;
  std::vector<std::string>& warnings_;
};

}  // namespace

AttributeResult resolveAttributes(
    const Claim& claim, Setter speaker, const AttributeSchema& schema,
    const std::map<std::string, std::vector<std::string>>& operator_sets,
    const Attributes& last_good) {
  const auto by_claim = saidBy(claim);
  const auto by_operator = saidBy(operator_sets);
  AttributeResult result;
  for (const auto name : namesIn(schema, by_claim, by_operator)) {
    const auto declared = schema.specs.find(name);
    const bool is_declared = declared != schema.specs.end();
    if (!is_declared && schema.undeclared == Undeclared::ignore) {
      result.warnings.push_back(fmt::format("attribute {} is ignored: it is not declared", name));
      continue;
    }
    const auto kept = is_declared ? std::nullopt : std::optional(undeclared(name));
    Resolver resolver(kept ? *kept : declared->second, speaker, result.warnings);
    auto values = resolver.resolve(by_operator.find(name), by_claim.find(name), last_good);
    if (!values.empty()) result.attributes.emplace(name, std::move(values));
  }
  return result;
}

}  // namespace zonecast::identity

// libzonecast for C++17 and later: the C interface (zonecast.h, which tells all) with its handle owned
// and its texts as string_view. Header only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "zonecast.h"

namespace zonecast {

inline std::string_view view(zonecast_text text) { return {text.octets, text.length}; }

struct Seconds {
  std::int64_t count = 0;
};
using AttributeValue = std::variant<std::int64_t, std::string_view, bool, Seconds>;

class Domain {
 public:
  std::string_view name() const { return view(domain_.name); }
  std::string_view did() const { return view(domain_.did); }
  zonecast_state state() const { return domain_.state; }
  zonecast_role role() const { return domain_.role; }
  unsigned transports() const { return domain_.transports; }

 private:
  friend class Table;
  zonecast_domain domain_{};
};

class VirtualDomain {
 public:
  std::string_view did() const { return view(found_.did); }
  std::string_view customer() const { return view(found_.customer); }
  std::string_view canonical() const { return view(found_.canonical); }
  std::size_t domains() const { return found_.domains; }

  // The k-th, ascending; empty when there is none.
  std::string_view domain(std::size_t k) const {
    zonecast_text text;
    return zonecast_member(table_, &found_, k, &text) ? view(text) : std::string_view();
  }
  // The k-th value of an attribute.
  std::optional<AttributeValue> attribute(std::string_view name, std::size_t k = 0) const {
    zonecast_value value;
    if (!zonecast_attribute_find(table_, &found_, name.data(), name.size(), k, &value)) return std::nullopt;
    return valueOf(value);
  }
  // Calls `visit(name, value)` for each value, ascending by name.
  template <typename Visit>
  void eachAttribute(Visit&& visit) const {
    zonecast_value value;
    for (std::size_t k = 0; zonecast_attribute(table_, &found_, k, &value); ++k) visit(view(value.name), valueOf(value));
  }

 private:
  friend class Table;
  static AttributeValue valueOf(const zonecast_value& value) {
    switch (value.type) {
      case ZONECAST_INTEGER:
        return value.number;
      case ZONECAST_BOOLEAN:
        return value.number != 0;
      case ZONECAST_DURATION:
        return Seconds{value.number};
      case ZONECAST_STRING:
        break;
    }
    return view(value.text);
  }

  const zonecast_table* table_ = nullptr;
  zonecast_virtual_domain found_{};
};

// One per thread. An empty one, whose open() failed, answers nothing and may only be tested.
class Table {
 public:
  // A table that is false says why in `error`.
  static Table open(const std::string& path, std::string& error, zonecast_options options = {}) {
    char why[512] = "";
    options.size = sizeof(options);
    Table table(zonecast_open(path.c_str(), &options, why, sizeof(why)));
    error = why;
    return table;
  }
  explicit operator bool() const { return handle_ != nullptr; }

  bool refresh() { return zonecast_refresh(handle_.get()); }
  std::string_view error() const { return zonecast_error(handle_.get()); }

  zonecast_answer lookup(std::string_view host, Domain& domain) const {
    return zonecast_lookup(handle_.get(), host.data(), host.size(), &domain.domain_);
  }
  std::optional<VirtualDomain> virtualDomain(const Domain& of) const {
    VirtualDomain found;
    found.table_ = handle_.get();
    if (!zonecast_virtual_domain_of(handle_.get(), &of.domain_, &found.found_)) return std::nullopt;
    return found;
  }
  std::optional<VirtualDomain> virtualDomain(std::string_view did) const {
    VirtualDomain found;
    found.table_ = handle_.get();
    if (!zonecast_virtual_domain_find(handle_.get(), did.data(), did.size(), &found.found_)) return std::nullopt;
    return found;
  }
  zonecast_status status() const {
    zonecast_status told;
    zonecast_status_of(handle_.get(), &told);
    return told;
  }
  bool wanted(std::string_view host) { return zonecast_wanted(handle_.get(), host.data(), host.size()); }

 private:
  struct Close {
    void operator()(zonecast_table* table) const { zonecast_close(table); }
  };
  explicit Table(zonecast_table* handle) : handle_(handle) {}

  std::unique_ptr<zonecast_table, Close> handle_;
};

}  // namespace zonecast

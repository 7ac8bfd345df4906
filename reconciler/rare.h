// A value that few of many objects have: like std::optional, and as small as a pointer where there
// is none. It can be moved, not copied.
#pragma once

#include <memory>
#include <optional>
#include <utility>

namespace zonecast {

template <typename T>
class Rare {
 public:
  Rare() = default;
  Rare(std::nullopt_t) {}  // NOLINT: is one without a value
  Rare(T value) : value_(std::make_unique<T>(std::move(value))) {}  // NOLINT: is a T
  Rare(std::optional<T> value) {                                    // NOLINT: is the same
    if (value) value_ = std::make_unique<T>(*std::move(value));
  }

  explicit operator bool() const { return value_ != nullptr; }
  bool has_value() const { return value_ != nullptr; }
  const T* get() const { return value_.get(); }  // null where there is none
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_.get(); }
  const T* operator->() const { return value_.get(); }

  friend bool operator==(const Rare& a, const Rare& b) {
    return a && b ? *a == *b : a.has_value() == b.has_value();
  }
  friend bool operator==(const Rare& a, const std::optional<T>& b) {
    return a && b ? *a == *b : a.has_value() == b.has_value();
  }
  friend bool operator==(const Rare& a, const T& b) { return a && *a == b; }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace zonecast

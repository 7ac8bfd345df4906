// A command in Redis' wire format (RESP arrays of bulk strings), built up argument by argument.
// Arguments are octets, of any value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace zonecast::redis {

class Command {
 public:
  explicit Command(std::string_view name) : title_(name) { add(name); }

  Command& add(std::string_view argument) {
    fmt::format_to(std::back_inserter(body_), "${}\r\n", argument.size());
    body_.append(argument).append("\r\n");
    ++arguments_;
    return *this;
  }
  Command& add(std::uint64_t number) { return add(fmt::format_int(number).str()); }
  // As add(), and the argument becomes part of the command's title.
  Command& subject(std::string_view argument) {
    title_.append(" ").append(argument);
    return add(argument);
  }

  const std::string& title() const { return title_; }  // for people: "HSCAN zonecast:{a}:domain"
  std::size_t size() const { return body_.size(); }
  std::string octets() const { return fmt::format("*{}\r\n{}", arguments_, body_); }

 private:
  std::string title_;
  std::string body_;
  std::size_t arguments_ = 0;
};

}  // namespace zonecast::redis

#include "app/zonecastd/until.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace zonecast {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr days kMost{3650};

// Exactly these digits: what is not there, or anything else, is no number.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  int number = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

bool hasForm(std::string_view text, std::string_view form) {
  if (text.size() != form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '0' && text[i] != form[i]) return false;
  }
  return true;
}

std::optional<WallTime> dateFromText(std::string_view text) {
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  if (hasForm(text, "0000-00-00")) return std::chrono::sys_days(date);
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  const bool is_time = hasForm(text, "0000-00-00T00:00:00Z") && hour && minute && second &&
                       *hour < 24 && *minute < 60 && *second < 60;
  if (!is_time) return std::nullopt;
  return std::chrono::sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second);
}

// As far as it is not too long.
std::optional<Duration> spanFromText(std::string_view text) {
  static constexpr std::array<std::pair<char, seconds>, 4> kUnits{
      {{'s', seconds(1)}, {'m', minutes(1)}, {'h', hours(1)}, {'d', days(1)}}};
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || text.data() + text.size() - end != 1) return std::nullopt;
  for (const auto& [unit, length] : kUnits) {
    if (*end == unit && count * length <= kMost) return count * length;
  }
  return std::nullopt;
}

}  // namespace

tl::expected<plan::Deadline, std::string> untilFromText(std::string_view text, WallTime now) {
  std::optional<WallTime> until = dateFromText(text);
  if (const auto span = spanFromText(text)) until = now + *span;
  if (!until) {
    return tl::unexpected<std::string>(
        "until when: a day such as 2026-12-24, a time such as 2026-12-24T18:00:00Z, or a span such "
        "as 30m, 2h or 3d, of 3650d at most");
  }
  if (*until <= now) return tl::unexpected(fmt::format("{} is over already", text));
  if (*until > now + kMost) {
    return tl::unexpected(fmt::format("{} is too far away: 3650 days from now at most", text));
  }
  return plan::deadlineAt(*until);
}

std::string untilText(plan::Deadline until) {
  return fmt::format("{:%FT%TZ}", std::chrono::sys_seconds(until));
}

}  // namespace zonecast

// How single values are written in the configuration, and written back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reconciler/query/question.h"
#include "reconciler/time.h"
#include "reconciler/xfr/endpoint.h"

namespace zonecast::config {

// Decimal digits, nothing else.
std::optional<std::uint64_t> numberFromText(std::string_view text);

// A number and its unit: ms, s, m, h or d. Back in the largest unit that leaves no remainder.
std::optional<Duration> durationFromText(std::string_view text);
std::string toText(Duration duration);

// A number of octets, or one of KiB, MiB or GiB.
std::optional<std::uint64_t> octetsFromText(std::string_view text);
std::string octetsToText(std::uint64_t octets);

// "192.0.2.1:53", "[2001:db8::1]:53"; the port is not 0.
std::optional<xfr::Endpoint> endpointFromText(std::string_view text);
bool isLoopback(const xfr::Address& address);  // 127.0.0.0/8, ::1

std::optional<query::DnssecPolicy> dnssecFromText(std::string_view text);

// 1 to 64 letters, digits, `_`, `.` or `-`: what names a customer, a primary or a deployment.
bool isPlainName(std::string_view text);

}  // namespace zonecast::config

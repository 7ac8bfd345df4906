// Reads a zone's master file (RFC 1035 section 5): its text in, its records out, each with the line
// that it begins in.
//
// The text is anybody's. $ORIGIN and $TTL are followed; $INCLUDE and $GENERATE are refused, since
// they make of a text something that is not in it. Fields are read by ldns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "absl/functional/function_ref.h"
#include "adapters/master_file/entry_splitter.h"
#include "reconciler/dns/name.h"
#include "reconciler/dns/record.h"

namespace zonecast::master_file {

// What it says against a record ends the reading: it is the trouble of that line.
using TakeRecord =
    absl::FunctionRef<tl::expected<void, std::string>(const dns::RecordView&, std::uint32_t line)>;

// `origin` is what relative names are relative to before any $ORIGIN; null: the first record's
// owner, which must be absolute then: a zone begins with its apex.
tl::expected<void, Trouble> read(std::string_view text, const dns::Name* origin, TakeRecord take);

}  // namespace zonecast::master_file

// The published state as the core has it, and as it stands in Redis (schema/): both ways.
//
// Encoding a decoded value gives the same octets again; readBack() holds the store to that, since
// the content sum is kept by encoding what a change takes away.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "reconciler/identity/virtual_domain.h"
#include "reconciler/plan/table.h"
#include "reconciler/plan/version.h"
#include "schema/did_value.h"
#include "schema/zonecast.pb.h"

namespace zonecast::redis {

v1::DomainEntry toMessage(const derive::Domain& domain, const plan::DomainEntry& entry);
v1::VirtualDomain toMessage(const identity::Did& did,
                            const identity::VirtualDomain& virtual_domain);

schema::DidValue toValue(const plan::DidRecord& record);
plan::DidRecord fromValue(const schema::DidValue& value);

tl::expected<plan::DomainEntry, std::string> fromMessage(const v1::DomainEntry& message);
tl::expected<identity::VirtualDomain, std::string> fromMessage(const v1::VirtualDomain& message);

std::string toText(plan::Version version);
std::string toText(plan::Term term);
std::string toText(const plan::Chain& chain);  // 64 hexadecimal digits
std::string contentText(std::uint64_t sum);    // 16 hexadecimal digits

// The whole text, in the form that toText() gives; nothing otherwise.
std::optional<std::uint64_t> numberFromText(std::string_view text);
std::optional<std::uint64_t> contentFromText(std::string_view text);
std::optional<plan::Chain> chainFromText(std::string_view text);

}  // namespace zonecast::redis

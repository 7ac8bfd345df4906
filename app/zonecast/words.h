// The daemon's messages in the words that an operator reads. Nothing here trusts their content: a
// daemon of another version may have sent them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schema/control.pb.h"

namespace zonecast {

std::string orDash(const std::string& text);

// What takes long just now, and how far it is; empty: nothing.
std::string workText(const v1::Status& status);
std::string durationText(std::uint64_t seconds);  // "3d 4h", "12m 5s", "7s"
std::string joined(const google::protobuf::RepeatedPtrField<std::string>& texts);  // "a, b"
std::string valuesText(const v1::Attribute& attribute);
std::string entryText(const v1::DomainEntry& entry);  // "hosted udp,tcp primary did=iptel"
std::string domainLine(const v1::WatchEvent::DomainChange& change);  // "  - a.test  was ..."
// "  ~ DID a  max_calls=7 -> max_calls=3", and who has it and which domain carries them, when that
// is otherwise.
std::string attributesLine(const v1::WatchEvent::VirtualDomainChange& change);
std::string attributesText(const v1::VirtualDomain& virtual_domain);  // " name=a, b other=c"

// Printable, whatever a zone's owner wrote.
std::string stepText(const v1::ExplanationStep& step);  // a line, indented by its depth
// What was applied, or why nothing is.
std::string reloadText(const v1::ReloadReport& report);
std::string planText(const v1::Plan& plan);
std::string eventText(const v1::WatchEvent& event);  // lines, the last one ended

std::vector<std::string> zoneRow(const v1::ZoneStatus& zone);
std::vector<std::string> workerRow(const v1::Worker& worker);
std::vector<std::string> domainRow(const v1::DomainEntry& entry);

}  // namespace zonecast

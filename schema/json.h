// Messages as JSON on one line, with the field names of schema/*.proto.
#pragma once

#include <string>

#include <google/protobuf/message.h>

namespace zonecast {

std::string toJson(const google::protobuf::Message& message);

}  // namespace zonecast

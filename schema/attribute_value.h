// The value of a field of the `attribute` hash: a virtual domain's attributes as one list for
// scripts, "digest.qop=auth;digest.qop=auth-int;peering=open". Ascending by name; a multi-valued
// attribute stands once per value, in order. Integers are decimal, booleans true or false,
// durations decimal seconds with an 's'. Octets of a value other than letters, digits and
// "-._~:/@" are percent-encoded (RFC 3986 section 2.1), with upper-case digits.
#pragma once

#include <string>

#include "schema/zonecast.pb.h"

namespace zonecast::schema {

std::string encodeAttributeValue(const v1::VirtualDomain& virtual_domain);

}  // namespace zonecast::schema

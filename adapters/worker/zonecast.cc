// The C interface of libzonecast on table::Reader. Nothing thrown leaves it.
#include "adapters/worker/zonecast.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <string>
#include <utility>

#include <fcntl.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "adapters/table/host.h"
#include "adapters/table/reader.h"

using zonecast::table::Attribute;
using zonecast::table::DomainKind;
using zonecast::table::DomainRecord;
using zonecast::table::Expected;
using zonecast::table::Host;
using zonecast::table::Node;
using zonecast::table::Reader;
using zonecast::table::ReaderOptions;
using zonecast::table::View;
using zonecast::table::VirtualDomainRecord;

struct zonecast_table {
  Reader reader;
  std::string wanted_path;
  int wanted_socket = -1;
  std::string error;
};

namespace {

zonecast_text textOf(std::string_view text) {
  return {text.data(), text.size()};
}

Expected<uid_t> userId(const char* name) {
  errno = 0;
  const passwd* user = getpwnam(name);
  if (user == nullptr) return tl::unexpected(std::string("there is no user ") + name);
  return user->pw_uid;
}

// What a caller compiled against another version gives: no more than it has.
zonecast_options complete(const zonecast_options* given) {
  zonecast_options options{};
  if (given != nullptr) std::memcpy(&options, given, std::min(given->size, sizeof(options)));
  return options;
}

Expected<zonecast_table*> open(const char* path, const zonecast_options& options) {
  ReaderOptions reader_options{path, std::nullopt, options.max_age};
  if (options.owner != nullptr) {
    const auto user = userId(options.owner);
    if (!user) return tl::unexpected(user.error());
    reader_options.owner = *user;
  }
  auto reader = Reader::open(std::move(reader_options));
  if (!reader) return tl::unexpected(reader.error());
  std::string wanted = options.wanted != nullptr ? options.wanted : std::string(path) + ".wanted";
  return new zonecast_table{std::move(*reader), std::move(wanted), -1, {}};
}

const VirtualDomainRecord* recordOf(const zonecast_virtual_domain* of) {
  return static_cast<const VirtualDomainRecord*>(of->record);
}

bool fill(const Reader& reader, const Node* node, zonecast_virtual_domain* found) {
  *found = {};
  const View& view = reader.view();
  const VirtualDomainRecord* record = node == nullptr ? nullptr : view.virtualDomainOf(*node);
  if (record == nullptr || record->removed != 0) return false;
  found->did = textOf(view.nameOf(*node));
  found->customer = textOf(view.nameOf(record->customer));
  found->canonical = textOf(view.nameOf(record->canonical));
  found->domains = view.membersOf(*record).size();
  found->attributes = record->attribute_count;
  found->record = record;
  if (reader.current()) return true;
  *found = {};
  return false;
}

void fill(const Attribute& attribute, zonecast_value* value) {
  *value = {};
  value->name = textOf(attribute.name);
  if (const auto* integer = std::get_if<std::int64_t>(&attribute.value)) {
    value->type = ZONECAST_INTEGER;
    value->number = *integer;
  } else if (const auto* boolean = std::get_if<bool>(&attribute.value)) {
    value->type = ZONECAST_BOOLEAN;
    value->number = *boolean ? 1 : 0;
  } else if (const auto* seconds = std::get_if<zonecast::table::Seconds>(&attribute.value)) {
    value->type = ZONECAST_DURATION;
    value->number = seconds->count;
  } else {
    value->type = ZONECAST_STRING;
    value->text = textOf(std::get<std::string_view>(attribute.value));
  }
}

bool equalFolded(std::string_view a, std::string_view b) {
  const auto folded = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::ranges::equal(a, b, {}, folded, folded);
}

zonecast_answer answerOf(const View& view, const Node* node, zonecast_domain* domain) {
  const DomainRecord* record = node == nullptr ? nullptr : view.domainOf(*node);
  if (record == nullptr) return ZONECAST_UNKNOWN;
  switch (record->kind) {
    case DomainKind::hosted:
    case DomainKind::retiring:
      domain->name = textOf(view.nameOf(*node));
      domain->did = textOf(view.nameOf(record->virtual_domain));
      domain->state =
          record->kind == DomainKind::hosted ? ZONECAST_STATE_HOSTED : ZONECAST_STATE_RETIRING;
      domain->role =
          record->role == ZONECAST_ROLE_BACKUP ? ZONECAST_ROLE_BACKUP : ZONECAST_ROLE_PRIMARY;
      domain->transports = record->transports;
      domain->record = record;
      // A file that is damaged: hosted by nobody is no answer.
      return domain->did.length > 0 ? ZONECAST_HOSTED : ZONECAST_TOO_OLD;
    case DomainKind::foreign:
      return static_cast<std::int64_t>(record->sum_or_until) > zonecast::table::bootSeconds()
                 ? ZONECAST_FOREIGN
                 : ZONECAST_UNKNOWN;
    case DomainKind::removed:
      break;
  }
  return ZONECAST_UNKNOWN;
}

}  // namespace

extern "C" {

zonecast_table* zonecast_open(const char* path, const zonecast_options* options, char* error,
                              size_t error_size) {
  std::string why;
  try {
    auto opened = open(path, complete(options));
    if (opened) return *opened;
    why = std::move(opened.error());
  } catch (const std::exception& exception) {
    why = exception.what();
  }
  if (error != nullptr && error_size > 0) {
    const std::size_t length = std::min(why.size(), error_size - 1);
    std::memcpy(error, why.data(), length);
    error[length] = '\0';
  }
  return nullptr;
}

void zonecast_close(zonecast_table* table) {
  if (table == nullptr) return;
  if (table->wanted_socket >= 0) close(table->wanted_socket);
  delete table;
}

bool zonecast_refresh(zonecast_table* table) {
  try {
    auto refreshed = table->reader.refresh();
    if (refreshed) {
      table->error.clear();
    } else {
      table->error = std::move(refreshed.error());
    }
    return refreshed.has_value();
  } catch (const std::exception& exception) {
    table->error = exception.what();
    return false;
  }
}

const char* zonecast_error(const zonecast_table* table) {
  return table->error.c_str();
}

zonecast_answer zonecast_lookup(const zonecast_table* table, const char* host, size_t length,
                                zonecast_domain* domain) {
  const Host folded({host, length});
  const Reader& reader = table->reader;
  zonecast_answer answer = ZONECAST_TOO_OLD;
  if (reader.isFilled() && !reader.isTooOld()) {
    const View& view = reader.view();
    answer = answerOf(view, view.find(folded.name()), domain);
    if (!reader.current()) answer = ZONECAST_TOO_OLD;
    if (answer == ZONECAST_HOSTED) return answer;
  }
  *domain = {};
  return folded.isValid() ? answer : ZONECAST_INVALID;
}

bool zonecast_virtual_domain_of(const zonecast_table* table, const zonecast_domain* domain,
                                zonecast_virtual_domain* found) {
  *found = {};
  if (domain->record == nullptr) return false;
  const Reader& reader = table->reader;
  const auto* record = static_cast<const DomainRecord*>(domain->record);
  return fill(reader, reader.view().nodeAt(record->virtual_domain), found);
}

bool zonecast_virtual_domain_find(const zonecast_table* table, const char* did, size_t length,
                                  zonecast_virtual_domain* found) {
  const Reader& reader = table->reader;
  return fill(reader, reader.view().find({did, length}), found);
}

bool zonecast_member(const zonecast_table* table, const zonecast_virtual_domain* of, size_t k,
                     zonecast_text* domain) {
  *domain = {};
  if (of->record == nullptr) return false;
  *domain = textOf(table->reader.view().memberOf(*recordOf(of), k));
  return domain->length > 0;
}

bool zonecast_attribute(const zonecast_table* table, const zonecast_virtual_domain* of, size_t k,
                        zonecast_value* value) {
  *value = {};
  if (of->record == nullptr) return false;
  View::Attributes attributes(table->reader.view(), *recordOf(of));
  while (const auto attribute = attributes.next()) {
    if (k-- > 0) continue;
    fill(*attribute, value);
    return true;
  }
  return false;
}

bool zonecast_attribute_find(const zonecast_table* table, const zonecast_virtual_domain* of,
                             const char* name, size_t length, size_t k, zonecast_value* value) {
  *value = {};
  if (of->record == nullptr) return false;
  View::Attributes attributes(table->reader.view(), *recordOf(of));
  while (const auto attribute = attributes.next()) {
    if (!equalFolded(attribute->name, {name, length}) || k-- > 0) continue;
    fill(*attribute, value);
    return true;
  }
  return false;
}

void zonecast_status_of(const zonecast_table* table, zonecast_status* status) {
  const Reader& reader = table->reader;
  *status = {};
  status->commit = reader.commit();
  status->generation = reader.mapping().header().generation;
  status->age = reader.age().value_or(-1);
  const auto* record = reader.commitRecord();
  if (record == nullptr || !reader.current()) return;
  status->filled = true;
  status->term = record->term;
  status->version = record->version;
  const std::size_t lineage =
      std::min<std::size_t>(record->lineage_octets, sizeof(status->lineage) - 1);
  std::memcpy(status->lineage, record->lineage.data(), lineage);
  status->domains = record->domains;
  status->virtual_domains = record->virtual_domains;
  status->foreign = record->foreign;
}

bool zonecast_wanted(zonecast_table* table, const char* host, size_t length) {
  const Host folded({host, length});
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (!folded.isValid() || table->wanted_path.size() >= sizeof(address.sun_path)) return false;
  if (table->wanted_socket < 0) {
    table->wanted_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (table->wanted_socket < 0) return false;
  }
  std::memcpy(address.sun_path, table->wanted_path.data(), table->wanted_path.size());
  // To the address, each time: the mirror may have been started anew.
  const std::string_view name = folded.name();
  return sendto(table->wanted_socket, name.data(), name.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                reinterpret_cast<const sockaddr*>(&address),
                sizeof(address)) == static_cast<ssize_t>(name.size());
}

}  // extern "C"

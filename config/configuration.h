// What a configuration file says, checked and complete: every option has its value or its default.
// A plain value; read-only once loaded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/loop/settings.h"
#include "reconciler/xfr/endpoint.h"

namespace zonecast::config {

struct RedisConfiguration {
  std::variant<std::filesystem::path, xfr::Endpoint> address;  // a unix socket, or TCP
  std::string user;                                            // empty: the default user
  std::filesystem::path password_file;  // readable when it was loaded; empty: no password
  std::string deployment;
  Duration connect_timeout = std::chrono::seconds{2};
  Duration command_timeout = std::chrono::seconds{5};
  Duration lease = std::chrono::seconds{10};
  Duration workers_interval = std::chrono::seconds{5};
  std::uint32_t workers_max = 1000;
};

struct HttpConfiguration {
  std::optional<xfr::Endpoint> listener =  // loopback; nothing: none
      xfr::Endpoint{dns::Ipv4{127, 0, 0, 1}, 9464};
  std::filesystem::path socket;    // empty: none
  std::string token;               // empty: none is asked for
  std::vector<std::string> hosts;  // beside loopback's names
  std::uint32_t connections_max = 64;
  std::uint32_t watchers_max = 16;
  std::uint32_t events_kept = 100;
  std::uint32_t header_octets_max = 8192;
  Duration request_timeout = std::chrono::seconds{10};
};

struct NotifyConfiguration {
  std::vector<xfr::Endpoint> listeners;
  std::uint32_t connections_max = 256;                  // by TCP
  Duration message_timeout = std::chrono::seconds{10};  // likewise
};

// An option of the daemon itself, as it may be written; empty for one that has no value.
struct WrittenOption {
  std::string name, value;
  bool at_restart = false;  // it is changed by a restart alone
};

// What the customer of static virtual domains is called that are nobody else's.
inline constexpr std::string_view kStaticCustomer = "static";

struct Configuration {
  loop::Settings settings;
  RedisConfiguration redis;
  NotifyConfiguration notify;
  std::filesystem::path state_directory = "/var/lib/zonecast";
  std::uint64_t state_octets_max = 16ull << 30;  // of the embedded store
  std::filesystem::path control_socket = "/run/zonecast/control.sock";
  std::uint32_t control_sessions_max = 64;
  bool is_shadow = false;  // everything is done but publishing
  HttpConfiguration http;
  std::string log_level = "info";      // debug, info, warning, error
  std::string log_format = "auto";     // auto, text, json, journald
  std::filesystem::path log_file;      // empty: standard error
  std::string user, group;             // whom the process becomes; empty: it stays who it is
  std::filesystem::path pid_file;      // empty: none
  std::vector<WrittenOption> options;  // for difference.h
  std::vector<std::string> warnings;   // sentences about what is taken all the same
};

struct ConfigError {
  std::string file;
  int line = 0, column = 0;  // counted from 1; 0: the file as a whole
  std::string text;          // what was expected, what stood there, and the nearest valid name
};
std::string toText(const ConfigError& error);  // "FILE:LINE:COLUMN: TEXT"

// Reads the file, what conf.d beside it adds (fragments.h), and every file that they name (keys,
// passwords). All errors that can be told apart are reported at once, in the order of the files.
tl::expected<Configuration, std::vector<ConfigError>> load(const std::filesystem::path& file);

}  // namespace zonecast::config

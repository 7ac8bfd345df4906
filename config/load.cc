// From a file to a Configuration: the options, then what is more than options, then what they must
// fulfil together.
#include <algorithm>
#include <system_error>

#include <absl/strings/ascii.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include "config/configuration.h"
#include "config/files.h"
#include "config/fragments.h"
#include "config/readers.h"

namespace zonecast::config {
namespace {

constexpr std::size_t kPasswordOctetsMax = 4096;
constexpr std::size_t kTokenFileOctetsMax = 4096;
constexpr std::size_t kTokenOctetsMin = 16;

void readSections(const Node& root, Draft& draft, Errors& errors) {
  std::vector<std::string_view> names;
  for (const Section& section : sections()) names.push_back(section.name);
  const Node absent{.kind = Node::Kind::mapping, .where = root.where, .text = "", .items = {}};
  for (const Section& section : sections()) {
    if (section.name.empty()) {
      readOptions<Draft>(root, section.options, draft, errors, "", std::span(names).subspan(1));
      continue;
    }
    const Node* node = root.find(section.name);
    readOptions<Draft>(node ? *node : absent, section.options, draft, errors,
                       fmt::format("{}.", section.name));
  }
}

void checkRedis(const Node& root, Configuration& configuration, Errors& errors) {
  const Node* node = root.find("redis");
  if (node != nullptr && node->kind != Node::Kind::mapping) return;
  const Node* socket = node ? node->find("unix") : nullptr;
  const Node* address = node ? node->find("address") : nullptr;
  if (socket == nullptr && address == nullptr) {
    errors.add(node ? node->where : root.where,
               "`redis.unix` is missing: expected it, or `redis.address`");
  } else if (socket != nullptr && address != nullptr) {
    errors.add(address->where, "expected one of `redis.unix` and `redis.address`, not both");
  }
  const RedisConfiguration& redis = configuration.redis;
  const Node* password_file = node ? node->find("password_file") : nullptr;
  if (password_file == nullptr || redis.password_file.empty()) return;
  auto password = readSecret(redis.password_file, kPasswordOctetsMax, configuration.warnings);
  if (password) return OPENSSL_cleanse(password->data(), password->size());
  errors.add(password_file->where,
             fmt::format("expected a password file that can be read: {}", password.error()));
}

// What stands in the file is not shown: it is a secret.
tl::expected<std::string, std::string> loadToken(const std::filesystem::path& file,
                                                 std::vector<std::string>& warnings) {
  auto text = readSecret(file, kTokenFileOctetsMax, warnings);
  if (!text) return tl::unexpected("expected a token file that can be read: " + text.error());
  std::string token(absl::StripAsciiWhitespace(*text));
  OPENSSL_cleanse(text->data(), text->size());
  const auto is_graphic = [](char c) { return c > ' ' && c < '\x7f'; };
  if (token.size() < kTokenOctetsMin || !std::ranges::all_of(token, is_graphic)) {
    return tl::unexpected(
        fmt::format("expected at least {} printable characters without blanks in the token file",
                    kTokenOctetsMin));
  }
  return token;
}

void checkLog(const Node& root, const Configuration& configuration, Errors& errors) {
  if (configuration.log_format != "journald" || configuration.log_file.empty()) return;
  errors.add(root.find("log")->find("file")->where,
             "expected no `log.file` beside `format: journald`, which has none");
}

void checkHttp(const Node& root, Draft& draft, Errors& errors) {
  const Node* section = root.find("http");
  if (section == nullptr || section->kind != Node::Kind::mapping) return;  // said already
  HttpConfiguration& http = draft.result.http;
  if (const Node* file = section->find("token_file")) {
    if (file->kind != Node::Kind::scalar || file->text.find('\0') != std::string::npos)
      return addMismatch(*file, "the path of a token file", errors);
    auto token = loadToken(draft.directory / file->text, draft.result.warnings);
    if (!token) return errors.add(file->where, token.error());
    http.token = *std::move(token);
  }
  if (http.watchers_max >= http.connections_max) {
    const Node* own = section->find("watchers_max");
    if (own == nullptr) own = section->find("connections_max");
    errors.add(own->where, fmt::format("expected `http.watchers_max`, {}, to be less than "
                                       "`http.connections_max`, {}",
                                       http.watchers_max, http.connections_max));
  }
}

// The options `NAME_min` and `NAME_max` of a section.
template <typename Span>
void checkClamp(const Node& root, std::string_view section, std::string_view name, Span min,
                Span max, Errors& errors) {
  if (min <= max) return;
  const Node* options = root.find(section);
  const Node* node = options ? options->find(fmt::format("{}_max", name)) : nullptr;
  if (node == nullptr && options != nullptr) node = options->find(fmt::format("{}_min", name));
  errors.add(node ? node->where : root.where,
             fmt::format("expected `{0}.{1}_min`, {2}, to be at most `{0}.{1}_max`, {3}", section,
                         name, toText(Duration(min)), toText(Duration(max))));
}

void checkClamps(const Node& root, const loop::Settings& settings, Errors& errors) {
  const xfr::TimerClamps& timers = settings.secondary.clamps;
  checkClamp(root, "limits", "refresh", timers.refresh_min, timers.refresh_max, errors);
  checkClamp(root, "limits", "retry", timers.retry_min, timers.retry_max, errors);
  checkClamp(root, "limits", "expire", timers.expire_min, timers.expire_max, errors);
  const query::AnswerSettings& answers = settings.answers;
  checkClamp(root, "resolver", "ttl", answers.ttl_min, answers.ttl_max, errors);
  checkClamp(root, "resolver", "retry", answers.retry_min, answers.retry_max, errors);
}

void checkConnections(const Node& root, const xfr::SecondaryLimits& limits, Errors& errors) {
  if (limits.connections_max > limits.transfers_max) return;
  const Node* node = root.find("limits");
  if (node != nullptr) {
    const Node* own = node->find("connections_max");
    if (own == nullptr) own = node->find("transfers_max");
    if (own != nullptr) node = own;
  }
  errors.add(node ? node->where : root.where,
             fmt::format("expected `limits.connections_max`, {}, to be more than "
                         "`limits.transfers_max`, {}",
                         limits.connections_max, limits.transfers_max));
}

void readRoot(const Node& root, Draft& draft, Errors& errors) {
  if (!checkMapping(root, "a mapping of options", errors)) return;
  loop::Settings& settings = draft.result.settings;
  readSections(root, draft, errors);
  if (const Node* edge = root.find("edge")) settings.edge = readEdge(*edge, errors);
  if (const Node* attributes = root.find("attributes")) {
    readAttributes(*attributes, settings.attributes, errors);
  }
  if (const Node* discovery = root.find("discovery")) readDiscovery(*discovery, draft, errors);
  readCustomers(root, draft, errors);
  checkRedis(root, draft.result, errors);
  checkLog(root, draft.result, errors);
  checkHttp(root, draft, errors);
  checkClamps(root, settings, errors);
  checkConnections(root, settings.secondary.limits, errors);
}

std::vector<WrittenOption> written(Draft& draft) {
  std::vector<WrittenOption> all;
  for (const Section& section : sections()) {
    for (const Option<Draft>& option : section.options) {
      if (!option.show) continue;
      all.push_back(
          {fmt::format("{}{}{}", section.name, section.name.empty() ? "" : ".", option.name),
           option.show(draft), option.at_reload == AtReload::restart});
    }
  }
  return all;
}

std::optional<Node> readDocument(const std::filesystem::path& file, std::uint32_t number,
                                 Errors& errors) {
  const auto text = readFile(file, kFileOctetsMax);
  if (text) return parseDocument(*text, errors, number);
  errors.addForWholeFile("expected a file that can be read: " + text.error(), number);
  return std::nullopt;
}

// Nothing: one of the files cannot be read to its end, which is an error.
std::optional<Node> readDocuments(const std::filesystem::path& file, Errors& errors) {
  std::optional<Node> root = readDocument(file, 0, errors);
  for (const std::filesystem::path& path : findFragments(file, errors)) {
    const std::uint32_t number = errors.addFile(path.string());
    std::optional<Node> fragment = readDocument(path, number, errors);
    if (fragment && root) addFragment(*root, *std::move(fragment), errors);
    if (!fragment) root.reset();
  }
  return root;
}

}  // namespace

tl::expected<Configuration, std::vector<ConfigError>> load(const std::filesystem::path& file) {
  Errors errors(file.string());
  Draft draft;
  std::error_code ignored;  // then relative paths are relative to the working directory
  draft.directory = std::filesystem::absolute(file, ignored).parent_path();
  const auto root = readDocuments(file, errors);
  if (root) readRoot(*root, draft, errors);
  if (!errors.empty()) return tl::unexpected(errors.takeInFileOrder());
  draft.result.options = written(draft);
  return std::move(draft.result);
}

}  // namespace zonecast::config

// What a hostile or broken Redis may answer: the real store, over a socket, from its connection to
// the table that was read back and one publication.
//
// The input is a text: its first octet says what the store knows from before, then come blocks of a
// line ">>> COMMAND" and what is answered to commands that begin so, octet for octet. A block is
// used once, the last that fits as often as asked; what no block fits is answered by the
// connection's end, but WATCH and UNWATCH by OK. Sixteen '#' stand for the content sum of all that
// the scans' blocks hold, so that no checksum is in the way. Holds: one report, in bounded time;
// what is open may be lost, once, even in the turn of the loop in which it opened; a table that is
// trusted is, octet by octet, what was answered; a publication ends at the version that was asked
// for, or is lost.
#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "adapters/redis/convert.h"
#include "adapters/redis/redis_store.h"
#include "adapters/redis/reply_reader.h"
#include "schema/attribute_value.h"
#include "schema/digest.h"
#include "schema/domain_value.h"
#include "test/fuzz/fuzzing.h"
#include "test/unit/adapters/control_testing.h"
#include "test/unit/adapters/redis_harness.h"

namespace zonecast::fuzz {
namespace {

constexpr int kTurnsMax = 2000;
constexpr int kQuietTurnsMax = 10;
constexpr std::size_t kTroublesMax = 3;  // an advice, who holds the lease, and a failure
constexpr std::string_view kSumPlace = "################";
constexpr std::string_view kBlockMark = ">>> ";

using Fields = std::map<std::string, std::string, std::less<>>;

struct Block {
  std::string_view command;
  std::string answer;
  bool used = false;
};

std::vector<Block> blocksOf(std::string_view text) {
  std::vector<Block> blocks;
  for (std::size_t at = text.find(kBlockMark); at != std::string_view::npos;) {
    text.remove_prefix(at + kBlockMark.size());
    at = text.find(kBlockMark);
    const std::string_view block = text.substr(0, at);
    const std::size_t line = std::min(block.find('\n'), block.size());
    blocks.push_back(
        {block.substr(0, line), std::string(block.substr(std::min(line + 1, block.size())))});
  }
  return blocks;
}

redis::Reply replyIn(redis::ReplyReader& reader) {
  auto reply = reader.next();
  return reply && *reply ? std::move(**reply) : redis::Reply();
}

redis::Reply parsed(std::string_view octets) {
  redis::ReplyReader reader;
  reader.feed(octets);
  return replyIn(reader);
}

// What the blocks that answer scans of a hash hold: the first of each field.
Fields scanned(const std::vector<Block>& blocks, std::string_view hash) {
  Fields fields;
  const std::string command = "HSCAN zonecast:{t}:" + std::string(hash);
  for (const Block& block : blocks) {
    if (!block.command.starts_with(command)) continue;
    const redis::Reply reply = parsed(block.answer);
    const redis::ReplyView pairs = reply.view()[1];
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
      fields.emplace(pairs[i].text(), pairs[i + 1].text());
    }
  }
  return fields;
}

void putSum(std::vector<Block>& blocks) {
  schema::ContentSum sum;
  for (const auto hash :
       {schema::kDomainHash, schema::kAttributeHash, schema::kVirtualDomainHash}) {
    for (const auto& [field, value] : scanned(blocks, hash)) sum.add(hash, field, value);
  }
  for (Block& block : blocks) {
    const std::size_t at = block.answer.find(kSumPlace);
    if (at != std::string::npos) {
      block.answer.replace(at, kSumPlace.size(), redis::contentText(sum.sum()));
    }
  }
}

// Listens for one client at a time, and says what its blocks have it say.
class ScriptedRedis {
 public:
  explicit ScriptedRedis(const std::string& path)
      : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    require(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                ::listen(listener_, 8) == 0,
            "the socket listens");
  }

  void begin(std::vector<Block>& blocks) {
    hangUp();
    blocks_ = &blocks;
  }
  // False when nothing happened.
  bool turn() {
    if (client_ < 0) return accept();
    std::array<char, 1 << 16> space;
    const ssize_t count = ::recv(client_, space.data(), space.size(), 0);
    if (count == 0 || (count < 0 && errno != EAGAIN)) return hangUp(), true;
    if (count < 0) return false;
    commands_->feed({space.data(), static_cast<std::size_t>(count)});
    while (client_ >= 0) {
      const redis::Reply command = replyIn(*commands_);
      if (!command.view().isArray()) break;
      answer(command);
    }
    return true;
  }
  void hangUp() {
    if (client_ >= 0) ::close(std::exchange(client_, -1));
    commands_.emplace();
  }

 private:
  bool accept() {
    client_ = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return client_ >= 0;
  }

  void answer(redis::ReplyView command) {
    std::string title;
    for (std::size_t i = 0; i < command.size() && i < 4; ++i) {
      title.append(i == 0 ? "" : " ").append(command[i].text());
    }
    Block* fitting = nullptr;
    for (Block& block : *blocks_) {
      if (!title.starts_with(block.command)) continue;
      fitting = &block;
      if (!block.used) break;
    }
    const bool is_watching = title.starts_with("WATCH") || title == "UNWATCH";
    if (fitting == nullptr && !is_watching) return hangUp();
    if (fitting != nullptr) fitting->used = true;
    const std::string octets = fitting != nullptr ? fitting->answer : "+OK\r\n";
    if (::send(client_, octets.data(), octets.size(), MSG_NOSIGNAL) < 0) hangUp();
  }

  int listener_;
  int client_ = -1;
  std::optional<redis::ReplyReader> commands_{std::in_place};
  std::vector<Block>* blocks_ = nullptr;
};

// One attempt to open: another would come when time is over, and so at any turn or none.
redis::RedisOptions optionsFor(const std::string& path) {
  redis::RedisOptions options = redis::optionsFor(path);
  options.backoff_min = options.backoff_max = std::chrono::hours(1);
  return options;
}

// Opened, then published, then lost, each at most once: the store is not opened again.
struct Seen : redis::Remembered {
  void onStoreOpened(ports::StoredState state, bool was_unchanged) override {
    require(reports == 0, "an opening has one report, the first");
    Remembered::onStoreOpened(std::move(state), was_unchanged);
  }
  void onPublished(plan::Position position) override {
    require(has_asked && !published && lost.empty(), "a publication has one report");
    Remembered::onPublished(std::move(position));
  }
  void onStoreLost(std::string why) override {
    require(opened && lost.empty(), "only what is open is lost, and once");
    Remembered::onStoreLost(std::move(why));
  }

  bool has_asked = false;  // for a publication
};

const plan::Position kKnown{{"3f0f6c0a-9a52-4f7e-8f63-0d9b7d0c6a11"}, plan::Version{7}, {}};

class Reconciler {
 public:
  Reconciler(uv::Loop& loop, ScriptedRedis& redis, const std::string& path)
      : loop_(loop), redis_(redis), store_(loop, optionsFor(path)) {
    store_.reportTo(seen_);
  }

  const Seen& seen() const { return seen_; }

  void open(bool knows) {
    store_.open(plan::Term{1}, knows ? std::optional(kKnown) : std::nullopt);
    run();
  }

  // One domain more, at the version behind.
  void publish() {
    before_ = seen_.opened->table;
    after_ = before_;
    redis::addDomain("one.more.example", after_);
    auto planned = plan::plan(before_, after_, [](const derive::Domain&) { return std::string(); });
    asked_ = *seen_.opened->position;
    const plan::Version next{static_cast<std::uint64_t>(asked_.version) + 1};
    seen_.has_asked = true;
    store_.publish({asked_, next, std::make_shared<const plan::ChangeSet>(planned.changes)},
                   after_);
    run();
    if (!seen_.published) return;
    require(seen_.published->version == next && seen_.published->lineage == asked_.lineage,
            "what is published is at the version that was asked for");
  }

 private:
  void run() {
    const int before = seen_.reports;
    const std::size_t troubles = seen_.troubles.size();
    int quiet = 0;
    for (int turn = 0; turn < kTurnsMax && quiet < kQuietTurnsMax; ++turn) {
      const bool heard = redis_.turn();
      uv_run(loop_.raw(), UV_RUN_NOWAIT);
      if (seen_.reports > before) return;
      require(seen_.troubles.size() <= troubles + kTroublesMax, "an attempt has little to tell");
      quiet = heard ? 0 : quiet + 1;
      require(turn + 1 < kTurnsMax, "a dialogue comes to an end");
    }
  }

  uv::Loop& loop_;
  ScriptedRedis& redis_;
  Seen seen_;
  plan::Table before_, after_;
  plan::Position asked_;
  redis::RedisStore store_;
};

void checkTrusted(const ports::StoredState& state, const std::vector<Block>& blocks) {
  Fields domains, attributes, virtual_domains;
  for (const auto& [domain, entry] : state.table.domains) {
    domains[std::string(domain.text())] =
        schema::encodeDomainValue(redis::toMessage(domain, entry));
  }
  for (const auto& [did, virtual_domain] : state.table.virtual_domains) {
    const v1::VirtualDomain message = redis::toMessage(did, virtual_domain);
    attributes[std::string(did.text())] = schema::encodeAttributeValue(message);
    virtual_domains[std::string(did.text())] = message.SerializeAsString();
  }
  require(domains == scanned(blocks, schema::kDomainHash), "trusted domains are what was answered");
  require(virtual_domains == scanned(blocks, schema::kVirtualDomainHash), "so are DIDs");
  require(attributes == scanned(blocks, schema::kAttributeHash), "and their attributes");
  require(state.position || domains.empty(), "what has a content has a position");
}

void checkOpened(const redis::Remembered& seen, bool knows, const std::vector<Block>& blocks) {
  const ports::StoredState& state = *seen.opened;
  require(!seen.unchanged || knows, "only what was known before can be unchanged");
  if (state.position) {
    require(!state.position->lineage.uuid.empty(), "a position has a lineage");
    require(state.newest >= state.position->version, "nothing is newer than the newest");
  }
  if (seen.unchanged) {
    require(state.position == kKnown && state.table == plan::Table(), "what is unchanged is known");
  } else if (state.damage.empty()) {
    checkTrusted(state, blocks);
  }
}

}  // namespace
}  // namespace zonecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zonecast;
  using namespace zonecast::fuzz;
  struct Side {
    control::TestFolder folder;
    std::string path = folder / "redis.sock";
    uv::Loop loop;
    ScriptedRedis redis{path};
  };
  static Side* const kSide = [] {
    std::signal(SIGPIPE, SIG_IGN);
    return new Side;  // libFuzzer ends without destructors
  }();
  Input input(data, size);
  const bool knows = (input.u8() & 1) != 0;
  std::vector<Block> blocks = blocksOf(asChars(input.rest()));
  putSum(blocks);
  kSide->redis.begin(blocks);
  {
    Reconciler reconciler(kSide->loop, kSide->redis, kSide->path);
    reconciler.open(knows);
    const Seen& seen = reconciler.seen();
    if (seen.opened) checkOpened(seen, knows, blocks);
    const bool is_open = seen.opened && seen.lost.empty();
    const bool trusted = is_open && seen.opened->damage.empty() && seen.opened->position;
    if (trusted && seen.opened->position->version < plan::Version{1ull << 62}) reconciler.publish();
  }
  kSide->redis.hangUp();
  for (int i = 0; i < 3; ++i) uv_run(kSide->loop.raw(), UV_RUN_NOWAIT);
  return 0;
}

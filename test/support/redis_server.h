// A real redis-server for one test: on a unix socket in a folder of its own, without persistence,
// killed and cleaned away at the end. command() is a blocking client of its own for looking and for
// meddling.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <hiredis/hiredis.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace zonecast::test {

class RedisServer {
 public:
  using Reply = std::shared_ptr<redisReply>;

  explicit RedisServer(std::vector<std::string> more_arguments = {})
      : more_arguments_(std::move(more_arguments)) {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "zonecast-redis-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = pattern;
    start();
  }
  ~RedisServer() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  std::string socket() const { return folder_ / "redis.sock"; }
  const std::filesystem::path& folder() const { return folder_; }

  // Writes a file into the server's folder, and tells its path.
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }

  void start() {
    std::vector<std::string> arguments{"redis-server",
                                       "--port",
                                       "0",
                                       "--unixsocket",
                                       socket(),
                                       "--dir",
                                       folder_,
                                       "--save",
                                       "",
                                       "--appendonly",
                                       "no",
                                       "--logfile",
                                       folder_ / "redis.log"};
    arguments.insert(arguments.end(), more_arguments_.begin(), more_arguments_.end());
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    if (posix_spawnp(&pid_, "redis-server", nullptr, nullptr, pointers.data(), environ) != 0) {
      throw std::runtime_error("cannot start redis-server");
    }
    awaitSocket();
  }

  // As kill -9: whatever was not written to disk is gone.
  void kill() {
    client_.reset();
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
    std::error_code ignored;
    std::filesystem::remove(socket(), ignored);
  }

  Reply command(const std::vector<std::string>& arguments) {
    std::vector<const char*> pointers;
    std::vector<std::size_t> sizes;
    for (const std::string& argument : arguments) {
      pointers.push_back(argument.data());
      sizes.push_back(argument.size());
    }
    void* reply = redisCommandArgv(client(), static_cast<int>(arguments.size()), pointers.data(),
                                   sizes.data());
    if (reply == nullptr) throw std::runtime_error("redis-server does not answer");
    return {static_cast<redisReply*>(reply), freeReplyObject};
  }
  // The text of the reply; of an array, of all its elements, a blank between two.
  std::string text(const std::vector<std::string>& arguments) {
    return textOf(command(arguments).get());
  }

 private:
  struct FreeContext {
    void operator()(redisContext* context) const { redisFree(context); }
  };

  static std::string textOf(const redisReply* reply) {
    if (reply->type == REDIS_REPLY_INTEGER) return std::to_string(reply->integer);
    if (reply->type == REDIS_REPLY_NIL) return "(nil)";
    if (reply->type != REDIS_REPLY_ARRAY) return std::string(reply->str, reply->len);
    std::string text;
    for (std::size_t i = 0; i < reply->elements; ++i) {
      if (i > 0) text += ' ';
      text += textOf(reply->element[i]);
    }
    return text;
  }

  redisContext* client() {
    if (!client_ || client_->err != 0) client_.reset(redisConnectUnix(socket().c_str()));
    return client_.get();
  }

  void awaitSocket() {
    for (int tries = 0; tries < 2000; ++tries) {
      const std::unique_ptr<redisContext, FreeContext> probe(redisConnectUnix(socket().c_str()));
      if (probe && probe->err == 0) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    throw std::runtime_error("redis-server does not come up");
  }

  const std::vector<std::string> more_arguments_;
  std::filesystem::path folder_;
  pid_t pid_ = -1;
  std::unique_ptr<redisContext, FreeContext> client_;
};

}  // namespace zonecast::test

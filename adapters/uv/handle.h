// libuv handles by RAII.
//
// A handle lives on the heap. Its deleter closes it, and the close callback, one turn later, frees
// it. From the moment of closing `data` is null: callbacks of requests that are still under way (a
// write, a connect) find no owner and say nothing. What owns a handle must not be destroyed inside
// a callback of that handle: see Loop::deleteLater().
#pragma once

#include <memory>
#include <string_view>

#include <tl/expected.hpp>
#include <uv.h>

namespace zonecast::uv {

struct CloseHandle {
  template <typename T>
  void operator()(T* handle) const {
    handle->data = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<T*>(closed); });
  }
};

template <typename T>
using Handle = std::unique_ptr<T, CloseHandle>;

// A handle whose `data` is its owner. `init` is the uv_*_init call; when it fails there is nothing
// to close, and its error is the result.
template <typename T, typename Init>
tl::expected<Handle<T>, int> openHandle(void* owner, Init&& init) {
  auto handle = std::make_unique<T>();
  if (const int result = init(handle.get()); result < 0) return tl::unexpected(result);
  handle->data = owner;
  return Handle<T>(handle.release());
}

template <typename T>
uv_handle_t* asHandle(T* handle) {
  return reinterpret_cast<uv_handle_t*>(handle);
}
inline uv_stream_t* asStream(uv_tcp_t* handle) {
  return reinterpret_cast<uv_stream_t*>(handle);
}

// For calls that fail only by a bug, or for want of memory or descriptors while the process starts:
// says which, and ends the process.
void must(int result, std::string_view call);

// As openHandle(), for those.
template <typename T, typename Init>
Handle<T> mustOpenHandle(void* owner, std::string_view call, Init&& init) {
  auto handle = openHandle<T>(owner, init);
  must(handle ? 0 : handle.error(), call);
  return std::move(*handle);
}

}  // namespace zonecast::uv

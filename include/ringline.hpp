/*
 * ringline.hpp: a ring and its operations for C++, over ringline.h. Header only, C++11 and newer.
 *
 * A ring is move-only and frees itself. What a C function would return as an error code is thrown
 * as ringline::error. An exception that leaves a callback is caught before it reaches the library,
 * and thrown again by the call that ran the callback.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef RINGLINE_HPP
#define RINGLINE_HPP

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "ringline.h"

namespace ringline {

/// Codes of ringline.h: -errno, or RINGLINE_E*.
class error_category_type : public std::error_category {
 public:
  const char *name() const noexcept override { return "ringline"; }
  std::string message(int code) const override { return ringline_strerror(code); }
  std::error_condition default_error_condition(int code) const noexcept override {
    return std::error_condition(ringline_to_errno(code), std::generic_category());
  }
};

/// The one category of this library's codes.
inline const std::error_category &error_category() {
  static const error_category_type category;
  return category;
}

/// A failed call: its code, and in what() the cause and the remedy.
class error : public std::system_error {
 public:
  explicit error(int code)
      : std::system_error(code, error_category(), ringline_error_detail()) {}
};

/// A code that is no error, as it is; else throws ringline::error.
inline std::int64_t check(std::int64_t code) {
  if (code < 0) throw error(static_cast<int>(code));
  return code;
}

/// An operation to submit: the 64 bytes of ringline_op, filled by name.
class op : public ringline_op {
 public:
  op() : ringline_op() {}

  static op nop() { return filled(ringline_prep_nop); }
  static op read(int fd, void *buffer, std::uint32_t size, std::uint64_t offset) {
    return filled(ringline_prep_read, fd, buffer, size, offset);
  }
  static op write(int fd, const void *buffer, std::uint32_t size, std::uint64_t offset) {
    return filled(ringline_prep_write, fd, buffer, size, offset);
  }
  static op open(const char *path, int flags, std::uint32_t mode = 0, int folder = -100) {
    return filled(ringline_prep_openat, folder, path, flags, mode);
  }
  static op close(int fd) { return filled(ringline_prep_close, fd); }
  static op fsync(int fd) { return filled(ringline_prep_fsync, fd, std::uint32_t(0)); }
  static op accept(int fd, std::uint32_t flags = 0) {
    return filled(ringline_prep_accept, fd, nullptr, nullptr, flags);
  }
  static op accept_multishot(int fd, std::uint32_t flags = 0) {
    return filled(ringline_prep_accept_multishot, fd, nullptr, nullptr, flags);
  }
  static op connect(int fd, const void *address, std::uint32_t size) {
    return filled(ringline_prep_connect, fd, address, size);
  }
  static op send(int fd, const void *buffer, std::uint32_t size, std::uint32_t flags = 0) {
    return filled(ringline_prep_send, fd, buffer, size, flags);
  }
  static op send_all(int fd, const void *buffer, std::uint32_t size, std::uint32_t flags = 0) {
    return filled(ringline_prep_send_all, fd, buffer, size, flags);
  }
  static op recv(int fd, void *buffer, std::uint32_t size, std::uint32_t flags = 0) {
    return filled(ringline_prep_recv, fd, buffer, size, flags);
  }
  static op recv_multishot(int fd, int pool, std::uint32_t flags = 0) {
    return filled(ringline_prep_recv_multishot, fd, pool, flags);
  }
  static op poll(int fd, std::uint32_t mask) { return filled(ringline_prep_poll_add, fd, mask); }
  static op timer(std::uint64_t ns, std::uint64_t period_ns = 0) {
    return filled(ringline_prep_timer, ns, period_ns);
  }
  /// Shutdown, cancel the descriptor's operations, wait for them, close.
  static op close_in_order(int fd) { return filled(ringline_prep_lib_close, fd); }

 private:
  template <class... Parameters, class... Arguments>
  static op filled(void (*prep)(ringline_op *, Parameters...), Arguments... arguments) {
    op made;
    prep(&made, arguments...);
    return made;
  }
};

/// A ring. Belongs to the thread that first runs it; only stop() may be called from others.
class ring {
 public:
  using callback = std::function<void(const ringline_completion &)>;

  /// Throws ringline::error when rings cannot be made here; what() names the remedy.
  ring() : ring(nullptr) {}
  explicit ring(const ringline_config &config) : ring(&config) {}
  ring(ring &&other) noexcept : handle_(other.handle_), thrown_(std::move(other.thrown_)) {
    other.handle_ = nullptr;
  }
  ring &operator=(ring &&other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(thrown_, other.thrown_);
    return *this;
  }
  ring(const ring &) = delete;
  ring &operator=(const ring &) = delete;
  /// Cancels, drains, frees; callbacks run. An exception out of one of them is dropped here.
  ~ring() {
    if (handle_) ringline_free(handle_);
  }

  /// The handle, for the functions of ringline.h.
  ringline_ring *get() const noexcept { return handle_; }
  /// Make the calling thread the owner.
  void attach() { check(ringline_attach(handle_)); }
  /// The block through which a whole turn goes.
  ringline_shared &shared() {
    ringline_shared *block = ringline_shared_block(handle_);
    if (!block) throw error(RINGLINE_ESTALE);
    return *block;
  }

  /// Submit; completions come as records of turn(). Returns the token.
  std::uint64_t submit(const ringline_op &what) {
    std::uint64_t token = 0;
    check(ringline_submit(handle_, &what, 1, &token, 0));
    return token;
  }
  /// Submit; completions go to `done`, which lives until the one with RINGLINE_CF_FINAL.
  std::uint64_t submit(const ringline_op &what, callback done) {
    std::unique_ptr<pending> owned(new pending{std::move(done), thrown_});
    const std::int64_t token =
        ringline_submit_with(handle_, &what, &ring::run_callback, owned.get());
    check(token);
    owned.release();
    return static_cast<std::uint64_t>(token);
  }

  /// One turn through the shared block; the number of records.
  std::int32_t turn() {
    ringline_ring *const mine = handle_;
    return finished(thrown_, [=] { return ringline_turn(mine); });
  }
  /// Run callbacks until stop() or until nothing is in flight; > 0 = that many records wait.
  std::int32_t run() {
    ringline_ring *const mine = handle_;
    return finished(thrown_, [=] { return ringline_run(mine); });
  }
  /// Wait once; -1 = without limit. How many completions came.
  std::int32_t run_once(std::uint32_t wait_min = 1, std::int64_t timeout_ns = -1) {
    ringline_ring *const mine = handle_;
    return finished(thrown_, [=] { return ringline_run_once(mine, wait_min, timeout_ns); });
  }
  /// Make run() return. Any thread, signal handlers too.
  void stop() noexcept { ringline_stop(handle_); }
  /// Ask an operation to end; false = it is gone already.
  bool cancel(std::uint64_t token) {
    const std::int32_t code = ringline_cancel(handle_, token);
    if (code == RINGLINE_ESTALE) return false;
    check(code);
    return true;
  }
  /// Cancel everything and drain; how many operations are still in flight.
  std::int32_t close(std::int64_t timeout_ns = -1) {
    ringline_ring *const mine = handle_;
    return finished(thrown_, [=] { return ringline_close(mine, timeout_ns); });
  }
  /// Operations in flight.
  std::int64_t inflight() const { return check(ringline_inflight(handle_)); }

 private:
  using slot = std::shared_ptr<std::exception_ptr>;
  struct pending {
    callback done;
    slot thrown;
  };

  explicit ring(const ringline_config *config)
      : handle_(nullptr), thrown_(std::make_shared<std::exception_ptr>()) {
    check(ringline_check_abi(RINGLINE_ABI, sizeof(ringline_op), sizeof(ringline_completion),
                             sizeof(ringline_shared)));
    check(ringline_create(config, &handle_));
  }

  /// What C calls: nothing may leave it.
  static void run_callback(void *ctx, ringline_ring *handle,
                           const ringline_completion *completion) {
    pending *mine = static_cast<pending *>(ctx);
    std::unique_ptr<pending> last(completion->flags & RINGLINE_CF_FINAL ? mine : nullptr);
    try {
      mine->done(*completion);
    } catch (...) {
      if (!*mine->thrown) *mine->thrown = std::current_exception();
      ringline_stop(handle); /* so that run() comes back and throws it */
    }
  }

  /// Make a call that runs callbacks; then the first exception of these, or the code. A callback
  /// may destroy the ring, so nothing of it is touched after the call.
  template <class Call>
  static std::int32_t finished(slot thrown, Call call) {
    const std::int32_t code = call();
    if (thrown && *thrown) { /* none in a ring that was moved from */
      std::exception_ptr first;
      std::swap(first, *thrown);
      std::rethrow_exception(first);
    }
    return static_cast<std::int32_t>(check(code));
  }

  ringline_ring *handle_;
  slot thrown_;
};

}  // namespace ringline

#endif /* RINGLINE_HPP */

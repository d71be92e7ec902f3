/*
 * ringline.hpp: a ring and its operations for C++, over ringline.h. Header only, C++11 and newer.
 *
 * A ring is move-only and frees itself. What a C function would return as an error code is thrown
 * as ringline::error. An exception that leaves a callback is caught before it reaches the library,
 * and thrown again by the call that ran the callback. Under C++20 an operation can be awaited:
 * `co_await ring.async(op)`.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef RINGLINE_HPP
#define RINGLINE_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "ringline.h"

#if defined(__cpp_impl_coroutine)
#include <coroutine>
#define RINGLINE_HPP_COROUTINES 1
#endif

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
  static op socket(int domain, int type, int protocol = 0) {
    return filled(ringline_prep_socket, domain, type, protocol);
  }
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

/// Received bytes in a buffer of a pool. Gives the buffer back at its end, on any thread, also
/// when the ring is gone.
class lease {
 public:
  lease() noexcept : id_(0), data_(nullptr), size_(0) {}
  /// The buffer of this completion; empty when it brings none. Once per completion.
  explicit lease(const ringline_completion &from) noexcept : lease() {
    if (from.flags & RINGLINE_CF_LEASE) {
      id_ = from.token;
      data_ = reinterpret_cast<char *>(static_cast<std::uintptr_t>(from.data));
      size_ = static_cast<std::size_t>(from.res);
    }
  }
  lease(lease &&other) noexcept : lease() { swap(other); }
  lease &operator=(lease &&other) noexcept {
    lease(std::move(other)).swap(*this);
    return *this;
  }
  lease(const lease &) = delete;
  lease &operator=(const lease &) = delete;
  ~lease() {
    if (id_) ringline_lease_release(id_);
  }

  explicit operator bool() const noexcept { return id_ != 0; }
  char *data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  /// The id, for who gives the buffer back himself (shared().rel, ringline_lease_release).
  std::uint64_t detach() noexcept {
    const std::uint64_t id = id_;
    id_ = 0;
    return id;
  }

 private:
  void swap(lease &other) noexcept {
    std::swap(id_, other.id_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  std::uint64_t id_; /* 0 is no lease's */
  char *data_;
  std::size_t size_;
};

#ifdef RINGLINE_HPP_COROUTINES
class task;
class awaitable;
#endif

/// A ring. Belongs to the thread that first runs it; only stop() and stats() may be called from
/// others.
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
    std::unique_ptr<pending> owned(new pending{std::move(done), thrown_, false});
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
  /// What the ring did so far. Any thread.
  ringline_stats stats() const {
    ringline_stats now = ringline_stats();
    check(ringline_stats_of(handle_, &now));
    return now;
  }
  /// What the ring got from the kernel.
  ringline_info info() const {
    ringline_info got = ringline_info();
    check(ringline_info_of(handle_, &got));
    return got;
  }

#ifdef RINGLINE_HPP_COROUTINES
  /// For `co_await`: submits, and gives the completion when the operation has ended. For
  /// operations with one completion; with more, only the last one is seen.
  awaitable async(const ringline_op &what);
  /// Start a coroutine. It ends by itself; an exception out of it comes from here, or later from
  /// the call that runs the ring. When the ring ends first, what it waits for is cancelled.
  void spawn(task &&what);
#endif

 private:
  friend class mailbox;
  using slot = std::shared_ptr<std::exception_ptr>;
  struct pending {
    callback done;
    slot thrown;
    bool once;
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
    const bool ends = (completion->flags & RINGLINE_CF_FINAL) != 0 || mine->once;
    std::unique_ptr<pending> last(ends ? mine : nullptr);
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

/// What other threads hold of a ring: any thread may use it, and it may outlive the ring. A copy
/// refers to the same mailbox.
class mailbox {
 public:
  explicit mailbox(const ring &owner) : handle_(nullptr), thrown_(owner.thrown_) {
    check(ringline_mailbox_of(owner.get(), &handle_));
  }
  mailbox(const mailbox &other) : handle_(other.handle_), thrown_(other.thrown_) {
    check(ringline_mailbox_retain(handle_));
  }
  mailbox &operator=(mailbox other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(thrown_, other.thrown_);
    return *this;
  }
  ~mailbox() { ringline_mailbox_release(handle_); }

  /// A record for the owner; false when the mailbox is full.
  bool post(std::uint64_t user_data, std::int32_t res = 0) {
    const std::int32_t code = ringline_mailbox_post(handle_, user_data, res);
    return code != -EAGAIN && check(code) >= 0;
  }
  /// `done` runs on the owner's thread, also (with -ESHUTDOWN) when the ring ends before.
  void call(ring::callback done) {
    std::unique_ptr<ring::pending> owned(new ring::pending{std::move(done), thrown_, true});
    check(ringline_mailbox_call(handle_, &ring::run_callback, owned.get()));
    owned.release();
  }
  /// Submitted by the owner, on whose thread `done` runs; the id, for cancel().
  std::uint64_t submit(const ringline_op &what, ring::callback done) {
    std::unique_ptr<ring::pending> owned(new ring::pending{std::move(done), thrown_, false});
    const std::int64_t id = check(ringline_mailbox_submit_with(
        handle_, &what, &ring::run_callback, owned.get()));
    owned.release();
    return static_cast<std::uint64_t>(id);
  }
  /// Ask an operation to end; false = it is gone already.
  bool cancel(std::uint64_t id) {
    const std::int32_t code = ringline_mailbox_cancel(handle_, id);
    return code != RINGLINE_ESTALE && check(code) >= 0;
  }
  /// End the owner's wait. Signal handlers too.
  void wake() noexcept { ringline_mailbox_wake(handle_); }

 private:
  ringline_mailbox *handle_;
  ring::slot thrown_;
};

/// A pool of a ring: buffers that receives take from. Gives it up at its end, unless operations
/// still take from it: then it ends with the ring. Owner thread.
class pool {
 public:
  /// `count` is a power of two.
  pool(const ring &owner, std::uint32_t count, std::uint32_t size)
      : handle_(owner.get()),
        id_(static_cast<std::int32_t>(check(ringline_pool_create(owner.get(), count, size, 0)))) {}
  pool(pool &&other) noexcept : handle_(other.handle_), id_(other.id_) { other.handle_ = nullptr; }
  pool &operator=(pool &&other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(id_, other.id_);
    return *this;
  }
  pool(const pool &) = delete;
  pool &operator=(const pool &) = delete;
  ~pool() {
    if (handle_) ringline_pool_destroy(handle_, id_);
  }

  /// For op::recv_multishot, or ringline_prep_pool.
  std::int32_t id() const noexcept { return id_; }
  ringline_pool_info info() const {
    ringline_pool_info now = ringline_pool_info();
    check(ringline_pool_info_of(handle_, id_, &now));
    return now;
  }

 private:
  ringline_ring *handle_;
  std::int32_t id_;
};

#ifdef RINGLINE_HPP_COROUTINES

/// A coroutine for ring::spawn(). One that is never spawned is destroyed without having run.
class task {
 public:
  struct promise_type {
    std::shared_ptr<std::exception_ptr> thrown;

    task get_return_object() {
      return task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept {
      if (!*thrown) *thrown = std::current_exception();
    }
  };

  task(task &&other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  task(const task &) = delete;
  task &operator=(const task &) = delete;
  ~task() {
    if (coroutine_) coroutine_.destroy();
  }

 private:
  friend class ring;
  explicit task(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}

  std::coroutine_handle<promise_type> coroutine_;
};

/// What ring::async() gives to `co_await`. It lies in the frame of the coroutine that waits.
class awaitable {
 public:
  awaitable(const awaitable &) = delete;
  awaitable &operator=(const awaitable &) = delete;

  bool await_ready() const noexcept { return false; }
  /// Throws ringline::error in the coroutine when the operation is refused.
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    check(ringline_submit_with(handle_, &what_, &awaitable::done, this));
  }
  ringline_completion await_resume() const noexcept { return completion_; }

 private:
  friend class ring;
  awaitable(ringline_ring *handle, const ringline_op &what,
            std::shared_ptr<std::exception_ptr> thrown)
      : handle_(handle), what_(what), completion_(), thrown_(std::move(thrown)) {}

  /// What C calls: nothing may leave it, and the frame may be gone when the coroutine returns.
  static void done(void *ctx, ringline_ring *handle, const ringline_completion *completion) {
    awaitable *mine = static_cast<awaitable *>(ctx);
    if (!(completion->flags & RINGLINE_CF_FINAL)) {
      lease unseen(*completion);
      return;
    }
    /* The kernel may still write into the frame: it is never resumed and never freed. */
    if (completion->flags & RINGLINE_CF_ABANDONED) return;
    const std::shared_ptr<std::exception_ptr> thrown = mine->thrown_;
    mine->completion_ = *completion;
    try {
      mine->waiter_.resume();
    } catch (...) { /* out of a coroutine type that is not ours */
      if (thrown && !*thrown) *thrown = std::current_exception();
    }
    if (thrown && *thrown) ringline_stop(handle); /* so that run() comes back and throws it */
  }

  ringline_ring *handle_;
  ringline_op what_;
  ringline_completion completion_;
  std::shared_ptr<std::exception_ptr> thrown_;
  std::coroutine_handle<> waiter_;
};

inline awaitable ring::async(const ringline_op &what) { return awaitable(handle_, what, thrown_); }

inline void ring::spawn(task &&what) {
  const slot thrown = thrown_;
  const bool quiet = thrown && !*thrown; /* an exception that waits for run() stays there */
  const auto coroutine = std::exchange(what.coroutine_, nullptr);
  coroutine.promise().thrown = thrown;
  coroutine.resume();
  if (quiet && *thrown) {
    std::exception_ptr first;
    std::swap(first, *thrown);
    std::rethrow_exception(first);
  }
}

#endif /* RINGLINE_HPP_COROUTINES */

}  // namespace ringline

#endif /* RINGLINE_HPP */

// echo: a TCP echo server of coroutines. One coroutine accepts, one serves each connection, and
// none of them needs a callback: they wait with co_await, on one thread.
//
//   c++ -std=c++20 -O2 -o echo echo.cpp $(pkg-config --cflags --libs ringline)
//   run: ./echo self
//
// Without an argument it serves for ever; with `self` it talks to itself and ends.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ringline.hpp>
#include <stdexcept>
#include <string>
#include <vector>

using ringline::op;

namespace {

// The buffer lies in the coroutine's frame, which lives until the operations on it have ended.
ringline::task serve(ringline::ring &ring, int fd) {
  char bytes[4096];
  for (;;) {
    const int got = (co_await ring.async(op::recv(fd, bytes, sizeof bytes))).res;
    if (got <= 0) break;  // the end of the stream, or an error: both end the connection
    const auto size = static_cast<std::uint32_t>(got);
    if ((co_await ring.async(op::send_all(fd, bytes, size))).res < 0) break;
  }
  co_await ring.async(op::close_in_order(fd));
}

ringline::task accept(ringline::ring &ring, int listener) {
  for (;;) {
    const int fd = (co_await ring.async(op::accept(listener, SOCK_CLOEXEC))).res;
    if (fd == -ECANCELED) co_return;  // the ring ends
    ringline::check(fd);              // an exception out of a coroutine comes out of ring.run()
    ring.spawn(serve(ring, fd));
  }
}

// Sends so many bytes, wants them back, and says so; the last client stops the ring.
ringline::task client(ringline::ring &ring, sockaddr_in address, std::size_t size, int &left) {
  const int fd = (co_await ring.async(op::socket(AF_INET, SOCK_STREAM))).res;
  ringline::check(fd);
  ringline::check((co_await ring.async(op::connect(fd, &address, sizeof address))).res);
  const std::string sent(size, static_cast<char>('a' + size % 26));
  std::string back(size, ' ');
  for (std::size_t at = 0; at < size;) {
    const auto part = static_cast<std::uint32_t>(std::min<std::size_t>(size - at, 4096));
    ringline::check((co_await ring.async(op::send_all(fd, sent.data() + at, part))).res);
    for (const std::size_t end = at + part; at < end;) {
      const auto rest = static_cast<std::uint32_t>(end - at);
      const auto got = ringline::check((co_await ring.async(op::recv(fd, &back[at], rest))).res);
      if (got == 0) throw std::runtime_error("the server hung up");
      at += static_cast<std::size_t>(got);
    }
  }
  if (back != sent) throw std::runtime_error("other bytes came back");
  co_await ring.async(op::close_in_order(fd));
  if (--left == 0) ring.stop();
}

int make_listener(sockaddr_in &address) {
  socklen_t size = sizeof address;
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  address = sockaddr_in();
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr *>(&address), size) < 0 ||
      listen(fd, 128) < 0 || getsockname(fd, reinterpret_cast<sockaddr *>(&address), &size) < 0)
    throw std::system_error(errno, std::generic_category(), "listen");
  return fd;
}

}  // namespace

int main(int argc, char **argv) try {
  ringline::ring ring;  // throws where rings are forbidden, and says by what
  sockaddr_in address;
  const int listener = make_listener(address);
  ring.spawn(accept(ring, listener));
  std::printf("listening on port %d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  const bool self = argc > 1 && std::strcmp(argv[1], "self") == 0;
  const std::vector<std::size_t> sizes = {1, 100, 4096, 100000, 1000000};
  int left = static_cast<int>(sizes.size());
  if (self)
    for (const std::size_t size : sizes) ring.spawn(client(ring, address, size, left));
  ring.run();
  if (self && left > 0) return 1;
  ::close(listener);
  std::printf("%llu completions, %llu system calls\n",
              static_cast<unsigned long long>(ring.stats().completed),
              static_cast<unsigned long long>(ring.stats().enters));
  return 0;
} catch (const std::exception &error) {
  std::fprintf(stderr, "echo: %s\n", error.what());
  return 1;
}

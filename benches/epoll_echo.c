/* An echo server on epoll by hand: one thread, one buffer, read and write until they would block.
 * `epoll_echo [SIZE]`: prints its port; ends by a signal. SIZE is of the buffer. What a client does
 * not read is waited for: good enough for a load that reads everything. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

static size_t size = 65536;
static char *buffer;

static void echo(int fd) {
  ssize_t got = recv(fd, buffer, size, 0), sent = 0;
  if (got == 0 || (got < 0 && errno != EAGAIN)) { close(fd); return; }
  while (sent < got) {
    ssize_t some = send(fd, buffer + sent, (size_t)(got - sent), MSG_NOSIGNAL);
    if (some >= 0) sent += some;
    else if (errno == EAGAIN) poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
    else return;
  }
}

int main(int argc, char **argv) {
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t length = sizeof at;
  struct epoll_event events[256];
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), loop = epoll_create1(0);
  if (argc > 1) size = (size_t)atol(argv[1]);
  buffer = malloc(size);
  setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 32768, 32768 });
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
  if (bind(listener, (void *)&at, length) || listen(listener, 4096) ||
      getsockname(listener, (void *)&at, &length)) return perror("epoll_echo"), 1;
  printf("listening on port %d\n", ntohs(at.sin_port)), fflush(stdout);
  epoll_ctl(loop, EPOLL_CTL_ADD, listener,
            &(struct epoll_event){ .events = EPOLLIN, .data.fd = listener });
  for (;;) {
    int ready = epoll_wait(loop, events, 256, -1), fd;
    for (int i = 0; i < ready; i++)
      if ((fd = events[i].data.fd) != listener) echo(fd);
      else while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
        epoll_ctl(loop, EPOLL_CTL_ADD, fd,
                  &(struct epoll_event){ .events = EPOLLIN, .data.fd = fd });
  }
}

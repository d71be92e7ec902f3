/* Drives an echo server in lock step, so that its system calls and instructions are the same on a
 * busy machine: `lockstep CONNECTIONS SIZE ROUNDS SERVER...`. All requests of a round are in the
 * server's sockets before it may look for them; then it runs until it has answered all and has
 * nothing more to submit, and is held there.
 *
 * It is held at io_uring_enter, by a seccomp filter that asks this program: of the call's arguments
 * it sees whether the server submits or would only wait. Each such call is counted. Prints the
 * counts, and whatever the server prints at its end. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SECOND_MS = 1000, MOST = 1024 };

static int asked, count, size, fds[MOST], got[MOST], missing;
static unsigned char seed[MOST], *bytes;
static unsigned short port;
static long enters, again;
static pid_t child;
static struct seccomp_notif held;
static int is_held;

static void fail(const char *what) {
  fprintf(stderr, "lockstep: %s: %s\n", what, strerror(errno));
  if (child > 0) kill(child, SIGKILL);
  exit(1);
}

static long now_ms(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

/* In the child: from here on every io_uring_enter asks whoever has the descriptor. */
static int install(void) {
  struct sock_filter code[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_enter, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { sizeof code / sizeof *code, code };
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) fail("no_new_privs");
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                      &program);
}

/* One descriptor through a socket: given, it is sent; -1, it is received. */
static int pass(int sock, int fd) {
  char room[CMSG_SPACE(sizeof fd)] = { 0 }, byte = 0;
  struct iovec part = { &byte, 1 };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room,
                            .msg_controllen = sizeof room };
  struct cmsghdr *control = CMSG_FIRSTHDR(&message);
  if (fd < 0) {
    if (recvmsg(sock, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message))
      fail("no descriptor");
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return fd;
  }
  control->cmsg_level = SOL_SOCKET, control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(control), &fd, sizeof fd);
  return sendmsg(sock, &message, 0) == 1 ? fd : -1;
}

static FILE *start(char **command) {
  int pipes[2], ends[2];
  if (pipe(pipes) || socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) fail("pipe");
  if ((child = fork()) < 0) fail("fork");
  if (child == 0) {
    int listener;
    dup2(pipes[1], 1), close(pipes[0]), close(pipes[1]), close(ends[0]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if ((listener = install()) < 0 || pass(ends[1], listener) < 0) fail("seccomp");
    close(listener), close(ends[1]);
    execvp(*command, command);
    fail(*command);
  }
  close(pipes[1]), close(ends[1]);
  asked = pass(ends[0], -1);
  close(ends[0]);
  return fdopen(pipes[0], "r");
}

static void let_go(void) {
  struct seccomp_notif_resp answer = { .id = held.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
  is_held = 0;
  if (ioctl(asked, SECCOMP_IOCTL_NOTIF_SEND, &answer) && errno != ENOENT) fail("let go");
}

/* The next call is held; whether one came in so many milliseconds. */
static int hold(int limit_ms) {
  struct pollfd ready = { asked, POLLIN, 0 };
  if (poll(&ready, 1, limit_ms) <= 0 || !(ready.revents & POLLIN)) return 0;
  memset(&held, 0, sizeof held);
  if (ioctl(asked, SECCOMP_IOCTL_NOTIF_RECV, &held)) {
    if (errno == ENOENT || errno == EINTR) return 0; /* a signal took it back */
    fail("hold");
  }
  return is_held = 1;
}

static int only_waits(void) { return held.data.args[1] == 0 && held.data.args[2] > 0; }

static void send_to(int at) {
  memset(bytes, ++seed[at], (size_t)size);
  got[at] = 0, missing++;
  if (send(fds[at], bytes, (size_t)size, MSG_NOSIGNAL) != size) fail("send");
}

/* What has come of the answers. */
static void look(void) {
  for (int at = 0; at < count && missing > 0; at++) {
    ssize_t some = 0;
    while (got[at] < size &&
           (some = recv(fds[at], bytes, (size_t)(size - got[at]), MSG_DONTWAIT)) > 0) {
      for (ssize_t byte = 0; byte < some; byte++)
        if (bytes[byte] != seed[at]) fail("a wrong byte");
      got[at] += (int)some;
      if (got[at] == size) missing--;
    }
    if (got[at] < size && (some == 0 || errno != EAGAIN)) fail("recv");
  }
}

/* Whether every thread of the server sleeps. */
static int asleep(void) {
  char name[64], text[512], *end;
  struct dirent *entry;
  int good = 1;
  DIR *tasks;
  FILE *file;
  snprintf(name, sizeof name, "/proc/%d/task", (int)child);
  if (!(tasks = opendir(name))) return 0;
  while (good && (entry = readdir(tasks))) {
    if (*entry->d_name == '.') continue;
    snprintf(text, sizeof text, "%s/%s/stat", name, entry->d_name);
    if (!(file = fopen(text, "r"))) continue;
    good = fgets(text, sizeof text, file) && (end = strrchr(text, ')')) && end[2] == 'S';
    fclose(file);
  }
  closedir(tasks);
  return good;
}

/* A wait in the kernel ends by EINTR, and the server comes to wait again: where it is held. */
static void interrupt(void) {
  int status;
  if (kill(child, SIGSTOP) || waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status))
    fail("the server does not stop");
  if (kill(child, SIGCONT)) fail("SIGCONT");
}

/* Until the server, which has answered all, is held where it would wait for more. Who submits and
 * waits in one call is there already, and is interrupted: the call that follows is not its own. */
static void run(void) {
  long limit = now_ms() + 60 * SECOND_MS;
  int interrupted = 0;
  for (;;) {
    if (is_held) let_go();
    while (!hold(interrupted ? 10 : 1)) {
      look();
      if (missing == 0 && !interrupted && asleep() && !hold(0)) interrupt(), interrupted = 1;
      if (is_held) break;
      if (now_ms() > limit) fail("the server is silent");
    }
    enters++;
    look();
    if (!only_waits()) continue;
    /* The last answers may be under way in the kernel still. */
    for (long end = now_ms() + 200; missing > 0 && now_ms() < end; look()) usleep(100);
    enters -= interrupted;
    if (missing == 0) return;
    interrupted = 0, again++;
  }
}

/* How many bytes are in the server's sockets, not received by it. */
static long arrived(void) {
  char line[512];
  long sum = 0;
  FILE *file = fopen("/proc/net/tcp", "r");
  if (!file) fail("/proc/net/tcp");
  while (fgets(line, sizeof line, file)) {
    unsigned from, state, queue;
    if (sscanf(line, " %*d: %*x:%x %*x:%*x %x %*x:%x", &from, &state, &queue) == 3 &&
        from == port && state == 1)
      sum += queue;
  }
  fclose(file);
  return sum;
}

static int dial(int tries) {
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons(port) };
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  /* A server may tell its port a little before it listens. */
  while (connect(fd, (struct sockaddr *)&to, sizeof to) && --tries > 0)
    if (hold(10)) let_go();
  return fd;
}

/* What it asks the kernel before it says its port (probes, the start of its workers) is let go. */
static void await_word(FILE *output) {
  struct pollfd spoken = { fileno(output), POLLIN, 0 };
  for (long end = now_ms() + 60 * SECOND_MS; poll(&spoken, 1, 0) <= 0;) {
    if (hold(10)) let_go();
    if (now_ms() > end) fail("no port");
  }
}

static void connect_all(void) {
  for (int at = 0; at < count; at++) {
    fds[at] = dial(1000), seed[at] = (unsigned char)at;
    setsockopt(fds[at], IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
  }
}

/* Everything is accepted and has had one answer; then one more, and the server is held. */
static void warm_up(void) {
  for (int at = 0; at < count; at++) send_to(at);
  for (long end = now_ms() + 60 * SECOND_MS; missing > 0; look()) {
    if (hold(1)) let_go();
    if (now_ms() > end) fail("no answer");
  }
  /* It sleeps in the kernel, or comes to it: the one call that this message ends is let go. */
  while (hold(200)) let_go();
  send_to(0);
  run();
}

static void finish(FILE *output) {
  char line[512];
  int status;
  for (int at = 0; at < count; at++) close(fds[at]);
  kill(child, SIGTERM);
  /* Valgrind, which does not know that io_uring_enter blocks, runs the handler when it returns. */
  close(dial(1));
  for (long end = now_ms() + 20 * SECOND_MS; waitpid(child, &status, WNOHANG) == 0;) {
    if (is_held) let_go();
    hold(10);
    if (now_ms() > end) fail("the server does not end");
  }
  while (fgets(line, sizeof line, output)) fputs(line, stdout);
}

/* A network of its own, where it may: no other's sockets, no settings of the machine. */
static void alone(void) {
  struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
  int sock;
  if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET)) return;
  if ((sock = socket(AF_INET, SOCK_DGRAM, 0)) < 0 || ioctl(sock, SIOCSIFFLAGS, &loopback))
    fail("the loopback of a new network");
  close(sock);
}

int main(int argc, char **argv) {
  long rounds, messages = 0;
  char line[256];
  FILE *output;
  if (argc < 5) return fprintf(stderr, "lockstep CONNECTIONS SIZE ROUNDS SERVER...\n"), 2;
  count = atoi(argv[1]), size = atoi(argv[2]), rounds = atol(argv[3]);
  if (count < 1 || count > MOST || size < 1) return fprintf(stderr, "lockstep: arguments\n"), 2;
  setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 4096, 4096 });
  bytes = malloc((size_t)size);
  alone();
  output = start(argv + 4);
  await_word(output);
  if (!fgets(line, sizeof line, output) || !strstr(line, "port ")) fail("no port");
  port = (unsigned short)atoi(strstr(line, "port ") + 5);
  connect_all();
  warm_up();
  enters = again = 0;
  for (long round = 0; round < rounds; round++) {
    for (int at = 0; at < count; at++) send_to(at);
    for (long end = now_ms() + 10 * SECOND_MS; arrived() < (long)count * size; usleep(100))
      if (now_ms() > end) fail("what was sent does not arrive");
    run();
    messages += count;
  }
  printf("lockstep: messages=%ld enters=%ld again=%ld\n", messages, enters, again);
  fflush(stdout);
  /* A server that is told so ends by itself at this one. */
  send_to(0);
  finish(output);
  return 0;
}

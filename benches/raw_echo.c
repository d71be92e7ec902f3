/* R: an echo server by hand on liburing, with what the kernel has to offer: multishot accept into
 * registered files, multishot receive into provided buffers, a send from the buffer that was
 * received, DEFER_TASKRUN, one system call per turn. It does what a benchmark needs and no more:
 * no back-pressure, one send after another only as the load asks for them.
 * `raw_echo [BUFFERS SIZE]`: prints its port; ends by a signal. */
#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { ACCEPT, RECV, SEND, CLOSE, FILES = 16384, RETRIES = 65536 };
static struct io_uring ring;
static struct io_uring_buf_ring *pool;
static unsigned buffers = 1024, size = 16384, parked_at, parked_end;
static unsigned lengths[65536], parked[RETRIES];
static char *memory;

static struct io_uring_sqe *entry(void) {
  struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
  if (!sqe) io_uring_submit(&ring), sqe = io_uring_get_sqe(&ring);
  return sqe;
}

static void tag(struct io_uring_sqe *sqe, unsigned kind, unsigned buffer, unsigned file) {
  io_uring_sqe_set_data64(sqe, (__u64)kind << 56 | (__u64)buffer << 32 | file);
}

static void arm_accept(int listener) {
  struct io_uring_sqe *sqe = entry();
  io_uring_prep_multishot_accept_direct(sqe, listener, NULL, NULL, 0);
  tag(sqe, ACCEPT, 0, (unsigned)listener);
}

static void arm_recv(unsigned file) {
  struct io_uring_sqe *sqe = entry();
  io_uring_prep_recv_multishot(sqe, (int)file, NULL, 0, 0);
  sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT, sqe->buf_group = 0;
  tag(sqe, RECV, 0, file);
}

static void send_buffer(unsigned file, unsigned buffer, unsigned from) {
  struct io_uring_sqe *sqe = entry();
  io_uring_prep_send(sqe, (int)file, memory + (size_t)buffer * size + from, lengths[buffer] - from,
                     MSG_WAITALL | MSG_NOSIGNAL);
  sqe->flags |= IOSQE_FIXED_FILE;
  tag(sqe, SEND, buffer, file);
}

static void close_file(unsigned file) {
  struct io_uring_sqe *sqe = entry();
  io_uring_prep_close_direct(sqe, file);
  tag(sqe, CLOSE, 0, file);
}

static void give_back(unsigned buffer) {
  io_uring_buf_ring_add(pool, memory + (size_t)buffer * size, size, (unsigned short)buffer,
                        (int)buffers - 1, 0);
  io_uring_buf_ring_advance(pool, 1);
  if (parked_at != parked_end) arm_recv(parked[parked_at++ % RETRIES]);
}

static void dispatch(const struct io_uring_cqe *cqe) {
  unsigned kind = (unsigned)(cqe->user_data >> 56), file = (unsigned)cqe->user_data;
  unsigned buffer = (unsigned)(cqe->user_data >> 32) & 0xffff;
  unsigned more = cqe->flags & IORING_CQE_F_MORE;
  if (kind == ACCEPT) {
    if (cqe->res >= 0) arm_recv((unsigned)cqe->res);
    if (!more) arm_accept((int)file);
  } else if (kind == SEND) {
    give_back(buffer);
  } else if (kind == RECV && cqe->res > 0) {
    buffer = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
    lengths[buffer] = (unsigned)cqe->res;
    send_buffer(file, buffer, 0);
    if (!more) arm_recv(file);
  } else if (kind == RECV && cqe->res == -ENOBUFS) {
    parked[parked_end++ % RETRIES] = file;
  } else if (kind == RECV) {
    close_file(file);
  }
}

static int listen_somewhere(void) {
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t length = sizeof at;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
  if (bind(fd, (void *)&at, length) || listen(fd, 4096) || getsockname(fd, (void *)&at, &length))
    perror("raw_echo"), exit(1);
  printf("listening on port %d\n", ntohs(at.sin_port)), fflush(stdout);
  return fd;
}

int main(int argc, char **argv) {
  struct io_uring_params p = { .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                        IORING_SETUP_CQSIZE, .cq_entries = 16384 };
  struct io_uring_buf_reg reg = { 0 };
  setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 2 * FILES, 2 * FILES });
  if (argc > 2) buffers = (unsigned)atoi(argv[1]), size = (unsigned)atoi(argv[2]);
  if (io_uring_queue_init_params(4096, &ring, &p) < 0 ||
      io_uring_register_files_sparse(&ring, FILES) < 0) return perror("raw_echo: ring"), 1;
  io_uring_register_ring_fd(&ring);
  size_t bytes = (size_t)buffers * size;
  memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  pool = mmap(NULL, buffers * sizeof(struct io_uring_buf), PROT_READ | PROT_WRITE,
              MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  reg.ring_addr = (__u64)(uintptr_t)pool, reg.ring_entries = buffers;
  if (io_uring_register_buf_ring(&ring, &reg, 0) < 0) return perror("raw_echo: pool"), 1;
  io_uring_buf_ring_init(pool);
  for (unsigned i = 0; i < buffers; i++) give_back(i);
  arm_accept(listen_somewhere());
  for (;;) {
    struct io_uring_cqe *cqe;
    unsigned head, seen = 0;
    io_uring_submit_and_wait(&ring, 1);
    io_uring_for_each_cqe(&ring, head, cqe) dispatch(cqe), seen++;
    io_uring_cq_advance(&ring, seen);
  }
}

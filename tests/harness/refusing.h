/*
 * A kernel that has no memory when it is asked to submit: a filter (seccomp) asks a thread of the
 * test about each io_uring_enter(2) with entries of the thread that installed it, and that thread
 * refuses as many of them as it was told to.
 */
#ifndef RINGLINE_TEST_REFUSING_H
#define RINGLINE_TEST_REFUSING_H

#include "serving.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <semaphore.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

typedef struct refusing {
  int asks;                     /* descriptor that the kernel asks by */
  int code;                     /* with which errno */
  volatile long left, refused;  /* refuse so many; so many were refused */
  sem_t begun;
  pthread_t thread;
} refusing;

/* Runs until the filtered thread is gone; it must not have come from that, or it had the filter. */
static HARNESS_UNUSED void *refusing_answers(void *ctx) {
  refusing *own = (refusing *)ctx;
  struct seccomp_notif ask;
  struct seccomp_notif_resp answer;
  while (sem_wait(&own->begun) != 0) CHECK(errno == EINTR);
  while (own->asks >= 0) {
    struct pollfd ready = {own->asks, POLLIN, 0};
    CHECK(poll(&ready, 1, -1) == 1);
    if (ready.revents & POLLHUP) return NULL;
    memset(&ask, 0, sizeof ask), memset(&answer, 0, sizeof answer);
    if (ioctl(own->asks, SECCOMP_IOCTL_NOTIF_RECV, &ask) != 0) continue; /* taken back */
    answer.id = ask.id;
    if (__atomic_load_n(&own->left, __ATOMIC_ACQUIRE) > 0) {
      __atomic_sub_fetch(&own->left, 1, __ATOMIC_ACQ_REL);
      answer.error = -__atomic_load_n(&own->code, __ATOMIC_ACQUIRE);
      count_up(&own->refused);
    } else {
      answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    }
    ioctl(own->asks, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
  return NULL;
}

/* Before the thread that is to be filtered begins. */
static HARNESS_UNUSED void refusing_prepare(refusing *own) {
  CHECK(sem_init(&own->begun, 0, 0) == 0);
  CHECK_EQ(pthread_create(&own->thread, NULL, refusing_answers, own), 0);
}

/* From now on the calling thread may be refused. False where the machine forbids it. */
static HARNESS_UNUSED int refusing_begin(refusing *own) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_enter, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  own->asks = -1;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
    own->asks = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                             SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  CHECK(sem_post(&own->begun) == 0);
  return own->asks >= 0;
}

/* Refuse the next `count`. */
static HARNESS_UNUSED void refusing_next(refusing *own, long count) {
  __atomic_store_n(&own->left, count, __ATOMIC_RELEASE);
}

static HARNESS_UNUSED long refused_so_far(const refusing *own) {
  return __atomic_load_n(&own->refused, __ATOMIC_ACQUIRE);
}

/* After the filtered thread is gone. */
static HARNESS_UNUSED void refusing_end(refusing *own) {
  CHECK_EQ(pthread_join(own->thread, NULL), 0);
  sem_destroy(&own->begun);
  close(own->asks);
}

#endif /* RINGLINE_TEST_REFUSING_H */

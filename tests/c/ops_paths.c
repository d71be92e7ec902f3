/*
 * Ops that name files: openat2, statx, mkdirat, renameat, linkat, symlinkat, unlinkat and extended
 * attributes, by absolute path and relative to a descriptor, with their flags and their errors.
 * Failure: an argument that arrives in another's place, a flag ignored, or a path that is read
 * after the turn that accepted it.
 */
#include "tools.h"

#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static ringline_ring *ring;
static ringline_op op;
static char folder[256];
static int at; /* the folder's descriptor */

static int32_t result(void) { return do_op(ring, &op).res; }

static int create(const char *name, const char *text) {
  int fd = openat(at, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  CHECK(fd >= 0);
  CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  return fd;
}

static int exists(const char *name) {
  struct stat info;
  if (fstatat(at, name, &info, AT_SYMLINK_NOFOLLOW) == 0) return 1;
  CHECK(errno == ENOENT);
  return 0;
}

static void directories(void) {
  struct stat info;
  char path[300];
  mode_t mask = umask(0);
  ringline_prep_mkdirat(&op, at, "made", 0751);
  CHECK_EQ(result(), 0);
  umask(mask);
  CHECK(fstatat(at, "made", &info, 0) == 0);
  CHECK_EQ(info.st_mode, S_IFDIR | 0751);
  CHECK_EQ(result(), -EEXIST);
  snprintf(path, sizeof path, "%s/made/in", folder);
  ringline_prep_mkdirat(&op, -1, path, 0700); /* absolute: the descriptor does not matter */
  CHECK_EQ(result(), 0);
  ringline_prep_unlinkat(&op, at, "made/in", 0);
  CHECK_EQ(result(), -EISDIR);
  ringline_prep_unlinkat(&op, at, "made", AT_REMOVEDIR);
  CHECK_EQ(result(), -ENOTEMPTY);
  ringline_prep_unlinkat(&op, at, "made/in", AT_REMOVEDIR);
  CHECK_EQ(result(), 0);
  ringline_prep_unlinkat(&op, at, "made", AT_REMOVEDIR);
  CHECK_EQ(result(), 0);
  CHECK(!exists("made"));
  ringline_prep_unlinkat(&op, at, "made", 0);
  CHECK_EQ(result(), -ENOENT);
  ringline_prep_mkdirat(&op, -1, "relative", 0700);
  CHECK_EQ(result(), -EBADF);
  ringline_prep_mkdirat(&op, at, NULL, 0700);
  CHECK_EQ(result(), -EFAULT);
}

static void renames(void) {
  struct stat one, two, now;
  close(create("one", "1"));
  close(create("two", "22"));
  CHECK(fstatat(at, "one", &one, 0) == 0 && fstatat(at, "two", &two, 0) == 0);
  ringline_prep_renameat(&op, at, "one", at, "two", RENAME_NOREPLACE);
  CHECK_EQ(result(), -EEXIST);
  ringline_prep_renameat(&op, at, "one", at, "two", RENAME_EXCHANGE);
  CHECK_EQ(result(), 0);
  CHECK(fstatat(at, "one", &now, 0) == 0);
  CHECK_EQ(now.st_ino, two.st_ino);
  ringline_prep_renameat(&op, at, "two", at, "one", 0);
  CHECK_EQ(result(), 0);
  CHECK(fstatat(at, "one", &now, 0) == 0);
  CHECK_EQ(now.st_ino, one.st_ino);
  CHECK(!exists("two"));
  CHECK_EQ(result(), -ENOENT);
  ringline_prep_renameat(&op, at, "one", -1, "two", 0);
  CHECK_EQ(result(), -EBADF);
  CHECK(unlinkat(at, "one", 0) == 0);
}

static void links(void) {
  char target[8] = "", path[64];
  int fd = create("file", "linked");
  struct stat info;
  ringline_prep_linkat(&op, at, "file", at, "hard", 0);
  CHECK_EQ(result(), 0);
  CHECK_EQ(result(), -EEXIST);
  CHECK(fstat(fd, &info) == 0);
  CHECK_EQ(info.st_nlink, 2);
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  ringline_prep_linkat(&op, AT_FDCWD, path, at, "again", AT_SYMLINK_FOLLOW);
  CHECK_EQ(result(), 0);
  CHECK(fstat(fd, &info) == 0);
  CHECK_EQ(info.st_nlink, 3);
  ringline_prep_symlinkat(&op, "file", at, "soft");
  CHECK_EQ(result(), 0);
  CHECK(readlinkat(at, "soft", target, sizeof target) == 4);
  CHECK(memcmp(target, "file", 4) == 0);
  ringline_prep_linkat(&op, at, "soft", at, "softer", 0);
  CHECK_EQ(result(), 0);
  CHECK(fstatat(at, "softer", &info, AT_SYMLINK_NOFOLLOW) == 0);
  CHECK(S_ISLNK(info.st_mode)); /* the link itself, without AT_SYMLINK_FOLLOW */
  ringline_prep_unlinkat(&op, at, "soft", 0);
  CHECK_EQ(result(), 0);
  CHECK(!exists("soft") && exists("file")); /* the link went, not what it names */
  CHECK(unlinkat(at, "softer", 0) == 0 && unlinkat(at, "again", 0) == 0);
  CHECK(unlinkat(at, "hard", 0) == 0 && unlinkat(at, "file", 0) == 0);
  CHECK(close(fd) == 0);
}

static void opens(void) {
  struct {
    struct open_how how;
    uint64_t more;
  } asked;
  struct open_how *how = &asked.how;
  char bytes[8];
  int fd;
  memset(&asked, 0, sizeof asked);
  how->flags = O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC;
  how->mode = 0640;
  ringline_prep_openat2(&op, at, "new", how, sizeof *how);
  fd = result();
  CHECK_OK(fd);
  CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
  CHECK(write(fd, "opened", 6) == 6);
  CHECK(close(fd) == 0);
  CHECK_EQ(result(), -EEXIST);
  how->flags = O_RDONLY | O_CLOEXEC;
  CHECK_EQ(result(), -EINVAL); /* a mode without O_CREAT */
  how->mode = 0;
  how->resolve = RESOLVE_BENEATH;
  ringline_prep_openat2(&op, at, "../..", how, sizeof *how);
  CHECK_EQ(result(), -EXDEV);
  CHECK(symlinkat("new", at, "link") == 0);
  how->resolve = RESOLVE_NO_SYMLINKS;
  ringline_prep_openat2(&op, at, "link", how, sizeof *how);
  CHECK_EQ(result(), -ELOOP);
  how->resolve = 0;
  ringline_prep_openat2(&op, at, "link", how, sizeof asked);
  fd = result(); /* a longer struct with a tail of zeros */
  CHECK_OK(fd);
  CHECK(read(fd, bytes, sizeof bytes) == 6);
  CHECK(close(fd) == 0);
  asked.more = 1;
  CHECK_EQ(result(), -E2BIG);
  ringline_prep_openat2(&op, at, "link", how, 8);
  CHECK_EQ(result(), -EINVAL);
  ringline_prep_openat(&op, at, "link", O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
  CHECK_EQ(result(), -ELOOP);
  CHECK(unlinkat(at, "link", 0) == 0);
}

static void stats(void) {
  struct statx seen;
  struct stat real;
  int fd = openat(at, "new", O_RDWR | O_CLOEXEC);
  CHECK(fd >= 0);
  CHECK(fstat(fd, &real) == 0);
  memset(&seen, 0xff, sizeof seen);
  ringline_prep_statx(&op, at, "new", 0, STATX_BASIC_STATS, &seen);
  CHECK_EQ(result(), 0);
  CHECK_EQ(seen.stx_size, 6);
  CHECK_EQ(seen.stx_ino, real.st_ino);
  CHECK_EQ(seen.stx_mode, real.st_mode);
  CHECK_EQ(seen.stx_mtime.tv_sec, real.st_mtim.tv_sec);
  CHECK_EQ(seen.stx_mtime.tv_nsec, real.st_mtim.tv_nsec);
  CHECK_EQ(seen.stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS);
  CHECK(ftruncate(fd, 4) == 0);
  ringline_prep_statx(&op, fd, "", AT_EMPTY_PATH, STATX_SIZE, &seen);
  CHECK_EQ(result(), 0);
  CHECK_EQ(seen.stx_size, 4);
  ringline_prep_statx(&op, at, "", 0, STATX_SIZE, &seen);
  CHECK_EQ(result(), -ENOENT);
  CHECK(symlinkat("new", at, "link") == 0);
  ringline_prep_statx(&op, at, "link", AT_SYMLINK_NOFOLLOW, STATX_TYPE, &seen);
  CHECK_EQ(result(), 0);
  CHECK(S_ISLNK(seen.stx_mode));
  ringline_prep_statx(&op, at, "new", 0, STATX_SIZE, NULL);
  CHECK_EQ(result(), -EFAULT);
  CHECK(unlinkat(at, "link", 0) == 0);
  CHECK(close(fd) == 0);
}

/* By descriptor and by path: what one sets the other reads. */
static void attributes(void) {
  char path[300], value[16] = "";
  int fd = openat(at, "new", O_RDWR | O_CLOEXEC);
  snprintf(path, sizeof path, "%s/new", folder);
  ringline_prep_fsetxattr(&op, fd, "user.one", "first", 5, XATTR_REPLACE);
  if (fsetxattr(fd, "user.probe", "", 0, 0) < 0) { /* a file system without: then for all */
    CHECK_EQ(result(), -errno);
    CHECK(close(fd) == 0);
    return;
  }
  CHECK_EQ(result(), -ENODATA);
  ringline_prep_fsetxattr(&op, fd, "user.one", "first", 5, XATTR_CREATE);
  CHECK_EQ(result(), 0);
  CHECK_EQ(result(), -EEXIST);
  ringline_prep_getxattr(&op, path, "user.one", value, sizeof value);
  CHECK_EQ(result(), 5);
  CHECK(memcmp(value, "first", 5) == 0);
  ringline_prep_getxattr(&op, path, "user.one", value, 4);
  CHECK_EQ(result(), -ERANGE);
  ringline_prep_getxattr(&op, path, "user.one", NULL, 0);
  CHECK_EQ(result(), 5); /* how long it is */
  ringline_prep_setxattr(&op, path, "user.one", "other", 2, XATTR_REPLACE);
  CHECK_EQ(result(), 0);
  ringline_prep_setxattr(&op, path, "user.none", "", 0, 0);
  CHECK_EQ(result(), 0);
  ringline_prep_fgetxattr(&op, fd, "user.one", value, sizeof value);
  CHECK_EQ(result(), 2);
  CHECK(memcmp(value, "otrst", 5) == 0);
  ringline_prep_fgetxattr(&op, fd, "user.none", value, sizeof value);
  CHECK_EQ(result(), 0);
  ringline_prep_fgetxattr(&op, fd, "user.three", value, sizeof value);
  CHECK_EQ(result(), -ENODATA);
  CHECK(fgetxattr(fd, "user.one", value, sizeof value) == 2);
  CHECK(close(fd) == 0);
}

/* Inputs are the caller's again when the flush that accepted the op returns. */
static void short_lived_paths(void) {
  char from[32], to[32], name[32];
  int round;
  for (round = 0; round < 50; round++) {
    snprintf(from, sizeof from, round ? "n%d" : "new", round - 1);
    snprintf(to, sizeof to, "n%d", round);
    memcpy(name, to, sizeof name);
    ringline_prep_renameat(&op, at, from, at, to, 0);
    submit_one(ring, &op, 1);
    CHECK_OK(ringline_flush(ring));
    memset(from, 'x', sizeof from);
    memset(to, 'y', sizeof to);
    CHECK_EQ(next_completion(ring).res, 0);
    CHECK(exists(name));
  }
  CHECK(unlinkat(at, name, 0) == 0);
}

/* In a thread of its own: the kernel's workers for files end with it. */
static void *body(void *unused) {
  ring = make_ring();
  CHECK_OK(ringline_attach(ring));
  directories();
  renames();
  links();
  opens();
  stats();
  attributes();
  short_lived_paths();
  CHECK_EQ(ringline_inflight(ring), 0);
  CHECK_EQ(ringline_free(ring), 0);
  return unused;
}

int main(void) {
  pthread_t thread;
  const char *parent = getenv("TMPDIR");
  harness_warm_threads(1);
  harness_baseline();
  snprintf(folder, sizeof folder, "%s/ringline-XXXXXX", parent ? parent : P_tmpdir);
  CHECK(mkdtemp(folder) != NULL);
  at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  CHECK(at >= 0);
  CHECK(pthread_create(&thread, NULL, body, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(close(at) == 0);
  CHECK(rmdir(folder) == 0);
  harness_check_baseline();
  return 0;
}

/* The installed header, found through pkg-config: nothing of it is declared twice. And what Swift's
 * Glibc module lacks of Linux, because it is made without _GNU_SOURCE. */
#include <linux/filter.h>
#include <linux/stat.h>
#include <pthread.h>
#include <ringline.h>

int pthread_setname_np(pthread_t thread, const char *name);

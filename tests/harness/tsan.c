/* What the Rust compiler's ThreadSanitizer calls and that of clang 14 does not have. The calls
 * below are intercepted, so what they touch is seen. */
#include <string.h>

void *__tsan_memcpy(void *to, const void *from, size_t size) { return memcpy(to, from, size); }
void *__tsan_memmove(void *to, const void *from, size_t size) { return memmove(to, from, size); }
void *__tsan_memset(void *to, int byte, size_t size) { return memset(to, byte, size); }

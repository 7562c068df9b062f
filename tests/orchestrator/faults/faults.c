/* Faults in the calls by which a process changes files: preloaded, armed from within the process.
 *
 * Every write, truncation, fsync and rename of a regular file is a point, counted from 1. At the point that
 * is armed the process kills itself before the call, or after the first half of a write; or from that point
 * on the disk is full. Descriptors 1, 2 and those from 900 on are left alone: they are how a test watches.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COUNT, KILL_BEFORE, KILL_HALFWAY, DISK_FULL };

static atomic_long points;
static long armed;
static int mode;

void fault_arm(long point, int how) {
    points = 0;
    armed = point;
    mode = how;
}

long fault_points(void) { return points; }

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static int is_watched(int fd) {
    struct stat found;
    if (fd == 1 || fd == 2 || fd >= 900) return 0;
    return fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
}

/* Counts a point; whether the fault is due at it, or for a full disk was due before. */
static int is_due(void) {
    long point = atomic_fetch_add(&points, 1) + 1;
    if (mode == COUNT || !armed) return 0;
    return mode == DISK_FULL ? point >= armed : point == armed;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define DUE_WRITE(half)                 \
    if (is_watched(fd) && is_due()) {   \
        if (mode == DISK_FULL) {        \
            errno = ENOSPC;             \
            return -1;                  \
        }                               \
        if (mode == KILL_HALFWAY) half; \
        die();                          \
    }

ssize_t write(int fd, const void *data, size_t size) {
    DUE_WRITE(REAL(write)(fd, data, size / 2))
    return REAL(write)(fd, data, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    DUE_WRITE(REAL(writev)(fd, parts, count / 2))
    return REAL(writev)(fd, parts, count);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    DUE_WRITE(REAL(pwrite)(fd, data, size / 2, at))
    return REAL(pwrite)(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    DUE_WRITE(REAL(pwrite64)(fd, data, size / 2, at))
    return REAL(pwrite64)(fd, data, size, at);
}

int ftruncate(int fd, off_t size) {
    DUE_WRITE((void)0)
    return REAL(ftruncate)(fd, size);
}

int ftruncate64(int fd, off64_t size) {
    DUE_WRITE((void)0)
    return REAL(ftruncate64)(fd, size);
}

int fsync(int fd) {
    if (is_watched(fd) && is_due() && mode != DISK_FULL) die();
    return REAL(fsync)(fd);
}

int fdatasync(int fd) {
    if (is_watched(fd) && is_due() && mode != DISK_FULL) die();
    return REAL(fdatasync)(fd);
}

int rename(const char *from, const char *to) {
    if (is_due() && mode != DISK_FULL) die();
    return REAL(rename)(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    if (is_due() && mode != DISK_FULL) die();
    return REAL(renameat)(from_folder, from, to_folder, to);
}

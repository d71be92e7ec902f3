// The other side of the benchmark, for what is not TLS: connections that send a message and wait
// for it, by epoll. In C, so that the server is what is busy: a slower client would measure how
// long the server's wakes take.
//
//   clients tcp|udp PORT | unix PATH   SIZE CONNECTIONS SECONDS
//
// Says `ready`, waits for a line, plays, and prints how many messages came back.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct peer {
    int fd;
    long left;
};

static char message[1 << 20], received[1 << 18];

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int connected(const char *kind, const char *place)
{
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct sockaddr_in host = {.sin_family = AF_INET};
    int unix_socket = strcmp(kind, "unix") == 0, udp = strcmp(kind, "udp") == 0;
    host.sin_port = htons((unsigned short)atoi(place));
    host.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    snprintf(path.sun_path, sizeof path.sun_path, "%s", place);
    int fd = socket(unix_socket ? AF_UNIX : AF_INET, udp ? SOCK_DGRAM : SOCK_STREAM, 0), one = 1;
    struct sockaddr *address = unix_socket ? (struct sockaddr *)&path : (struct sockaddr *)&host;
    if (connect(fd, address, unix_socket ? sizeof path : sizeof host) != 0)
        die("connect");
    if (!unix_socket && !udp)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void play(struct peer *peer, long size)
{
    peer->left = size;
    for (long sent = 0; sent < size;) {
        ssize_t more = send(peer->fd, message + sent, (size_t)(size - sent), 0);
        if (more < 0)
            die("send");
        sent += more;
    }
}

// Takes what came; whether the message is whole.
static int take(struct peer *peer)
{
    ssize_t got = recv(peer->fd, received, sizeof received, 0);
    if (got <= 0)
        die("recv");
    peer->left -= got;
    return peer->left == 0;
}

int main(int count, char **words)
{
    if (count != 6) {
        fprintf(stderr, "usage: clients tcp|udp|unix PLACE SIZE CONNECTIONS SECONDS\n");
        return 2;
    }
    long size = atol(words[3]), running = atol(words[4]), done = 0;
    struct peer *peers = calloc((size_t)running, sizeof *peers);
    struct epoll_event events[64];
    int epoll = epoll_create1(0);
    if (peers == NULL || size > (long)sizeof message)
        return 2;
    for (long at = 0; at < running; at++) {
        peers[at].fd = connected(words[1], words[2]);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &peers[at]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, peers[at].fd, &event);
        play(&peers[at], size);
        while (!take(&peers[at]))
            ;
    }
    puts("ready");
    fflush(stdout);
    getchar();
    double end = now() + atof(words[5]);
    for (long at = 0; at < running; at++)
        play(&peers[at], size);
    while (running) {
        int ready = epoll_wait(epoll, events, 64, -1);
        for (int at = 0; at < ready; at++) {
            struct peer *peer = events[at].data.ptr;
            if (!take(peer))
                continue;
            done++;
            if (now() < end)
                play(peer, size);
            else
                running--;
        }
    }
    printf("%ld\n", done);
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return 0;
}

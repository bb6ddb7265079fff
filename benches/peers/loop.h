/* Times an encoder in C on the texts that `peers_rust inputs` prints.
 *
 * Invariant: one JSON object per text. Turns are as long as asked for; their median counts. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TURNS = 15 };

/* Makes one symbol of a text at level M, smallest version, mask of its own choice. 0 where it cannot. */
static int make(const char *text);

static double now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double turn_ns(const char *text, long calls) {
    double began = now_ns();
    for (long call = 0; call < calls; call++) make(text);
    return now_ns() - began;
}

static double median_ns(const char *text, double wanted_ns) {
    long calls = 1;
    while (turn_ns(text, calls) < wanted_ns) calls *= 2;
    double times[TURNS];
    for (int turn = 0; turn < TURNS; turn++) times[turn] = turn_ns(text, calls) / (double)calls;
    qsort(times, TURNS, sizeof times[0], ascending);
    return times[TURNS / 2];
}

/* `PROGRAM TURN_MS`, "name\ttext" lines on standard input. */
static int run(const char *peer, int count, char **arguments) {
    double wanted_ns = 1e6 * (count > 1 ? atof(arguments[1]) : 1);
    static char line[1 << 16];
    while (fgets(line, sizeof line, stdin)) {
        char *text = strchr(line, '\t');
        if (!text) return 1;
        *text++ = 0;
        text[strcspn(text, "\n")] = 0;
        if (!make(text)) continue;
        printf("{\"bench\":\"symbol/%s\",\"peer\":\"%s\",\"ns\":%.0f,\"bytes\":null}\n", line, peer, median_ns(text, wanted_ns));
    }
    return 0;
}

/* Times libqrencode. See loop.h.
 *
 * Invariant: only symbols; the library writes no files. */

#include <qrencode.h>

#include "loop.h"

static int make(const char *text) {
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (!code) return 0;
    QRcode_free(code);
    return 1;
}

int main(int count, char **arguments) { return run("libqrencode", count, arguments); }

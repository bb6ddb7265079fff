/* Times zint. See loop.h.
 *
 * Invariant: only symbols; a file of zint goes to disk, which is not what is measured. */

#include <zint.h>

#include "loop.h"

static int make(const char *text) {
    struct zint_symbol *symbol = ZBarcode_Create();
    if (!symbol) return 0;
    symbol->symbology = BARCODE_QRCODE;
    symbol->input_mode = UNICODE_MODE;
    symbol->option_1 = 2; /* level M */
    int error = ZBarcode_Encode(symbol, (const unsigned char *)text, 0);
    ZBarcode_Delete(symbol);
    return error == 0;
}

int main(int count, char **arguments) { return run("zint", count, arguments); }

/* Symbols by libzint, for scripts/verify_symbols: records on standard input, matrices on standard output.
 *
 * Invariant: one answer per record, in order, also where zint refuses.
 *
 * In:  u8 family (0 QR, 1 Micro QR), u8 level (0 any, 1..4 L M Q H), u8 version (0 smallest), u8 mask (0 chosen by
 *      zint, else reference + 1), u32 little-endian: lowest 31 bits the length, the highest is for others; the bytes.
 * Out: u8 modules along one side, then that many rows of (modules + 7) / 8 bytes, lowest bit leftmost.
 *      Where zint refuses: u8 0, u8 length, the reason. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zint.h>

static int answer(const unsigned char head[8], unsigned char *data, int length) {
    struct zint_symbol *symbol = ZBarcode_Create();
    if (!symbol) return 0;
    symbol->symbology = head[0] ? BARCODE_MICROQR : BARCODE_QRCODE;
    symbol->input_mode = DATA_MODE;
    if (head[1]) symbol->option_1 = head[1];
    symbol->option_2 = head[2];
    symbol->option_3 = head[3] << 8;
    int error = ZBarcode_Encode(symbol, data, length);
    /* Another level than the one asked for is a warning to zint, and no answer to the question. */
    if (error) {
        size_t said = strlen(symbol->errtxt);
        putchar(0);
        putchar((int)said);
        fwrite(symbol->errtxt, 1, said, stdout);
    } else {
        putchar(symbol->width);
        for (int y = 0; y < symbol->rows; y++)
            fwrite(symbol->encoded_data[y], 1, (size_t)(symbol->width + 7) / 8, stdout);
    }
    ZBarcode_Delete(symbol);
    return 1;
}

int main(void) {
    unsigned char head[8];
    unsigned char *data = malloc(1 << 16);
    if (!data) return 1;
    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        uint32_t length = head[4] | (uint32_t)head[5] << 8 | (uint32_t)head[6] << 16 | (uint32_t)(head[7] & 0x7f) << 24;
        if (length >= 1 << 16 || fread(data, 1, length, stdin) != length) return 2;
        data[length] = 0;
        if (!answer(head, data, (int)length)) return 1;
    }
    free(data);
    return fflush(stdout) == 0 ? 0 : 3;
}

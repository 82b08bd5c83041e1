/* Ids as text: 32 digits in five groups, the UUID form. */
#include <pecs/id.h>

#include <stddef.h>

void pecs_id_format(pecs_id id, char ret_text[PECS_ID_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    if (!ret_text)
        return;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *ret_text++ = '-';
        *ret_text++ = digits[id.bytes[i] >> 4];
        *ret_text++ = digits[id.bytes[i] & 15];
    }
    *ret_text = 0;
}

static int id_text_digit(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    const char lower = (char)(character | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

pecs_status pecs_id_parse(const char *text, pecs_id *ret_id)
{
    pecs_id id;
    if (!text || !ret_id)
        return PECS_E_MISUSE;
    for (int i = 0; i < 16; i++) {
        if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
            return PECS_E_MISUSE;
        const int high = id_text_digit(text[0]), low = high < 0 ? -1 : id_text_digit(text[1]);
        if (low < 0)
            return PECS_E_MISUSE;
        id.bytes[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    if (*text)
        return PECS_E_MISUSE;
    *ret_id = id;
    return PECS_OK;
}

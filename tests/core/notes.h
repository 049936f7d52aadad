/* notes - the keys, checkpoint and receipt of lineage.md 10. */
#ifndef TESTS_CORE_NOTES_H
#define TESTS_CORE_NOTES_H
#include "../../core/note.h"

#define NOTES_ROOT "rfbqNf9bcb5FaZo6QJTGUJA67WVcHuGk9UnM7C2qxkY="
#define NOTES_TEXT "runs.example/log1\n7\n" NOTES_ROOT "\n"
#define NOTES_CHECKPOINT                                                                    \
    NOTES_TEXT "\n\xe2\x80\x94 runs.example/log1 "                                          \
               "xbmYgC0s3CtSa/HPrifbksEoKOwTJhgeQ0V915jKMk+kK7eFkihuGWbVJN5NGeSAL/"         \
               "Lba+wK7NRZmDU3+KDKlypBEgQ=\n\xe2\x80\x94 auditor.example/w1 "               \
               "I0xmIQAAAABqsTuAH3rZ5uOqTvDK/MG7RDQr2dZYLNr96h3HH6Fq4xwKcS+by0bPU6g17HcEZi" \
               "HLGhNm4k6/lDdghJkrSuRGw9rQBg==\n"
#define NOTES_RECEIPT                                                                 \
    "c2sp.org/tlog-proof@v1\nindex 3\n9VUS3VK4iaZbyPKQrGXXr0HQI9+aWxZEVylEKwxn0rk=\n" \
    "euE4s1U0VSFkPgRrRlSfTaLcMArrDmAa+XTqTkz4GXc=\n"                                  \
    "Zx+HEtaOYPhCQ7Y+nTyqtaGtxU7rxZm0xLub+C+mFg0=\n\n" NOTES_CHECKPOINT

struct bytes notes_text(const char *text);
bool notes_keys(struct note_key *log, struct note_key *witness);

/* NOTES_TEXT, signed by both. */
bool notes_write(struct buf *out);
#endif

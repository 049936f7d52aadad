/* corpus - the text that the examples learn, and its division into training and validation.
 *
 * The text is every regular file of a folder, one after another; on Debian the licence texts of
 * base-files.  The last tenth of every 5,000 bytes is never trained on.  Characters are numbered in
 * the order in which they first appear.  Plain C; knows nothing of Track.
 */
#ifndef SDK_EXAMPLES_CORPUS_H
#define SDK_EXAMPLES_CORPUS_H
#include <stdbool.h>
#include <stddef.h>

#define CORPUS_FOLDER "/usr/share/common-licenses"

enum { CORPUS_FILES_MAX = 64, CORPUS_BYTES_MAX = 64 * 1024 * 1024 };

struct corpus_file {
    char name[256];
    char path[1024];
    size_t size;
};

struct corpus {
    struct corpus_file files[CORPUS_FILES_MAX];
    size_t file_count;
    unsigned char *text; /* [size], as numbers of characters */
    size_t size;
    unsigned char letters[256]; /* number -> character */
    size_t vocab;
    size_t context;        /* characters before a position that are looked at */
    size_t *train, *valid; /* positions whose character is to be predicted */
    size_t train_count, valid_count;
};

/* Reads the folder.
 *
 *   context  1..256.
 *   why      [256], says what is wrong when the answer is false; then nothing is to be released.
 */
bool corpus_read(struct corpus *c, const char *folder, size_t context, char why[256]);
void corpus_release(struct corpus *c);

/* Copies what is needed to predict `count` positions: inputs [count][context], targets [count]. */
void corpus_fill(const struct corpus *c, const size_t *positions, size_t count,
                 unsigned char *inputs, unsigned char *targets);
#endif

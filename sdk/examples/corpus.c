#include "corpus.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BLOCK = 5000 };

/* Appends one file to the text; links and folders are passed over, so that no licence counts
 * twice (GPL is a link to GPL-3). */
static bool file_read(struct corpus *c, const char *folder, const char *name, char why[256])
{
    struct corpus_file *f = &c->files[c->file_count];
    struct stat st;
    int n = snprintf(f->path, sizeof f->path, "%s/%s", folder, name);
    if (n < 0 || (size_t)n >= sizeof f->path || lstat(f->path, &st) != 0 || !S_ISREG(st.st_mode) ||
        st.st_size == 0) {
        return true;
    }
    size_t size = (size_t)st.st_size;
    if (c->file_count + 1 == CORPUS_FILES_MAX || size > CORPUS_BYTES_MAX - c->size) {
        snprintf(why, 256, "%.200s: more than %d files or 64 MiB", folder, CORPUS_FILES_MAX - 1);
        return false;
    }
    unsigned char *grown = realloc(c->text, c->size + size);
    if (grown == NULL) {
        snprintf(why, 256, "no memory for %zu bytes of text", c->size + size);
        return false;
    }
    c->text = grown;
    FILE *in = fopen(f->path, "rb");
    size_t got = in == NULL ? 0 : fread(c->text + c->size, 1, size, in);
    if (in != NULL) {
        fclose(in);
    }
    if (got != size) {
        snprintf(why, 256, "%.200s: cannot be read: %s", f->path, strerror(errno));
        return false;
    }
    snprintf(f->name, sizeof f->name, "%s", name);
    f->size = size;
    c->size += size;
    c->file_count++;
    return true;
}

static bool folder_read(struct corpus *c, const char *folder, char why[256])
{
    struct dirent **names;
    int count = scandir(folder, &names, NULL, alphasort);
    if (count < 0) {
        snprintf(why, 256, "%.200s: %s; name a folder of text files with --data", folder,
                 strerror(errno));
        return false;
    }
    bool good = true;
    for (int i = 0; i < count; i++) {
        good = good && file_read(c, folder, names[i]->d_name, why);
        free(names[i]);
    }
    free(names);
    return good;
}

/* Bytes become numbers; what is not ASCII becomes '?', so that sampled text is always UTF-8. */
static void number_letters(struct corpus *c)
{
    int number[256];
    memset(number, -1, sizeof number);
    for (size_t i = 0; i < c->size; i++) {
        unsigned char letter = c->text[i] < 0x80 ? c->text[i] : '?';
        if (number[letter] < 0) {
            c->letters[c->vocab] = letter;
            number[letter] = (int)c->vocab++;
        }
        c->text[i] = (unsigned char)number[letter];
    }
}

/* A position is used when its whole context lies in the same part of the same block. */
static void divide(struct corpus *c)
{
    size_t begin = 0;
    for (size_t f = 0; f < c->file_count; f++) {
        size_t end = begin + c->files[f].size;
        for (size_t block = begin; block < end; block += BLOCK) {
            size_t stop = block + BLOCK < end ? block + BLOCK : end, cut = block + BLOCK / 10 * 9;
            for (size_t p = block + c->context; p < cut && p < stop; p++) {
                c->train[c->train_count++] = p;
            }
            for (size_t p = cut + c->context; p < stop; p++) {
                c->valid[c->valid_count++] = p;
            }
        }
        begin = end;
    }
}

bool corpus_read(struct corpus *c, const char *folder, size_t context, char why[256])
{
    *c = (struct corpus){.context = context};
    if (!folder_read(c, folder, why)) {
        corpus_release(c);
        return false;
    }
    number_letters(c);
    c->train = calloc(c->size + 1, sizeof *c->train);
    c->valid = calloc(c->size + 1, sizeof *c->valid);
    if (c->train != NULL && c->valid != NULL) {
        divide(c);
    }
    if (c->train_count < 1000 || c->valid_count < 100 || c->vocab < 2) {
        snprintf(why, 256,
                 "%.120s: %zu bytes of text; 1,000 characters to train on and 100 to "
                 "validate are needed",
                 folder, c->size);
        corpus_release(c);
        return false;
    }
    return true;
}

void corpus_release(struct corpus *c)
{
    free(c->text);
    free(c->train);
    free(c->valid);
    *c = (struct corpus){0};
}

void corpus_fill(const struct corpus *c, const size_t *positions, size_t count,
                 unsigned char *inputs, unsigned char *targets)
{
    for (size_t i = 0; i < count; i++) {
        memcpy(inputs + i * c->context, c->text + positions[i] - c->context, c->context);
        targets[i] = c->text[positions[i]];
    }
}

/* kinds - columns of values as trainings log them.  The curves are made up; their noise is not. */
#ifndef BENCH_KINDS_H
#define BENCH_KINDS_H
#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* A generator of values: its state from one to the next. */
struct kind_source {
    uint64_t noise;
    double level, slow;
};

static inline double kind_uniform(struct kind_source *s)
{
    s->noise = s->noise * 6364136223846793005u + 1442695040888963407u;
    return (double)(s->noise >> 11) / 9007199254740992.0;
}

static inline double kind_normal(struct kind_source *s)
{
    return sqrt(-2 * log(1 - kind_uniform(s))) * cos(6.283185307179586 * kind_uniform(s));
}

static inline double kind_f32(double value)
{
    return (double)(float)value;
}

static inline double kind_noisy_loss(struct kind_source *s, size_t i)
{
    return kind_f32(2.5 * exp(-(double)i / 20000) + 0.3 + 0.05 * kind_normal(s));
}

static inline double kind_ema_loss(struct kind_source *s, size_t i)
{
    double loss = kind_noisy_loss(s, i);
    s->slow = i ? 0.99 * s->slow + 0.01 * loss : loss;
    return kind_f32(s->slow);
}

static inline double kind_cosine_lr(struct kind_source *s, size_t i)
{
    (void)s;
    return kind_f32(3e-4 * 0.5 * (1 + cos(3.141592653589793 * (double)i / 200000)));
}

static inline double kind_accuracy(struct kind_source *s, size_t i)
{
    return round(1e4 * (0.92 - 0.6 * exp(-(double)i / 15000) + 0.004 * kind_normal(s))) / 1e4;
}

static inline double kind_batch_share(struct kind_source *s, size_t i)
{
    double k = round(256 * (0.97 - 0.5 * exp(-(double)i / 8000)) + 1.2 * kind_normal(s));
    return k > 256 ? 1 : k / 256;
}

static inline double kind_gpu_busy(struct kind_source *s, size_t i)
{
    (void)i;
    double u = kind_uniform(s);
    return u < 0.85   ? 97 + floor(3 * kind_uniform(s))
           : u < 0.97 ? 90 + floor(8 * kind_uniform(s))
                      : 40;
}

static inline double kind_memory_percent(struct kind_source *s, size_t i)
{
    s->level = i == 0                   ? 41.2
               : kind_uniform(s) < 0.06 ? 41.2 + floor(8 * kind_uniform(s)) / 10
                                        : s->level;
    return round(10 * s->level) / 10;
}

static inline double kind_epoch(struct kind_source *s, size_t i)
{
    (void)s;
    return (double)(i / 390);
}

static inline double kind_grad_norm(struct kind_source *s, size_t i)
{
    return kind_f32(0.8 * exp(0.35 * kind_normal(s)) + 2 * exp(-(double)i / 5000));
}

static inline double kind_full_double(struct kind_source *s, size_t i)
{
    return 2.5 * exp(-(double)i / 20000) + 0.3 + 0.05 * kind_normal(s);
}

static inline double kind_lr_double(struct kind_source *s, size_t i)
{
    (void)s;
    return 3e-4 * 0.5 * (1 + cos(3.141592653589793 * (double)i / 200000));
}

enum { KINDS = 11, KINDS_MIX = 10 /* the first ones are the mix of the design */ };

/* A kind: value i of a source, and the bytes that the design expects of it. */
static const struct kind {
    const char *what;
    double (*next)(struct kind_source *s, size_t i);
    const char *bytes_target;
} kinds[KINDS] = {
    {"noisy f32 loss", kind_noisy_loss, "2.71"},    {"EMA of it", kind_ema_loss, "1.85"},
    {"cosine lr, f32", kind_cosine_lr, "0.70"},     {"accuracy, 4 digits", kind_accuracy, "1.39"},
    {"k / 256", kind_batch_share, "0.61"},          {"GPU busy %", kind_gpu_busy, "0.59"},
    {"memory %", kind_memory_percent, "0.25-0.33"}, {"epoch", kind_epoch, "0.04"},
    {"grad norm, f32", kind_grad_norm, "3.17"},     {"full doubles", kind_full_double, "6.16"},
    {"cosine lr, double", kind_lr_double, ""},
};
#endif

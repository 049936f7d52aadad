#include "net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Four floats at once; the compiler knows what the machine has for it. */
typedef float lanes __attribute__((vector_size(16), may_alias));

enum { E, W1, B1, W2, B2, W3, B3 };

static const double beta_mean = 0.9, beta_variance = 0.99, decay = 0.01;

uint64_t rng_next(struct rng *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

double rng_unit(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * 0x1p-53;
}

/* Where the parts of n->work begin; all for NET_BATCH_MAX rows. */
struct work {
    float *input, *hidden1, *hidden2, *logits; /* forward: [rows][...] */
    float *d_input, *d_hidden1, *d_hidden2;    /* backward; logits become their own gradient */
    float *turned;                             /* a transposed weight matrix */
    float *strip;                              /* eight packed columns of a factor */
};

static size_t input_size(const struct net *n)
{
    return n->shape.context * n->shape.embed;
}

/* Lays the parts out; with base == NULL it only counts.  Returns the number of floats. */
static size_t work_fill(const struct net *n, float *base, struct work *w)
{
    size_t wide = input_size(n), hidden = n->shape.hidden, vocab = n->shape.vocab;
    size_t widest = wide > hidden ? wide : hidden;
    widest = widest > vocab ? widest : vocab;
    const size_t sizes[] = {
        NET_BATCH_MAX * wide,   NET_BATCH_MAX * hidden, NET_BATCH_MAX * hidden,
        NET_BATCH_MAX * vocab,  NET_BATCH_MAX * wide,   NET_BATCH_MAX * hidden,
        NET_BATCH_MAX * hidden, hidden * widest,        8 * (widest + NET_BATCH_MAX)};
    float **parts[] = {&w->input,     &w->hidden1,   &w->hidden2, &w->logits, &w->d_input,
                       &w->d_hidden1, &w->d_hidden2, &w->turned,  &w->strip};
    size_t total = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        *parts[i] = base == NULL ? NULL : base + total;
        total += sizes[i];
    }
    return total;
}

static size_t round_up(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

static float *floats_new(size_t count)
{
    return count == 0 ? NULL : calloc(count, sizeof(float));
}

/* Uniform values as He et al. (2015) advise for ReLU; biases stay zero. */
static void weights_fill(struct net *n, struct rng *random)
{
    const size_t fan_in[NET_TENSORS] = {
        [E] = 2,  [W1] = input_size(n),   [B1] = 0, [W2] = n->shape.hidden,
        [B2] = 0, [W3] = n->shape.hidden, [B3] = 0};
    for (size_t t = 0; t < NET_TENSORS; t++) {
        double width = fan_in[t] == 0 ? 0 : sqrt((t == W3 ? 0.5 : 6.0) / (double)fan_in[t]);
        for (size_t i = n->at[t]; i < n->at[t + 1]; i++) {
            n->weights[i] = (float)(width * (2 * rng_unit(random) - 1));
        }
    }
}

bool net_init(struct net *n, struct net_shape shape, struct rng *random)
{
    *n = (struct net){.vocab_real = shape.vocab, .shape.context = shape.context};
    n->shape.vocab = round_up(shape.vocab);
    n->shape.embed = round_up(shape.embed);
    n->shape.hidden = round_up(shape.hidden);
    size_t hidden = n->shape.hidden, vocab = n->shape.vocab;
    const size_t sizes[NET_TENSORS] = {vocab * n->shape.embed,
                                       input_size(n) * hidden,
                                       hidden,
                                       hidden * hidden,
                                       hidden,
                                       hidden * vocab,
                                       vocab};
    for (size_t t = 0; t < NET_TENSORS; t++) {
        n->at[t + 1] = n->at[t] + sizes[t];
    }
    n->count = n->at[NET_TENSORS];
    struct work w;
    n->weights = floats_new(n->count);
    n->grads = floats_new(n->count);
    n->mean = floats_new(n->count);
    n->variance = floats_new(n->count);
    n->work = floats_new(work_fill(n, NULL, &w));
    if (!n->weights || !n->grads || !n->mean || !n->variance || !n->work) {
        net_release(n);
        return false;
    }
    weights_fill(n, random);
    return true;
}

void net_release(struct net *n)
{
    free(n->weights);
    free(n->grads);
    free(n->mean);
    free(n->variance);
    free(n->work);
    *n = (struct net){0};
}

/* c [rows][columns] += a [rows][depth] * b [depth][columns]; element (i, k) of a is
 * a[i * a_row + k * a_column], so that a transposed matrix needs no copy. */
struct product {
    float *c;
    const float *a, *b;
    size_t a_row, a_column;
    size_t rows, depth, columns; /* rows a multiple of 4, columns of 8 */
};

/* Four rows and eight columns of the product; b comes packed. */
static void product_tile(const struct product *p, float *c, const float *a, const float *strip)
{
    lanes sum[4][2];
    for (size_t i = 0; i < 4; i++) {
        sum[i][0] = *(const lanes *)(c + i * p->columns);
        sum[i][1] = *(const lanes *)(c + i * p->columns + 4);
    }
    for (size_t k = 0; k < p->depth; k++, a += p->a_column, strip += 8) {
        lanes left = *(const lanes *)strip, right = *(const lanes *)(strip + 4);
        for (size_t i = 0; i < 4; i++) {
            sum[i][0] += a[i * p->a_row] * left;
            sum[i][1] += a[i * p->a_row] * right;
        }
    }
    for (size_t i = 0; i < 4; i++) {
        *(lanes *)(c + i * p->columns) = sum[i][0];
        *(lanes *)(c + i * p->columns + 4) = sum[i][1];
    }
}

/* Works through eight columns at a time; packed, because columns that lie a power of two apart
 * would all want the same few lines of the cache. */
static void product_add(const struct product *p, float *strip)
{
    for (size_t j = 0; j < p->columns; j += 8) {
        for (size_t k = 0; k < p->depth; k++) {
            memcpy(strip + 8 * k, p->b + k * p->columns + j, 8 * sizeof *strip);
        }
        for (size_t i = 0; i < p->rows; i += 4) {
            product_tile(p, p->c + i * p->columns + j, p->a + i * p->a_row, strip);
        }
    }
}

/* One dense layer, seen in the arrays of the net. */
struct layer {
    size_t depth, columns;
    const float *weights, *bias; /* [depth][columns], [columns] */
    float *d_weights, *d_bias;
};

static struct layer layer_get(const struct net *n, size_t tensor)
{
    size_t columns = n->at[tensor + 2] - n->at[tensor + 1];
    return (struct layer){.depth = (n->at[tensor + 1] - n->at[tensor]) / columns,
                          .columns = columns,
                          .weights = n->weights + n->at[tensor],
                          .bias = n->weights + n->at[tensor + 1],
                          .d_weights = n->grads + n->at[tensor],
                          .d_bias = n->grads + n->at[tensor + 1]};
}

/* out [rows][columns] = in [rows][depth] * weights + bias. */
static void layer_forward(const struct layer *l, const float *in, float *out, size_t rows,
                          float *strip)
{
    for (size_t i = 0; i < rows; i++) {
        memcpy(out + i * l->columns, l->bias, l->columns * sizeof *out);
    }
    struct product p = {.c = out,
                        .a = in,
                        .b = l->weights,
                        .a_row = l->depth,
                        .a_column = 1,
                        .rows = rows,
                        .depth = l->depth,
                        .columns = l->columns};
    product_add(&p, strip);
}

/* Adds the gradients of weights and bias, given that of the layer's output. */
static void layer_backward(const struct layer *l, const float *in, const float *d_out, size_t rows,
                           float *strip)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < l->columns; j++) {
            l->d_bias[j] += d_out[i * l->columns + j];
        }
    }
    struct product p = {.c = l->d_weights,
                        .a = in,
                        .b = d_out,
                        .a_row = 1,
                        .a_column = l->depth,
                        .rows = l->depth,
                        .depth = rows,
                        .columns = l->columns};
    product_add(&p, strip);
}

/* d_in [rows][depth] = d_out * transposed weights. */
static void layer_pass(const struct layer *l, const float *d_out, float *d_in, size_t rows,
                       const struct work *w)
{
    for (size_t k = 0; k < l->depth; k++) {
        for (size_t j = 0; j < l->columns; j++) {
            w->turned[j * l->depth + k] = l->weights[k * l->columns + j];
        }
    }
    memset(d_in, 0, rows * l->depth * sizeof *d_in);
    struct product p = {.c = d_in,
                        .a = d_out,
                        .b = w->turned,
                        .a_row = l->columns,
                        .a_column = 1,
                        .rows = rows,
                        .depth = l->columns,
                        .columns = l->depth};
    product_add(&p, w->strip);
}

/* ReLU, and its gradient: what it cut off gets none. */
static void relu(float *x, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        x[i] = x[i] > 0 ? x[i] : 0;
    }
}

static void relu_back(float *d, const float *x, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        d[i] = x[i] > 0 ? d[i] : 0;
    }
}

/* Looks the characters up; rows beyond count, up to a multiple of 4, become zero. */
static void embed(const struct net *n, const unsigned char *inputs, size_t count, float *out)
{
    size_t context = n->shape.context, width = n->shape.embed;
    memset(out, 0, (count + 3) / 4 * 4 * input_size(n) * sizeof *out);
    for (size_t i = 0; i < count * context; i++) {
        memcpy(out + i * width, n->weights + inputs[i] * width, width * sizeof *out);
    }
}

static void embed_back(struct net *n, const unsigned char *inputs, size_t count, const float *d)
{
    size_t width = n->shape.embed;
    for (size_t i = 0; i < count * n->shape.context; i++) {
        for (size_t j = 0; j < width; j++) {
            n->grads[inputs[i] * width + j] += d[i * width + j];
        }
    }
}

/* Logits to probabilities, in place; those that only round the vocabulary up get none. */
static void softmax(float *row, size_t real, size_t rounded)
{
    float most = row[0];
    for (size_t j = 1; j < real; j++) {
        most = row[j] > most ? row[j] : most;
    }
    float sum = 0;
    for (size_t j = 0; j < real; j++) {
        row[j] = expf(row[j] - most);
        sum += row[j];
    }
    for (size_t j = 0; j < rounded; j++) {
        row[j] = j < real ? row[j] / sum : 0;
    }
}

/* The forward pass; afterwards w->logits [rows][vocab] holds probabilities. */
static void net_forward(const struct net *n, const unsigned char *inputs, size_t count,
                        const struct work *w)
{
    size_t rows = (count + 3) / 4 * 4;
    struct layer l1 = layer_get(n, W1), l2 = layer_get(n, W2), l3 = layer_get(n, W3);
    embed(n, inputs, count, w->input);
    layer_forward(&l1, w->input, w->hidden1, rows, w->strip);
    relu(w->hidden1, rows * l1.columns);
    layer_forward(&l2, w->hidden1, w->hidden2, rows, w->strip);
    relu(w->hidden2, rows * l2.columns);
    layer_forward(&l3, w->hidden2, w->logits, rows, w->strip);
    for (size_t i = 0; i < rows; i++) {
        softmax(w->logits + i * n->shape.vocab, n->vocab_real, n->shape.vocab);
    }
}

/* The backward pass from d(loss)/d(logits), which stands in w->logits. */
static void net_backward(struct net *n, const unsigned char *inputs, size_t count,
                         const struct work *w)
{
    size_t rows = (count + 3) / 4 * 4;
    struct layer l1 = layer_get(n, W1), l2 = layer_get(n, W2), l3 = layer_get(n, W3);
    memset(n->grads, 0, n->count * sizeof *n->grads);
    layer_backward(&l3, w->hidden2, w->logits, rows, w->strip);
    layer_pass(&l3, w->logits, w->d_hidden2, rows, w);
    relu_back(w->d_hidden2, w->hidden2, rows * l2.columns);
    layer_backward(&l2, w->hidden1, w->d_hidden2, rows, w->strip);
    layer_pass(&l2, w->d_hidden2, w->d_hidden1, rows, w);
    relu_back(w->d_hidden1, w->hidden1, rows * l1.columns);
    layer_backward(&l1, w->input, w->d_hidden1, rows, w->strip);
    layer_pass(&l1, w->d_hidden1, w->d_input, rows, w);
    embed_back(n, inputs, count, w->d_input);
}

double net_loss(struct net *n, const unsigned char *inputs, const unsigned char *targets,
                size_t count, bool learn)
{
    struct work w;
    work_fill(n, n->work, &w);
    net_forward(n, inputs, count, &w);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        float *row = w.logits + i * n->shape.vocab;
        sum -= log((double)row[targets[i]] + 1e-30);
        row[targets[i]] -= 1;
    }
    if (learn) {
        size_t all = (count + 3) / 4 * 4 * n->shape.vocab;
        for (size_t i = 0; i < all; i++) {
            w.logits[i] = i < count * n->shape.vocab ? w.logits[i] / (float)count : 0;
        }
        net_backward(n, inputs, count, &w);
    }
    return sum / (double)count;
}

double net_grad_norm(const struct net *n)
{
    double sum = 0;
    for (size_t i = 0; i < n->count; i++) {
        sum += (double)n->grads[i] * (double)n->grads[i];
    }
    return sqrt(sum);
}

void net_update(struct net *n, double lr, double scale)
{
    n->updates++;
    double unbias_mean = 1 - pow(beta_mean, (double)n->updates);
    double unbias_variance = 1 - pow(beta_variance, (double)n->updates);
    const float keep = (float)beta_mean, keep2 = (float)beta_variance, by = (float)scale;
    const float rate = (float)(lr / unbias_mean), widen = (float)(1 / unbias_variance);
    const float shrink = (float)(1 - lr * decay);
    for (size_t i = 0; i < n->count; i++) {
        float g = n->grads[i] * by;
        n->mean[i] = keep * n->mean[i] + (1 - keep) * g;
        n->variance[i] = keep2 * n->variance[i] + (1 - keep2) * g * g;
        n->weights[i] =
            shrink * n->weights[i] - rate * n->mean[i] / (sqrtf(n->variance[i] * widen) + 1e-8F);
    }
}

unsigned char net_sample(struct net *n, const unsigned char *input, double temperature,
                         struct rng *random)
{
    struct work w;
    work_fill(n, n->work, &w);
    net_forward(n, input, 1, &w);
    double sum = 0;
    for (size_t j = 0; j < n->vocab_real; j++) {
        sum += pow((double)w.logits[j], 1 / temperature);
    }
    double left = rng_unit(random) * sum;
    for (size_t j = 0; j + 1 < n->vocab_real; j++) {
        left -= pow((double)w.logits[j], 1 / temperature);
        if (left < 0) {
            return (unsigned char)j;
        }
    }
    return (unsigned char)(n->vocab_real - 1);
}

/* net - a small neural network that predicts the next character.
 *
 * The last `context` characters are looked up in an embedding, two hidden layers (ReLU) follow, a
 * softmax over the vocabulary answers.  Single precision, one thread, every sum in a fixed order:
 * the same seed gives the same weights, bit for bit.  Plain C; knows nothing of Track.
 * Source: Bengio et al., A Neural Probabilistic Language Model, JMLR 2003.
 */
#ifndef SDK_EXAMPLES_NET_H
#define SDK_EXAMPLES_NET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NET_BATCH_MAX = 256, NET_TENSORS = 7 };

/* A stream of pseudo-random numbers (splitmix64); copy it to fork it. */
struct rng {
    uint64_t state;
};

uint64_t rng_next(struct rng *r);
double rng_unit(struct rng *r); /* in [0, 1) */

/* What the network looks like.  Everything but context is rounded up to a multiple of 8. */
struct net_shape {
    size_t vocab;   /* characters, 2..256 */
    size_t context; /* characters looked at, 1..256 */
    size_t embed;   /* numbers a character */
    size_t hidden;  /* units of each hidden layer */
};

/* The tensors are E [vocab][embed], W1 [context*embed][hidden], b1, W2 [hidden][hidden], b2,
 * W3 [hidden][vocab], b3, one after another in one array. */
struct net {
    struct net_shape shape; /* after rounding */
    size_t vocab_real;      /* before rounding; the logits beyond are ignored */
    size_t at[NET_TENSORS + 1];
    size_t count; /* of parameters */
    float *weights, *grads;
    float *mean, *variance; /* Adam's */
    float *work;            /* activations of one batch */
    int64_t updates;
};

/* False when there is no memory; then nothing is to be released. */
bool net_init(struct net *n, struct net_shape shape, struct rng *random);
void net_release(struct net *n);

/* Mean cross-entropy (nats a character) of a batch; with `learn` also its gradient into n->grads.
 *
 *   inputs   [count][context] characters.   targets  [count].   count  1..NET_BATCH_MAX.
 */
double net_loss(struct net *n, const unsigned char *inputs, const unsigned char *targets,
                size_t count, bool learn);

double net_grad_norm(const struct net *n);

/* One step of Adam (0.9, 0.99) with decoupled weight decay, the gradient scaled by `scale`. */
void net_update(struct net *n, double lr, double scale);

/* Draws the character after `input` [context]; a temperature below 1 prefers likely ones. */
unsigned char net_sample(struct net *n, const unsigned char *input, double temperature,
                         struct rng *random);
#endif
